//! A device that comes back: its old connection's "offline" waits for the disk, its "online" needs no commit, and yet the
//! last word said is the last word kept.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use support::{Folder, wait_for};

const STATUS: &str = "commune/v1/van-hoa-wifi/ap-01/status";
const TELEMETRY: &str = "commune/v1/van-hoa-wifi/ap-01/telemetry";

fn text(value: &str) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    [&length.to_be_bytes()[..], value.as_bytes()].concat()
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    assert!(body.len() < 128, "one byte of length is enough here");
    [&[kind, u8::try_from(body.len()).unwrap()][..], body].concat()
}

/// The access point, MQTT 3.1.1, with a retained will "offline" at QoS 1.
fn connect(broker: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(broker).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut body = text("MQTT");
    body.extend([4, 0xEE, 0, 60]);
    for value in ["ap", STATUS, "offline", "ap-01", "ap-pilot-1"] {
        body.extend(text(value));
    }
    stream.write_all(&packet(0x10, &body)).unwrap();
    expect(&mut stream, &[0x20, 2, 0, 0]);
    stream
}

fn expect(stream: &mut TcpStream, bytes: &[u8]) {
    let mut found = vec![0; bytes.len()];
    stream.read_exact(&mut found).unwrap();
    assert_eq!(found, bytes);
}

fn publish(stream: &mut TcpStream, first: u8, topic: &str, id: u8, payload: &str) {
    let body = [&text(topic)[..], &[0, id], payload.as_bytes()].concat();
    stream.write_all(&packet(first, &body)).unwrap();
}

#[test]
fn the_online_of_a_device_that_is_back_stands_after_the_offline_of_its_old_connection() {
    let folder = Folder::pilot("127.0.0.1:1");
    let hub = folder.run(&folder.token("viewer"));
    let _lost = connect(hub.mqtt);
    let mut back = connect(hub.mqtt);
    publish(&mut back, 0x33, STATUS, 1, "online");
    expect(&mut back, &[0x40, 2, 0, 1]);
    wait_for("the offline of the old connection", Duration::from_secs(10), || {
        (hub.point("van-hoa-wifi/ap-01/clients")["latest"]["reason"] == "offline").then_some(())
    });
    back.write_all(&packet(0x82, &[&[0, 2][..], &text(STATUS), &[1]].concat())).unwrap();
    expect(&mut back, &[0x90, 3, 0, 2, 1]);
    let retained = [&text(STATUS)[..], &[0, 1], b"online"].concat();
    expect(&mut back, &packet(0x33, &retained));
    hub.stop();
}

#[test]
fn a_message_without_a_known_metric_does_not_overtake_one_before_it() {
    let folder = Folder::pilot("127.0.0.1:1");
    let hub = folder.run(&folder.token("viewer"));
    let mut device = connect(hub.mqtt);
    device.write_all(&packet(0x82, &[&[0, 2][..], &text(TELEMETRY), &[0]].concat())).unwrap();
    expect(&mut device, &[0x90, 3, 0, 2, 0]);
    let payloads = [r#"{"m":{"clients":1}}"#, r#"{"m":{"unknown":2}}"#];
    publish(&mut device, 0x30 | 2, TELEMETRY, 1, payloads[0]);
    publish(&mut device, 0x30 | 2, TELEMETRY, 2, payloads[1]);
    let mut heard = Vec::new();
    while heard.len() < payloads.len() {
        let mut head = [0; 2];
        device.read_exact(&mut head).unwrap();
        let mut body = vec![0; usize::from(head[1])];
        device.read_exact(&mut body).unwrap();
        if head[0] == 0x30 {
            heard.push(String::from_utf8(body[2 + TELEMETRY.len()..].to_vec()).unwrap());
        }
    }
    assert_eq!(heard, payloads);
    hub.stop();
}
