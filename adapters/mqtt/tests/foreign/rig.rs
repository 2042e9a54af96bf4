//! A listener with two devices, the pipeline's end of its intake, and a clock that the test moves.

use std::sync::Arc;
use std::time::Duration;

use adapters_mqtt::client::{BrokerAddress, Endpoint, LinkHealth, LinkState, Listener, Listening};
use adapters_mqtt::config::{self, DeviceSettings};
use adapters_mqtt::{Answers, Arrivals, MqttDevice, Trails};
use adapters_sdk::config::{Problems, Table};
use adapters_sdk::{Clock, Delivery};
use hub_model::{DeviceId, PointId, Sample, Timestamp};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::mosquitto::{BOUND, Mosquitto};

pub struct Rig {
    listener: Option<Listener>,
    watch: Box<dyn Fn() -> LinkHealth + Send + Sync>,
    deliveries: mpsc::Receiver<Delivery>,
    pub clock: Clock,
    pub arrivals: Arc<Arrivals>,
}

/// A point with these keys.
fn point(id: &str, keys: &str) -> (PointId, config::PointSettings) {
    let mut problems = Problems::new();
    let mut table = Table::parse("test.toml", keys, &mut problems).unwrap();
    let settings = config::point(&mut table, None, &mut problems).unwrap();
    assert!(problems.errors().is_empty(), "{:?}", problems.errors());
    (PointId::parse(id).unwrap(), settings)
}

fn device(id: &str, point: (PointId, config::PointSettings)) -> MqttDevice {
    let mut problems = Problems::new();
    let mut table = Table::parse("test.toml", "broker = \"mqtt://127.0.0.1\"", &mut problems).unwrap();
    let settings: DeviceSettings = config::device(&mut table, &mut problems).unwrap();
    MqttDevice { id: DeviceId::parse(id).unwrap(), settings, points: vec![point] }
}

pub fn endpoint(port: u16) -> Endpoint {
    Endpoint {
        address: BrokerAddress::parse(&format!("mqtt://127.0.0.1:{port}")).unwrap(),
        password: None,
        ca: None,
        client_id: "commune-hub-test".to_owned(),
    }
}

impl Rig {
    pub fn start(port: u16, change: impl FnOnce(&mut Endpoint)) -> Self {
        let mut endpoint = endpoint(port);
        change(&mut endpoint);
        let (intake, deliveries) = mpsc::channel(1_000);
        let clock = Clock::manual(Timestamp::from_millis(1_760_000_000_000));
        let arrivals = Arc::new(Arrivals::default());
        let level = "topic = \"application/+/level\"\npath = \"object.distance\"";
        let devices = vec![
            device("site/tank", point("site/tank/level", level)),
            device("site/gas", point("site/gas/h2s", "")),
        ];
        let listening = Listening {
            endpoint,
            devices,
            quiet_after: Duration::from_secs(600),
            formerly: vec![],
            intake,
            clock: clock.clone(),
            arrivals: arrivals.clone(),
            trails: Trails::of_hub("here"),
            answers: Answers::default(),
        };
        let listener = listening.start();
        Self { watch: listener.watch(), listener: Some(listener), deliveries, clock, arrivals }
    }

    pub fn health(&self) -> LinkHealth {
        (self.watch)()
    }

    pub fn advance_s(&self, seconds: u64) {
        self.clock.set(self.clock.now().plus(Duration::from_secs(seconds)));
    }

    pub async fn until(&self, what: &str, is_so: impl Fn(&LinkHealth) -> bool) {
        let waiting = async {
            while !is_so(&self.health()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(timeout(BOUND, waiting).await.is_ok(), "waited for {what}; {:?}", self.health());
    }

    pub async fn connected(&self) {
        self.until("a connection", |health| matches!(health.state, LinkState::Connected { .. })).await;
    }

    /// Waits until the broker has answered the subscription.
    pub async fn subscribed(&self, broker: &Mosquitto) {
        logged(broker, "Sending SUBACK to commune-hub-test").await;
    }

    /// The next delivery, not committed yet.
    pub async fn delivery(&mut self) -> Delivery {
        let next = timeout(BOUND, self.deliveries.recv()).await;
        next.unwrap_or_else(|_| panic!("no delivery; {:?}", (self.watch)())).unwrap()
    }

    /// What the next delivery says; it is committed.
    pub async fn next(&mut self) -> Vec<(String, Sample)> {
        let delivery = self.delivery().await;
        delivery.committed.run();
        delivery.observations.into_iter().map(|one| (one.point.to_string(), one.sample)).collect()
    }

    pub async fn stop(mut self) {
        self.listener.take().unwrap().stop().await;
    }

    /// Ends it without a word, as a power cut would.
    pub fn kill(mut self) {
        self.listener.take().unwrap().abort();
    }
}

/// Waits until the broker has said something.
pub async fn logged(broker: &Mosquitto, text: &str) {
    let waiting = async {
        while !broker.log().contains(text) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(BOUND, waiting).await.is_ok(), "not said: {text}: {}", broker.log());
}

/// An issuer, and a certificate for localhost with its key, in PEM.
pub fn certificates() -> (String, String, String) {
    let mut issuer = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    issuer.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    issuer.distinguished_name.push(rcgen::DnType::CommonName, "a commune's issuer");
    let issuer_key = rcgen::KeyPair::generate().unwrap();
    let ca = issuer.self_signed(&issuer_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(issuer, issuer_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    (ca, certificate.pem(), key.serialize_pem())
}
