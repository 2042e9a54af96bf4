//! A running plan whose deliveries are collected, and waiting for a condition with a bound and a status text.

use std::collections::BTreeMap;
use std::time::Duration;

use adapters_modbus::config::{DeviceSettings, PointSettings};
use adapters_modbus::decode::{ByteOrder, DataType};
use adapters_modbus::register::Register;
use adapters_modbus::{Endpoint, Host, ModbusDevice, Plan, Running};
use adapters_sdk::config::Place;
use adapters_sdk::{Clock, Delivery};
use hub_model::{DeviceId, PointId, Reason, Sample};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// No condition of these tests takes longer, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn device(name: &str, port: u16, unit_id: u8, points: &[PointSettings]) -> ModbusDevice {
    let id = DeviceId::parse(&format!("station/{name}")).unwrap();
    let settings = DeviceSettings {
        endpoint: Endpoint::Tcp(Host { name: "127.0.0.1".to_owned(), port }),
        unit_id,
        poll: Duration::from_millis(50),
        timeout: Duration::from_millis(200),
        ..DeviceSettings::for_checking_only()
    };
    let named = points
        .iter()
        .enumerate()
        .map(|(n, point)| (PointId::new(&id, &format!("p{n}")).unwrap(), point.clone()));
    let points = named.collect();
    ModbusDevice { id, settings, points, place: Place { file: "test".into(), line: 1 } }
}

/// The same device at another endpoint.
pub fn moved(mut device: ModbusDevice, endpoint: &str) -> ModbusDevice {
    device.settings.endpoint = endpoint.parse().unwrap();
    device
}

pub fn point(register: Register, address: u16, data_type: DataType, byte_order: ByteOrder) -> PointSettings {
    PointSettings::new(register, address, data_type, byte_order)
}

pub fn holding(address: u16) -> PointSettings {
    point(Register::Holding, address, DataType::Uint16, ByteOrder::Abcd)
}

/// What came of each point, in order.
pub type Seen = BTreeMap<String, Vec<Sample>>;

pub struct Rig {
    pub running: Running,
    pub seen: Seen,
    pub stop: CancellationToken,
    intake: mpsc::Receiver<Delivery>,
}

impl Rig {
    pub fn start(devices: Vec<ModbusDevice>) -> Self {
        Self::start_with_intake(devices, 1_024)
    }

    pub fn start_with_intake(devices: Vec<ModbusDevice>, capacity: usize) -> Self {
        let (sender, intake) = mpsc::channel(capacity);
        let stop = CancellationToken::new();
        let running = Plan::build(devices).unwrap().run(sender, Clock::system(), stop.clone());
        Self { running, seen: Seen::new(), stop, intake }
    }

    /// Takes deliveries until the condition holds.
    pub async fn until(&mut self, what: &str, mut condition: impl FnMut(&Seen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !condition(&self.seen) {
            let Ok(delivery) = timeout_at(deadline, self.intake.recv()).await else {
                panic!("waited {PATIENCE:?} until {what}; {}", self.status());
            };
            let delivery = delivery.expect("the buses run");
            for observation in delivery.observations {
                assert!(observation.measured_at.is_none(), "a Modbus device does not say when it measured");
                self.seen.entry(observation.point.as_str().to_owned()).or_default().push(observation.sample);
            }
        }
    }

    pub async fn until_latest(&mut self, point: &str, expected: Sample) {
        let what = format!("{point} is {expected:?}");
        self.until(&what, |seen| latest(seen, point) == Some(expected)).await;
    }

    /// Waits for as many further readings of the point.
    pub async fn until_more(&mut self, point: &str, more: usize) {
        let wanted = count(&self.seen, point) + more;
        self.until(&format!("{point} has {wanted} readings"), |seen| count(seen, point) >= wanted).await;
    }

    fn status(&self) -> String {
        let ends: BTreeMap<_, _> =
            self.seen.iter().map(|(point, all)| (point, (all.len(), all.last()))).collect();
        format!("readings {ends:?}, buses {:#?}", self.running.health())
    }
}

pub fn latest(seen: &Seen, point: &str) -> Option<Sample> {
    seen.get(point).and_then(|samples| samples.last().copied())
}

pub fn count(seen: &Seen, point: &str) -> usize {
    seen.get(point).map_or(0, Vec::len)
}

/// The causes that a point was missing with, each once, in order of their first time.
pub fn causes(seen: &Seen, point: &str) -> Vec<Reason> {
    let mut found = Vec::new();
    for sample in seen.get(point).into_iter().flatten() {
        if let Sample::Missing(cause) = sample
            && !found.contains(cause)
        {
            found.push(*cause);
        }
    }
    found
}
