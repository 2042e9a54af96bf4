//! One socket from its first byte to its last: the handshake, the packets, the writing.
//!
//! It moves bytes and decides nothing that `packets.rs`, `admission.rs` or `life.rs` could. It takes any stream of bytes:
//! plain TCP, TLS, WebSocket. Next: `packets.rs`.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::{Instant, timeout, timeout_at};

use crate::admission::{TurnedAway, admit};
use crate::codec::{self, Connack, Connect, Fault, Front, Packet, Version, reason};
use crate::conn::{Conn, Terms};
use crate::core::Core;
use crate::door::{ConnectAttempt, Login, Refusal, Refused, RefusedWhat};
use crate::filter::{TopicName, judge_topic};
use crate::life::Newcomer;
use crate::listener::Stranger;
use crate::packets::{Next, handle};

/// Bytes asked of a socket at once; more when a client sends more.
const READ_BYTES: usize = 2 * 1024;
const READ_BYTES_MOST: usize = 64 * 1024;
/// How long a closing connection has to take what was written to it, and to close its side.
const CLOSE: Duration = Duration::from_secs(1);
/// Bytes that are read and thrown away meanwhile: unread ones would make the system forget what was written last.
const CLOSE_BYTES: usize = 1024 * 1024;

/// Any stream of bytes between a client and the broker.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Stream for S {}

/// Where a stream comes from.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    pub(crate) certificate: Option<Bytes>,
}

/// Serves one client until it is gone. `stranger` is dropped once the client is let in.
pub(crate) async fn serve<S: Stream>(core: Rc<Core>, stream: S, origin: Origin, stranger: Stranger) {
    let (reader, mut writer) = split(stream);
    let mut input = Input { reader, bytes: BytesMut::new(), ask: READ_BYTES };
    let within = Duration::from_secs(core.settings.connect_timeout_s.into());
    let connect = match timeout(within, input.connect(core.settings.max_packet_bytes)).await {
        Ok(Ok(connect)) => connect,
        Ok(Err(End::Fault(fault))) => {
            let unknown_level = fault.reason == reason::UNSUPPORTED_VERSION && input.names_mqtt();
            report(&core, &origin, RefusedWhat::Malformed { detail: fault.to_string() });
            if unknown_level {
                // CONNACK "unacceptable protocol version", which MQTT 3.1.1 asks for before closing.
                turn_away(&mut input, &mut writer, Version::V3, 1).await;
            }
            return;
        }
        Ok(Err(End::TooLarge { bytes })) => return report(&core, &origin, RefusedWhat::TooLarge { bytes }),
        Ok(Err(End::Gone | End::Silent)) | Err(_) => {
            tracing::debug!(address = %origin.address, "MQTT handshake not finished");
            return;
        }
    };
    let version = connect.version;
    let conn = match seat(&core, connect, &origin).await {
        Ok(conn) => conn,
        Err(code) => return turn_away(&mut input, &mut writer, version, code).await,
    };
    drop(stranger);
    let seat = Seat { core: core.clone(), conn: conn.clone() };
    let writing = tokio::task::spawn_local(write_out(core.clone(), conn.clone(), writer));
    core.pump(&conn.session);
    let end = read_all(&core, &conn, &mut input).await;
    ended(&core, &conn, end);
    drop(seat);
    let closing = async {
        let mut thrown_away = 0;
        while thrown_away < CLOSE_BYTES {
            match input.read().await {
                Ok(count) => thrown_away += count,
                Err(_) => break,
            }
            input.bytes.clear();
        }
    };
    // The writer ends by itself: it has its own bound.
    let _ended = writing.await;
    let _in_time = timeout(CLOSE, closing).await;
}

/// A client's place; dropping it, whatever the way, ends its connection.
struct Seat {
    core: Rc<Core>,
    conn: Rc<Conn>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.core.leave(&self.conn);
        self.conn.close(None);
    }
}

