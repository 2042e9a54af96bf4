//! The adapter's own keys: of a device its login or somebody else's broker, of a point where in which payload it stands.

use adapters_push::config::Match;
use adapters_sdk::config::{Problems, Table};
use hub_model::{LocalText, Unit, local};

use crate::client::BrokerAddress;
use crate::codec::Codec;
use crate::path::Path;
use crate::topic::Filter;
use crate::uplinks::Counter;

/// The longest user name and password that a device may log in with, in bytes.
pub const MAX_CREDENTIAL_BYTES: usize = 256;

/// A device's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceSettings {
    /// How its messages reach the hub.
    pub way: Way,
}

/// How a device's messages reach the hub.
#[derive(Debug, Clone, PartialEq)]
pub enum Way {
    /// It logs in to the hub's own broker.
    Login(LoginSettings),
    /// The hub logs in to somebody else's.
    Broker(BrokerSettings),
}

/// Somebody else's broker, which the hub logs in to.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerSettings {
    /// Where it is.
    pub address: BrokerAddress,
    /// Where the password comes from; none for a broker that asks for none.
    pub password: Option<PasswordSource>,
    /// The file of the issuers that are trusted (PEM), relative to the configuration folder; the system's without.
    pub ca: Option<String>,
    /// The name of our session there; made of the commune's id without.
    pub client_id: Option<String>,
}

impl DeviceSettings {
    /// The login at the hub's own broker, if it has one.
    pub fn login(&self) -> Option<&LoginSettings> {
        match &self.way {
            Way::Login(login) => Some(login),
            Way::Broker(_) => None,
        }
    }

    /// Somebody else's broker, if that is the way.
    pub fn broker(&self) -> Option<&BrokerSettings> {
        match &self.way {
            Way::Broker(broker) => Some(broker),
            Way::Login(_) => None,
        }
    }
}

/// A login at the hub's own broker.
#[derive(Debug, Clone, PartialEq)]
pub struct LoginSettings {
    /// The name.
    pub username: String,
    /// Where the password comes from.
    pub password: PasswordSource,
    /// Filters that it may publish to besides its own device's topics.
    pub publish: Vec<String>,
    /// Filters that it may subscribe to besides its own device's topics.
    pub subscribe: Vec<String>,
}

/// Where a password comes from. Its text is never printed.
#[derive(Clone, PartialEq, Eq)]
pub enum PasswordSource {
    /// It stands in the configuration itself.
    Given(String),
    /// It is the first line of this file, relative to the configuration folder.
    File(String),
}

impl std::fmt::Debug for PasswordSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(…)"),
            Self::File(file) => write!(f, "File({file})"),
        }
    }
}

/// How a payload is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JSON document.
    Json,
    /// A plain number, true or false.
    Number,
    /// `epoch:value[:value]`.
    Collectd,
    /// A SenML pack, JSON or CBOR.
    Senml,
    /// Lines of Influx line protocol.
    Line,
    /// A NetJSON DeviceMonitoring document.
    NetJson,
}

impl Format {
    /// Whether `path` is a name in it: of a record, a field or a figure.
    fn is_named(self) -> bool {
        matches!(self, Self::Senml | Self::Line | Self::NetJson)
    }
}

/// Where a point is found. Without a topic it is a metric of the device's own telemetry.
#[derive(Debug, Clone, PartialEq)]
pub struct PointSettings {
    /// Filter of the topics that carry it.
    pub topic: Option<String>,
    /// Where in the payload.
    pub path: Option<Path>,
    /// The record, field or figure, in formats that have names.
    pub name: Option<String>,
    /// Which lines of line protocol; all without.
    pub matching: Option<Match>,
    /// How the device's bytes are read where its server hands on nothing else.
    pub codec: Option<Codec>,
    /// The number is a counter, and the value its rate per second.
    pub rate: Option<Counter>,
    /// The point's unit: texts and records that name one are converted to it.
    pub unit: Option<Unit>,
    /// Where in the payload its time is.
    pub time_path: Option<Path>,
    /// How the payload is written.
    pub format: Format,
}

