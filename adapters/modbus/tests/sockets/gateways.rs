//! Gateways: several requests at once where one bears them, waking a device that sleeps, and writing with proof.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapters_modbus::config::WakeUp;
use adapters_modbus::decode::{ByteOrder, DataType};
use adapters_modbus::register::Register;
use adapters_modbus::{Ask, WriteError};
use hub_model::{PointId, Reason, Sample};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::foreign::Foreign;
use crate::rig::{Rig, causes, device, holding, point};
use crate::servers::{Act, Frame, answer, raw_server};

/// A gateway that answers each request some milliseconds later, whatever else is under way, and drops what is beyond `bears`.
async fn gateway(bears: usize) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let most = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (mut reader, writer) = stream.into_split();
            let (writer, under_way, seen) =
                (Arc::new(tokio::sync::Mutex::new(writer)), Arc::new(AtomicUsize::new(0)), Arc::clone(&seen));
            tokio::spawn(async move {
                let mut frame: Frame = [0; 12];
                while reader.read_exact(&mut frame).await.is_ok() {
                    let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
                    seen.fetch_max(now, Ordering::SeqCst);
                    let (writer, under_way) = (Arc::clone(&writer), Arc::clone(&under_way));
                    tokio::spawn(async move {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        under_way.fetch_sub(1, Ordering::SeqCst);
                        if now <= bears {
                            let sent = answer(&frame, &[u16::from(frame[6])]);
                            // The hub may have left the connection.
                            let _ = writer.lock().await.write_all(&sent).await;
                        }
                    });
                }
            });
        }
    });
    (port, most)
}

fn crowd(port: u16) -> Rig {
    let units = 1..=12u8;
    let devices = units.map(|unit| {
        let mut device = device(&format!("d{unit}"), port, unit, &[holding(0)]);
        device.settings.max_in_flight = 6;
        device
    });
    Rig::start(devices.collect())
}

#[tokio::test]
async fn a_gateway_that_bears_it_is_asked_several_things_at_once() {
    let (port, most) = gateway(usize::MAX).await;
    let mut rig = crowd(port);
    rig.until_more("station/d12/p0", 60).await;
    assert!((2..=6).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    assert!(rig.running.health()[0].places > 1);
    for unit in 1..=12u8 {
        let samples = &rig.seen[&format!("station/d{unit}/p0")];
        assert!(samples.iter().all(|sample| *sample == Sample::Raw(f64::from(unit))), "{unit}: {samples:?}");
    }
}

#[tokio::test]
async fn a_gateway_that_bears_two_loses_no_reading_when_it_is_tried_with_three() {
    let (port, most) = gateway(2).await;
    let mut rig = crowd(port);
    rig.until_more("station/d12/p0", 60).await;
    assert!(most.load(Ordering::SeqCst) >= 3, "it was tried");
    for unit in 1..=12u8 {
        assert_eq!(causes(&rig.seen, &format!("station/d{unit}/p0")), [], "{unit}");
    }
}

/// Answers a read only after a write to register 9 since the last one.
#[tokio::test]
async fn a_device_that_must_be_woken_is_woken_before_every_poll() {
    let awake = Mutex::new(false);
    let port = raw_server(move |_, frame: &Frame| {
        let mut awake = awake.lock().unwrap();
        if frame[7] == 6 {
            *awake = frame[9] == 9 && frame[11] == 1;
            return vec![Act::Send(frame.to_vec())];
        }
        if std::mem::take(&mut *awake) { vec![Act::Send(answer(frame, &[77]))] } else { Vec::new() }
    })
    .await;
    let mut sleeper = device("sleeper", port, 1, &[holding(0)]);
    let ask = Ask::WriteRegister { address: 9, word: 1 };
    sleeper.settings.before_read = Some(WakeUp { ask, wait: Duration::from_millis(5) });
    let mut rig = Rig::start(vec![sleeper]);
    rig.until_more("station/sleeper/p0", 5).await;
    assert_eq!(causes(&rig.seen, "station/sleeper/p0"), []);
}

fn id(name: &str) -> PointId {
    PointId::parse(&format!("station/plc/{name}")).unwrap()
}

#[tokio::test]
async fn what_is_written_is_read_back_from_a_foreign_server() {
    let units = json!({ "1": { "holding": { "0": [0, 0, 0xFF00, 5] }, "coil": { "0": vec![false; 8] } } });
    let server = Foreign::serve(&json!({ "port": 0, "units": units }));
    let mut points = vec![
        point(Register::Holding, 0, DataType::Float32, ByteOrder::Cdab),
        point(Register::Holding, 2, DataType::Bit, ByteOrder::Abcd),
        point(Register::Coil, 2, DataType::Bit, ByteOrder::Abcd),
        point(Register::Holding, 3, DataType::Uint16, ByteOrder::Abcd),
    ];
    points[1].bit = Some(3);
    points[..3].iter_mut().for_each(|point| point.write = true);
    let mut rig = Rig::start(vec![device("plc", server.port, 1, &points)]);
    rig.until_more("station/plc/p3", 1).await;
    let buses = rig.running.handle();
    buses.write(&id("p0"), 7.25).await.unwrap();
    buses.write(&id("p1"), 1.0).await.unwrap();
    buses.write(&id("p2"), 1.0).await.unwrap();
    rig.until_latest("station/plc/p0", Sample::Raw(7.25)).await;
    rig.until_latest("station/plc/p1", Sample::Raw(1.0)).await;
    rig.until_latest("station/plc/p2", Sample::Raw(1.0)).await;
    let whole = Ask::Read { register: Register::Holding, start: 2, count: 1 };
    let endpoint = rig.running.health()[0].endpoint.clone();
    let found = buses.ask(&endpoint, 1, whole, Duration::from_secs(1)).await.unwrap();
    assert_eq!(found, Ok(vec![0xFF08]), "the rest of the register is left alone");

    assert!(matches!(buses.write(&id("p3"), 1.0).await, Err(WriteError::NotWritable { .. })));
    assert!(matches!(buses.write(&id("p9"), 1.0).await, Err(WriteError::UnknownPoint { .. })));
    assert!(matches!(buses.write(&id("p2"), 2.0).await, Err(WriteError::DoesNotFit { .. })));
    assert!(matches!(buses.write(&id("p0"), f64::NAN).await, Err(WriteError::DoesNotFit { .. })));
}

/// It confirms every write with its echo and keeps what it had.
#[tokio::test]
async fn a_write_that_is_confirmed_and_not_done_is_noticed() {
    let functions: Arc<Mutex<BTreeSet<u8>>> = Arc::default();
    let seen = Arc::clone(&functions);
    let port = raw_server(move |_, frame: &Frame| {
        seen.lock().unwrap().insert(frame[7]);
        vec![Act::Send(if frame[7] == 6 { frame.to_vec() } else { answer(frame, &[5]) })]
    })
    .await;
    let mut setpoint = holding(0);
    setpoint.write = true;
    let mut rig = Rig::start(vec![device("plc", port, 1, &[setpoint])]);
    rig.until_more("station/plc/p0", 2).await;
    assert_eq!(*functions.lock().unwrap(), BTreeSet::from([3]), "nothing is written unasked");
    let error = rig.running.handle().write(&id("p0"), 6.0).await.unwrap_err();
    assert_eq!(error, WriteError::NotTaken { point: id("p0"), written: vec![6], found: vec![5] });
    rig.until_more("station/plc/p0", 2).await;
    assert_eq!(causes(&rig.seen, "station/plc/p0"), [] as [Reason; 0]);
}