/// Why nothing more is read.
enum End {
    Fault(Fault),
    TooLarge {
        bytes: u32,
    },
    /// Nothing came for longer than the keep-alive allows.
    Silent,
    Gone,
}

struct Input<S> {
    reader: ReadHalf<S>,
    bytes: BytesMut,
    ask: usize,
}

impl<S: Stream> Input<S> {
    /// Reads what is there; bytes read.
    async fn read(&mut self) -> Result<usize, End> {
        self.bytes.reserve(self.ask);
        match self.reader.read_buf(&mut self.bytes).await {
            Ok(0) | Err(_) => Err(End::Gone),
            Ok(count) => {
                if count >= self.ask {
                    self.ask = (self.ask * 2).min(READ_BYTES_MOST);
                }
                Ok(count)
            }
        }
    }

    async fn connect(&mut self, max: u32) -> Result<Connect, End> {
        loop {
            match codec::front(&self.bytes, max) {
                // Not even its first byte is a CONNECT: nothing else is looked at.
                _ if self.bytes.first().is_some_and(|first| *first != 0x10) => {
                    return Err(End::Fault(Fault::protocol("something else than a CONNECT")));
                }
                Front::Whole(frame) => {
                    let connect =
                        codec::connect(&self.bytes[frame.header..frame.whole]).map_err(End::Fault)?;
                    self.bytes.advance(frame.whole);
                    return Ok(connect);
                }
                Front::Faulty(fault) => return Err(End::Fault(fault)),
                Front::TooLarge { bytes } => return Err(End::TooLarge { bytes }),
                Front::Incomplete { .. } => {}
            }
            self.read().await?;
        }
    }

    /// Whether the CONNECT that was refused is MQTT's, of a level that is not spoken.
    fn names_mqtt(&self) -> bool {
        self.bytes.windows(6).take(6).any(|window| window == b"\x00\x04MQTT")
    }
}

/// Lets a client in, or gives the code with which its CONNACK turns it away.
async fn seat(core: &Rc<Core>, connect: Connect, origin: &Origin) -> Result<Rc<Conn>, u8> {
    let version = connect.version;
    let is_v5 = version == Version::V5;
    if connect.wants_authentication {
        return Err(reason::BAD_AUTHENTICATION_METHOD);
    }
    let (client_id, assigned) = match connect.client_id.as_str() {
        "" if !is_v5 && !connect.clean_start => return Err(2),
        "" => {
            let made = format!("auto-{}", core.fresh_id());
            (made.clone(), Some(made))
        }
        given => (given.to_owned(), None),
    };
    if let Some(will) = &connect.will
        && judge_topic(&will.topic) != TopicName::Valid
    {
        report(core, origin, RefusedWhat::Malformed { detail: "the will's topic is none".to_owned() });
        return Err(if is_v5 { reason::TOPIC_NAME_INVALID } else { 0 });
    }
    let attempt = ConnectAttempt {
        client_id: client_id.clone(),
        username: connect.username,
        password: connect.password,
        address: origin.address,
        certificate: origin.certificate.clone(),
    };
    let login = admit(core, attempt).await.map_err(|turned_away| code_of(version, turned_away))?;
    let settings = &core.settings;
    let expiry_s = match (connect.session_expiry_s, is_v5) {
        (Some(seconds), _) => seconds.min(settings.session_expiry_ceiling_s),
        (None, true) => 0,
        (None, false) if connect.clean_start => 0,
        (None, false) => settings.session_expiry_ceiling_s,
    };
    let terms = Terms {
        version,
        address: origin.address,
        max_packet: connect.max_packet,
        window: usize::from(connect.receive_max),
        will: connect.will,
        aliases_out_max: connect.topic_alias_max.min(settings.topic_aliases),
        keep_alive_s: granted_keep_alive(core, version, connect.keep_alive_s),
    };
    let server_keep_alive_s = (terms.keep_alive_s != connect.keep_alive_s).then_some(terms.keep_alive_s);
    let identity = (login_name(&login), client_id.into());
    let newcomer = Newcomer { identity, login, clean_start: connect.clean_start, expiry_s, terms };
    let (conn, session_present) = core.enter(newcomer);
    let said = Connack {
        session_present,
        code: reason::SUCCESS,
        session_expiry_s: (connect.session_expiry_s.unwrap_or(0) != expiry_s).then_some(expiry_s),
        receive_max: settings.in_flight.max(1),
        max_packet: settings.max_packet_bytes,
        assigned_client_id: assigned,
        topic_alias_max: settings.topic_aliases,
        server_keep_alive_s,
    };
    conn.write(|out| codec::connack(version, &said, out));
    Ok(conn)
}

