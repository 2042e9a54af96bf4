//! Serial lines and lines behind a converter: a foreign client reads them, and their faults are seen as bytes.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure here is a failure of the test")]

mod common;

use std::path::Path;

use common::{MORNING, WATER, id, scenario, within};
use simulators::{FaultKind, Fleet, Listen, SimError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_modbus::client::rtu;
use tokio_modbus::prelude::{Reader, Slave};
use tokio_serial::SerialStream;

const SERIAL: &str = "serial:///dev/ttyUSB0?baud=9600&parity=none";
const CONVERTER: &str = "rtu+tcp://127.0.0.1:5020";
/// Unit 1, two holding registers at 0 (pH).
const ASK_PH: [u8; 8] = [1, 3, 0, 0, 0, 2, 0xC4, 0x0B];
/// Unit, function, count, two words, checksum.
const ANSWER_BYTES: usize = 9;

async fn start(endpoint: &str) -> Fleet {
    let site = WATER.replace("tcp://127.0.0.1:5020", endpoint);
    Fleet::start(scenario(&[("water.toml", &site)]), || MORNING).await.unwrap()
}

fn opened(path: &Path) -> SerialStream {
    SerialStream::open(&tokio_serial::new(path.to_string_lossy(), 9_600)).unwrap()
}

fn float(words: &[u16]) -> f32 {
    f32::from_bits(u32::from(words[0]) << 16 | u32::from(words[1]))
}

#[tokio::test]
async fn a_foreign_client_reads_a_serial_line() {
    let fleet = start(SERIAL).await;
    let mut client = rtu::attach_slave(opened(&fleet.device_files()[SERIAL]), Slave(1));
    let words = within("pH", client.read_holding_registers(0, 2)).await.unwrap().unwrap();
    assert_eq!(float(&words), fleet.world().raw_at(&id("water/plc/ph"), MORNING).unwrap() as f32);
    fleet.stop().await;
}

#[tokio::test]
async fn a_foreign_client_reads_a_line_behind_a_converter() {
    let fleet = start(CONVERTER).await;
    let stream = TcpStream::connect(fleet.modbus_addresses()[CONVERTER]).await.unwrap();
    let mut client = rtu::attach_slave(stream, Slave(1));
    let words = within("pH", client.read_holding_registers(0, 2)).await.unwrap().unwrap();
    assert_eq!(float(&words), fleet.world().raw_at(&id("water/plc/ph"), MORNING).unwrap() as f32);
    fleet.stop().await;
}

#[tokio::test]
async fn noise_and_wrong_checksums_are_seen_as_bytes_and_a_request_behind_noise_is_answered() {
    let fleet = start(CONVERTER).await;
    let mut stream = TcpStream::connect(fleet.modbus_addresses()[CONVERTER]).await.unwrap();
    let mut good = [0; ANSWER_BYTES];
    stream.write_all(&[&[0xAA, 0x55][..], &ASK_PH].concat()).await.unwrap();
    within("an answer", stream.read_exact(&mut good)).await.unwrap();
    assert_eq!(good[..3], [1, 3, 4]);

    let fault = fleet.control().inject("water/plc", FaultKind::WrongCrc, None).unwrap();
    let mut wrong = [0; ANSWER_BYTES];
    stream.write_all(&ASK_PH).await.unwrap();
    within("an answer", stream.read_exact(&mut wrong)).await.unwrap();
    assert_eq!(wrong[..8], good[..8]);
    assert_ne!(wrong[8], good[8]);
    fleet.control().mend(fault);

    fleet.control().inject("water/plc", FaultKind::Noise, None).unwrap();
    let mut noisy = [0; ANSWER_BYTES + 3];
    stream.write_all(&ASK_PH).await.unwrap();
    within("an answer", stream.read_exact(&mut noisy)).await.unwrap();
    assert_eq!(noisy[3..], good);
    fleet.stop().await;
}

#[tokio::test]
async fn a_line_that_is_pulled_vanishes_and_comes_back_under_its_name() {
    let fleet = start(SERIAL).await;
    let path = fleet.device_files()[SERIAL].clone();
    let fault = fleet.control().inject("water/plc", FaultKind::Disconnect, None).unwrap();
    within("the end of the line", async {
        while path.exists() {
            tokio::task::yield_now().await
        }
    })
    .await;
    fleet.control().mend(fault);
    within("the line again", async {
        while !path.exists() {
            tokio::task::yield_now().await
        }
    })
    .await;
    let mut client = rtu::attach_slave(opened(&path), Slave(1));
    assert!(within("pH", client.read_holding_registers(0, 2)).await.unwrap().is_ok());
    fleet.stop().await;
    assert!(!path.exists(), "nothing is left behind");
}

#[tokio::test]
async fn what_stands_at_the_configured_name_is_never_touched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ttyUSB0");
    std::fs::write(&file, "somebody's").unwrap();
    let mut taken = scenario(&[("water.toml", &WATER.replace("tcp://127.0.0.1:5020", SERIAL))]);
    taken.listen = Listen::Instead([(SERIAL.to_owned(), file.to_string_lossy().into_owned())].into());
    let refused = Fleet::start(taken, || MORNING).await.unwrap_err();
    assert!(matches!(refused, SimError::Terminal { .. }), "{refused}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "somebody's");
}

#[tokio::test]
async fn faults_of_serial_lines_happen_to_no_other() {
    let fleet = start("tcp://127.0.0.1:5020").await;
    let refused = fleet.control().inject("water/plc", FaultKind::Noise, None).unwrap_err();
    assert!(refused.to_string().contains("serial"), "{refused}");
    fleet.stop().await;
}