/// Takes the adapter's keys out of a device's table.
pub fn device(table: &mut Table, problems: &mut Problems) -> Option<DeviceSettings> {
    if table.has("broker") {
        let both = table.fault("login", only_one("broker"));
        if table.has("login") {
            problems.error(both);
            table.table("login", problems);
        }
        return broker(table, problems).map(|broker| DeviceSettings { way: Way::Broker(broker) });
    }
    for key in ["password", "password_file", "ca", "client_id"] {
        let alone = table.fault(key, only_beside("broker", "a broker"));
        if table.has(key) {
            problems.error(alone);
        }
        // Taken and dropped: the key is known, and its fault is told.
        table.secret(key, &mut Problems::new());
    }
    let no_login = table.fault(
        "login",
        local!(
            "cần có: {{ username = \"…\", password = \"…\" }}, hoặc broker = \"mqtts://…\"",
            "is needed: {{ username = \"…\", password = \"…\" }}, or broker = \"mqtts://…\""
        ),
    );
    let is_given = table.has("login");
    let Some(mut login) = table.table("login", problems) else {
        if !is_given {
            problems.error(no_login);
        }
        return None;
    };
    let username = login.needed_parsed("username", problems, short);
    let neither = login.fault(
        "password",
        local!("cần password hoặc password_file", "one of password and password_file is needed"),
    );
    let is_given = login.has("password") || login.has("password_file");
    let password = password(&mut login, problems);
    let publish = filters(&mut login, "publish", problems);
    let subscribe = filters(&mut login, "subscribe", problems);
    login.finish(problems);
    if !is_given {
        problems.error(neither);
    }
    let login =
        LoginSettings { username: username?, password: password?, publish: publish?, subscribe: subscribe? };
    Some(DeviceSettings { way: Way::Login(login) })
}

/// The keys of somebody else's broker; the same ones stand in a bridge.
pub fn broker(table: &mut Table, problems: &mut Problems) -> Option<BrokerSettings> {
    let no_user = table.fault(
        "broker",
        local!(
            "có mật khẩu thì cần tên đăng nhập, ví dụ mqtts://hub@host:8883",
            "a password needs a user name, such as mqtts://hub@host:8883"
        ),
    );
    let no_tls = table.fault("ca", only_beside("mqtts://", "mqtts://"));
    let has_password = table.has("password") || table.has("password_file");
    let has_ca = table.has("ca");
    let address = table.needed_parsed("broker", problems, BrokerAddress::parse);
    let password = password(table, problems);
    let ca = table.parsed("ca", problems, file_name);
    let client_id = table.parsed("client_id", problems, client_id);
    let address = address?;
    if has_password && address.user.is_none() {
        problems.error(no_user);
    }
    if has_ca && !address.is_encrypted {
        problems.error(no_tls);
    }
    // A faulty one has been told: nobody is to log in without it.
    (!has_password || password.is_some()).then_some(BrokerSettings { address, password, ca, client_id })
}

/// Where a password comes from: `password` or `password_file`. `None` without either, or when it is faulty.
fn password(table: &mut Table, problems: &mut Problems) -> Option<PasswordSource> {
    let both = table.fault("password_file", only_one("password"));
    let too_long = table.fault(
        "password",
        local!("được phép: 1 đến {MAX_CREDENTIAL_BYTES} byte", "allowed: 1 to {MAX_CREDENTIAL_BYTES} bytes"),
    );
    let given = table.secret("password", problems).filter(|password| {
        let fits = short(password).is_ok();
        if !fits {
            problems.error(too_long);
        }
        fits
    });
    match (given, table.text("password_file", problems)) {
        (Some(password), None) => Some(PasswordSource::Given(password)),
        (None, Some(file)) => Some(PasswordSource::File(file)),
        (Some(_), Some(_)) => {
            problems.error(both);
            None
        }
        (None, None) => None,
    }
}

impl PointSettings {
    /// A metric of the device's own telemetry.
    pub fn own(unit: Option<Unit>) -> Self {
        Self {
            topic: None,
            path: None,
            name: None,
            matching: None,
            codec: None,
            rate: None,
            unit,
            time_path: None,
            format: Format::Json,
        }
    }
}

