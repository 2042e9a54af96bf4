//! A serial line without hardware: a pair of pseudo-terminals, one of which stands under the name that the hub is configured
//! with. A line that is cut off vanishes, as when the converter is pulled, and comes back under the same name.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_serial::{SerialPort, SerialStream};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{Context, Line, connection};

/// How long after a line could not be made it is tried once more.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// A line that can be opened at `path`.
#[derive(Debug)]
pub(crate) struct SerialLine {
    ours: SerialStream,
    /// Held open, so that ours does not end whenever the hub closes its side.
    _theirs: SerialStream,
    path: PathBuf,
}

impl SerialLine {
    /// Makes a line that is opened at `path`.
    ///
    /// # Errors
    /// When something else stands there, which is never touched, or the system gives no pseudo-terminal.
    pub fn open(path: &Path) -> io::Result<Self> {
        let (ours, theirs) = SerialStream::pair().map_err(io::Error::from)?;
        let terminal = theirs.name().ok_or_else(|| io::Error::other("the pseudo-terminal has no name"))?;
        // One that an earlier simulation left behind points nowhere any more.
        if path.symlink_metadata().is_ok_and(|found| found.is_symlink()) && !path.exists() {
            fs::remove_file(path)?;
        }
        symlink(terminal, path)?;
        Ok(Self { ours, _theirs: theirs, path: path.to_owned() })
    }
}

impl Drop for SerialLine {
    fn drop(&mut self) {
        // It is a link that this made; when somebody else took it away already, it is gone as it should be.
        let _ = fs::remove_file(&self.path);
    }
}

/// Serves a serial line until `stop`. While one of its devices is cut off there is no line.
pub(crate) async fn serve(
    line: Arc<Line>,
    first: SerialLine,
    path: PathBuf,
    context: Context,
    stop: CancellationToken,
) {
    let is_cut = |now| line.is_cut(&context.board, now);
    let mut open = Some(first);
    loop {
        if is_cut(context.clock.simulated()) {
            drop(open.take());
            tokio::select! {
                () = stop.cancelled() => return,
                () = context.board.until(&context.clock, |now| !is_cut(now)) => {}
            }
        }
        let mut terminal = match open.take().map_or_else(|| SerialLine::open(&path), Ok) {
            Ok(terminal) => terminal,
            Err(error) => {
                warn!(endpoint = line.endpoint, %error, "the line cannot be made again yet");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(AGAIN_AFTER) => continue,
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            ended = connection::serve(&mut terminal.ours, &line, &context) => {
                debug!(endpoint = line.endpoint, ?ended, "the line ended and is made again");
            }
            () = context.board.until(&context.clock, is_cut) => {}
        }
    }
}
