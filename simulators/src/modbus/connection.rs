//! One client of a line: requests in, answers out, and the ways in which a faulty device answers.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::frame::{Frame, MAX_FRAME_BYTES};
use super::unit::{Reading, Unit, exception, shortened};
use super::{Context, Line};
use crate::config::SimPoint;
use crate::fault::FaultKind;

/// Late answers that wait; when full the oldest is never sent.
const MAX_LATE: usize = 16;

/// Pause between the pieces of a split answer: long enough that they arrive one by one.
const SPLIT_PAUSE: Duration = Duration::from_millis(5);
/// What a disturbed line says before an answer.
const NOISE: [u8; 3] = [0x00, 0xFF, 0x55];

/// What is sent, when, and in how many pieces.
struct Answer {
    after: Duration,
    bytes: Vec<u8>,
    is_split: bool,
}

/// Answers until the client goes or sends what is no Modbus, or the device breaks the connection off.
pub(super) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    line: &Line,
    context: &Context,
) -> io::Result<()> {
    let mut received = Vec::with_capacity(MAX_FRAME_BYTES);
    let mut late: VecDeque<(Instant, Answer)> = VecDeque::new();
    let mut chunk = [0u8; MAX_FRAME_BYTES];
    loop {
        while let Some(request) = line.framing.take(&mut received).map_err(io::Error::other)? {
            let faults = faults(&request, line, context);
            if faults.contains(&FaultKind::Reset) {
                return Ok(());
            }
            let Some(answer) = answer(&request, faults, line, context) else { continue };
            if answer.after.is_zero() {
                send(&mut stream, &answer).await?;
                continue;
            }
            if late.len() >= MAX_LATE {
                late.pop_front();
            }
            late.push_back((Instant::now() + answer.after, answer));
        }
        let due = late.front().map(|(due, _)| *due);
        tokio::select! {
            count = stream.read(&mut chunk) => {
                let count = count?;
                if count == 0 {
                    return Ok(());
                }
                received.extend(&chunk[..count]);
            }
            () = wait_until(due) => {
                if let Some((_, answer)) = late.pop_front() {
                    send(&mut stream, &answer).await?;
                }
            }
        }
    }
}

async fn wait_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), answer: &Answer) -> io::Result<()> {
    if !answer.is_split {
        return stream.write_all(&answer.bytes).await;
    }
    for piece in answer.bytes.chunks(answer.bytes.len().div_ceil(3).max(1)) {
        stream.write_all(piece).await?;
        stream.flush().await?;
        tokio::time::sleep(SPLIT_PAUSE).await;
    }
    Ok(())
}

/// What is wrong with the unit that is asked.
fn faults(request: &Frame, line: &Line, context: &Context) -> Vec<FaultKind> {
    let now = context.clock.simulated();
    let devices = line.unit(request.unit).into_iter().flat_map(|unit| &unit.devices);
    devices.flat_map(|device| context.board.of_device(device, now)).map(|fault| fault.kind).collect()
}

/// The answer; `None` for silence, which is also what a unit that is not there says.
fn answer(request: &Frame, faults: Vec<FaultKind>, line: &Line, context: &Context) -> Option<Answer> {
    let unit = line.unit(request.unit)?;
    if faults.contains(&FaultKind::Silence) {
        return None;
    }
    let mut pdu = plain_answer(request, unit, &faults, context);
    let (mut transaction, mut id, mut after) = (request.transaction, request.unit, Duration::ZERO);
    let has = |kind: FaultKind| faults.contains(&kind);
    let (is_split, has_noise, has_wrong_crc) =
        (has(FaultKind::SplitAnswer), has(FaultKind::Noise), has(FaultKind::WrongCrc));
    for fault in faults {
        match fault {
            FaultKind::Exception { code } => pdu = exception(request.pdu[0], code),
            FaultKind::ShortAnswer => pdu = shortened(pdu),
            FaultKind::WrongTransaction => transaction = transaction.wrapping_add(1),
            FaultKind::WrongUnit => id = id.wrapping_add(1),
            FaultKind::Timeout { delay } => after = after.max(delay),
            _ => {}
        }
    }
    let mut bytes = line.framing.bytes(&Frame { transaction, unit: id, pdu });
    if has_wrong_crc && let Some(last) = bytes.last_mut() {
        *last ^= 0xFF;
    }
    if has_noise {
        bytes.splice(0..0, NOISE);
    }
    Some(Answer { after, bytes, is_split })
}

fn plain_answer(request: &Frame, unit: &Unit, faults: &[FaultKind], context: &Context) -> Vec<u8> {
    // One moment for the whole answer, so that words of one number belong together.
    let now = context.clock.simulated();
    let raw = |point: &SimPoint| context.world.raw_simulated(point, now);
    let gathered = context.sent.gather(&raw);
    let answer = unit.answer(
        &request.pdu,
        &Reading {
            raw: &|point| gathered.raw(point),
            is_swapped: &|point| {
                context.board.of_point(point, now).iter().any(|fault| fault.kind == FaultKind::ByteOrder)
            },
        },
    );
    if !faults.iter().any(FaultKind::hides_values) {
        context.sent.note(context.clock.wall(), gathered);
    }
    answer
}
