//! What the server wires into the API: handles only, no state of its own.
//!
//! The API never writes a reading or an alarm: what changes one goes as a [`Request`] to the pipeline, and is answered after
//! the commit. What people write down it keeps itself, in [`hub_store::Records`] and [`hub_store::Accounts`]. Read next: [`crate::live`] for the way out.

use std::sync::Arc;

use hub_logic::{Command, CommandError, RuleStatus};
use hub_model::{Alarm, Commune, Observation, Scope, Timestamp};
use hub_store::{Accounts, Digest, History, Outbox, Records};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::backtest::BacktestRunner;
use crate::communes::Communes;
use crate::field::Field;
use crate::forward::Forwards;
use crate::health::Health;
use crate::live::Live;
use crate::metrics::MetricsText;
use crate::mqtt::MqttField;
use crate::notices::Notices;
use crate::older::Older;
use crate::push::PushReader;
use crate::rulebook::RuleDesk;
use crate::site_files::SiteFiles;
use crate::surroundings::Surroundings;

/// All that the API needs of the hub.
#[derive(Clone)]
pub struct Hub {
    /// The commune as configured.
    pub commune: Arc<Commune>,
    /// The map, and what there is to know of each site.
    pub surroundings: Arc<Surroundings>,
    /// The rules and how they fare, renewed by whoever runs them.
    pub rules: watch::Receiver<Vec<RuleStatus>>,
    /// Takes a rule through stored history.
    pub backtest: BacktestRunner,
    /// Where the rules' files are changed.
    pub rule_desk: RuleDesk,
    /// The sites' files and the device profiles.
    pub site_files: Arc<dyn SiteFiles>,
    /// What has been committed.
    pub history: Arc<dyn History>,
    /// Messages that went out, and what waits.
    pub outbox: Arc<dyn Outbox>,
    /// How people are told of alarms.
    pub notices: Arc<dyn Notices>,
    /// Where readings are that have left the history; `None` where there is no such place.
    pub older: Option<Arc<dyn Older>>,
    /// Users, tokens and sessions.
    pub accounts: Arc<Accounts>,
    /// Reads line protocol, SenML and NetJSON.
    pub push: Arc<dyn PushReader>,
    /// Calibrations, maintenance, notes, jobs and deeds.
    pub records: Arc<Records>,
    /// Rung after a record was changed.
    pub records_changed: Arc<Notify>,
    /// The number of the last job that is done.
    pub jobs_done: watch::Receiver<u64>,
    /// The way to the pipeline. When it stays full for five seconds the caller is told 503.
    pub requests: mpsc::Sender<Request>,
    /// Whether commits fail just now: then nothing more is taken, and the caller is told 503 at once. Must not block.
    pub takes_nothing: Arc<dyn Fn() -> bool + Send + Sync>,
    /// What integrators may see and do of the buses.
    pub field: Arc<dyn Field>,
    /// What integrators may see and do over MQTT.
    pub mqtt: Arc<dyn MqttField>,
    /// A province's communes; `None` in a commune's own hub.
    pub communes: Option<Arc<dyn Communes>>,
    /// How the ways out to other engines fare.
    pub forwards: Arc<dyn Forwards>,
    /// Digest of the code that makes the first administrator, where there was no account at the start.
    pub setup_code: Option<Digest>,
    /// The live stream.
    pub live: Live,
    /// The clock.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// How the hub's parts fare right now; must not block.
    pub health: Arc<dyn Fn() -> Health + Send + Sync>,
    /// Adds the hub's own figures to `/metrics`; must not block.
    pub metrics: Arc<dyn Fn(&mut MetricsText) + Send + Sync>,
    /// The hub's version.
    pub version: String,
    /// The address under which people reach the hub, `[http] public_url`. With https the session's cookie is `Secure`.
    pub public_url: Option<String>,
}

/// What the API asks the pipeline for.
#[derive(Debug)]
pub enum Request {
    /// Readings that were sent in.
    Deliver {
        /// What was found, all of known points.
        observations: Vec<Observation>,
        /// Told after the commit; dropped when it will never come.
        committed: oneshot::Sender<()>,
    },
    /// Something is taken out of service, or put in service again.
    Service {
        /// What.
        change: ServiceChange,
        /// Who.
        by: String,
        /// Told after the commit.
        reply: oneshot::Sender<Result<(), CommandError>>,
    },
    /// Something that a person does with an alarm.
    Command {
        /// What.
        command: Command,
        /// The alarm afterwards, told after the commit.
        reply: oneshot::Sender<Result<Alarm, CommandError>>,
    },
}

/// What is done about a site, a device or a point being in service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceChange {
    /// It is taken out.
    Out {
        /// What.
        scope: Scope,
        /// Until when.
        until: Option<Timestamp>,
        /// Why.
        reason: String,
    },
    /// It is put in again.
    In(
        /// What.
        Scope,
    ),
}
