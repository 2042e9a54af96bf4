//! What is simulated, from which time on, at which speed and with which faults: `SCENARIO.toml`, or built in code.
//!
//! Unknown keys are refused here, since a misspelt fault would silently never happen.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hub_model::{PointId, Timestamp, duration};
use toml::{Spanned, Value};

use crate::SimError;
use crate::config::{SimCommune, SimDevice};
use crate::control;
use crate::fault::{FaultKind, Target};
use crate::replay::{Replay, Replayed};

mod file;

use file::{FaultEntry, ReplayEntry, ScenarioFile};

/// How often an MQTT device publishes when the scenario does not say.
pub const DEFAULT_EVERY: Duration = Duration::from_secs(10);
/// Speeds beyond this would be nothing but noise on the wire.
pub const MAX_SPEED: f64 = 86_400.0;

/// One simulation.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The devices.
    pub commune: SimCommune,
    /// The same seed gives the same values.
    pub seed: u64,
    /// Simulated seconds in a second of the wall clock.
    pub speed: f64,
    /// The simulated time at the start; `None` for the wall clock's.
    pub start: Option<Timestamp>,
    /// The broker that MQTT devices publish to, `HOST:PORT`.
    pub broker: String,
    /// Whether mosquitto is run for devices behind somebody else's broker; without it somebody else runs one.
    pub site_broker: bool,
    /// How often they publish, in simulated time.
    pub every: Duration,
    /// Where Modbus devices listen.
    pub listen: Listen,
    /// Where the control page listens; `None` for nowhere.
    pub control: Option<SocketAddr>,
    /// Faults that happen by themselves.
    pub faults: Vec<PlannedFault>,
    /// Points whose values are recorded ones, begun at the scenario's start.
    pub replays: Vec<Replayed>,
    /// Where it is noted what devices have sent; `None` for nowhere.
    pub check: Option<PathBuf>,
}

/// Where Modbus devices listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// On the host and port of their endpoints.
    AsConfigured,
    /// On these addresses (`HOST:PORT`) by endpoint; endpoints not named listen as configured.
    Instead(BTreeMap<String, String>),
    /// Each on a loopback port that the system chooses; [`crate::Fleet::modbus_addresses`] tells which.
    AnyPort,
}

/// A fault at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedFault {
    /// Simulated milliseconds after the start, negative before it.
    pub at_ms: i64,
    /// How long in simulated time; `None` for ever.
    pub lasts: Option<Duration>,
    /// To what.
    pub target: Target,
    /// What happens.
    pub kind: FaultKind,
}

impl Scenario {
    /// A simulation of `commune` at the wall clock's pace, without faults.
    pub fn new(commune: SimCommune, seed: u64) -> Self {
        Self {
            commune,
            seed,
            speed: 1.0,
            start: None,
            broker: "127.0.0.1:1883".to_owned(),
            site_broker: false,
            every: DEFAULT_EVERY,
            listen: Listen::AsConfigured,
            control: None,
            faults: Vec::new(),
            replays: Vec::new(),
            check: None,
        }
    }