fn login_name(login: &Login) -> std::sync::Arc<str> {
    login.name.as_str().into()
}

/// MQTT 3.1.1 cannot be told of another keep-alive than its own.
fn granted_keep_alive(core: &Core, version: Version, asked_s: u16) -> u16 {
    let ceiling_s = core.settings.keep_alive_ceiling_s.max(1);
    match (version, asked_s) {
        (Version::V3, asked_s) => asked_s,
        (Version::V5, 0) => ceiling_s,
        (Version::V5, asked_s) => asked_s.min(ceiling_s),
    }
}

/// The return code of MQTT 3.1.1, or the reason code of MQTT 5.
fn code_of(version: Version, turned_away: TurnedAway) -> u8 {
    let (three, five) = match turned_away {
        TurnedAway::Login(Refusal::BadCredentials) => (4, reason::BAD_CREDENTIALS),
        TurnedAway::Login(Refusal::NotAuthorized) => (5, reason::NOT_AUTHORIZED),
        TurnedAway::Login(Refusal::TooManyTries) => (5, reason::CONNECTION_RATE_EXCEEDED),
        TurnedAway::Busy => (3, reason::SERVER_BUSY),
    };
    if version == Version::V3 { three } else { five }
}

/// Says why a client is not let in, and closes. 0 says nothing.
async fn turn_away<S: Stream>(input: &mut Input<S>, writer: &mut WriteHalf<S>, version: Version, code: u8) {
    let mut out = BytesMut::new();
    if code != 0 {
        codec::connack(version, &Connack { code, ..Connack::default() }, &mut out);
    }
    let saying = async {
        if writer.write_all(&out).await.is_ok() && writer.shutdown().await.is_ok() {
            while input.bytes.len() < CLOSE_BYTES && input.read().await.is_ok() {}
        }
    };
    let _in_time = timeout(CLOSE, saying).await;
}

/// Reads and handles packets until the client leaves, is silent, or breaks a rule.
async fn read_all<S: Stream>(core: &Rc<Core>, conn: &Rc<Conn>, input: &mut Input<S>) -> Result<(), End> {
    // One and a half times what was agreed; without a figure a client may be silent for ever.
    let keep_alive =
        (conn.keep_alive_s > 0).then(|| Duration::from_millis(u64::from(conn.keep_alive_s) * 1_500));
    let mut heard = Instant::now();
    loop {
        while let Some((packet, bytes)) = next(core, conn, input)? {
            let must_wait = matches!(packet, Packet::Publish(_) | Packet::Subscribe { .. });
            if must_wait && !room(core, conn, matches!(packet, Packet::Subscribe { .. })).await {
                return Ok(());
            }
            // Waiting for room was the broker's doing, not the client's silence.
            heard = Instant::now();
            if handle(core, conn, packet, bytes).map_err(End::Fault)? == Next::Leave {
                return Ok(());
            }
        }
        let silent_at = keep_alive.map(|span| heard + span);
        while conn.is_deaf() && !conn.is_closing() {
            conn.stir.notified().await;
        }
        let reading = async {
            loop {
                tokio::select! {
                    read = input.read() => return read,
                    () = conn.stir.notified() => if conn.is_closing() { return Err(End::Gone) },
                }
            }
        };
        if conn.is_closing() {
            return Ok(());
        }
        match silent_at {
            None => reading.await?,
            Some(silent_at) => timeout_at(silent_at, reading).await.map_err(|_| End::Silent)??,
        };
    }
}

