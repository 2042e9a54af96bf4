//! The adapter's own keys: of a device its login, of a point where in which payload it stands.

use adapters_sdk::config::{Problems, Table};

use crate::path::{Path, PathError};
use crate::topic::Filter;

/// The longest user name and password that a device may log in with, in bytes.
pub const MAX_CREDENTIAL_BYTES: usize = 256;

/// A device's settings.
#[derive(Debug, Clone)]
pub struct DeviceSettings {
    /// How it logs in to the hub's broker.
    pub login: LoginSettings,
}

/// A login at the hub's own broker.
#[derive(Debug, Clone)]
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
}

/// Where a point is found. Without a topic it is a metric of the device's own telemetry.
#[derive(Debug, Clone)]
pub struct PointSettings {
    /// Filter of the topics that carry it.
    pub topic: Option<String>,
    /// Where in the payload.
    pub path: Option<Path>,
    /// Where in the payload its time is.
    pub time_path: Option<Path>,
    /// How the payload is written.
    pub format: Format,
}

/// Takes the adapter's keys out of a device's table.
pub fn device(table: &mut Table, problems: &mut Problems) -> Option<DeviceSettings> {
    if table.has("broker") {
        problems.error(table.fault("broker", "reading from somebody else's broker is not in this version"));
        table.text("broker", problems);
        return None;
    }
    let no_login = table.fault("login", "is needed: { username = \"…\", password = \"…\" }");
    let is_given = table.has("login");
    let Some(mut login) = table.table("login", problems) else {
        if !is_given {
            problems.error(no_login);
        }
        return None;
    };
    let username = login.needed_parsed("username", problems, credential);
    let neither = login.fault("password", "one of password and password_file is needed");
    let both = login.fault("password_file", "found password too, allowed: only one of them");
    let too_long = login.fault("password", format!("allowed: 1 to {MAX_CREDENTIAL_BYTES} bytes"));
    let (has_given, has_file) = (login.has("password"), login.has("password_file"));
    let given = login.secret("password", problems).filter(|password| {
        let fits = credential(password).is_ok();
        if !fits {
            problems.error(too_long);
        }
        fits
    });
    let file = login.text("password_file", problems);
    let publish = filters(&mut login, "publish", problems);
    let subscribe = filters(&mut login, "subscribe", problems);
    login.finish(problems);
    let password = match (given, file) {
        (Some(password), None) => PasswordSource::Given(password),
        (None, Some(file)) => PasswordSource::File(file),
        (Some(_), Some(_)) => {
            problems.error(both);
            return None;
        }
        (None, None) => {
            // A faulty one has been told already.
            if !has_given && !has_file {
                problems.error(neither);
            }
            return None;
        }
    };
    Some(DeviceSettings {
        login: LoginSettings { username: username?, password, publish: publish?, subscribe: subscribe? },
    })
}

/// Takes the adapter's keys out of a point's table.
pub fn point(table: &mut Table, problems: &mut Problems) -> Option<PointSettings> {
    const FORMATS: [(&str, Format); 3] =
        [("json", Format::Json), ("number", Format::Number), ("collectd", Format::Collectd)];
    let without_topic: Vec<_> = ["path", "time_path", "format"]
        .into_iter()
        .filter(|key| table.has(key))
        .map(|key| table.fault(key, "is only allowed beside a topic"))
        .collect();
    let path_not_allowed = table.fault("path", "found beside format \"number\", which has no path");
    let not_an_index =
        table.fault("path", "allowed beside format \"collectd\": the value's number from 0, such as [1]");
    let had_topic = table.has("topic");
    let topic = table.parsed("topic", problems, |text| Filter::parse(text).map(|_| text.to_owned()));
    let had_path = table.has("path");
    let path = table.parsed("path", problems, Path::parse);
    let time_path = table.parsed::<_, PathError>("time_path", problems, Path::parse);
    let format = table.choice("format", &FORMATS, problems).unwrap_or(Format::Json);
    if !had_topic {
        without_topic.into_iter().for_each(|fault| problems.error(fault));
        return Some(PointSettings { topic: None, path: None, time_path: None, format: Format::Json });
    }
    match (format, &path) {
        (Format::Number, Some(_)) => problems.error(path_not_allowed),
        (Format::Collectd, Some(path)) if path.as_index().is_none() => problems.error(not_an_index),
        _ => {}
    }
    if had_path && path.is_none() {
        return None;
    }
    Some(PointSettings { topic: Some(topic?), path, time_path, format })
}

fn credential(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > MAX_CREDENTIAL_BYTES {
        return Err(format!("found {} bytes, allowed: 1 to {MAX_CREDENTIAL_BYTES}", text.len()));
    }
    Ok(text.to_owned())
}

fn filters(login: &mut Table, key: &'static str, problems: &mut Problems) -> Option<Vec<String>> {
    if !login.has(key) {
        return Some(Vec::new());
    }
    let place = login.fault(key, "");
    let texts = login.texts(key, problems)?;
    let mut all_well = true;
    for text in &texts {
        if let Err(message) = Filter::parse(text) {
            problems.error(adapters_sdk::config::Problem { message, ..place.clone() });
            all_well = false;
        }
    }
    all_well.then_some(texts)
}
