//! Modbus over a real socket: a foreign client reads every kind of register, and each fault is seen as bytes.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure here is a failure of the test")]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::{MORNING, WATER, id, scenario, within};
use simulators::{FaultKind, Fleet, Listen, Scenario, SimError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_modbus::client::{Context, tcp};
use tokio_modbus::prelude::{ExceptionCode, Reader, Slave, SlaveContext};

const ENDPOINT: &str = "tcp://127.0.0.1:5020";
/// Reads registers 0 and 1 of unit 1 (pH), transaction 0x0102.
const ASK_PH: [u8; 12] = [1, 2, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2];
/// Reads registers 0 and 1 of unit 2 (flow), transaction 0x0304.
const ASK_FLOW: [u8; 12] = [3, 4, 0, 0, 0, 6, 2, 3, 0, 0, 0, 2];

async fn start(scenario: Scenario) -> (Fleet, SocketAddr) {
    let fleet = Fleet::start(scenario, || MORNING).await.unwrap();
    let address = fleet.modbus_addresses()[ENDPOINT];
    (fleet, address)
}

async fn running() -> (Fleet, SocketAddr) {
    start(scenario(&[("water.toml", WATER)])).await
}

async fn client(address: SocketAddr, unit: u8) -> Context {
    within("a connection", tcp::connect_slave(address, Slave(unit))).await.unwrap()
}

async fn ask(stream: &mut TcpStream, request: &[u8]) -> Vec<u8> {
    stream.write_all(request).await.unwrap();
    within("an answer", answer(stream)).await
}

async fn answer(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![0; 6];
    stream.read_exact(&mut bytes).await.unwrap();
    let mut rest = vec![0; usize::from(u16::from_be_bytes([bytes[4], bytes[5]]))];
    stream.read_exact(&mut rest).await.unwrap();
    bytes.extend(rest);
    bytes
}

fn float(words: &[u16]) -> f32 {
    f32::from_bits(u32::from(words[0]) << 16 | u32::from(words[1]))
}

#[tokio::test]
async fn a_foreign_client_reads_every_kind_of_register() {
    let (fleet, address) = running().await;
    let raw = |point: &str| fleet.world().raw_at(&id(point), MORNING).unwrap();
    let mut plc = client(address, 1).await;

    let holding = within("holding", plc.read_holding_registers(0, 11)).await.unwrap().unwrap();
    assert_eq!(f64::from(float(&holding[..2])) as f32, raw("water/plc/ph") as f32);
    assert_eq!(float(&[holding[3], holding[2]]), raw("water/plc/turbidity") as f32);
    assert_eq!(holding[4..10], [0; 6]);
    assert_eq!(f64::from(holding[10]), raw("water/plc/free-chlorine"));
    assert!((28..=62).contains(&holding[10]));
    let input = within("input", plc.read_input_registers(0, 1)).await.unwrap().unwrap();
    assert_eq!(f64::from(input[0]), raw("water/plc/tank-level"));
    let coil = within("coil", plc.read_coils(0, 1)).await.unwrap().unwrap();
    let discrete = within("discrete", plc.read_discrete_inputs(3, 1)).await.unwrap().unwrap();
    assert_eq!(coil, [raw("water/plc/pump-1") == 1.0]);
    assert_eq!(discrete, [raw("water/plc/pump-2") == 1.0]);

    // The second unit of the same line, on the same connection.
    plc.set_slave(Slave(2));
    let volume = within("volume", plc.read_holding_registers(24, 2)).await.unwrap().unwrap();
    assert_eq!(f64::from(u32::from(volume[1]) << 16 | u32::from(volume[0])), raw("water/meter/net-volume"));
    fleet.stop().await;
}

#[tokio::test]
async fn bits_and_bytes_share_words_and_a_read_may_begin_in_the_middle() {
    let site = r#"
        id = "water"
        kind = "other"
        [[device]]
        id = "plc"
        adapter = "modbus"
        endpoint = "tcp://127.0.0.1:5020"
        unit_id = 1
        address_base = 1
        point = [
            { id = "a", quantity = "state", register = "coil", address = 1 },
            { id = "b", quantity = "state", register = "coil", address = 11 },
            { id = "low", quantity = "state", register = "input", address = 5, type = "UINT8L" },
            { id = "high", quantity = "state", register = "input", address = 5, type = "UINT8H" },
            { id = "bit", quantity = "state", register = "input", address = 6, type = "BIT", bit = 4 },
            { id = "wide", quantity = "state", register = "input", address = 7, type = "FLOAT32" },
            { id = "mode", quantity = "state", register = "input", address = 9, type = "STRING", length = 2, states = ["STOP", "RUN"] },
            { id = "shown", quantity = "state", register = "input", address = 11, type = "STRING", length = 1 },
            { id = "faults", quantity = "state", register = "input", address = 12, type = "UINT16" },
            { id = "dry", quantity = "state", register = "input", address = 12, type = "BIT", bit = 2, alarm = { title = "Dry" } },
            { id = "hot", quantity = "state", register = "input", address = 12, type = "BIT", bit = 9, alarm = { title = "Hot" } },
        ]"#;
    // The model of a state is always 1.
    let (fleet, address) = start(scenario(&[("s.toml", site)])).await;
    let mut plc = client(address, 1).await;
    let coils = within("coils", plc.read_coils(0, 11)).await.unwrap().unwrap();
    assert_eq!(coils, [true, false, false, false, false, false, false, false, false, false, true]);
    assert_eq!(within("coils", plc.read_coils(9, 2)).await.unwrap(), Ok(vec![false, true]));
    let words = within("words", plc.read_input_registers(4, 4)).await.unwrap();
    assert_eq!(words, Ok(vec![0x0101, 0x0010, 0x3F80, 0x0000]));
    assert_eq!(within("words", plc.read_input_registers(7, 1)).await.unwrap(), Ok(vec![0]));
    // "RUN", "1", and alarms, which are 0 until a fault sets them.
    let texts = within("texts", plc.read_input_registers(8, 4)).await.unwrap();
    assert_eq!(texts, Ok(vec![0x5255, 0x4E00, 0x3100, 0]));
    fleet
        .control()
        .inject("water/plc/hot", FaultKind::Level { value: 1.0, ramp: Duration::ZERO }, None)
        .unwrap();
    let faults = within("faults", plc.read_input_registers(11, 1)).await.unwrap();
    assert_eq!(
        (faults, fleet.world().raw_at(&id("water/plc/faults"), MORNING)),
        (Ok(vec![0x0200]), Some(512.0))
    );
    fleet.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_an_exception() {
    let (_fleet, address) = running().await;
    let mut plc = client(address, 1).await;
    for (from, count) in [(11, 1), (10, 2), (0, 12), (65_535, 1)] {
        let read = within("an exception", plc.read_holding_registers(from, count)).await.unwrap();
        assert_eq!(read, Err(ExceptionCode::IllegalDataAddress), "{from} {count}");
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    assert_eq!(ask(&mut stream, &[0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 126]).await[7..], [0x83, 3]);
    assert_eq!(ask(&mut stream, &[0, 1, 0, 0, 0, 6, 1, 6, 0, 0, 0, 1]).await[7..], [0x86, 1]);
    assert_eq!(ask(&mut stream, &[0, 1, 0, 0, 0, 2, 1, 0x2B]).await[7..], [0xAB, 1]);
}

#[tokio::test]
async fn a_unit_that_is_not_there_says_nothing_and_disturbs_nobody() {
    let (_fleet, address) = running().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    // Both requests at once: the first answer that comes is the second request's.
    stream.write_all(&[9, 9, 0, 0, 0, 6, 77, 3, 0, 0, 0, 2]).await.unwrap();
    let answer = ask(&mut stream, &ASK_PH).await;
    assert_eq!(answer[..9], [1, 2, 0, 0, 0, 7, 1, 3, 4]);
}

#[tokio::test]
async fn no_modbus_ends_the_connection() {
    let (_fleet, address) = running().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    // A reset is an end, too.
    let _ = within("the end", stream.read_to_end(&mut rest)).await;
    assert!(rest.is_empty());
}

#[tokio::test]
async fn each_fault_shows_in_the_bytes_and_goes_when_it_is_mended() {
    let (fleet, address) = running().await;
    let control = fleet.control();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let healthy = ask(&mut stream, &ASK_PH).await;
    let words = &healthy[9..13];
    let cases: [(FaultKind, Vec<u8>); 6] = [
        (FaultKind::Exception { code: 6 }, vec![1, 2, 0, 0, 0, 3, 1, 0x83, 6]),
        (FaultKind::ByteOrder, [&healthy[..9], &[words[2], words[3], words[0], words[1]]].concat()),
        (FaultKind::WrongTransaction, [&[1, 3], &healthy[2..]].concat()),
        (FaultKind::WrongUnit, [&healthy[..6], &[2], &healthy[7..]].concat()),
        (FaultKind::ShortAnswer, [&[1, 2, 0, 0, 0, 5, 1, 3, 2], &words[..2]].concat()),
        (FaultKind::NoReading, [&healthy[..9], &[0x7F, 0xC0, 0, 0]].concat()),
    ];
    for (kind, expected) in cases {
        let fault = control.inject("water/plc", kind.clone(), None).unwrap();
        assert_eq!(ask(&mut stream, &ASK_PH).await, expected, "{kind:?}");
        // The other unit of the line has nothing to do with it.
        assert_eq!(ask(&mut stream, &ASK_FLOW).await[..9], [3, 4, 0, 0, 0, 7, 2, 3, 4], "{kind:?}");
        control.mend(fault);
        assert_eq!(ask(&mut stream, &ASK_PH).await, healthy, "{kind:?}");
    }
    fleet.stop().await;
}

#[tokio::test]
async fn upsets_move_the_value_and_no_reading_is_the_sentinel() {
    let (fleet, address) = running().await;
    let control = fleet.control();
    let mut plc = client(address, 1).await;
    let cases =
        [(FaultKind::Level { value: 0.11, ramp: Duration::ZERO }, 11), (FaultKind::NoReading, 0xFFFF)];
    for (kind, expected) in cases {
        let fault = control.inject("water/plc/free-chlorine", kind, None).unwrap();
        assert_eq!(within("a word", plc.read_holding_registers(10, 1)).await.unwrap(), Ok(vec![expected]));
        control.mend(fault);
    }
    let before = within("a word", plc.read_holding_registers(10, 1)).await.unwrap().unwrap()[0];
    let kind = FaultKind::Offset { value: 0.2, ramp: Duration::ZERO };
    control.inject("water/plc/free-chlorine", kind, None).unwrap();
    assert_eq!(within("a word", plc.read_holding_registers(10, 1)).await.unwrap(), Ok(vec![before + 20]));
    fleet.stop().await;
}

#[tokio::test]
async fn a_silent_unit_leaves_the_line_to_the_others() {
    let (fleet, address) = running().await;
    let fault = fleet.control().inject("water/plc", FaultKind::Silence, None).unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&ASK_PH).await.unwrap();
    assert_eq!(ask(&mut stream, &ASK_FLOW).await[..2], [3, 4]);
    fleet.control().mend(fault);
    assert_eq!(ask(&mut stream, &ASK_PH).await[..2], [1, 2]);
    fleet.stop().await;
}

#[tokio::test]
async fn a_late_answer_comes_after_the_answers_of_others() {
    let (fleet, address) = running().await;
    let kind = FaultKind::Timeout { delay: Duration::from_millis(150) };
    fleet.control().inject("water/plc", kind, None).unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&ASK_PH).await.unwrap();
    assert_eq!(ask(&mut stream, &ASK_FLOW).await[..2], [3, 4]);
    assert_eq!(within("the late answer", answer(&mut stream)).await[..2], [1, 2]);
    fleet.stop().await;
}

#[tokio::test]
async fn while_cut_off_connections_end_and_are_refused_until_mended() {
    let (fleet, address) = running().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    ask(&mut stream, &ASK_PH).await;
    let fault = fleet.control().inject("water/meter", FaultKind::Disconnect, None).unwrap();
    // The whole line goes with the device's gateway.
    let mut rest = Vec::new();
    let _ = within("the end of the connection", stream.read_to_end(&mut rest)).await;
    assert!(rest.is_empty());
    within("a refusal", async { while TcpStream::connect(address).await.is_ok() {} }).await;
    fleet.control().mend(fault);
    let mut stream = within("a connection", async {
        loop {
            match TcpStream::connect(address).await {
                Ok(stream) => return stream,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    })
    .await;
    assert_eq!(ask(&mut stream, &ASK_PH).await[..2], [1, 2]);
    fleet.stop().await;
}

#[tokio::test]
async fn faults_that_make_no_sense_are_refused() {
    let (fleet, _) = running().await;
    let control = fleet.control();
    let unknown = control.inject("water/nobody", FaultKind::Silence, None).unwrap_err();
    assert!(matches!(unknown, SimError::UnknownTarget { .. }), "{unknown}");
    let level = FaultKind::Level { value: 1.0, ramp: Duration::ZERO };
    let whole = control.inject("water/plc", level, None).unwrap_err();
    assert!(matches!(whole, SimError::FaultDoesNotApply { kind: "level", .. }), "{whole}");
    fleet.stop().await;
}

#[tokio::test]
async fn an_address_that_is_taken_or_not_of_this_machine_is_refused() {
    let (fleet, address) = running().await;
    let on = |address: String| {
        let mut scenario = scenario(&[("water.toml", WATER)]);
        scenario.listen = Listen::Instead([(ENDPOINT.to_owned(), address)].into());
        scenario
    };
    let taken = Fleet::start(on(address.to_string()), || MORNING).await.unwrap_err();
    assert!(matches!(taken, SimError::Listen { .. }), "{taken}");
    let elsewhere = Fleet::start(on("0.0.0.0:0".to_owned()), || MORNING).await.unwrap_err();
    assert!(matches!(elsewhere, SimError::NotLoopback { .. }), "{elsewhere}");
    fleet.stop().await;
}

#[tokio::test]
async fn a_split_answer_comes_whole_in_the_end_and_a_reset_breaks_the_connection_at_the_request() {
    let (fleet, address) = running().await;
    let whole = ask(&mut TcpStream::connect(address).await.unwrap(), &ASK_PH).await;
    fleet.control().inject("water/plc", FaultKind::SplitAnswer, None).unwrap();
    assert_eq!(ask(&mut TcpStream::connect(address).await.unwrap(), &ASK_PH).await, whole);

    fleet.control().inject("water/plc", FaultKind::Reset, None).unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&ASK_PH).await.unwrap();
    let mut rest = Vec::new();
    let _ = within("the end of the connection", stream.read_to_end(&mut rest)).await;
    assert!(rest.is_empty());
    fleet.stop().await;
}
