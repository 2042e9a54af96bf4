//! The section `[notify]` of hub.toml: channels, routes, people, duty rotas. Reads no file but through [`SecretFiles`].
//!
//! The keys are told of in the crate's README. Read next: `channel.rs` (a kind's keys), `kind.rs` (what comes of them), `people.rs`, `route.rs`.

mod channel;
mod kind;
mod people;
mod route;

use std::time::Duration;

use adapters_sdk::config::{Place, Problem, Problems, Table};
use hub_model::{LocalText, SiteId, local};
use jiff::tz::TimeZone;

pub use kind::{
    Channel, CloudEvents, Command, Email, Encryption, Kind, Mqtt, Secret, Sms, Telegram, Webhook, Zalo,
};
pub use people::{AddressKind, Person};
pub use route::Route;

use crate::rota::Rota;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long a message is tried unless said otherwise: a long weekend, and then some.
const GIVE_UP_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);
const GROUP_INTERVAL: Duration = Duration::from_secs(60);
const LINK_VALID_FOR: Duration = Duration::from_secs(3 * 24 * 3600);

/// How the hub tells people. Holds secrets, which its parts do not print.
#[derive(Debug, Clone)]
pub struct Notify {
    /// The ways on which messages go out.
    pub channels: Vec<Channel>,
    /// What is told on them.
    pub routes: Vec<Route>,
    /// Whom.
    pub people: Vec<Person>,
    /// Who has duty when.
    pub rotas: Vec<Rota>,
    /// For how long a message is tried.
    pub give_up_after: Duration,
    /// A recipient gets no more than a message in so long on one channel; what comes meanwhile is told together.
    pub group_interval: Duration,
    /// Whether a link in a message acknowledges without a login.
    pub acknowledge_without_login: bool,
    /// How long such a link can be used.
    pub link_valid_for: Duration,
    /// The commune's time.
    pub zone: TimeZone,
}

impl Notify {
    /// Tells nobody.
    pub fn none(zone: TimeZone) -> Self {
        Self {
            channels: Vec::new(),
            routes: Vec::new(),
            people: Vec::new(),
            rotas: Vec::new(),
            give_up_after: GIVE_UP_AFTER,
            group_interval: GROUP_INTERVAL,
            acknowledge_without_login: false,
            link_valid_for: LINK_VALID_FOR,
            zone,
        }
    }

    /// The channel of this id.
    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    /// The person of this id.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    /// The rota of this id.
    pub fn rota(&self, id: &str) -> Option<&Rota> {
        self.rotas.iter().find(|rota| rota.id == id)
    }
}

/// What of the rest of the configuration is needed to check this part.
pub struct Known<'a> {
    /// The sites that there are; `None` when some could not be read, so that an unknown one is no fault of a route.
    pub sites: Option<&'a [SiteId]>,
    /// The commune's time.
    pub zone: TimeZone,
    /// Whether the hub has an MQTT broker that takes messages of the hub's own.
    pub has_broker: bool,
}

/// The files that hold secrets, beside hub.toml.
pub trait SecretFiles {
    /// The first line of a file.
    ///
    /// # Errors
    /// Why it cannot be had, after "which".
    fn first_line(&self, file: &str) -> Result<String, LocalText>;

    /// The whole of a file.
    ///
    /// # Errors
    /// Why it cannot be had, after "which".
    fn text(&self, file: &str) -> Result<String, LocalText>;

    /// Warns when the configuration file at `place`, which holds a secret, can be read by others.
    fn warn_of_readers(&self, place: &Place, problems: &mut Problems);
}

/// Reads the section; every fault is in `problems`.
pub fn read(mut table: Table, known: &Known<'_>, files: &dyn SecretFiles, problems: &mut Problems) -> Notify {
    let give_up_after = table.duration("give_up_after", HOUR..=DAY * 30, problems);
    let group_interval = table.duration("group_interval", Duration::from_secs(1)..=HOUR, problems);
    let without_login = table.boolean("acknowledge_without_login", problems);
    let link_valid_for = table.duration("link_valid_for", HOUR..=DAY * 30, problems);
    let allow_commands = table.boolean("allow_commands", problems).unwrap_or(false);
    let context = channel::Context { files, allow_commands, has_broker: known.has_broker };
    let (people_tables, rota_tables) = (table.tables("person", problems), table.tables("rota", problems));
    let (channel_tables, route_tables) = (table.tables("channel", problems), table.tables("route", problems));
    table.finish(problems);

    let mut notify = Notify::none(known.zone.clone());
    notify.people = people_tables.into_iter().filter_map(|one| people::person(one, problems)).collect();
    people::refuse_doubles(
        notify.people.iter().map(|person| (&*person.id, &person.place)),
        "person",
        problems,
    );
    let rotas: Vec<_> =
        rota_tables.into_iter().filter_map(|one| people::rota(one, &notify.people, problems)).collect();
    people::refuse_doubles(rotas.iter().map(|(rota, place)| (&*rota.id, place)), "rota", problems);
    notify.rotas = rotas.into_iter().map(|(rota, _)| rota).collect();
    notify.channels =
        channel_tables.into_iter().filter_map(|one| channel::read(one, &context, problems)).collect();
    people::refuse_doubles(notify.channels.iter().map(|one| (&*one.id, &one.place)), "channel", problems);
    let routes = route_tables.into_iter().filter_map(|one| route::read(one, &notify, known, problems));
    let routes: Vec<_> = routes.collect();
    warn_of_unused(&notify, &routes, problems);
    notify.routes = routes;
    notify.give_up_after = give_up_after.unwrap_or(GIVE_UP_AFTER);
    notify.group_interval = group_interval.unwrap_or(GROUP_INTERVAL);
    notify.acknowledge_without_login = without_login.unwrap_or(false);
    notify.link_valid_for = link_valid_for.unwrap_or(LINK_VALID_FOR);
    notify
}

fn warn_of_unused(notify: &Notify, routes: &[Route], problems: &mut Problems) {
    for channel in &notify.channels {
        if !routes.iter().any(|route| route.channels.contains(&channel.id)) {
            problems.warning(Problem {
                place: channel.place.clone(),
                key: format!("notify.channel[{}]", channel.id),
                message: local!(
                    "không có tuyến nào dẫn tới, nên kênh này không báo cảnh báo nào",
                    "no route leads to it, so it tells of no alarm"
                ),
            });
        }
    }
}

/// "found "x", allowed: a, b".
fn not_among<'a>(found: &str, allowed: impl Iterator<Item = &'a str>) -> LocalText {
    let allowed = allowed.collect::<Vec<_>>().join(", ");
    match allowed.is_empty() {
        true => {
            local!("có \"{found}\", mà chưa cấu hình cái nào", "found \"{found}\", and none is configured")
        }
        false => local!("có \"{found}\", được phép: {allowed}", "found \"{found}\", allowed: {allowed}"),
    }
}
