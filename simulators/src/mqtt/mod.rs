//! One MQTT device: it logs in, says `online`, publishes at QoS 1 and comes back after a broken connection. Its last will
//! says `offline`. It keeps nothing while it is away, as most access points and gas sensors do.

mod payload;

use std::sync::Arc;
use std::time::Duration;

use rumqttc::{AsyncClient, ConnectionError, Event, EventLoop, LastWill, MqttOptions, Packet, QoS};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::clock::Clock;
use crate::config::{Link, Place, SimDevice};
use crate::fault::{Board, FaultKind};
use crate::sent::Sent;
use crate::world::World;

/// Messages on their way to the socket; when full the newest is not sent.
const MAX_WAITING: usize = 64;
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// First and longest wait before another attempt to connect.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// No device publishes faster, whatever the speed.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(200);
/// A radio sensor sends so many times less often than others.
const RADIO_SHARE: u32 = 6;

/// What every device needs.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub clock: Clock,
    pub board: Arc<Board>,
    pub world: Arc<World>,
    pub sent: Sent,
    /// Host and port of the broker of devices that do not name another one.
    pub broker: (String, u16),
    /// How often devices publish, in simulated time.
    pub every: Duration,
}

/// Runs a device until `stop`.
pub(crate) async fn run(device: SimDevice, context: Context, stop: CancellationToken) {
    let mut sequence = 0;
    let is_cut = |now| context.board.is_disconnected(&device.id, now);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = context.board.until(&context.clock, |now| !is_cut(now)) => {}
        }
        let (client, events) = AsyncClient::new(options(&device, &context), MAX_WAITING);
        let (connected, watched) = watch::channel(0u64);
        // Dropping the event loop closes the socket without a DISCONNECT: the broker then publishes the will.
        tokio::select! {
            () = stop.cancelled() => return,
            () = context.board.until(&context.clock, is_cut) => {}
            () = drive(&device, events, &client, connected) => {}
            () = publish(&device, &client, &context, watched, &mut sequence) => {}
        }
    }
}

fn options(device: &SimDevice, context: &Context) -> MqttOptions {
    let (host, port) = match &device.link {
        Link::Mqtt { elsewhere: Some(port), .. } => ("127.0.0.1", *port),
        _ => (&*context.broker.0, context.broker.1),
    };
    let mut options = MqttOptions::new(device.id.as_str().replace('/', "."), host, port);
    options.set_keep_alive(KEEP_ALIVE).set_clean_session(true);
    if let Link::Mqtt { login: Some(login), .. } = &device.link {
        options.set_credentials(&login.username, &login.password);
    }
    if speaks_own_topics(device) {
        options.set_last_will(LastWill::new(status_topic(device), "offline", QoS::AtLeastOnce, true));
    }
    options
}

/// Keeps the connection going; counts in `connected` how often it was made, 0 while there is none.
async fn drive(
    device: &SimDevice,
    mut events: EventLoop,
    client: &AsyncClient,
    connected: watch::Sender<u64>,
) {
    let (mut times, mut wait) = (0, RECONNECT.0);
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                debug!(device = %device.id, "connected");
                (times, wait) = (times + 1, RECONNECT.0);
                if speaks_own_topics(device) {
                    send(device, client, &status_topic(device), true, b"online".to_vec());
                }
                connected.send_replace(times);
            }
            Ok(_) => {}
            Err(error) => {
                connected.send_replace(0);
                log_failure(device, &error, wait == RECONNECT.0);
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(RECONNECT.1);
            }
        }
    }
}

fn log_failure(device: &SimDevice, error: &ConnectionError, is_first: bool) {
    if is_first {
        warn!(device = %device.id, %error, "no connection to the broker, trying again");
    } else {
        debug!(device = %device.id, %error, "still no connection to the broker");
    }
}

/// Publishes at once after each connection and then at the device's interval.
async fn publish(
    device: &SimDevice,
    client: &AsyncClient,
    context: &Context,
    mut connected: watch::Receiver<u64>,
    sequence: &mut u64,
) {
    let interval = interval(device, context);
    loop {
        // An error means that the connection's driver is gone; this future then is dropped with it.
        let Ok(times) = connected.wait_for(|times| *times > 0).await.map(|times| *times) else { return };
        let has = |kind: FaultKind| {
            let faults = context.board.of_device(&device.id, context.clock.simulated());
            faults.iter().any(|fault| fault.kind == kind)
        };
        let mut kept_back: Vec<payload::Message> = Vec::new();
        while *connected.borrow() == times {
            if !has(FaultKind::Silence) {
                *sequence += 1;
                let messages = payload::messages(device, context, *sequence);
                if has(FaultKind::OutOfOrder) && kept_back.is_empty() {
                    kept_back = messages;
                } else {
                    let copies = if has(FaultKind::Duplicate) { 2 } else { 1 };
                    for message in messages.into_iter().chain(kept_back.drain(..)) {
                        for _ in 0..copies {
                            send(device, client, &message.topic, false, message.payload.clone());
                        }
                    }
                }
            }
            // Whether the time is up or the connection changed: the loops look again.
            let _ = tokio::time::timeout(interval, connected.wait_for(|now| *now != times)).await;
        }
    }
}

fn send(device: &SimDevice, client: &AsyncClient, topic: &str, retain: bool, payload: Vec<u8>) {
    if let Err(error) = client.try_publish(topic, QoS::AtLeastOnce, retain, payload) {
        debug!(device = %device.id, topic, %error, "message not sent");
    }
}

fn interval(device: &SimDevice, context: &Context) -> Duration {
    let is_radio = device.points.iter().any(
        |point| matches!(&point.place, Place::Payload { topic, .. } if topic.starts_with("application/")),
    );
    let wanted = if is_radio { context.every * RADIO_SHARE } else { context.every };
    // Never so seldom that the hub takes the device for silent.
    let needed = device.expire_after.map_or(wanted, |expire| wanted.min(expire / 3));
    context.clock.timeline().wall_span(needed).max(SHORTEST_INTERVAL)
}

fn speaks_own_topics(device: &SimDevice) -> bool {
    device.points.iter().any(|point| point.place == Place::Telemetry)
}

fn status_topic(device: &SimDevice) -> String {
    format!("commune/v1/{}/status", device.id)
}
