//! The one list of adapters: what is configured of each, how it is started, watched and stopped.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use adapters_modbus::{BusHealth, Buses, Endpoint, ModbusDevice, Plan};
use adapters_mqtt::{Answers, Arrivals, MqttDevice, Trails};
use adapters_sdk::{Clock, Intake};
use anyhow::Context;
use hub_broker::{Broker, Gate, StartError, Teller, TlsSource};
use hub_model::DeviceId;
use tokio::runtime::{EnterGuard, Runtime};
use tokio_util::sync::CancellationToken;

use crate::bridge::Relaying;
use crate::config::{ForeignDevice, MqttSettings};
use crate::door::{DeviceDoor, DoorCounters, Seen};
use crate::foreign::{Foreign, ForeignWatch, Shared};
use crate::tls::Tls;

/// MQTT connections at once. A commune has some hundreds of devices; idle ones cost some kilobytes each.
const MQTT_CONNECTIONS: usize = 8_192;
/// Threads that look up the names of gateways; more look-ups wait.
const NAME_THREADS: usize = 8;
/// Bytes of one connection's messages that may wait for their commit; then it is read no further.
const IN_FLIGHT_BYTES: usize = 256 * 1024;

/// What is configured of every adapter, checked.
pub struct Configured {
    /// The folder of the configuration.
    pub dir: PathBuf,
    /// Devices on Modbus buses.
    pub modbus: Vec<ModbusDevice>,
    /// The broker, if there is one.
    pub mqtt: Option<MqttSettings>,
    /// The file in which the broker keeps sessions, retained messages and wills.
    pub mqtt_keep: PathBuf,
    /// Devices that log in to the broker, with their passwords.
    pub mqtt_devices: Vec<(MqttDevice, String)>,
    /// Devices behind somebody else's brokers.
    pub foreign_devices: Vec<ForeignDevice>,
}

/// Adapters that run.
pub struct Adapters {
    buses: BTreeMap<Endpoint, Bus>,
    bus_thread: BusThread,
    mqtt: Option<(Broker, Arc<DeviceDoor>)>,
    foreign: Foreign,
    watch: Watch,
    intake: Intake,
    clock: Clock,
}

/// The one thread of all buses. On several, each wake of a bus would be told to the others, for a few microseconds' work.
struct BusThread(Option<Runtime>);

impl BusThread {
    fn start() -> anyhow::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).max_blocking_threads(NAME_THREADS).thread_name("modbus").enable_all();
        builder.build().map(|runtime| Self(Some(runtime))).context("the system gives no thread for Modbus")
    }

    /// While this is held, tasks are begun on the thread.
    fn enter(&self) -> Option<EnterGuard<'_>> {
        self.0.as_ref().map(Runtime::enter)
    }
}

