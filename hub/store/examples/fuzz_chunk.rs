//! The decoder of chunks against very many hostile blobs: none may make it panic, or give more rows than it was told of.
//!
//! `cargo run --release -p hub-store --example fuzz_chunk [INPUTS]`, by `cargo xtask bench decoder` with ten million. Blobs are made
//! from sound ones of many shapes: bytes changed, cut, put in or swapped, numbers made extreme, behind a checksum that is right, so
//! that the columns themselves are met. The tests run a few hundred of the same kind; this is the long run.

use std::io::Write;

use hub_store::chunk::{
    MAX_ROWS, Row, decode, decode_hours, decode_summary, decode_values, encode, encode_hours, encode_summary,
    summarise,
};

/// Sound blobs that are spoilt in turn.
const SEEDS: usize = 400;
/// Bytes that mean something at one place or another: ends of ranges, tags, lengths.
const TELLING: [u8; 12] = [0, 1, 2, 7, 8, 15, 16, 64, 65, 127, 128, 255];

/// What has come of the blobs.
#[derive(Default)]
struct Count {
    decoded: u64,
    refused: u64,
    most_rows: usize,
    most_per_byte: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inputs = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse::<u64>())?;
    let mut dice = Dice(88_172_645_463_325_252);
    let seeds: Vec<Vec<u8>> = (0..SEEDS).map(|_| encode(&rows(&mut dice))[4..].to_vec()).collect();
    let summaries: Vec<(Vec<u8>, Vec<u8>)> = (0..SEEDS)
        .map(|_| {
            let summary = summarise(&rows(&mut dice), None);
            let hours: Vec<_> = (0..24).map(|hour| (hour, summary)).collect();
            (encode_summary(&summary), encode_hours(&hours)[4..].to_vec())
        })
        .collect();
    let mut count = Count::default();
    let elapsed = stopwatch();
    for input in 0..inputs {
        let seed = dice.below(SEEDS);
        match input % 8 {
            6 => {
                note_result(&mut count, decode_summary(&spoilt(&summaries[seed].0, &mut dice)).map(|_| 1), 1)
            }
            7 => {
                let blob = with_checksum(&spoilt(&summaries[seed].1, &mut dice));
                note_result(&mut count, decode_hours(&blob).map(|hours| hours.len()), blob.len());
            }
            _ => {
                let blob = with_checksum(&spoilt(&seeds[seed], &mut dice));
                let rows = decode(&blob).map(|rows| rows.len());
                let values = decode_values(&blob).map(|rows| rows.len());
                assert!(rows.is_err() || rows == values, "both ways of reading agree on what is sound");
                note_result(&mut count, rows, blob.len());
            }
        }
    }
    let seconds = elapsed();
    let Count { decoded, refused, most_rows, most_per_byte } = count;
    writeln!(
        std::io::stdout().lock(),
        "{inputs} hostile blobs in {seconds:.0} s ({:.0} /s): {refused} refused, {decoded} read as something, none panicked; \
         at most {most_rows} rows from one, {most_per_byte} a byte",
        inputs as f64 / seconds.max(1e-9)
    )?;
    Ok(())
}

fn note_result<E>(count: &mut Count, rows: Result<usize, E>, bytes: usize) {
    let Ok(rows) = rows else {
        count.refused += 1;
        return;
    };
    assert!(rows <= MAX_ROWS, "{rows} rows");
    count.decoded += 1;
    count.most_rows = count.most_rows.max(rows);
    count.most_per_byte = count.most_per_byte.max(rows / bytes.max(1));
}

/// A body with something wrong with it.
fn spoilt(body: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut body = body.to_vec();
    for _ in 0..=dice.below(4) {
        if body.is_empty() {
            break;
        }
        let at = dice.below(body.len());
        match dice.below(8) {
            0 => body[at] = TELLING[dice.below(TELLING.len())],
            1 => body[at] ^= 1 << dice.below(8),
            2 => body[at] = dice.next() as u8,
            3 => body.truncate(at),
            4 => body.insert(at, TELLING[dice.below(TELLING.len())]),
            5 => drop(body.remove(at)),
            6 => {
                // A number of the greatest length.
                let end = (at + 9).min(body.len());
                body[at..end].fill(0xff);
            }
            _ => {
                let other = dice.below(body.len());
                body.swap(at, other);
            }
        }
    }
    body
}

fn with_checksum(body: &[u8]) -> Vec<u8> {
    [&crc32fast::hash(body).to_le_bytes()[..], body].concat()
}

/// Rows of one of many shapes: regular or not, decimals or not, of one state or several, few or many.
fn rows(dice: &mut Dice) -> Vec<Row> {
    let count = [0, 1, 5, 40, 144, 144, 300, 900][dice.below(8)];
    let step = [1_000, 10_000, 60_000, 600_000][dice.below(4)];
    let (jitter, noise, shape) = ([1, 1, 20, 4_000][dice.below(4)], 1 + dice.below(30), dice.below(6));
    let mut at = 1_760_000_000_000_i64;
    let mut walk = 700_i64;
    let mut row = |_| {
        at += step + dice.below(jitter) as i64;
        walk += dice.below(2 * noise + 1) as i64 - noise as i64;
        let value = match shape {
            0 => (walk as f64 / 7.0).sin(),
            1 => walk as f64 * 1e15,
            _ => walk as f64 / 100.0,
        };
        let is_missing = shape == 2 && dice.below(10) == 0;
        Row {
            measured_at: at,
            received_at: at + if shape == 3 { dice.below(2_000) as i64 } else { 35 },
            raw: (shape != 4).then_some(if shape == 5 { value } else { walk as f64 }),
            value: (!is_missing).then_some(value),
            quality: if is_missing { 9 } else { 1 },
            reason: u16::from(is_missing),
        }
    };
    (0..count).map(&mut row).collect()
}

/// Random numbers that are the same on every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 8
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

#[allow(clippy::disallowed_methods, reason = "a measurement is where the time is no argument")]
fn stopwatch() -> impl Fn() -> f64 {
    let begin = std::time::Instant::now();
    move || begin.elapsed().as_secs_f64()
}
