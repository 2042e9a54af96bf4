//! Buses, probes and writes for integrators, with a field that is only pretended.

use std::collections::BTreeMap;
use std::time::Duration;

use hub_api::auth::Role;
use hub_api::{
    Bus, BusDevice, BusFault, Field, Frame, FrameOutcome, Interpretation, Pending, ProbeAsk, ProbeTarget,
    Probed, TriedDevice, TriedPoint, WriteRefused,
};
use hub_model::{DeviceId, LocalText, PointId, Reason};
use serde_json::json;

use crate::clients::Call;
use crate::world::{CHLORINE, TURBIDITY, World, at, commune};

/// One bus. Turbidity can be written, but 9 makes its device fail.
pub struct Pretended;

impl Field for Pretended {
    fn buses(&self) -> Vec<Bus> {
        let point = PointId::parse(CHLORINE).unwrap();
        let device = BusDevice {
            id: DeviceId::parse("tam-hop-water/plc").unwrap(),
            unit_id: 7,
            poll_s: 2.0,
            silent: Some(Reason::Exception(11)),
            failures: 3,
            last_answered: Some(at(0)),
            polls: 10,
            requests: 20,
            timeouts: 1,
            exceptions: 2,
            bad_answers: 0,
            overruns: 4,
            refused: vec![point.clone()],
            texts: BTreeMap::from([(point, "V1.2".to_owned())]),
        };
        let text = LocalText::new("không có đường", "no way");
        vec![Bus {
            id: "rtu-tcp-gateway-4001".to_owned(),
            endpoint: "rtu+tcp://gateway:4001".to_owned(),
            connected: false,
            down_since: Some(at(1)),
            last_error: Some(BusFault { at: at(2), device: None, text }),
            load_percent: 12.5,
            requests_per_s: 3.0,
            places: 1,
            late_answers: 5,
            stray_answers: 6,
            devices: vec![device],
        }]
    }

    fn frames(&self, bus: &str) -> Option<Vec<Frame>> {
        let frame = Frame {
            at: at(5),
            request: Some(9),
            sent: true,
            unit_id: 7,
            bytes: "0703".to_owned(),
            words: LocalText::new("đọc", "read"),
            took: Some(Duration::from_micros(12_340)),
            outcome: FrameOutcome::BadChecksum,
        };
        (bus == "rtu-tcp-gateway-4001").then(|| vec![frame])
    }

    fn write(&self, point: &PointId, raw: f64) -> Pending<Result<(), WriteRefused>> {
        let done = match (point.as_str(), raw) {
            (TURBIDITY, 9.0) => {
                Err(WriteRefused::Failed(LocalText::new("thiết bị đang bận", "the device is busy")))
            }
            (TURBIDITY, _) => Ok(()),
            _ => Err(WriteRefused::NotAllowed(LocalText::new(
                "không được cấu hình write = true",
                "not configured with write = true",
            ))),
        };
        Box::pin(std::future::ready(done))
    }

    fn try_device(&self, toml: String) -> Pending<Result<TriedDevice, Vec<LocalText>>> {
        let mut points = commune().points().cloned().collect::<Vec<_>>().into_iter();
        let mut tried = |value, trouble: Option<LocalText>| TriedPoint {
            point: points.next().unwrap(),
            words: vec![42],
            raw: Some(42.0),
            value,
            text: None,
            trouble,
        };
        let refused = Some(LocalText::new("lỗi 2", "exception 2"));
        let points = vec![tried(Ok(0.42), None), tried(Err(Reason::Exception(2)), refused)];
        let endpoint = "tcp://plc:502".to_owned();
        let answer = match toml.as_str() {
            "" => Err(vec![LocalText::new("dòng 1: có 0 thiết bị", "device:1: device: found 0 devices")]),
            _ => Ok(TriedDevice { endpoint, unit_id: 1, points }),
        };
        Box::pin(std::future::ready(answer))
    }

    fn probe(&self, ask: ProbeAsk) -> Pending<Result<Probed, LocalText>> {
        let found = Interpretation {
            address: ask.address,
            data_type: "FLOAT32".to_owned(),
            byte_order: "CDAB".to_owned(),
            scale: "1".to_owned(),
            value: Some(7.12),
            score: 60,
            reasons: vec![LocalText::new("thường gặp", "usual")],
            toml: "[[device.point]]\n".to_owned(),
        };
        let probed = Probed { words: vec![vec![1, 2]; ask.reads as usize], found: vec![found; 300] };
        let answer = match ask.target {
            ProbeTarget::Address { unit_id: 0, .. } => {
                Err(LocalText::new("unit_id: có 0", "unit_id: found 0"))
            }
            _ => Ok(probed),
        };
        Box::pin(std::future::ready(answer))
    }
}

fn write_to(point: &str) -> String {
    format!("/api/v1/points/{point}/write")
}

