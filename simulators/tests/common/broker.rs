//! A foreign broker (mosquitto) as a process of its own, and a subscriber that remembers what it hears.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure here is a failure of the test")]

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, Publish, QoS};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::common::within;

/// A running broker; it ends with this value.
pub struct Broker {
    pub port: u16,
    child: Child,
    _dir: tempfile::TempDir,
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Broker {
    pub async fn start(port: u16) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let settings = dir.path().join("broker.conf");
        std::fs::write(&settings, format!("listener {port} 127.0.0.1\nallow_anonymous true\n")).unwrap();
        let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
            .into_iter()
            .find(|path| std::path::Path::new(path).exists());
        let mut child = Command::new(program.unwrap_or("mosquitto"))
            .arg("-c")
            .arg(&settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the broker mosquitto is needed for this test");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        within("the broker to run", async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.contains("running") {
                    return;
                }
            }
            panic!("the broker ended before it ran");
        })
        .await;
        // What it says later is read away, so that it never waits for a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { port, child, _dir: dir }
    }

    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// Hears all messages.
pub struct Ear {
    _client: AsyncClient,
    events: EventLoop,
}

impl Ear {
    pub async fn listen(port: u16) -> Self {
        let mut options = MqttOptions::new("ear", "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(30));
        let (client, events) = AsyncClient::new(options, 16);
        client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
        let mut ear = Self { _client: client, events };
        within("the subscription", async {
            while !matches!(ear.events.poll().await.unwrap(), Event::Incoming(Packet::SubAck(_))) {}
        })
        .await;
        ear
    }

    /// The next message for which `wanted` holds; those before it are forgotten.
    pub async fn hear(&mut self, what: &str, wanted: impl Fn(&Publish) -> bool) -> Publish {
        within(what, async {
            loop {
                if let Event::Incoming(Packet::Publish(message)) = self.events.poll().await.unwrap()
                    && wanted(&message)
                {
                    return message;
                }
            }
        })
        .await
    }

    /// The next message on `topic` with exactly this text.
    pub async fn hear_text(&mut self, topic: &str, text: &str) -> Publish {
        let what = format!("{text} on {topic}");
        self.hear(&what, |message| message.topic == topic && message.payload == text.as_bytes()).await
    }
}