/// The next whole packet, with its size in bytes.
fn next<S: Stream>(core: &Core, conn: &Conn, input: &mut Input<S>) -> Result<Option<(Packet, usize)>, End> {
    if conn.is_closing() {
        return Ok(None);
    }
    match codec::front(&input.bytes, core.settings.max_packet_bytes) {
        Front::Whole(frame) => {
            let body = &input.bytes[frame.header..frame.whole];
            let packet = codec::packet(conn.version, frame.first, body).map_err(End::Fault)?;
            input.bytes.advance(frame.whole);
            Ok(Some((packet, frame.whole)))
        }
        Front::Incomplete { needed } => {
            if needed > input.bytes.len() + READ_BYTES {
                input.ask = input.ask.max((needed - input.bytes.len()).min(READ_BYTES_MOST));
            }
            Ok(None)
        }
        Front::TooLarge { bytes } => Err(End::TooLarge { bytes }),
        Front::Faulty(fault) => Err(End::Fault(fault)),
    }
}

/// Waits until one more publish may be taken in, and, for a subscription, until the last one's greetings are sent;
/// `false` when the connection is closed meanwhile.
async fn room(core: &Rc<Core>, conn: &Rc<Conn>, greets: bool) -> bool {
    loop {
        if conn.is_closing() {
            return false;
        }
        let is_free = if greets { !conn.session.outbox.is_greeting() } else { core.has_room(conn) };
        if is_free {
            return true;
        }
        if !greets {
            core.crowded.borrow_mut().push(conn.clone());
        }
        conn.stir.notified().await;
    }
}

/// Says why the connection ends, where it was the client's doing.
fn ended(core: &Core, conn: &Conn, end: Result<(), End>) {
    let client_id = &conn.session.client_id;
    let (what, code) = match end {
        Err(End::Fault(fault)) => (RefusedWhat::Malformed { detail: fault.to_string() }, fault.reason),
        Err(End::TooLarge { bytes }) => (RefusedWhat::TooLarge { bytes }, reason::PACKET_TOO_LARGE),
        Err(End::Silent) => {
            tracing::info!(%client_id, "MQTT client fell silent");
            return conn.close(Some(reason::KEEP_ALIVE_TIMEOUT));
        }
        Ok(()) | Err(End::Gone) => return,
    };
    if !conn.is_closing() {
        core.refused(conn.about(what));
        conn.close(Some(code));
    }
}

fn report(core: &Core, origin: &Origin, what: RefusedWhat) {
    core.refused(Refused { address: origin.address, client_id: None, login: None, what });
}

/// Writes what is to be written until the connection is closed, and lets the session send more as there is room.
async fn write_out<S: Stream>(core: Rc<Core>, conn: Rc<Conn>, mut writer: WriteHalf<S>) {
    loop {
        let mut out = conn.take_out();
        if out.is_empty() {
            if conn.is_closing() {
                break;
            }
            conn.wake.notified().await;
            continue;
        }
        let limit = if conn.is_closing() { CLOSE } else { core.settings.stall_timeout };
        while !out.is_empty() {
            match timeout(limit, writer.write_buf(&mut out)).await {
                Ok(Ok(count)) if count > 0 => {}
                Ok(_) => return conn.close(None),
                Err(_) => {
                    core.disconnect_slow(&conn);
                    return;
                }
            }
        }
        if writer.flush().await.is_err() {
            return conn.close(None);
        }
        conn.stir.notify_one();
        if conn.session.outbox.is_waiting() && !conn.has_ended() {
            core.pump(&conn.session);
        }
    }
    let _closed = timeout(CLOSE, writer.shutdown()).await;
}
