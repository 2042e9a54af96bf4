//! Readings as CSV (RFC 4180) of any length in constant memory: a thread reads the history, a small queue carries pieces
//! of text to the client, and the thread waits when the client is slow.

use std::fmt::Write as _;
use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use hub_model::{Reading, local};
use hub_store::{History, StoreError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::readings::Question;
use crate::app::{SharedApp, store_problem};
use crate::local::Zone;
use crate::older::{self, Older, Seam};
use crate::problem::Problem;

/// Size of the pieces of text, in bytes.
const PIECE_BYTES: usize = 16 * 1024;
/// Pieces that wait for the client; when there are as many, the reading thread waits, too.
const PIECES: usize = 4;
/// How long a client may take for one piece before the export is given up.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(60);

/// Answers with the readings as a file.
pub(super) fn export(app: &SharedApp, question: Question) -> Result<Response, Problem> {
    let permit = app.exports.clone().try_acquire_owned().map_err(|_| too_many_exports())?;
    let (pieces, body) = mpsc::channel(PIECES);
    let (history, zone, runtime) = (app.hub.history.clone(), app.zone.clone(), Handle::current());
    let older = app.hub.older.clone();
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let mut writer = Writer { text: String::with_capacity(PIECE_BYTES + 256), pieces, zone, runtime };
        if let Err(Unread) = writer.all(&*history, older.as_deref(), &question) {
            // The client sees a broken transfer instead of a file that only looks complete.
            let _ = writer.send(Err(io::Error::other("the history could not be read")));
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"readings.csv\""),
        (header::VARY, "accept"),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(body))).into_response())
}

/// Something that belongs into the file cannot be had; the log says what.
struct Unread;

impl From<StoreError> for Unread {
    fn from(error: StoreError) -> Self {
        store_problem(&error);
        Self
    }
}

/// A file must not look complete when older readings are not reachable.
fn whole(seam: Option<Seam>) -> Result<(), Unread> {
    match seam.and_then(|seam| seam.failing) {
        None => Ok(()),
        Some(why) => {
            tracing::warn!(why, "an export was broken off: older readings cannot be had");
            Err(Unread)
        }
    }
}

struct Writer {
    text: String,
    pieces: mpsc::Sender<io::Result<Bytes>>,
    zone: Zone,
    runtime: Handle,
}

impl Writer {
    fn all(
        &mut self,
        history: &dyn History,
        older: Option<&dyn Older>,
        question: &Question,
    ) -> Result<(), Unread> {
        let period = (question.from, question.to);
        let columns = match question.spans {
            Some(_) => "point,time,min,mean,max,n,unit\r\n",
            None => "point,time,value,unit,quality,reason\r\n",
        };
        self.text.push_str(columns);
        for (point, unit) in &question.series {
            let Some(spans) = &question.spans else {
                let seam =
                    older::readings(history, older, point, period, &mut |reading| self.row(reading, unit))?;
                whole(seam)?;
                continue;
            };
            let (buckets, seam) = older::buckets(history, older, point, period, spans)?;
            whole(seam)?;
            for bucket in buckets.into_iter().filter(|bucket| bucket.n > 0) {
                let time = self.zone.print(bucket.start);
                let (min, mean, max, n) = (bucket.min, bucket.mean, bucket.max, bucket.n);
                // Writing to a string cannot fail.
                let _ = write!(self.text, "{point},{time},{min},{mean},{max},{n},{unit}\r\n");
                if self.flush_when_full().is_break() {
                    return Ok(());
                }
            }
        }
        let rest = std::mem::take(&mut self.text);
        // Whether the client is still there makes no difference any more.
        let _ = self.send(Ok(rest.into()));
        Ok(())
    }

    fn row(&mut self, reading: &Reading, unit: &str) -> ControlFlow<()> {
        let time = self.zone.print(reading.measured_at);
        let _ = write!(self.text, "{},{time},", reading.point);
        if let Some(value) = reading.value {
            let _ = write!(self.text, "{value}");
        }
        let _ = write!(self.text, ",{unit},{},", reading.quality.code());
        if let Some(reason) = reading.reason {
            let _ = write!(self.text, "{reason}");
        }
        self.text.push_str("\r\n");
        self.flush_when_full()
    }

    fn flush_when_full(&mut self) -> ControlFlow<()> {
        if self.text.len() < PIECE_BYTES {
            return ControlFlow::Continue(());
        }
        let piece = std::mem::replace(&mut self.text, String::with_capacity(PIECE_BYTES + 256));
        self.send(Ok(piece.into()))
    }

    /// Hands a piece over; breaks off when the client has gone or takes too long.
    fn send(&self, piece: io::Result<Bytes>) -> ControlFlow<()> {
        let sent = self.runtime.block_on(self.pieces.send_timeout(piece, CLIENT_TIMEOUT));
        if sent.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

fn too_many_exports() -> Problem {
    Problem::unavailable(local!(
        "Đang xuất quá nhiều tệp; hãy thử lại sau.",
        "Too many exports are running; try again later."
    ))
}