impl Drop for BusThread {
    fn drop(&mut self) {
        // Waiting for its end is not allowed on a thread that runs tasks itself.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A Modbus bus that is read.
struct Bus {
    devices: Vec<ModbusDevice>,
    running: adapters_modbus::Running,
    stop: CancellationToken,
}

/// What can be seen of running adapters.
#[derive(Clone)]
pub struct Watch {
    /// The folder of the configuration, whose profiles are laid beneath devices that are tried.
    pub dir: PathBuf,
    modbus: Arc<RwLock<Buses>>,
    /// The broker's counters.
    pub mqtt: Option<hub_broker::StatsReader>,
    /// What came through the MQTT door.
    pub door: Arc<DoorCounters>,
    /// Whether a device speaks the hub's own topics at the broker.
    own: Option<Arc<DeviceDoor>>,
    /// The broker's ear for commands.
    pub teller: Option<Teller>,
    /// Connections to somebody else's brokers.
    pub foreign: ForeignWatch,
    /// What arrives over MQTT.
    pub arrivals: Arc<Arrivals>,
    /// Who waits for devices' answers.
    pub answers: Answers,
}

impl Watch {
    /// Whether a device of the hub's own topics logs in to the broker.
    pub fn speaks_own(&self, device: &DeviceId) -> bool {
        self.own.as_ref().is_some_and(|door| door.speaks_own(device))
    }

    /// The Modbus buses now.
    pub fn buses(&self) -> Vec<BusHealth> {
        self.modbus().health()
    }

    /// The way to the Modbus buses that run now.
    pub fn modbus(&self) -> Buses {
        self.modbus.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Adapters {
    /// Starts all of them.
    ///
    /// # Errors
    /// When an address cannot be listened on, or buses clash.
    pub fn start(
        configured: Configured,
        intake: &Intake,
        clock: &Clock,
        trails: Trails,
        relaying: Relaying,
    ) -> anyhow::Result<Self> {
        let plan = plan(configured.modbus)?;
        let bus_thread = BusThread::start()?;
        let seen = Seen {
            relaying,
            counters: Arc::default(),
            arrivals: Arc::default(),
            answers: Answers::default(),
            trails: trails.clone(),
            clock: clock.clone(),
        };
        let mqtt = match configured.mqtt {
            Some(settings) => {
                Some(broker(settings, configured.mqtt_keep, &configured.mqtt_devices, seen.clone())?)
            }
            None => None,
        };
        let Seen { counters, arrivals, answers, clock, .. } = seen;
        let shared = Shared {
            intake: intake.clone(),
            clock: clock.clone(),
            arrivals: arrivals.clone(),
            answers: answers.clone(),
            trails,
        };
        let foreign = Foreign::start(configured.foreign_devices, shared);
        let watch = Watch {
            dir: configured.dir,
            modbus: Arc::default(),
            mqtt: mqtt.as_ref().map(|(broker, _)| broker.reader()),
            door: counters,
            own: mqtt.as_ref().map(|(_, door)| door.clone()),
            teller: mqtt.as_ref().map(|(broker, _)| broker.teller()),
            foreign: foreign.watch(),
            arrivals,
            answers,
        };
        let mut adapters =
            Self { buses: BTreeMap::new(), bus_thread, mqtt, foreign, watch, intake: intake.clone(), clock };
        adapters.start_buses(plan.split());
        Ok(adapters)
    }

    /// Takes up other devices: of a bus only those that changed are begun anew, its connection stays, and so do the connections
    /// to the broker whose login is as it was.
    ///
    /// # Errors
    /// When buses clash; then nothing has changed.
    pub async fn renew(&mut self, configured: Configured) -> anyhow::Result<()> {
        let mut wanted = plan(configured.modbus)?.split();
        let mut gone = Vec::new();
        for (endpoint, mut bus) in std::mem::take(&mut self.buses) {
            let plan = wanted.get(&endpoint).map(|plan| plan.devices().cloned().collect::<Vec<_>>());
            match plan {
                Some(devices) if bus.keeps_its_settings(&devices) && bus.take_up(&devices).await => {
                    wanted.remove(&endpoint);
                    self.buses.insert(endpoint, bus);
                }
                _ => gone.push(bus),
            }
        }
        // A serial line or a gateway with one place takes its next owner only when the last one has left.
        for bus in gone {
            bus.stop().await;
        }
        self.start_buses(wanted);
        if let Some((broker, door)) = &self.mqtt {
            broker.end_logins(door.renew(&configured.mqtt_devices));
        }
        self.foreign.renew(configured.foreign_devices).await;
        Ok(())
    }

    fn start_buses(&mut self, plans: BTreeMap<Endpoint, Plan>) {
        let on_thread = self.bus_thread.enter();
        for (endpoint, plan) in plans {
            let devices = plan.devices().cloned().collect();
            let stop = CancellationToken::new();
            let running = plan.run(self.intake.clone(), self.clock.clone(), stop.clone());
            self.buses.insert(endpoint, Bus { devices, running, stop });
        }
        drop(on_thread);
        let buses = Buses::joined(self.buses.values().map(|bus| bus.running.handle()));
        *self.watch.modbus.write().unwrap_or_else(PoisonError::into_inner) = buses;
    }

    /// Where the broker listens.
    pub fn mqtt(&self) -> Option<SocketAddr> {
        self.mqtt.as_ref().map(|(broker, _)| broker.local_addr())
    }

    /// The way to the broker for what others have accepted.
    pub fn gate(&self) -> Option<Gate> {
        self.mqtt.as_ref().map(|(broker, _)| broker.gate())
    }

    /// What can be seen of them.
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Stops all of them; the acknowledgements of what is under way are waited for, within the broker's bound.
    pub async fn stop(self) {
        self.buses.values().for_each(|bus| bus.stop.cancel());
        for bus in self.buses.into_values() {
            bus.stop().await;
        }
        self.foreign.stop().await;
        if let Some((broker, _)) = self.mqtt {
            let stopped = tokio::task::spawn_blocking(move || broker.stop()).await;
            if stopped.is_err() {
                tracing::error!("the MQTT door failed while it was stopped");
            }
        }
    }
}

impl Bus {
    /// Whether what is the bus's rather than a device's is as it was; devices of one bus agree in it.
    fn keeps_its_settings(&self, devices: &[ModbusDevice]) -> bool {
        let own = |devices: &[ModbusDevice]| {
            devices.first().map(|one| (one.settings.pause_between, one.settings.max_in_flight))
        };
        own(&self.devices) == own(devices)
    }

    /// Reads these devices from now on. Returns whether the bus could take them up.
    async fn take_up(&mut self, devices: &[ModbusDevice]) -> bool {
        let is_same = self.devices.len() == devices.len()
            && self.devices.iter().zip(devices).all(|(one, other)| one.is_read_as(other));
        // They could run together a moment ago, when the plan of the whole was built.
        let is_taken = is_same
            || match Plan::build(devices.to_vec()) {
                Ok(plan) => self.running.renew(plan).await,
                Err(_) => false,
            };
        self.devices = devices.to_vec();
        is_taken
    }

    async fn stop(mut self) {
        self.stop.cancel();
        while let Err(error) = self.running.stopped().await {
            tracing::error!(%error, "a bus failed");
        }
    }
}

fn plan(devices: Vec<ModbusDevice>) -> anyhow::Result<Plan> {
    Plan::build(devices).map_err(|clashes| {
        let lines: Vec<_> = clashes.iter().map(ToString::to_string).collect();
        anyhow::anyhow!(lines.join("\n"))
    })
}

fn broker(
    configured: MqttSettings,
    keep: PathBuf,
    devices: &[(MqttDevice, String)],
    seen: Seen,
) -> anyhow::Result<(Broker, Arc<DeviceDoor>)> {
    let tls = configured.tls.map(Tls::open).transpose().context("[mqtt] tls")?;
    let settings = hub_broker::Settings {
        tls: tls.map(|tls| Arc::new(move || tls.config()) as TlsSource),
        max_connections: MQTT_CONNECTIONS,
        keep: Some(keep),
        in_flight_bytes: IN_FLIGHT_BYTES,
        ..hub_broker::Settings::new(
            configured.listen,
            Arc::new({
                let clock = seen.clock.clone();
                move || clock.now().as_millis()
            }),
        )
    };
    let door = Arc::new(DeviceDoor::new(devices, configured.open, seen));
    let broker = Broker::start(settings, door.clone()).map_err(|error| {
        let part = if matches!(error, StartError::Listen { .. }) { "[mqtt] listen" } else { "[mqtt]" };
        anyhow::Error::new(error).context(part)
    })?;
    Ok((broker, door))
}
