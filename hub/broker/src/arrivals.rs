//! The order in which one connection's publishes came in, kept from the socket to the owner.
//!
//! ntex-mqtt runs each publish as a task, and tasks may start in another order than they were read. So the guard, which
//! sees the bytes in order, writes a ticket over the first bytes of each payload and leaves those bytes here; the publish
//! brings the ticket back, and messages leave in the order of their tickets. Lengths stay as they are, so that the read
//! buffer's own bound keeps its meaning. Nothing waits for anything but earlier packets that are already in memory.
//! Next: `guard.rs` and `exchange.rs`, the two ends.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;

/// A publish's place in its connection's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// The first bytes of a payload; only a payload shorter than a ticket has fewer.
struct Head {
    bytes: [u8; Ticket::BYTES],
    length: usize,
}

/// What to do when a ticket's turn comes.
type Action = Box<dyn FnOnce()>;

/// Shared by the guard and the connection; there is one for each socket.
#[derive(Clone, Default)]
pub(crate) struct Arrivals(Rc<Inner>);

#[derive(Default)]
struct Inner {
    /// The client said goodbye, so its will is not published.
    goodbye: Cell<bool>,
    issued: Cell<u64>,
    /// The ticket whose turn it is.
    turn: Cell<u64>,
    /// The bytes over which tickets were written.
    heads: RefCell<BTreeMap<Ticket, Head>>,
    /// Tickets that came before their turn; `None` passes.
    early: RefCell<BTreeMap<Ticket, Option<Action>>>,
}

impl Ticket {
    /// Bytes of a ticket in the place of a payload.
    pub(crate) const BYTES: usize = 8;

    pub(crate) fn to_bytes(self) -> [u8; Ticket::BYTES] {
        self.0.to_be_bytes()
    }

    /// Reads the ticket that the guard wrote over a payload.
    pub(crate) fn read(payload: &[u8]) -> Option<Ticket> {
        payload.first_chunk().copied().map(u64::from_be_bytes).map(Ticket)
    }
}

impl Arrivals {
    /// Keeps the first bytes of a payload and gives the ticket to be written over them.
    pub(crate) fn arrive(&self, payload: &[u8]) -> Ticket {
        let ticket = Ticket(self.0.issued.get());
        self.0.issued.set(ticket.0 + 1);
        let length = payload.len().min(Ticket::BYTES);
        let mut bytes = [0; Ticket::BYTES];
        bytes[..length].copy_from_slice(&payload[..length]);
        self.0.heads.borrow_mut().insert(ticket, Head { bytes, length });
        ticket
    }

    /// The payload as it was sent, from the one with a ticket over it; given once.
    pub(crate) fn restore(&self, payload: &[u8]) -> Option<(Ticket, Bytes)> {
        let ticket = Ticket::read(payload)?;
        let head = self.0.heads.borrow_mut().remove(&ticket)?;
        let mut restored = Vec::with_capacity(payload.len());
        restored.extend_from_slice(&head.bytes[..head.length]);
        restored.extend_from_slice(&payload[Ticket::BYTES..]);
        Some((ticket, restored.into()))
    }

    /// Does `action` when the ticket's turn comes: at once, if all earlier ones have had theirs.
    pub(crate) fn in_turn(&self, ticket: Ticket, action: impl FnOnce() + 'static) {
        self.present(ticket, Some(Box::new(action)));
    }

    /// Lets the ticket's turn pass, unless it had one.
    pub(crate) fn pass(&self, ticket: Ticket) {
        self.0.heads.borrow_mut().remove(&ticket);
        if ticket.0 >= self.0.turn.get() && !self.0.early.borrow().contains_key(&ticket) {
            self.present(ticket, None);
        }
    }

    /// Drops what is left when the connection is over; what waits here may itself hold the connection.
    pub(crate) fn forget(&self) {
        self.0.heads.take();
        self.0.early.take();
    }

    pub(crate) fn note_goodbye(&self) {
        self.0.goodbye.set(true);
    }

    pub(crate) fn said_goodbye(&self) -> bool {
        self.0.goodbye.get()
    }

    fn present(&self, ticket: Ticket, action: Option<Action>) {
        self.0.early.borrow_mut().insert(ticket, action);
        loop {
            let next = self.0.early.borrow_mut().remove(&Ticket(self.0.turn.get()));
            let Some(action) = next else { return };
            self.0.turn.set(self.0.turn.get() + 1);
            if let Some(action) = action {
                action();
            }
        }
    }
}

impl std::fmt::Debug for Arrivals {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Arrivals").field("issued", &self.0.issued).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However the tasks are shuffled and whichever are turned away, the rest leave in the order of arrival.
        #[test]
        fn messages_leave_in_the_order_of_arrival(
            order in Just((0u8..40).collect::<Vec<_>>()).prop_shuffle(),
            turned_away in prop::collection::vec(any::<bool>(), 40),
        ) {
            let arrivals = Arrivals::default();
            let tickets: Vec<Ticket> = (0..40u8).map(|number| arrivals.arrive(&[number])).collect();
            let left = Rc::new(RefCell::new(Vec::new()));
            for number in order {
                let ticket = tickets[usize::from(number)];
                if !turned_away[usize::from(number)] {
                    let (payload, left) = (arrivals.restore(&ticket.to_bytes()).unwrap().1, left.clone());
                    arrivals.in_turn(ticket, move || left.borrow_mut().push(payload[0]));
                }
                arrivals.pass(ticket);
            }
            let expected: Vec<u8> = (0..40u8).filter(|number| !turned_away[usize::from(*number)]).collect();
            prop_assert_eq!(&*left.borrow(), &expected);
            prop_assert!(arrivals.0.heads.borrow().is_empty() && arrivals.0.early.borrow().is_empty());
        }
    }

    #[test]
    fn a_payload_is_restored_as_it_was_sent() {
        let arrivals = Arrivals::default();
        for text in ["", "7.12", "tám byte", "đúng hơn tám byte nhiều"] {
            let ticket = arrivals.arrive(text.as_bytes());
            let mut payload = ticket.to_bytes().to_vec();
            payload.extend_from_slice(text.as_bytes().get(Ticket::BYTES..).unwrap_or_default());
            assert_eq!(arrivals.restore(&payload), Some((ticket, Bytes::from(text))));
            assert_eq!(arrivals.restore(&payload), None, "given once");
        }
        assert_eq!(Ticket::read(b"short"), None);
    }
}
