//! The one list of adapters: what is configured of each, how it is started, watched and stopped.

use std::net::SocketAddr;
use std::sync::Arc;

use adapters_modbus::{ModbusDevice, Plan};
use adapters_mqtt::MqttDevice;
use adapters_sdk::{Clock, Intake};
use anyhow::Context;
use hub_broker::Broker;
use tokio_util::sync::CancellationToken;

use crate::config::MqttSettings;
use crate::door::{DeviceDoor, DoorCounters};

/// MQTT connections at once. A commune has some dozens of devices; each may hold what [`IN_FLIGHT_BYTES`] says in memory.
const MQTT_CONNECTIONS: usize = 256;
/// Bytes of one connection's messages that may wait for their commit; then it is read no further.
const IN_FLIGHT_BYTES: usize = 256 * 1024;

/// What is configured of every adapter, checked.
pub struct Configured {
    /// Devices on Modbus buses.
    pub modbus: Vec<ModbusDevice>,
    /// The broker, if there is one.
    pub mqtt: Option<MqttSettings>,
    /// Devices that log in to the broker, with their passwords.
    pub mqtt_devices: Vec<(MqttDevice, String)>,
}

/// Adapters that run.
pub struct Adapters {
    stop: CancellationToken,
    modbus: adapters_modbus::Running,
    mqtt: Option<Broker>,
    watch: Watch,
}

/// What can be seen of running adapters.
#[derive(Clone)]
pub struct Watch {
    /// The buses.
    pub modbus: adapters_modbus::Health,
    /// The broker's counters.
    pub mqtt: Option<hub_broker::StatsReader>,
    /// What came through the MQTT door.
    pub door: Arc<DoorCounters>,
}

impl Adapters {
    /// Starts all of them.
    ///
    /// # Errors
    /// When an address cannot be listened on, or buses clash.
    pub fn start(configured: Configured, intake: &Intake, clock: &Clock) -> anyhow::Result<Self> {
        let plan = Plan::build(configured.modbus).map_err(|clashes| {
            let lines: Vec<_> = clashes.iter().map(ToString::to_string).collect();
            anyhow::anyhow!(lines.join("\n"))
        })?;
        let door = Arc::new(DoorCounters::default());
        let mqtt = match configured.mqtt {
            Some(settings) => {
                Some(broker(settings, &configured.mqtt_devices, intake.clone(), clock.clone(), door.clone())?)
            }
            None => None,
        };
        let stop = CancellationToken::new();
        let modbus = plan.run(intake.clone(), clock.clone(), stop.clone());
        let watch = Watch { modbus: modbus.handle(), mqtt: mqtt.as_ref().map(Broker::reader), door };
        Ok(Self { stop, modbus, mqtt, watch })
    }

    /// Where the broker listens.
    pub fn mqtt(&self) -> Option<SocketAddr> {
        self.mqtt.as_ref().map(Broker::local_addr)
    }

    /// What can be seen of them.
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Stops all of them; the acknowledgements of what is under way are waited for, within the broker's bound.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while let Err(error) = self.modbus.stopped().await {
            tracing::error!(%error, "a bus failed");
        }
        if let Some(broker) = self.mqtt {
            let stopped = tokio::task::spawn_blocking(move || broker.stop()).await;
            if stopped.is_err() {
                tracing::error!("the MQTT door failed while it was stopped");
            }
        }
    }
}

fn broker(
    configured: MqttSettings,
    devices: &[(MqttDevice, String)],
    intake: Intake,
    clock: Clock,
    counters: Arc<DoorCounters>,
) -> anyhow::Result<Broker> {
    let settings = hub_broker::Settings {
        max_connections: MQTT_CONNECTIONS,
        in_flight_bytes: IN_FLIGHT_BYTES,
        ..hub_broker::Settings::new(configured.listen)
    };
    let door = DeviceDoor::new(devices, configured.open, intake, clock, counters);
    Broker::start(settings, Arc::new(door)).context("[mqtt] listen")
}
