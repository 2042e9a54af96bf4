//! Messages out, as a bridge sends them: in order, again after an outage, and told as taken only when they are.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use adapters_mqtt::client::{Outgoing, Sender};
use adapters_sdk::Clock;
use tokio::time::timeout;

use crate::mosquitto::{BOUND, Mosquitto};
use crate::rig;

/// `mosquitto_sub` on everything, with a session of its own; killed when dropped.
struct Reader(Child, std::sync::mpsc::Receiver<String>);

impl Reader {
    fn start(port: u16) -> Self {
        let mut child = Command::new("mosquitto_sub")
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &port.to_string(),
                "-q",
                "1",
                "-t",
                "#",
                "-F",
                "%t %p",
                "-c",
                "-i",
                "reader",
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = std::sync::mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // The test may be over.
                let _ = sender.send(line);
            }
        });
        Self(child, lines)
    }

    fn next(&self) -> String {
        self.1.recv_timeout(BOUND).expect("a message")
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn message(ticket: u64) -> Outgoing {
    Outgoing { ticket, topic: "trạm/nước".to_owned(), payload: ticket.to_string().into_bytes() }
}

#[tokio::test]
async fn nothing_is_lost_over_an_outage_and_the_order_stays() {
    let mut broker = Mosquitto::start("persistence true\npersistence_location @DIR@/\n", &[]);
    let (sender, mut end) = Sender::start(rig::endpoint(broker.port), Clock::system());
    let reader = Reader::start(broker.port);
    rig::logged(&broker, "Sending SUBACK to reader").await;
    for ticket in 1..=50 {
        end.queue.send(message(ticket)).await.unwrap();
    }
    timeout(BOUND, end.taken.wait_for(|taken| *taken == 50)).await.unwrap().unwrap();
    broker.end();
    // They wait in the queue until the broker is back.
    for ticket in 51..=150 {
        end.queue.send(message(ticket)).await.unwrap();
    }
    assert_eq!(*end.taken.borrow(), 50);
    broker.run();
    for ticket in 151..=230 {
        end.queue.send(message(ticket)).await.unwrap();
    }
    timeout(BOUND, end.taken.wait_for(|taken| *taken == 230)).await.unwrap().unwrap();
    let mut seen = Vec::new();
    while seen.last() != Some(&230) {
        let line = reader.next();
        seen.push(line.strip_prefix("trạm/nước ").unwrap().parse::<u64>().unwrap());
    }
    // Some may come twice, none is missing; a repeat never goes back behind what was taken.
    seen.dedup();
    let mut once = seen.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once, (1..=230).collect::<Vec<_>>());
    sender.stop().await;
}
