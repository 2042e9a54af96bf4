//! Servers that go away and come back, and what is told meanwhile.

use std::sync::{Arc, Mutex};

use adapters_modbus::decode::{ByteOrder, DataType};
use adapters_modbus::register::Register;
use hub_model::{Reason, Sample};

use crate::rig::{Rig, causes, count, device, holding, latest, point};
use crate::servers::{LibraryServer, Units};

fn units(registers: &[(u8, u16, u16)]) -> Arc<Mutex<Units>> {
    let holding = registers.iter().map(|&(unit, address, word)| ((unit, address), word)).collect();
    Arc::new(Mutex::new(Units { holding, ..Units::default() }))
}

#[tokio::test]
async fn points_go_missing_when_the_server_is_killed_and_return_when_it_is_back() {
    let units = units(&[(1, 0, 11), (2, 0, 22)]);
    let server = LibraryServer::start(0, &units).await;
    let port = server.port;
    let devices = vec![device("a", port, 1, &[holding(0)]), device("b", port, 2, &[holding(0)])];
    let mut rig = Rig::start(devices);
    rig.until_latest("station/a/p0", Sample::Raw(11.0)).await;
    rig.until_latest("station/b/p0", Sample::Raw(22.0)).await;
    drop(server);
    let is_gone = |sample: Option<Sample>| {
        matches!(sample, Some(Sample::Missing(Reason::Refused | Reason::Disconnected)))
    };
    rig.until("both are missing", |seen| {
        is_gone(latest(seen, "station/a/p0")) && is_gone(latest(seen, "station/b/p0"))
    })
    .await;
    let health = &rig.running.health()[0];
    assert!(!health.connected && health.last_error.is_some(), "{health:?}");
    assert!(health.devices.iter().all(|device| device.silent.is_some()), "{health:?}");

    let told = count(&rig.seen, "station/a/p0");
    rig.until_more("station/a/p0", 2).await;
    assert!(count(&rig.seen, "station/a/p0") <= told + 3, "silence is told at retries, not at every poll");

    let _server = LibraryServer::start(port, &units).await;
    rig.until_latest("station/a/p0", Sample::Raw(11.0)).await;
    rig.until_latest("station/b/p0", Sample::Raw(22.0)).await;
    let health = &rig.running.health()[0];
    assert!(health.connected && health.devices.iter().all(|device| device.silent.is_none()), "{health:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_at_the_start_is_found_later() {
    let units = units(&[(1, 0, 11)]);
    let port = LibraryServer::start(0, &units).await.port;
    let mut rig = Rig::start(vec![device("a", port, 1, &[holding(0)])]);
    rig.until_latest("station/a/p0", Sample::Missing(Reason::Refused)).await;
    let _server = LibraryServer::start(port, &units).await;
    rig.until_latest("station/a/p0", Sample::Raw(11.0)).await;
}

#[tokio::test]
async fn a_refused_address_does_not_take_its_neighbours_with_it() {
    let units = units(&[(1, 0, 10), (1, 1, 11), (1, 6, 16), (1, 8, 18)]);
    let server = LibraryServer::start(0, &units).await;
    let points = [holding(0), holding(1), holding(6), holding(7), holding(8)];
    let mut rig = Rig::start(vec![device("gaps", server.port, 1, &points)]);
    rig.until_more("station/gaps/p4", 10).await;
    for (point, value) in [("p0", 10.0), ("p1", 11.0), ("p2", 16.0), ("p4", 18.0)] {
        let samples = &rig.seen[&format!("station/gaps/{point}")];
        assert!(samples.iter().all(|sample| *sample == Sample::Raw(value)), "{point}: {samples:?}");
    }
    assert_eq!(causes(&rig.seen, "station/gaps/p3"), [Reason::Exception(2)]);
    let health = &rig.running.health()[0].devices[0];
    assert!(
        health.silent.is_none() && health.last_answered.is_some(),
        "an exception is an answer: {health:?}"
    );

    // Remembered: the whole is asked for once, not at every poll.
    let whole = units.lock().unwrap().requests.iter().filter(|request| request.2 == 9).count();
    assert_eq!(whole, 1);
}

#[tokio::test]
async fn a_table_that_is_refused_leaves_the_others() {
    let units = units(&[(1, 0, 10)]);
    let server = LibraryServer::start(0, &units).await;
    let coil = point(Register::Coil, 0, DataType::Bit, ByteOrder::Abcd);
    let mut rig = Rig::start(vec![device("mixed", server.port, 1, &[coil, holding(0)])]);
    rig.until_more("station/mixed/p1", 3).await;
    assert_eq!(latest(&rig.seen, "station/mixed/p1"), Some(Sample::Raw(10.0)));
    assert_eq!(causes(&rig.seen, "station/mixed/p0"), [Reason::Exception(1)]);
}
