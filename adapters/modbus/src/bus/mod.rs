//! The connection of one bus: requests out, answers in, each matched with its own; the only I/O of this crate.
//!
//! A late answer, another's, noise and parts of frames are passed over, never taken for an answer. Decides nothing about when
//! to ask: that is [`crate::owner`]'s.

mod line;

use std::collections::VecDeque;
use std::future::{pending, ready};
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use crate::ask::{Ask, EXCEPTION};
use crate::endpoint::Endpoint;
use crate::failure::Failure;
use crate::frame::{Framed, rtu, tcp};
use crate::trace::{Outcome, Trace};
use line::Stream;

/// Bytes that are read at once.
const CHUNK: usize = 512;
/// Answers to nobody that a connection may bring since its last right one. A server that sends more is left.
const MOST_STRAYS: u32 = 64;
/// Transaction numbers that were given up and may still be answered late.
const GIVEN_UP: usize = 32;
/// Time-outs in a row without a single byte after which a TCP connection is taken for dead.
const MUTE_TIMEOUTS: u32 = 2;
/// A gateway may still hold what came for the connection before: it is let out and thrown away before the first request.
const SETTLING: Duration = Duration::from_millis(50);
/// A frame whose checksum is wrong is given up when nothing followed it for so long.
const SPOILT_AFTER: Duration = Duration::from_millis(100);

/// The bus's connection, and what it owes.
pub(crate) struct Link {
    pub(crate) endpoint: Endpoint,
    pause: Duration,
    quiet_until: Instant,
    connection: Option<Connection>,
    waiting: VecDeque<Waiting>,
    ended: VecDeque<Answered>,
    transaction: u16,
    trace: Trace,
    /// The time in which anything was waited for, up to `busy_since`.
    busy: Duration,
    busy_since: Option<Instant>,
}

struct Connection {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
    last_byte: Instant,
    /// Whether it has brought an answer.
    served: bool,
    /// Time-outs since its last byte.
    mute: u32,
    strays: u32,
    given_up: VecDeque<u16>,
}

/// A request whose answer is waited for.
struct Waiting {
    tag: u64,
    /// Its number among the frames that are shown.
    number: u64,
    transaction: u16,
    unit_id: u8,
    ask: Ask,
    sent_at: Instant,
    deadline: Instant,
    patience: Duration,
    strays: u32,
    crowded: bool,
}

/// How a request ended.
pub(crate) struct Answered {
    pub(crate) tag: u64,
    pub(crate) result: Result<Vec<u16>, Failure>,
    /// The connection had served before it broke: devices close one that was idle for a while.
    pub(crate) had_served: bool,
    /// Other requests were under way at the same time.
    pub(crate) crowded: bool,
}

impl Link {
    /// Not connected yet. `pause` is kept between the end of a request and the next.
    pub(crate) fn new(endpoint: Endpoint, pause: Duration, trace: Trace) -> Self {
        let gap = match &endpoint {
            Endpoint::Serial(line) => line.frame_gap(),
            _ => Duration::ZERO,
        };
        Self {
            endpoint,
            pause: pause.max(gap),
            quiet_until: Instant::now(),
            connection: None,
            waiting: VecDeque::new(),
            ended: VecDeque::new(),
            transaction: 0,
            trace,
            busy: Duration::ZERO,
            busy_since: None,
        }
    }

