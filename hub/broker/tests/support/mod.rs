//! What the broker's tests share: a door that can hold its answers, and a bounded wait for a condition.
//!
//! It tests nothing itself. Next: `peer.rs` for real clients, `raw.rs` for bytes on a socket.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod peer;
pub mod raw;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use hub_broker::{
    Broker, ConnectAttempt, Done, Door, Filter, Login, Published, Refusal, Refused, RefusedWhat, Settings,
};

/// Longest that any test waits for one thing.
pub const BOUND: Duration = Duration::from_secs(20);

/// The password of every login of [`TestDoor`].
pub const PASSWORD: &str = "kín";

/// A door with three kinds of logins: `device` may use its own topics, `staff` everything, `barred` nothing.
#[derive(Default)]
pub struct TestDoor {
    /// While set, messages are kept instead of committed.
    hold: AtomicBool,
    held: Mutex<VecDeque<(Published, Done)>>,
    seen: Mutex<Vec<Published>>,
    refused: Mutex<Vec<Refused>>,
    logins: AtomicU32,
}

impl Door for TestDoor {
    fn login(&self, attempt: &ConnectAttempt) -> Result<Login, Refusal> {
        self.logins.fetch_add(1, Ordering::SeqCst);
        let name = attempt.username.clone().unwrap_or_default();
        if name == "barred" {
            return Err(Refusal::NotAuthorized);
        }
        if attempt.password.as_deref() != Some(PASSWORD.as_bytes()) {
            return Err(Refusal::BadCredentials);
        }
        let filters = |texts: &[&str]| texts.iter().map(|text| Filter::parse(text).unwrap()).collect();
        match name.as_str() {
            "device" => Ok(Login {
                name,
                publish: filters(&["site/tank/telemetry", "site/tank/status", "đèn/#"]),
                subscribe: filters(&["site/tank/#"]),
                withheld: filters(&["site/tank/secret"]),
            }),
            "staff" => Ok(Login {
                name,
                publish: filters(&["#", "$x/#"]),
                subscribe: filters(&["#", "$x/#", "$SYS/#"]),
                withheld: Vec::new(),
            }),
            _ => Err(Refusal::BadCredentials),
        }
    }

    fn publish(&self, message: Published, done: Done) {
        self.seen.lock().unwrap().push(message.clone());
        if self.hold.load(Ordering::SeqCst) {
            self.held.lock().unwrap().push_back((message, done));
        } else {
            done.committed();
        }
    }

    fn refused(&self, event: Refused) {
        self.refused.lock().unwrap().push(event);
    }
}

impl TestDoor {
    pub fn hold(&self, hold: bool) {
        self.hold.store(hold, Ordering::SeqCst);
    }

    /// Takes the oldest message that is held.
    pub fn next_held(&self) -> Option<(Published, Done)> {
        self.held.lock().unwrap().pop_front()
    }

    pub fn held(&self) -> usize {
        self.held.lock().unwrap().len()
    }

    /// Commits all that is held, from the test's own thread.
    pub fn commit_all(&self) -> usize {
        let all: Vec<_> = self.held.lock().unwrap().drain(..).collect();
        let count = all.len();
        all.into_iter().for_each(|(_, done)| done.committed());
        count
    }

    pub fn seen(&self) -> Vec<Published> {
        self.seen.lock().unwrap().clone()
    }

    pub fn refusals(&self) -> Vec<RefusedWhat> {
        self.refused.lock().unwrap().iter().map(|event| event.what.clone()).collect()
    }

    pub fn logins(&self) -> u32 {
        self.logins.load(Ordering::SeqCst)
    }
}

/// The defaults, on a port of the system's choice.
pub fn settings() -> Settings {
    let now_ms = || {
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
        i64::try_from(since.as_millis()).unwrap()
    };
    Settings::new(SocketAddr::from(([127, 0, 0, 1], 0)), Arc::new(now_ms))
}

/// A broker on a port of the system's choice, with its door.
pub struct Hub {
    pub broker: Broker,
    pub door: Arc<TestDoor>,
}

impl Hub {
    pub fn start() -> Hub {
        Hub::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Settings)) -> Hub {
        let mut settings = settings();
        change(&mut settings);
        let door = Arc::new(TestDoor::default());
        let broker = Broker::start(settings, door.clone()).unwrap();
        Hub { broker, door }
    }

    pub fn address(&self) -> SocketAddr {
        self.broker.local_addr()
    }
}

/// Waits, up to [`BOUND`], until `condition` holds; `status` tells what was there instead.
pub async fn wait_for(what: &str, mut condition: impl FnMut() -> bool, status: impl Fn() -> String) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let in_time = tokio::time::timeout(BOUND, waiting).await.is_ok();
    assert!(in_time, "waited for {what}; status: {}", status());
}