/// Takes the adapter's keys out of the table of a point whose values are in `unit`.
pub fn point(table: &mut Table, unit: Option<Unit>, problems: &mut Problems) -> Option<PointSettings> {
    const FORMATS: [(&str, Format); 6] = [
        ("json", Format::Json),
        ("number", Format::Number),
        ("collectd", Format::Collectd),
        ("senml", Format::Senml),
        ("line", Format::Line),
        ("netjson", Format::NetJson),
    ];
    const COUNTERS: [(&str, Counter); 3] =
        [("wrap32", Counter::Wrap32), ("wrap64", Counter::Wrap64), ("reset", Counter::Reset)];
    const FOREIGN: [&str; 6] = ["path", "time_path", "format", "codec", "rate", "match"];
    let places = FOREIGN.map(|key| table.has(key).then(|| table.at(key)));
    let mut refuse = |key: usize, message: LocalText| {
        if let Some(at) = &places[key] {
            problems.error(at.fault(message));
        }
    };
    if !table.has("topic") {
        (0..FOREIGN.len()).for_each(|at| refuse(at, only_beside("topic", "a topic")));
        // Taken and dropped: the keys are known, and their fault is told.
        let mut told = Problems::new();
        FOREIGN.into_iter().for_each(|key| drop(table.text(key, &mut told)));
        table.text("topic", &mut told);
        return Some(PointSettings::own(unit));
    }
    let format_of = table.clone().choice("format", &FORMATS, &mut Problems::new()).unwrap_or(Format::Json);
    if format_of != Format::Json {
        refuse(1, only_beside_format("json"));
        refuse(3, only_beside_format("json"));
    }
    if format_of != Format::Line {
        refuse(5, only_beside_format("line"));
    }
    match format_of {
        Format::Number => refuse(
            0,
            local!(
                "ghi cùng format \"number\", là dạng không có path",
                "found beside format \"number\", which has no path"
            ),
        ),
        format if format.is_named() && !table.has("path") => {
            problems.error(table.fault(
                "path",
                local!(
                    "cần có: tên của bản ghi, trường hoặc chỉ số",
                    "is needed: the name of the record, field or figure"
                ),
            ));
        }
        _ => {}
    }
    let not_an_index = table.fault(
        "path",
        local!(
            "với format \"collectd\" được phép: số thứ tự của giá trị tính từ 0, ví dụ [1]",
            "allowed beside format \"collectd\": the value's number from 0, such as [1]"
        ),
    );
    let topic = table.parsed("topic", problems, |text| Filter::parse(text).map(|_| text.to_owned()));
    let had_path = table.has("path");
    let mut settings = PointSettings::own(unit);
    if format_of.is_named() {
        settings.name = table.parsed("path", problems, short);
    } else {
        settings.path = table.parsed("path", problems, Path::parse);
    }
    settings.time_path = table.parsed("time_path", problems, Path::parse);
    settings.format = table.choice("format", &FORMATS, problems).unwrap_or(Format::Json);
    settings.codec = table.choice("codec", &Codec::WORDS, problems);
    settings.rate = table.choice("rate", &COUNTERS, problems);
    settings.matching = adapters_push::config::device(table, problems).and_then(|device| device.matching);
    if settings.format == Format::Collectd
        && settings.path.as_ref().is_some_and(|path| path.as_index().is_none())
    {
        problems.error(not_an_index);
    }
    if had_path && settings.path.is_none() && settings.name.is_none() {
        return None;
    }
    settings.topic = Some(topic?);
    Some(settings)
}

fn file_name(text: &str) -> Result<String, LocalText> {
    match text {
        "" => Err(local!(
            "có tên rỗng, được phép: tệp dạng PEM, cạnh hub.toml hoặc ghi cả đường dẫn",
            "found an empty name, allowed: a file in PEM, beside hub.toml or by its whole path"
        )),
        text => Ok(text.to_owned()),
    }
}

/// What every broker of MQTT 3.1.1 has room for, though the standard promises 23 characters only.
fn client_id(text: &str) -> Result<String, LocalText> {
    let fits = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    match fits {
        true => Ok(text.to_owned()),
        false => Err(local!(
            "có \"{text}\", được phép: 1 đến 128 chữ không dấu, chữ số và ký hiệu, không có dấu cách",
            "found \"{text}\", allowed: 1 to 128 letters, digits and signs without a space"
        )),
    }
}

/// A name of the configuration's own, such as of a user or of a field.
fn short(text: &str) -> Result<String, LocalText> {
    let bytes = text.len();
    match (1..=MAX_CREDENTIAL_BYTES).contains(&bytes) {
        true => Ok(text.to_owned()),
        false => Err(local!(
            "có {bytes} byte, được phép: 1 đến {MAX_CREDENTIAL_BYTES}",
            "found {bytes} bytes, allowed: 1 to {MAX_CREDENTIAL_BYTES}"
        )),
    }
}

fn only_one(other: &str) -> LocalText {
    local!("có cả {other}, được phép: chỉ một trong hai", "found {other} too, allowed: only one of them")
}

fn only_beside(vi: &str, en: &str) -> LocalText {
    local!("chỉ được ghi cùng {vi}", "is only allowed beside {en}")
}

fn only_beside_format(format: &str) -> LocalText {
    let format = format!("format \"{format}\"");
    only_beside(&format, &format)
}

fn filters(login: &mut Table, key: &'static str, problems: &mut Problems) -> Option<Vec<String>> {
    if !login.has(key) {
        return Some(Vec::new());
    }
    let place = login.at(key);
    let texts = login.texts(key, problems)?;
    let mut all_well = true;
    for text in &texts {
        if let Err(message) = Filter::parse(text) {
            problems.error(place.fault(message));
            all_well = false;
        }
    }
    all_well.then_some(texts)
}
