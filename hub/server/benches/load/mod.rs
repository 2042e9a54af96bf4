//! QoS 1 load: many connections, each with a full window of unacknowledged publishes.

use std::net::SocketAddr;

use adapters_sdk::clock::stopwatch;
use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, QoS};

const CONNECTIONS: usize = 50;
const PUBLISHES_EACH: usize = 6_000;
const IN_FLIGHT: u16 = 256;

/// Acknowledged publishes a second, over all connections, from the first publish to the last acknowledgement.
pub fn acknowledged_a_second(broker: SocketAddr, credentials: Option<(&str, &str)>) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let elapsed_ms = stopwatch();
        let mut connections = tokio::task::JoinSet::new();
        for number in 0..CONNECTIONS {
            let mut options =
                MqttOptions::new(format!("load-{number}"), broker.ip().to_string(), broker.port());
            options.set_inflight(IN_FLIGHT);
            if let Some((user, password)) = credentials {
                options.set_credentials(user, password);
            }
            connections.spawn(connection(options, number));
        }
        while let Some(done) = connections.join_next().await {
            done.unwrap();
        }
        (CONNECTIONS * PUBLISHES_EACH) as f64 / (elapsed_ms() as f64 / 1_000.0)
    })
}

async fn connection(options: MqttOptions, number: usize) {
    let (client, mut events) = AsyncClient::new(options, IN_FLIGHT as usize);
    let publisher = tokio::spawn(async move {
        for value in 0..PUBLISHES_EACH {
            let payload = format!(r#"{{"m":{{"h2s":{}}}}}"#, number * PUBLISHES_EACH + value);
            client
                .publish("commune/v1/dong-bai-waste/gas/telemetry", QoS::AtLeastOnce, false, payload)
                .await
                .unwrap();
        }
        client
    });
    let mut acknowledged = 0;
    while acknowledged < PUBLISHES_EACH {
        if let Event::Incoming(Incoming::PubAck(_)) = events.poll().await.unwrap() {
            acknowledged += 1;
        }
    }
    drop(publisher.await.unwrap());
}