    /// Whether there is a connection, as far as is known before the next request.
    pub(crate) fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// Requests that have not ended.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len() + self.ended.len()
    }

    /// The time in which answers were waited for, and the requests sent, both since the start.
    pub(crate) fn meter(&self, now: Instant) -> (Duration, u64) {
        let current = self.busy_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        (self.busy + current, self.trace.counts().requests)
    }

    /// Sends a request, over a new connection where there is none. Its end comes from [`Link::next`].
    pub(crate) async fn send(
        &mut self,
        tag: u64,
        unit_id: u8,
        ask: Ask,
        patience: Duration,
    ) -> Result<(), Failure> {
        sleep_until(self.quiet_until).await;
        self.transaction = self.transaction.wrapping_add(1);
        let content = ask.bytes();
        let (frame, content_at) = match self.endpoint.is_rtu() {
            true => (rtu::encode(unit_id, &content), rtu::CONTENT_AT),
            false => (tcp::encode(self.transaction, unit_id, &content), tcp::CONTENT_AT),
        };
        let has_served = self.connection.as_ref().is_some_and(|connection| connection.served);
        let mut sent = self.write(&frame, patience).await;
        if has_served && matches!(sent, Err(Failure::Disconnected(_))) {
            sent = self.write(&frame, patience).await;
        }
        sent?;
        let frame_bytes = frame.len();
        let number = self.trace.sent(unit_id, frame, content_at);
        let now = Instant::now();
        self.busy_since.get_or_insert(now);
        let crowded = !self.waiting.is_empty();
        self.waiting.iter_mut().for_each(|other| other.crowded = true);
        self.waiting.push_back(Waiting {
            tag,
            number,
            transaction: self.transaction,
            unit_id,
            deadline: now + patience + self.time_on_the_line(frame_bytes, &ask),
            ask,
            sent_at: now,
            patience,
            strays: 0,
            crowded,
        });
        Ok(())
    }

    /// The next request that ends, well or not. Never resolves while nothing is waited for. May be dropped and asked again.
    pub(crate) async fn next(&mut self) -> Answered {
        loop {
            self.take_frames();
            if let Some(ended) = self.ended.pop_front() {
                if let Some(since) = self.busy_since.take_if(|_| self.waiting.is_empty()) {
                    self.busy += since.elapsed();
                }
                return ended;
            }
            let Some(deadline) = self.deadline() else { return pending().await };
            if Instant::now() >= deadline {
                self.expire();
                continue;
            }
            let Some(connection) = &mut self.connection else {
                self.break_off(&Failure::Disconnected("not connected".to_owned()));
                continue;
            };
            let mut chunk = [0; CHUNK];
            match timeout_at(deadline, connection.stream.read(&mut chunk)).await {
                Err(_) => self.expire(),
                Ok(Ok(0)) => self.break_off(&Failure::Disconnected("closed by the other side".to_owned())),
                Ok(Err(error)) => self.break_off(&Failure::Disconnected(error.to_string())),
                Ok(Ok(count)) => connection.took(&chunk[..count]),
            }
        }
    }

    /// A new connection in place of the old one.
    pub(crate) async fn connect(&mut self, patience: Duration) -> Result<(), Failure> {
        self.break_off(&Failure::Disconnected("left for a new one".to_owned()));
        let stream = line::open(&self.endpoint, patience).await?;
        self.connection = Some(Connection {
            stream,
            buffer: Vec::new(),
            last_byte: Instant::now(),
            served: false,
            mute: 0,
            strays: 0,
            given_up: VecDeque::new(),
        });
        Ok(())
    }

    async fn write(&mut self, frame: &[u8], patience: Duration) -> Result<(), Failure> {
        if self.connection.is_none() {
            self.connect(patience).await?;
            if matches!(self.endpoint, Endpoint::RtuOverTcp(_)) {
                sleep(SETTLING).await;
            }
        }
        let Some(connection) = &mut self.connection else {
            return Err(Failure::Disconnected("not connected".to_owned()));
        };
        let written = async {
            if self.endpoint.is_rtu() {
                connection.discard_input().await?;
            }
            connection.stream.write_all(frame).await?;
            connection.stream.flush().await
        };
        let failure = match timeout(patience, written).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => Failure::Disconnected(error.to_string()),
            Err(_) => Failure::Disconnected(format!("the request was not taken within {patience:?}")),
        };
        self.break_off(&failure);
        Err(failure)
    }

    /// What a request and its answer take on a serial line: that is not the device's slowness.
    fn time_on_the_line(&self, frame: usize, ask: &Ask) -> Duration {
        let Endpoint::Serial(line) = &self.endpoint else { return Duration::ZERO };
        line.time_of(u32::try_from(frame + ask.answer_length() + 3).unwrap_or(u32::MAX))
    }

    fn deadline(&self) -> Option<Instant> {
        let first = self.waiting.iter().map(|waiting| waiting.deadline).min()?;
        let spoilt = self.spoilt().map(|connection| connection.last_byte + SPOILT_AFTER);
        Some(spoilt.map_or(first, |at| at.min(first)))
    }

    /// The connection, when it holds a whole answer with a wrong checksum.
    fn spoilt(&self) -> Option<&Connection> {
        let asked = self.waiting.front().filter(|_| self.endpoint.is_rtu())?;
        self.connection.as_ref().filter(|connection| rtu::is_spoilt(&connection.buffer, asked.unit_id))
    }

    fn expire(&mut self) {
        let now = Instant::now();
        if self.spoilt().is_some() {
            if let Some(connection) = &mut self.connection {
                self.trace.spoilt(&connection.buffer, Outcome::BadChecksum);
                connection.buffer.clear();
            }
            if let Some(first) = self.waiting.pop_front() {
                self.end(first, Err(Failure::BadChecksum), false);
            }
            return;
        }
        let (late, waiting) = self.waiting.drain(..).partition(|waiting| waiting.deadline <= now);
        self.waiting = waiting;
        let late: VecDeque<Waiting> = late;
        for waiting in late {
            let failure = self.connection.as_mut().map_or(Failure::Timeout(waiting.patience), |connection| {
                connection.gave_up(&waiting, self.endpoint.is_rtu())
            });
            self.end(waiting, Err(failure), false);
        }
        let Some(connection) = &mut self.connection else { return };
        let is_lost = match self.endpoint {
            // A late answer would be taken for the next one's: there are no transaction numbers.
            Endpoint::RtuOverTcp(_) => true,
            Endpoint::Tcp(_) => !connection.buffer.is_empty() || connection.mute >= MUTE_TIMEOUTS,
            Endpoint::Serial(_) => false,
        };
        if !connection.buffer.is_empty() {
            self.trace.spoilt(&connection.buffer, Outcome::Noise);
            connection.buffer.clear();
        }
        if is_lost {
            self.break_off(&Failure::Disconnected("given up after a time-out".to_owned()));
        }
    }

    /// Takes whole frames out of what was read, and ends the requests that they answer.
    fn take_frames(&mut self) {
        while let Some(connection) = &mut self.connection {
            let taken = match self.endpoint.is_rtu() {
                true => Ok(rtu::take(&mut connection.buffer).map(|framed| (None, framed))),
                false => tcp::take(&mut connection.buffer)
                    .map(|taken| taken.map(|(number, framed)| (Some(number), framed))),
            };
            match taken {
                Ok(None) => return,
                Ok(Some((number, framed))) => self.match_up(number, &framed),
                Err(malformed) => {
                    self.trace.spoilt(&connection.buffer, Outcome::Noise);
                    self.break_off(&Failure::BadAnswer(malformed.to_string()));
                }
            }
        }
    }

    fn match_up(&mut self, number: Option<u16>, framed: &Framed) {
        let Some(connection) = &mut self.connection else { return };
        let asked = match number {
            Some(number) => self.waiting.iter().position(|waiting| waiting.transaction == number),
            None => self.waiting.front().is_some_and(|waiting| waiting.is_answered_by(framed)).then_some(0),
        };
        let Some(waiting) = asked.and_then(|index| self.waiting.remove(index)) else {
            if number.is_some_and(|number| connection.given_up.contains(&number)) {
                self.trace.received(framed, number, None, Outcome::Late);
                return;
            }
            self.trace.received(framed, number, None, Outcome::Stray);
            connection.strays += 1;
            self.waiting.iter_mut().for_each(|waiting| waiting.strays += 1);
            if connection.strays > MOST_STRAYS {
                self.break_off(&Failure::BadAnswer("it sends answers that nobody asked for".to_owned()));
            }
            return;
        };
        let result = match waiting.ask.entries(&framed.content) {
            // Gateways put their own unit into the exceptions that they make for a silent one: the number tells whose it is.
            result if framed.unit_id == waiting.unit_id => result,
            exception @ Err(Failure::Exception { .. }) => exception,
            _ => Err(Failure::BadAnswer(format!("unit {} answers instead", framed.unit_id))),
        };
        let asked = (waiting.number, waiting.sent_at.elapsed());
        self.trace.received(framed, number, Some(asked), Outcome::of(&result));
        if matches!(result, Ok(_) | Err(Failure::Exception { .. })) {
            connection.served = true;
            connection.strays = 0;
        }
        self.end(waiting, result, false);
    }

    /// A request is over, and the bus is given its rest.
    fn end(&mut self, waiting: Waiting, result: Result<Vec<u16>, Failure>, had_served: bool) {
        self.trace.ended(waiting.number, waiting.sent_at.elapsed(), Outcome::of(&result));
        self.ended.push_back(Answered { tag: waiting.tag, result, had_served, crowded: waiting.crowded });
        self.quiet_until = Instant::now() + self.pause;
    }

    /// Leaves the connection; all that is waited for ends.
    fn break_off(&mut self, failure: &Failure) {
        let had_served = self.connection.take().is_some_and(|connection| connection.served);
        for waiting in std::mem::take(&mut self.waiting) {
            self.end(waiting, Err(failure.clone()), had_served);
        }
    }
}

