//! One connection to a broker: made, greeted, read and written. It never decides what is sent or acknowledged.
//!
//! Reading may be dropped half-way without losing a byte, so that it can stand in a `select!`. Read next: `packet.rs`.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use hub_model::LocalText;
use hub_model::text::Told;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::packet::{self, Malformed, Packet};
use super::tls::TrustError;
use super::{CONNECT_WITHIN, Endpoint, KEEP_ALIVE};

/// Why there is no connection, or none any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("no answer within {} s", CONNECT_WITHIN.as_secs())]
    Late,
    #[error("the broker does not answer any more")]
    Dead,
    #[error("the broker has closed the connection")]
    Closed,
    #[error("{0}")]
    Malformed(#[from] Malformed),
    #[error("{0}")]
    Trust(#[from] TrustError),
    #[error("the broker refuses the user name or password")]
    Password,
    #[error("the broker does not let this login connect")]
    NotAuthorized,
    #[error("the broker refuses the connection (code {0})")]
    Refused(u8),
    #[error("the broker answered something else than a CONNACK")]
    NoGreeting,
    #[error("\"{0}\" is no name that a certificate could be made out to")]
    Name(String),
    #[error("its certificate is not trusted: {0}")]
    Tls(io::Error),
}

impl Told for Fault {
    fn told(&self) -> LocalText {
        let vi = match self {
            Self::Io(error) => format!("không kết nối được ({error})"),
            Self::Late => format!("không có trả lời trong {} giây", CONNECT_WITHIN.as_secs()),
            Self::Dead => "máy chủ MQTT không còn trả lời".to_owned(),
            Self::Closed => "máy chủ MQTT đã đóng kết nối".to_owned(),
            Self::Malformed(error) => format!("không đọc được tin của máy chủ MQTT ({error})"),
            Self::Trust(error) => error.told().vi,
            Self::Password => "máy chủ MQTT không nhận tên đăng nhập hoặc mật khẩu".to_owned(),
            Self::NotAuthorized => "máy chủ MQTT không cho tài khoản này kết nối".to_owned(),
            Self::Refused(code) => format!("máy chủ MQTT từ chối kết nối (mã {code})"),
            Self::NoGreeting => "máy chủ MQTT trả lời không phải CONNACK".to_owned(),
            Self::Name(name) => format!("\"{name}\" không phải là tên mà chứng chỉ có thể ghi"),
            Self::Tls(error) => format!("chứng chỉ của máy chủ MQTT không đáng tin ({error})"),
        };
        LocalText { vi, en: self.to_string() }
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection that the broker has let in.
pub(super) struct Link {
    reader: ReadHalf<Box<dyn Stream>>,
    writer: WriteHalf<Box<dyn Stream>>,
    arrived: BytesMut,
    leaving: BytesMut,
    /// When something was written last, and whether a ping waits for its answer.
    spoke: Instant,
    awaits_pong: bool,
    /// Whether the broker had our session.
    pub(super) session_present: bool,
}

impl Link {
    /// Connects and greets.
    pub(super) async fn open(endpoint: &Endpoint) -> Result<Self, Fault> {
        let stream = timeout(CONNECT_WITHIN, stream(endpoint)).await.map_err(|_| Fault::Late)??;
        let (reader, writer) = tokio::io::split(stream);
        let mut link = Self {
            reader,
            writer,
            arrived: BytesMut::new(),
            leaving: BytesMut::new(),
            spoke: Instant::now(),
            awaits_pong: false,
            session_present: false,
        };
        let user = endpoint.address.user.as_deref();
        let keep_alive_s = KEEP_ALIVE.as_secs() as u16;
        packet::connect(
            &endpoint.client_id,
            user,
            endpoint.password.as_deref(),
            keep_alive_s,
            &mut link.leaving,
        );
        link.flush().await?;
        match timeout(CONNECT_WITHIN, link.read()).await.map_err(|_| Fault::Late)?? {
            Packet::Connack { session_present, code: 0 } => {
                link.session_present = session_present;
                Ok(link)
            }
            Packet::Connack { code: 4, .. } => Err(Fault::Password),
            Packet::Connack { code: 5, .. } => Err(Fault::NotAuthorized),
            Packet::Connack { code, .. } => Err(Fault::Refused(code)),
            _ => Err(Fault::NoGreeting),
        }
    }

    /// The next packet. Dropping the future loses nothing.
    pub(super) async fn read(&mut self) -> Result<Packet, Fault> {
        loop {
            if let Some(packet) = packet::next(&mut self.arrived)? {
                if packet == Packet::Pong {
                    self.awaits_pong = false;
                }
                return Ok(packet);
            }
            if self.reader.read_buf(&mut self.arrived).await? == 0 {
                return Err(Fault::Closed);
            }
        }
    }

    /// Queues a packet, which `write` appends; [`Link::flush`] sends it.
    pub(super) fn queue(&mut self, write: impl FnOnce(&mut BytesMut)) {
        write(&mut self.leaving);
    }

    /// Writes what is queued. A broker that takes nothing for as long as a keep-alive is dead.
    pub(super) async fn flush(&mut self) -> Result<(), Fault> {
        if self.leaving.is_empty() {
            return Ok(());
        }
        let writing = async {
            self.writer.write_all(&self.leaving).await?;
            self.writer.flush().await
        };
        timeout(KEEP_ALIVE, writing).await.map_err(|_| Fault::Dead)??;
        self.leaving.clear();
        self.spoke = Instant::now();
        Ok(())
    }

    /// When [`Link::beat`] is due.
    pub(super) fn next_beat(&self) -> Instant {
        self.spoke + KEEP_ALIVE / 2
    }

    /// Pings; fails when the ping before it was not answered.
    pub(super) async fn beat(&mut self) -> Result<(), Fault> {
        if self.awaits_pong {
            return Err(Fault::Dead);
        }
        self.awaits_pong = true;
        self.queue(packet::ping);
        self.flush().await
    }

    /// Says goodbye; the broker keeps our session.
    pub(super) async fn close(mut self) {
        self.queue(packet::disconnect);
        // It learns of our end either way.
        if timeout(Duration::from_secs(1), self.flush()).await.is_err() {
            tracing::debug!("a broker did not take our goodbye");
        }
    }
}

async fn stream(endpoint: &Endpoint) -> Result<Box<dyn Stream>, Fault> {
    let address = &endpoint.address;
    let tls = endpoint.tls()?;
    let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
    stream.set_nodelay(true)?;
    let Some(tls) = tls else { return Ok(Box::new(stream)) };
    let name = ServerName::try_from(address.host.clone()).map_err(|_| Fault::Name(address.host.clone()))?;
    let stream = TlsConnector::from(tls).connect(name, stream).await.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => Fault::Tls(error),
        _ => Fault::Io(error),
    })?;
    Ok(Box::new(stream))
}