    /// Reads a scenario and the hub's configuration that it names.
    ///
    /// # Errors
    /// When a file cannot be read or says what is not allowed; the text names file and line.
    pub fn load(path: &Path) -> Result<Self, SimError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SimError::Read { path: path.to_owned(), source })?;
        Reader { path, text: &text }.read()
    }
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn read(&self) -> Result<Scenario, SimError> {
        let file: ScenarioFile =
            toml::from_str(self.text).map_err(|error| SimError::toml(self.path, self.text, &error))?;
        let folder = self.path.parent().unwrap_or(Path::new("")).join(&file.config);
        let mut scenario = Scenario::new(SimCommune::load(&folder)?, file.seed);
        if let Some(speed) = &file.speed {
            scenario.speed = *speed.get_ref();
            if !(scenario.speed > 0.0 && scenario.speed <= MAX_SPEED) {
                let message = format!("speed: found {}, allowed: above 0 to {MAX_SPEED}", speed.get_ref());
                return Err(self.fault(speed, message));
            }
        }
        if let Some(start) = &file.start {
            scenario.start = Some(self.moment(start)?);
        }
        scenario.broker = file.mqtt.broker.unwrap_or(scenario.broker);
        if let Some(program) = &file.mqtt.site_broker {
            if program.get_ref() != "mosquitto" {
                let message = format!("site_broker: found \"{}\", allowed: \"mosquitto\"", program.get_ref());
                return Err(self.fault(program, message));
            }
            scenario.site_broker = true;
        }
        if let Some(every) = &file.mqtt.every {
            scenario.every = self.span(every, "every")?;
        }
        if let Some(listen) = &file.modbus.listen {
            scenario.listen = self.listen(listen)?;
        }
        if let Some(listen) = &file.control.listen {
            let address = listen.get_ref().parse().ok().filter(|address| control::is_allowed(*address));
            let found = || SimError::Control { found: listen.get_ref().clone() };
            scenario.control = Some(address.ok_or_else(found)?);
        }
        for entry in &file.replay {
            let replayed = self.replayed(entry, &scenario.commune)?;
            scenario.replays.push(replayed);
        }
        for entry in file.fault {
            let faults = self.planned(&entry, &scenario.commune)?;
            scenario.faults.extend(faults);
        }
        Ok(scenario)
    }

    fn replayed(&self, entry: &ReplayEntry, commune: &SimCommune) -> Result<Replayed, SimError> {
        let name = entry.point.get_ref();
        let point = PointId::parse(name).ok().filter(|id| commune.point(id).is_some());
        let unknown = || self.fault(&entry.point, format!("\"{name}\" is no simulated point"));
        let point = point.ok_or_else(unknown)?;
        let file = self.path.parent().unwrap_or(Path::new("")).join(&entry.file);
        let replay = Replay::load(&file, &point)?;
        Ok(Replayed { point, file, replay })
    }

    /// The fault, or as many as the site has devices.
    fn planned(
        &self,
        spanned: &Spanned<FaultEntry>,
        commune: &SimCommune,
    ) -> Result<Vec<PlannedFault>, SimError> {
        let entry = spanned.get_ref();
        let name = match (&entry.site, &entry.device, &entry.point) {
            (Some(site), None, None) => return self.of_site(site, entry, commune),
            (None, Some(name), None) | (None, None, Some(name)) => name,
            _ => return Err(self.fault(spanned, "exactly one of site, device and point is needed")),
        };
        let target = Target::parse(name.get_ref())
            .filter(|target| matches!(target, Target::Point(_)) == entry.point.is_some())
            .ok_or_else(|| {
                let message =
                    format!("found \"{}\", allowed: site/device or site/device/point", name.get_ref());
                self.fault(name, message)
            })?;
        let kind = entry.keys().kind().map_err(|message| self.fault(&entry.kind, message))?;
        kind.check(&target, commune).map_err(|error| self.fault(name, error.to_string()))?;
        let (at_ms, lasts) = self.when(entry)?;
        Ok(vec![PlannedFault { at_ms, lasts, target, kind }])
    }

    /// What happens to all devices of a site at once, such as a power cut.
    fn of_site(
        &self,
        name: &Spanned<String>,
        entry: &FaultEntry,
        commune: &SimCommune,
    ) -> Result<Vec<PlannedFault>, SimError> {
        let devices: Vec<_> =
            commune.devices().filter(|device| device.id.site().as_str() == name.get_ref()).collect();
        if devices.is_empty() {
            return Err(self.fault(name, format!("\"{}\" is no simulated site", name.get_ref())));
        }
        let kind = entry.keys().kind().map_err(|message| self.fault(&entry.kind, message))?;
        let (at_ms, lasts) = self.when(entry)?;
        let of_device = |device: &SimDevice| {
            let target = Target::Device(device.id.clone());
            kind.check(&target, commune).map_err(|error| self.fault(name, error.to_string()))?;
            Ok(PlannedFault { at_ms, lasts, target, kind: kind.clone() })
        };
        devices.into_iter().map(of_device).collect()
    }

    /// When it begins, in ms after the start, and how long it lasts.
    fn when(&self, entry: &FaultEntry) -> Result<(i64, Option<Duration>), SimError> {
        let at = entry.at.get_ref();
        let (sign, digits) = match at.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, at.as_str()),
        };
        let span = duration::parse(digits).map_err(|_| {
            self.fault(&entry.at, format!("at: found \"{at}\", allowed: such as \"30s\" or \"-30m\""))
        })?;
        let at_ms = sign * i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let lasts = match &entry.lasts {
            Some(text) => Some(self.span(text, "for")?),
            None => None,
        };
        Ok((at_ms, lasts))
    }

    fn listen(&self, value: &Spanned<Value>) -> Result<Listen, SimError> {
        match value.get_ref() {
            Value::String(text) if text == "as configured" => Ok(Listen::AsConfigured),
            Value::String(text) if text == "any port" => Ok(Listen::AnyPort),
            Value::Table(table) => {
                let mut instead = BTreeMap::new();
                for (endpoint, address) in table {
                    let address = address.as_str().ok_or_else(|| {
                        self.fault(value, format!("listen: {endpoint}: an address is needed"))
                    })?;
                    instead.insert(endpoint.clone(), address.to_owned());
                }
                Ok(Listen::Instead(instead))
            }
            _ => Err(self.fault(
                value,
                "listen: allowed: \"as configured\", \"any port\" or { \"tcp://HOST:PORT\" = \"HOST:PORT\" }",
            )),
        }
    }

    fn moment(&self, text: &Spanned<String>) -> Result<Timestamp, SimError> {
        let moment: Result<jiff::Timestamp, _> = text.get_ref().parse();
        moment.map(|moment| Timestamp::from_millis(moment.as_millisecond())).map_err(|_| {
            let message = format!(
                "start: found \"{}\", allowed: RFC 3339 such as 2026-08-20T07:30:00+07:00",
                text.get_ref()
            );
            self.fault(text, message)
        })
    }

    fn span(&self, text: &Spanned<String>, key: &str) -> Result<Duration, SimError> {
        duration::parse(text.get_ref()).ok().filter(|span| !span.is_zero()).ok_or_else(|| {
            self.fault(text, format!("{key}: found \"{}\", allowed: such as \"10s\"", text.get_ref()))
        })
    }

    fn fault<T>(&self, place: &Spanned<T>, message: impl Into<String>) -> SimError {
        SimError::at(self.path, self.text, place.span().start, message)
    }
}