impl Connection {
    fn took(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        self.last_byte = Instant::now();
        self.mute = 0;
    }

    /// Throws away what came when nothing was asked: late answers and noise.
    async fn discard_input(&mut self) -> io::Result<()> {
        self.buffer.clear();
        let mut chunk = [0; CHUNK];
        // Bounded, so that a line that never falls silent cannot hold up the bus.
        for _ in 0..MOST_STRAYS {
            let read = tokio::select! {
                biased;
                read = self.stream.read(&mut chunk) => read?,
                () = ready(()) => return Ok(()),
            };
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    /// Why a request that was given up brought nothing.
    fn gave_up(&mut self, waiting: &Waiting, is_rtu: bool) -> Failure {
        if self.last_byte < waiting.sent_at {
            self.mute += 1;
        }
        if self.given_up.len() == GIVEN_UP {
            self.given_up.pop_front();
        }
        self.given_up.push_back(waiting.transaction);
        if waiting.strays > 0 {
            return Failure::BadAnswer("only answers to other requests came".to_owned());
        }
        if is_rtu && !self.buffer.is_empty() {
            return Failure::BadAnswer(format!("{} bytes that are no frame", self.buffer.len()));
        }
        Failure::Timeout(waiting.patience)
    }
}

impl Waiting {
    /// Whether a serial frame can be the answer: without transaction numbers its unit, function and length must do.
    fn is_answered_by(&self, framed: &Framed) -> bool {
        let Some(function) = framed.content.first() else { return false };
        let is_exception = *function == self.ask.function() | EXCEPTION;
        let fits = *function == self.ask.function() && framed.content.len() == self.ask.answer_length();
        framed.unit_id == self.unit_id && (is_exception || fits)
    }
}
