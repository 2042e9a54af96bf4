//! One client of a line: requests in, answers out, and the ways in which a faulty device answers.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::frame::{self, Frame, MAX_FRAME_BYTES};
use super::unit::{Reading, Unit, exception, shortened};
use super::{Context, Line};
use crate::fault::FaultKind;

/// Late answers that wait; when full the oldest is never sent.
const MAX_LATE: usize = 16;

/// Answers until the client goes or sends what is no Modbus.
pub(super) async fn serve(mut stream: TcpStream, line: &Line, context: &Context) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::with_capacity(MAX_FRAME_BYTES);
    let mut late: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    let mut chunk = [0u8; MAX_FRAME_BYTES];
    loop {
        while let Some(request) = frame::take(&mut received).map_err(io::Error::other)? {
            let Some((delay, answer)) = answer(&request, line, context) else { continue };
            if delay.is_zero() {
                stream.write_all(&answer).await?;
                continue;
            }
            if late.len() >= MAX_LATE {
                late.pop_front();
            }
            late.push_back((Instant::now() + delay, answer));
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
                    stream.write_all(&answer).await?;
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

/// The bytes to send and after which delay; `None` for silence, which is also what a unit that is not there says.
fn answer(request: &Frame, line: &Line, context: &Context) -> Option<(Duration, Vec<u8>)> {
    let unit = line.unit(request.unit)?;
    let now = context.clock.simulated();
    let faults: Vec<FaultKind> = unit
        .devices
        .iter()
        .flat_map(|device| context.board.of_device(device, now))
        .map(|fault| fault.kind)
        .collect();
    if faults.contains(&FaultKind::Silence) {
        return None;
    }
    let mut pdu = plain_answer(request, unit, context);
    let (mut transaction, mut id, mut delay) = (request.transaction, request.unit, Duration::ZERO);
    for fault in faults {
        match fault {
            FaultKind::Exception { code } => pdu = exception(request.pdu[0], code),
            FaultKind::ShortAnswer => pdu = shortened(pdu),
            FaultKind::WrongTransaction => transaction = transaction.wrapping_add(1),
            FaultKind::WrongUnit => id = id.wrapping_add(1),
            FaultKind::Timeout { delay: late } => delay = delay.max(late),
            _ => {}
        }
    }
    Some((delay, Frame { transaction, unit: id, pdu }.bytes()))
}

fn plain_answer(request: &Frame, unit: &Unit, context: &Context) -> Vec<u8> {
    // One moment for the whole answer, so that words of one number belong together.
    let now = context.clock.simulated();
    unit.answer(
        &request.pdu,
        &Reading {
            raw: &|point| context.world.raw_simulated(point, now),
            is_swapped: &|point| {
                context.board.of_point(point, now).iter().any(|fault| fault.kind == FaultKind::ByteOrder)
            },
        },
    )
}
