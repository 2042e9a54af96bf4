//! All devices of a scenario, running: listeners, MQTT sessions and the hand on their faults.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use hub_model::Timestamp;
use tempfile::TempDir;
use tokio::net::{TcpListener, lookup_host};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{Clock, Timeline};
use crate::config::{Link, SimDevice};
use crate::fault::{Board, FaultControl};
use crate::modbus::serial::{self, SerialLine};
use crate::modbus::{self, Line};
use crate::scenario::{Listen, Scenario};
use crate::sent::Sent;
use crate::site_broker::SiteBroker;
use crate::world::World;
use crate::{SimError, control, mqtt};

/// Running devices. They end when this is stopped or dropped.
#[derive(Debug)]
pub struct Fleet {
    addresses: BTreeMap<String, SocketAddr>,
    device_files: BTreeMap<String, PathBuf>,
    control_address: Option<SocketAddr>,
    /// Where device files are made when they may be anywhere.
    _folder: TempDir,
    world: Arc<World>,
    control: FaultControl,
    mqtt_devices: usize,
    /// They end with the fleet.
    _site_brokers: Vec<SiteBroker>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Fleet {
    /// Starts all devices. Modbus listens when this returns; MQTT devices connect in their own time and come back by
    /// themselves. `now` tells the wall clock's time. Needs a running tokio runtime.
    ///
    /// # Errors
    /// When an address cannot be listened on or is not loopback, or the time zone or the broker's address makes no sense.
    pub async fn start(
        scenario: Scenario,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Self, SimError> {
        let wall_start = now();
        let timeline = Timeline::new(wall_start, scenario.start.unwrap_or(wall_start), scenario.speed);
        let clock = Clock::new(now, timeline);
        let board = Board::new(&scenario.faults, timeline);
        let world = Arc::new(World::with_board(&scenario, timeline, board.clone())?);
        let commune = world.commune().clone();
        let sent = scenario.check.as_deref().map_or_else(|| Ok(Sent::default()), Sent::to)?;
        let broker = host_and_port(&scenario.broker)
            .ok_or_else(|| SimError::Broker { found: scenario.broker.clone() })?;

        // All listeners first: nothing runs yet when one of them fails.
        let mut listeners = Vec::new();
        let mut terminals = Vec::new();
        let folder = tempfile::tempdir().map_err(|source| SimError::Folder { source })?;
        for line in Line::all(&commune) {
            if let Some(configured) = line.device_file() {
                let path = match &scenario.listen {
                    Listen::AsConfigured => PathBuf::from(configured),
                    Listen::Instead(instead) => {
                        instead.get(&line.endpoint).map_or(configured, String::as_str).into()
                    }
                    Listen::AnyPort => folder.path().join(format!("line-{}", terminals.len())),
                };
                let failed = |source| SimError::Terminal {
                    endpoint: line.endpoint.clone(),
                    path: path.clone(),
                    source,
                };
                let terminal = SerialLine::open(&path).map_err(failed)?;
                terminals.push((Arc::new(line), terminal, path));
                continue;
            }
            let (listener, address) = listen(&line.endpoint, &scenario.listen).await?;
            listeners.push((Arc::new(line), listener, address));
        }
        let page = match scenario.control {
            None => None,
            Some(address) => {
                let failed = |source| SimError::Listen {
                    endpoint: "[control]".to_owned(),
                    address: address.to_string(),
                    source,
                };
                Some(TcpListener::bind(address).await.map_err(failed)?)
            }
        };
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let of_modbus = modbus::Context {
            clock: clock.clone(),
            board: board.clone(),
            world: world.clone(),
            sent: sent.clone(),
        };
        let mut addresses = BTreeMap::new();
        for (line, listener, address) in listeners {
            addresses.insert(line.endpoint.clone(), address);
            tasks.spawn(modbus::serve(line, listener, address, of_modbus.clone(), stop.clone()));
        }
        let mut device_files = BTreeMap::new();
        for (line, terminal, path) in terminals {
            device_files.insert(line.endpoint.clone(), path.clone());
            tasks.spawn(serial::serve(line, terminal, path, of_modbus.clone(), stop.clone()));
        }
        let publishers: Vec<SimDevice> =
            commune.devices().filter(|device| matches!(device.link, Link::Mqtt { .. })).cloned().collect();
        let mqtt_devices = publishers.len();
        let elsewhere = publishers.iter().filter_map(|device| match device.link {
            Link::Mqtt { elsewhere, .. } => elsewhere,
            Link::Modbus { .. } => None,
        });
        let ports: BTreeSet<u16> = elsewhere.filter(|_| scenario.site_broker).collect();
        let site_brokers = ports.into_iter().map(SiteBroker::start).collect::<Result<_, _>>()?;
        for device in publishers {
            let context = mqtt::Context {
                clock: clock.clone(),
                board: board.clone(),
                world: world.clone(),
                sent: sent.clone(),
                broker: broker.clone(),
                every: scenario.every,
            };
            tasks.spawn(mqtt::run(device, context, stop.clone()));
        }
        let control = FaultControl::new(board, clock, commune);
        let control_address = match page {
            None => None,
            Some(listener) => {
                let address = listener.local_addr().ok();
                tasks.spawn(control::serve(listener, control.clone(), stop.clone()));
                address
            }
        };
        tasks.close();
        Ok(Self {
            addresses,
            device_files,
            _folder: folder,
            control_address,
            world,
            control,
            mqtt_devices,
            _site_brokers: site_brokers,
            tasks,
            stop,
        })
    }

    /// Where each endpoint, as configured, really listens.
    pub fn modbus_addresses(&self) -> &BTreeMap<String, SocketAddr> {
        &self.addresses
    }

    /// Where each serial line, as configured, is really opened.
    pub fn device_files(&self) -> &BTreeMap<String, PathBuf> {
        &self.device_files
    }

    /// Where the control page listens, if there is one.
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control_address
    }

    /// How many devices publish over MQTT.
    pub fn mqtt_devices(&self) -> usize {
        self.mqtt_devices
    }

    /// Makes and mends faults.
    pub fn control(&self) -> FaultControl {
        self.control.clone()
    }

    /// The values, as the running devices send them.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Switches all devices off, as a power cut would: no goodbye, so wills are published.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn listen(endpoint: &str, listen: &Listen) -> Result<(TcpListener, SocketAddr), SimError> {
    let configured = endpoint.trim_start_matches("rtu+").trim_start_matches("tcp://");
    let address = match listen {
        Listen::AsConfigured => configured,
        Listen::Instead(instead) => instead.get(endpoint).map_or(configured, String::as_str),
        Listen::AnyPort => "127.0.0.1:0",
    };
    let failed =
        |source| SimError::Listen { endpoint: endpoint.to_owned(), address: address.to_owned(), source };
    let resolved: Vec<SocketAddr> = lookup_host(address).await.map_err(failed)?.collect();
    if !resolved.iter().all(|address| address.ip().is_loopback()) {
        return Err(SimError::NotLoopback { endpoint: endpoint.to_owned(), address: address.to_owned() });
    }
    let listener = TcpListener::bind(resolved.as_slice()).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    if host.is_empty() {
        return None;
    }
    Some((host.trim_matches(['[', ']']).to_owned(), port.parse().ok()?))
}
