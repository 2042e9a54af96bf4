//! MQTT over WebSocket, under `/mqtt` of the HTTP listener: browsers cannot open any other socket.
//!
//! It carries bytes between the WebSocket and the broker and reads none of them. Read next: `hub_broker::Gate`.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::BytesMut;
use futures_util::{SinkExt, StreamExt};
use hub_api::Router;
use hub_broker::Gate;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};

/// Bytes between the WebSocket and the broker, each way; when full the other side waits.
const BUFFER: usize = 16 * 1024;
/// Longest message of a WebSocket: MQTT's packets are cut into them as a client likes, and none is larger than this.
const MAX_MESSAGE: usize = 256 * 1024 + 16;

/// Adds the way to the broker, if there is one.
pub fn with_mqtt(router: Router, gate: Option<Gate>) -> Router {
    let Some(gate) = gate else { return router };
    let upgrade = move |socket: WebSocketUpgrade, ConnectInfo(address): ConnectInfo<SocketAddr>| {
        let gate = gate.clone();
        async move {
            socket
                .protocols(["mqtt"])
                .max_message_size(MAX_MESSAGE)
                .on_upgrade(move |socket| carry(socket, gate, address))
                .into_response()
        }
    };
    router.route("/mqtt", get(upgrade))
}

async fn carry(socket: WebSocket, gate: Gate, address: SocketAddr) {
    let (ours, brokers) = tokio::io::duplex(BUFFER);
    if !gate.admit(brokers, address) {
        tracing::debug!(%address, "the broker takes no more connections over WebSocket");
        return;
    }
    let (out, to_client) = tokio::io::split(ours);
    let (sink, stream) = socket.split();
    // Either way's end is the end of both; the broker sees its side closed.
    tokio::select! {
        () = inward(stream, to_client) => {}
        () = outward(out, sink) => {}
    }
}

/// Until the client closes, or sends text, which MQTT forbids.
async fn inward(
    mut stream: futures_util::stream::SplitStream<WebSocket>,
    mut to_broker: WriteHalf<DuplexStream>,
) {
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Binary(bytes) => {
                if to_broker.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Text(_) | Message::Close(_) => return,
        }
    }
}

/// Until the broker closes.
async fn outward(
    mut from_broker: ReadHalf<DuplexStream>,
    mut sink: futures_util::stream::SplitSink<WebSocket, Message>,
) {
    let mut bytes = BytesMut::new();
    while from_broker.read_buf(&mut bytes).await.is_ok_and(|count| count > 0) {
        if sink.send(Message::Binary(bytes.split().freeze())).await.is_err() {
            return;
        }
    }
    // The client may be gone already.
    let _closed = sink.close().await;
}
