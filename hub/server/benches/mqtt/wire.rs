//! MQTT 3.1.1 as bytes, as little of it as a load needs: a generator that costs less than what it measures.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Nothing that a bench waits for takes longer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// A connected client.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

impl Client {
    /// Connects with a clean session and no keep-alive.
    pub async fn connect(broker: SocketAddr, id: &str, login: Option<(&str, &str)>) -> Self {
        let stream = TcpStream::connect(broker).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut client = Self { stream, buffer: vec![0; 1 << 16], filled: 0 };
        let mut body = text("MQTT");
        body.extend([4, if login.is_some() { 0xC2 } else { 0x02 }, 0, 0]);
        body.extend(text(id));
        if let Some((user, password)) = login {
            body.extend(text(user));
            body.extend(text(password));
        }
        client.send(&packet(0x10, &body)).await;
        assert_eq!(client.packet().await, (0x20, vec![0, 0]), "the connection is accepted");
        client
    }

    /// Writes bytes.
    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Subscribes at QoS 0.
    pub async fn subscribe(&mut self, filter: &str) {
        let body = [&[0, 1][..], &text(filter), &[0]].concat();
        self.send(&packet(0x82, &body)).await;
        assert_eq!(self.packet().await, (0x90, vec![0, 1, 0]), "the subscription is granted");
    }

    /// The next packet: its first byte and its body.
    pub async fn packet(&mut self) -> (u8, Vec<u8>) {
        loop {
            if let Some((length, head)) = whole(&self.buffer[..self.filled]) {
                let (first, body) = (self.buffer[0], self.buffer[head..length].to_vec());
                self.drop_front(length);
                return (first, body);
            }
            self.fill().await;
        }
    }

    /// Waits for more, and tells how many packets are there now; forgets them.
    pub async fn packets(&mut self) -> usize {
        self.fill().await;
        let (mut count, mut at) = (0, 0);
        while let Some((length, _)) = whole(&self.buffer[at..self.filled]) {
            count += 1;
            at += length;
        }
        self.drop_front(at);
        count
    }

    async fn fill(&mut self) {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.filled * 2, 0);
        }
        let read = tokio::time::timeout(ANSWERS_WITHIN, self.stream.read(&mut self.buffer[self.filled..]));
        let read = read.await.expect("an answer in time").unwrap();
        assert!(read > 0, "the broker closed the connection");
        self.filled += read;
    }

    fn drop_front(&mut self, length: usize) {
        self.buffer.copy_within(length..self.filled, 0);
        self.filled -= length;
    }
}

/// A publish; QoS 1 when it has an id.
pub fn publish(topic: &str, id: Option<u16>, payload: &[u8]) -> Vec<u8> {
    let id_bytes = id.map(u16::to_be_bytes);
    let body = [&text(topic)[..], id_bytes.as_ref().map_or(&[][..], |bytes| &bytes[..]), payload].concat();
    packet(if id.is_some() { 0x32 } else { 0x30 }, &body)
}

fn text(value: &str) -> Vec<u8> {
    [&u16::try_from(value.len()).unwrap().to_be_bytes()[..], value.as_bytes()].concat()
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut left = body.len();
    loop {
        let (low, rest) = ((left % 128) as u8, left / 128);
        bytes.push(if rest > 0 { low | 0x80 } else { low });
        left = rest;
        if rest == 0 {
            break;
        }
    }
    bytes.extend(body);
    bytes
}

/// Length of the packet at the front and of its head, once all of it is there.
fn whole(bytes: &[u8]) -> Option<(usize, usize)> {
    let (mut length, mut shift) = (0, 0);
    for (place, byte) in bytes.iter().enumerate().skip(1) {
        length |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            let head = place + 1;
            return (bytes.len() >= head + length).then_some((head + length, head));
        }
        shift += 7;
    }
    None
}
