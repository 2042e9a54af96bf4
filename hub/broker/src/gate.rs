//! Stands before ntex-mqtt's dispatcher of one connection: bounds the publishes that wait for their commit, sees to it
//! that each one's turn comes and passes, and answers what must not wait behind them.
//!
//! The bound is checked between reads, so it may be exceeded by what one read buffer (16 KiB) holds.
//! The dispatcher answers in the order of arrival, as MQTT asks for publishes. A PINGRESP behind a thousand open commits
//! would make clients leave, so pings are answered here at once. Next: `v3.rs` and `v5.rs`.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::future::poll_fn;
use std::num::NonZeroU16;
use std::rc::Rc;
use std::task::{Context, Poll};

use ntex::io::IoRef;
use ntex::task::LocalWaker;
use ntex::{Middleware, Service, ServiceCtx, service::cfg::SharedCfg};
use ntex_mqtt::{QoS, v3, v5};

use crate::arrivals::Ticket;
use crate::conn::{Conn, Seat};

/// Makes a [`Gate`] for each connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gates;

/// The gate of one connection.
pub(crate) struct Gate<S> {
    service: S,
    io: IoRef,
    conn: Rc<Conn>,
    room: Room,
    /// Packet ids of QoS 2 publishes not yet released (MQTT 3.1.1 only).
    unreleased: RefCell<HashSet<NonZeroU16>>,
}

impl<S> Gate<S> {
    fn new(service: S, seat: &Seat) -> Gate<S> {
        let settings = &seat.core.settings;
        Gate {
            service,
            io: seat.conn.link.io.clone(),
            conn: seat.conn.clone(),
            room: Room::new(usize::from(settings.in_flight), settings.in_flight_bytes),
            unreleased: RefCell::default(),
        }
    }

    /// Lets the publish's turn pass in the end, even if the dispatcher turns the packet away by itself.
    fn turn(&self, payload: &[u8]) -> Turn {
        Turn { conn: self.conn.clone(), ticket: Ticket::read(payload) }
    }
}

struct Turn {
    conn: Rc<Conn>,
    ticket: Option<Ticket>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.conn.arrivals.pass(ticket);
        }
    }
}

impl<S> Middleware<S, (SharedCfg, v3::Session<Seat>)> for Gates {
    type Service = Gate<S>;

    fn create(&self, service: S, (_, session): (SharedCfg, v3::Session<Seat>)) -> Gate<S> {
        Gate::new(service, &session)
    }
}

impl<S> Middleware<S, (SharedCfg, v5::Session<Seat>)> for Gates {
    type Service = Gate<S>;

    fn create(&self, service: S, (_, session): (SharedCfg, v5::Session<Seat>)) -> Gate<S> {
        Gate::new(service, &session)
    }
}

impl<S> Service<v3::codec::Decoded> for Gate<S>
where
    S: Service<v3::codec::Decoded, Response = Option<v3::codec::Encoded>>,
{
    type Response = S::Response;
    type Error = S::Error;

    async fn ready(&self, ctx: ServiceCtx<'_, Self>) -> Result<(), S::Error> {
        self.room.available().await;
        ctx.ready(&self.service).await
    }

    async fn call(
        &self,
        packet: v3::codec::Decoded,
        ctx: ServiceCtx<'_, Self>,
    ) -> Result<Self::Response, S::Error> {
        use v3::codec::{Decoded, Encoded, Packet};

        match &packet {
            Decoded::Packet(Packet::PingRequest, _) => {
                // A write error means that the connection is ending, which the dispatcher notices by itself.
                let _ = self.io.encode(Encoded::Packet(Packet::PingResponse), &v3::codec::Codec::default());
                return Ok(None);
            }
            // Released already, or in a session before this one: MQTT wants it completed, not an error.
            Decoded::Packet(Packet::PublishRelease { packet_id }, _)
                if !self.unreleased.borrow_mut().remove(packet_id) =>
            {
                return Ok(Some(Encoded::Packet(Packet::PublishComplete { packet_id: *packet_id })));
            }
            Decoded::Publish(publish, payload, size) => {
                let _turn = self.turn(payload);
                let _place = self.room.take(*size as usize);
                if let (QoS::ExactlyOnce, Some(id)) = (publish.qos, publish.packet_id) {
                    self.unreleased.borrow_mut().insert(id);
                }
                return ctx.call(&self.service, packet).await;
            }
            _ => {}
        }
        ctx.call(&self.service, packet).await
    }

    ntex::forward_poll!(service);
    ntex::forward_shutdown!(service);
}

impl<S> Service<v5::codec::Decoded> for Gate<S>
where
    S: Service<v5::codec::Decoded, Response = Option<v5::codec::Encoded>>,
{
    type Response = S::Response;
    type Error = S::Error;

    async fn ready(&self, ctx: ServiceCtx<'_, Self>) -> Result<(), S::Error> {
        self.room.available().await;
        ctx.ready(&self.service).await
    }

    async fn call(
        &self,
        packet: v5::codec::Decoded,
        ctx: ServiceCtx<'_, Self>,
    ) -> Result<Self::Response, S::Error> {
        use v5::codec::{Decoded, Encoded, Packet};

        match &packet {
            Decoded::Packet(Packet::PingRequest, _) => {
                let _ = self.io.encode(Encoded::Packet(Packet::PingResponse), &v5::codec::Codec::default());
                Ok(None)
            }
            Decoded::Publish(_, payload, size) => {
                let _turn = self.turn(payload);
                let _place = self.room.take(*size as usize);
                ctx.call(&self.service, packet).await
            }
            _ => ctx.call(&self.service, packet).await,
        }
    }

    ntex::forward_poll!(service);
    ntex::forward_shutdown!(service);
}

/// Counts open publishes. While it is full nothing is read, so TCP slows the client down.
struct Room {
    max_messages: usize,
    max_bytes: usize,
    messages: Cell<usize>,
    bytes: Cell<usize>,
    waker: LocalWaker,
}

/// One publish's place; dropping it frees the place.
struct Place<'a> {
    room: &'a Room,
    bytes: usize,
}

impl Room {
    fn new(max_messages: usize, max_bytes: usize) -> Room {
        Room {
            max_messages: max_messages.max(1),
            max_bytes: max_bytes.max(1),
            messages: Cell::new(0),
            bytes: Cell::new(0),
            waker: LocalWaker::new(),
        }
    }

    fn is_free(&self) -> bool {
        self.messages.get() < self.max_messages && self.bytes.get() < self.max_bytes
    }

    async fn available(&self) {
        poll_fn(|cx: &mut Context<'_>| {
            self.waker.register(cx.waker());
            if self.is_free() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Takes a place; the last one may go over the bound of bytes, by less than one packet.
    fn take(&self, bytes: usize) -> Place<'_> {
        self.messages.set(self.messages.get() + 1);
        self.bytes.set(self.bytes.get() + bytes);
        if !self.is_free() {
            // Readiness was told before; it is to be asked for again.
            self.waker.wake();
        }
        Place { room: self, bytes }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let room = self.room;
        let was_full = !room.is_free();
        room.messages.set(room.messages.get() - 1);
        room.bytes.set(room.bytes.get() - self.bytes);
        if was_full && room.is_free() {
            room.waker.wake();
        }
    }
}
