//! Bodies of readings: bounded as sent and after unpacking, and all of them together bounded by the memory that they take.

use std::io::Read;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use flate2::bufread::MultiGzDecoder;
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;
use hub_model::{LocalText, local};

/// Largest body of readings, as sent and after unpacking, in bytes.
pub(crate) const MAX_PUSH_BYTES: usize = 8 * 1024 * 1024;
/// A body that is too large is received and thrown away up to here, so that its sender gets to read why it was refused: most
/// read the answer only when they have sent all.
const MAX_DISCARDED_BYTES: usize = 512 * 1024 * 1024;
/// Memory for bodies that are being received, in KiB: beyond, the next one is answered 503.
const RECEIVING_KIB: usize = 24 * 1024;

/// The memory that bodies of readings may take.
pub(crate) struct Room {
    receiving: Arc<Semaphore>,
    /// Bodies that are unpacked and read at once; more wait.
    pub reading: Arc<Semaphore>,
}

/// A body as it was sent, with the room that it takes.
pub(crate) struct Received {
    bytes: Vec<u8>,
    is_gzip: bool,
    _room: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self { receiving: Arc::new(Semaphore::new(RECEIVING_KIB)), reading: Arc::new(Semaphore::new(2)) }
    }

    /// Receives a body whole.
    pub(crate) async fn receive(&self, headers: &HeaderMap, body: Body) -> Result<Received, Problem> {
        let is_gzip = is_gzip(headers)?;
        let told: Option<usize> =
            headers.get(header::CONTENT_LENGTH).and_then(|text| text.to_str().ok()?.parse().ok());
        if told.is_some_and(|length| length > MAX_DISCARDED_BYTES) {
            return Err(too_large());
        }
        let (mut bytes, mut room, mut received) = (Vec::new(), None, 0);
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|_| {
                Problem::invalid("body", local!("đứt giữa chừng", "it broke off before its end"))
            })?;
            received += piece.len();
            if received > MAX_DISCARDED_BYTES {
                return Err(too_large());
            }
            if received > MAX_PUSH_BYTES || told.is_some_and(|length| length > MAX_PUSH_BYTES) {
                (bytes, room) = (Vec::new(), None);
                continue;
            }
            self.reserve(&mut room, received)?;
            bytes.extend_from_slice(&piece);
        }
        if received > MAX_PUSH_BYTES {
            return Err(too_large());
        }
        Ok(Received { bytes, is_gzip, _room: room })
    }

    fn reserve(&self, room: &mut Option<OwnedSemaphorePermit>, bytes: usize) -> Result<(), Problem> {
        let held = room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = bytes.div_ceil(1024).saturating_sub(held);
        if more == 0 {
            return Ok(());
        }
        let busy = || {
            Problem::unavailable(local!(
                "Quá nhiều số đo đến cùng lúc; chưa lưu gì của lần gửi này.",
                "Too many readings arrive at once; nothing of these was kept."
            ))
        };
        let more = u32::try_from(more).map_err(|_| busy())?;
        let more = self.receiving.clone().try_acquire_many_owned(more).map_err(|_| busy())?;
        match room {
            Some(room) => room.merge(more),
            None => *room = Some(more),
        }
        Ok(())
    }
}

impl Received {
    /// The body, unpacked. Blocks for as long as unpacking takes.
    pub(crate) fn unpack(self) -> Result<Vec<u8>, Problem> {
        if !self.is_gzip {
            return Ok(self.bytes);
        }
        let mut unpacked = Vec::new();
        // One byte more shows that it is too large; a small bomb is never unpacked whole.
        let most = MAX_PUSH_BYTES as u64 + 1;
        MultiGzDecoder::new(&*self.bytes)
            .take(most)
            .read_to_end(&mut unpacked)
            .map_err(|_| Problem::invalid("body", not_unpacked()))?;
        if unpacked.len() > MAX_PUSH_BYTES {
            return Err(too_large());
        }
        Ok(unpacked)
    }
}

fn is_gzip(headers: &HeaderMap) -> Result<bool, Problem> {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    match (codings.next().map(|coding| coding.as_bytes()), codings.next()) {
        (None | Some(b"identity"), None) => Ok(false),
        (Some(b"gzip"), None) => Ok(true),
        _ => Err(Problem::encoding_not_gzip()),
    }
}

fn not_unpacked() -> LocalText {
    local!("ghi là gzip nhưng không giải nén được", "it says that it is gzip and cannot be unpacked")
}

fn too_large() -> Problem {
    Problem::too_large(local!(
        "Nội dung lớn hơn {MAX_PUSH_BYTES} byte; chưa lưu gì, hãy gửi thành nhiều phần nhỏ hơn.",
        "The body is larger than {MAX_PUSH_BYTES} bytes; nothing was kept, send it in smaller pieces."
    ))
}