#[tokio::test]
async fn buses_are_told_with_their_frames() {
    let world = World::new();
    let buses = Call::get("/api/v1/buses").by(Role::Integrator).send(&world).await.json();
    assert_eq!(buses[0]["down_since"], "2026-03-01T09:00:00.001+07:00");
    assert_eq!(buses[0]["last_error"]["text"]["en"], "no way");
    assert_eq!((&buses[0]["timeouts"], &buses[0]["overruns"]), (&json!(1), &json!(4)));
    assert_eq!(buses[0]["devices"][0]["silent"], "exception:11");
    assert_eq!(buses[0]["devices"][0]["refused"], json!([CHLORINE]));
    assert_eq!(buses[0]["devices"][0]["texts"][CHLORINE], "V1.2");
    let frames = |bus: &str| Call::get(format!("/api/v1/buses/{bus}/frames"));
    let id = buses[0]["id"].as_str().unwrap();
    let told = frames(id).by(Role::Integrator).send(&world).await.json();
    assert_eq!((&told[0]["bytes"], &told[0]["took_ms"]), (&json!("0703"), &json!(12.3)));
    assert_eq!((&told[0]["words"]["vi"], &told[0]["outcome"]), (&json!("đọc"), &json!("bad_checksum")));
    frames("tcp-nowhere-1").by(Role::Integrator).send(&world).await.assert_problem(404, &["tcp-nowhere-1"]);
    frames(id).by(Role::Officer).send(&world).await.assert_problem(403, &[]);
}

#[tokio::test]
async fn a_write_is_noted_whatever_comes_of_it() {
    let world = World::new();
    let write = |value: serde_json::Value| {
        Call::post(write_to(TURBIDITY), &json!({ "value": value })).by(Role::Integrator).send(&world)
    };
    let done = write(json!(1.5)).await.json();
    assert_eq!(
        (&done["outcome"], &done["outcome_vi"], &done["by"]),
        (&json!("done"), &json!("đã ghi"), &json!("integrator"))
    );
    write(json!(9)).await.assert_problem(503, &["busy"]);
    write(json!("on")).await.assert_problem(400, &["expected f64"]);
    let listed = Call::get(write_to(TURBIDITY)).by(Role::Integrator).send(&world).await.json();
    let outcomes: Vec<_> = listed.as_array().unwrap().iter().map(|write| write["outcome"].clone()).collect();
    assert_eq!(outcomes, ["the device is busy", "done"]);

    let other = Call::post(write_to(CHLORINE), &json!({ "value": 1 })).by(Role::Integrator);
    other.send(&world).await.assert_problem(409, &["write = true"]);
    let unknown =
        Call::post(write_to("tam-hop-water/plc/nothing"), &json!({ "value": 1 })).by(Role::Integrator);
    unknown.send(&world).await.assert_problem(404, &["nothing"]);
}

#[tokio::test]
async fn a_probe_is_bounded_and_its_faults_are_told() {
    let world = World::new();
    let probe = |changed: serde_json::Value| {
        let mut ask = json!({"endpoint": "tcp://plc:502", "unit_id": 1, "register": "holding", "address": 5, "count": 2});
        ask.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        Call::post("/api/v1/probe/modbus", &ask).by(Role::Integrator).send(&world)
    };
    let found = probe(json!({})).await.json();
    assert_eq!(found["words"], json!([[1, 2], [1, 2], [1, 2]]));
    assert_eq!(found["interpretations"].as_array().unwrap().len(), 200);
    assert_eq!(found["interpretations"][0]["type"], "FLOAT32");
    assert_eq!(found["interpretations"][0]["reasons"][0], json!({"vi": "thường gặp", "en": "usual"}));
    probe(json!({"unit_id": 0})).await.assert_problem(400, &["unit_id"]);
    probe(json!({"reads": 11})).await.assert_problem(400, &["reads"]);
    probe(json!({"quantity": "phh"})).await.assert_problem(400, &["quantity"]);
    probe(json!({"address": 65_536})).await.assert_problem(400, &[]);
    probe(json!({"device": "tam-hop-water/plc"})).await.assert_problem(400, &["either device, or both"]);
    let of_device = |device: &str| {
        let ask = json!({"device": device, "register": "coil", "address": 0, "count": 2_000});
        Call::post("/api/v1/probe/modbus", &ask).by(Role::Integrator).send(&world)
    };
    assert_eq!(of_device("tam-hop-water/plc").await.json()["interpretations"].as_array().unwrap().len(), 200);
    of_device("tam-hop-water/nobody").await.assert_problem(400, &["tam-hop-water/nobody"]);
    let deeds = Call::get("/api/v1/audit?action=registers_read").by(Role::Officer).send(&world).await.json();
    assert_eq!((&deeds[0]["object"], &deeds[0]["by"]), (&json!("tam-hop-water/plc"), &json!("integrator")));
}

#[tokio::test]
async fn a_device_is_tried_before_it_is_saved() {
    let world = World::new();
    let try_it = |toml: &str| {
        Call::post("/api/v1/devices/try", &json!({ "toml": toml })).by(Role::Integrator).send(&world)
    };
    let tried = try_it("[[device]]").await.json();
    let (first, second) = (&tried["points"][0], &tried["points"][1]);
    assert_eq!(
        (&first["value"], &first["reason"], &first["words"]),
        (&json!(0.42), &json!(null), &json!([42]))
    );
    assert_eq!((&second["value"], &second["reason"]), (&json!(null), &json!("exception:2")));
    assert_eq!(second["trouble"]["vi"], "lỗi 2");
    try_it("").await.assert_problem(400, &["found 0 devices"]);
    let deeds = Call::get("/api/v1/audit?action=device_tried").by(Role::Officer).send(&world).await.json();
    assert_eq!(deeds[0]["object"], "tcp://plc:502 unit 1");
}
