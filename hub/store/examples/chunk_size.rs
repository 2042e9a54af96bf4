//! Prints what a reading of believable sensors takes on disk: row, key, summary and SQLite's own share, in a real file.
//!
//! `cargo run --release -p hub-store --example chunk_size [POINTS] [DAYS]`. Days are written as a hub writes them, day by day
//! over all points, so that half-filled pages count. Nothing else is measured here; `append_speed` has the speed of commits.

use hub_store::chunk::{self, Row};
use rusqlite::Connection;

const DAY_MS: i64 = 86_400_000;
/// 2025-01-01 in Vietnam.
const START_MS: i64 = 1_735_664_400_000;

/// A sensor: where its value lies, how it moves.
struct Sensor {
    name: &'static str,
    places: i32,
    /// Middle, swing over a day and noise, in units of the last place.
    middle: f64,
    swing: f64,
    noise: f64,
    /// How far a walk may step; it is drawn back to the middle.
    step: f64,
}

const SENSORS: [Sensor; 10] = [
    Sensor { name: "free_chlorine", places: 2, middle: 60.0, swing: 8.0, noise: 0.6, step: 1.0 },
    Sensor { name: "turbidity", places: 3, middle: 420.0, swing: 30.0, noise: 4.0, step: 9.0 },
    Sensor { name: "ph", places: 2, middle: 715.0, swing: 6.0, noise: 0.5, step: 1.0 },
    Sensor { name: "level", places: 3, middle: 2_400.0, swing: 600.0, noise: 1.0, step: 4.0 },
    Sensor { name: "flow", places: 1, middle: 350.0, swing: 200.0, noise: 6.0, step: 10.0 },
    Sensor { name: "pressure", places: 2, middle: 320.0, swing: 25.0, noise: 1.5, step: 2.0 },
    Sensor { name: "temperature", places: 1, middle: 284.0, swing: 35.0, noise: 0.3, step: 0.7 },
    Sensor { name: "battery", places: 2, middle: 1_280.0, swing: 40.0, noise: 1.0, step: 0.5 },
    Sensor { name: "clients", places: 0, middle: 14.0, swing: 12.0, noise: 1.0, step: 1.5 },
    Sensor { name: "volume", places: 1, middle: 0.0, swing: 0.0, noise: 0.0, step: 0.0 },
];

/// How far from its beat a reading is measured.
#[derive(Clone, Copy)]
enum Jitter {
    None,
    /// Any of so many milliseconds.
    Even(f64),
    /// About so many milliseconds to either side, seldom three times as many: how a device answers polls.
    Bell(f64),
}

/// Random numbers that are the same on every run.
struct Dice(u64);

impl Dice {
    fn even(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Near enough to a bell curve of width 1.
    fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.even()).sum::<f64>() - 6.0
    }
}

struct Point {
    sensor: &'static Sensor,
    dice: Dice,
    drift: f64,
    total: f64,
}

impl Point {
    fn next(&mut self, at_ms: i64, beat_ms: i64) -> i64 {
        let sensor = self.sensor;
        let turn = (at_ms % DAY_MS) as f64 / DAY_MS as f64 * std::f64::consts::TAU;
        if sensor.step == 0.0 {
            self.total +=
                (35.0 + 20.0 * turn.sin()) * beat_ms as f64 / 360_000.0 * (1.0 + 0.1 * self.dice.bell());
            return self.total as i64;
        }
        // A walk's steps grow with the square root of the time between two readings.
        let step = sensor.step * (beat_ms as f64 / 600_000.0).sqrt();
        self.drift = self.drift * (1.0 - 0.01 * beat_ms as f64 / 600_000.0) + step * self.dice.bell();
        let value = sensor.middle + sensor.swing * turn.sin() + self.drift + sensor.noise * self.dice.bell();
        value.round() as i64
    }

    fn day(&mut self, day: i64, beat_ms: i64, jitter: Jitter) -> Vec<Row> {
        let scale = 10f64.powi(self.sensor.places);
        let mut rows = Vec::new();
        for index in 0..DAY_MS / beat_ms {
            let beat = START_MS + day * DAY_MS + index * beat_ms;
            let measured_at = beat
                + match jitter {
                    Jitter::None => 0,
                    Jitter::Even(ms) => (self.dice.even() * ms) as i64,
                    Jitter::Bell(ms) => (self.dice.bell() * ms).round() as i64,
                };
            let raw = self.next(beat, beat_ms);
            let value = raw as f64 / scale;
            rows.push(Row {
                measured_at,
                received_at: measured_at,
                raw: Some(raw as f64),
                value: Some(value),
                quality: 1,
                reason: 0,
            });
        }
        rows
    }
}

#[expect(clippy::print_stdout, reason = "what an example is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<i64>());
    let points = args.next().transpose()?.unwrap_or(100);
    let days = args.next().transpose()?.unwrap_or(365);
    println!("{points} points; bytes a reading of the whole file, and of its blobs alone");
    for (what, beat_ms, jitter, span) in [
        ("every 10 min, to the second", 600_000, Jitter::None, days),
        ("every 10 min, 1 ms to a side", 600_000, Jitter::Bell(1.0), days),
        ("every 10 min, 3 ms to a side", 600_000, Jitter::Bell(3.0), days),
        ("every 10 min, any of 20 ms", 600_000, Jitter::Even(20.0), days),
        ("every 10 s, to the second", 10_000, Jitter::None, days / 40 + 1),
        ("every 10 s, 3 ms to a side", 10_000, Jitter::Bell(3.0), days / 40 + 1),
        ("every 10 s, any of 20 ms", 10_000, Jitter::Even(20.0), days / 40 + 1),
    ] {
        let (file, blobs) = measure(points, span, beat_ms, jitter)?;
        println!("{what:32} {file:6.3} {blobs:6.3}");
    }
    println!("blobs of a day alone, to the second: every 10 min, every 10 s");
    for sensor in &SENSORS {
        let blob = |beat_ms| {
            let mut point = Point { sensor, dice: Dice(1), drift: 0.0, total: 0.0 };
            let rows = point.day(0, beat_ms, Jitter::None);
            chunk::encode(&rows).len() as f64 / rows.len() as f64
        };
        println!("{:32} {:6.3} {:6.3}", sensor.name, blob(600_000), blob(10_000));
    }
    Ok(())
}

/// Bytes a reading: of the file, and of its blobs.
fn measure(
    points: i64,
    days: i64,
    beat_ms: i64,
    jitter: Jitter,
) -> Result<(f64, f64), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("chunks.sqlite");
    let connection = Connection::open(&file)?;
    connection.execute_batch(
        "CREATE TABLE chunk (id INTEGER PRIMARY KEY, summary BLOB NOT NULL, body BLOB NOT NULL)",
    )?;
    let mut series: Vec<Point> = (0..points)
        .map(|point| Point {
            sensor: &SENSORS[point as usize % SENSORS.len()],
            dice: Dice(point as u64 + 1),
            drift: 0.0,
            total: 0.0,
        })
        .collect();
    let (mut readings, mut blobs) = (0, 0);
    for day in 0..days {
        connection.execute_batch("BEGIN")?;
        let mut insert = connection.prepare_cached("INSERT INTO chunk VALUES (?, ?, ?)")?;
        for (number, point) in (0..).zip(&mut series) {
            let rows = point.day(day, beat_ms, jitter);
            let body = chunk::encode(&rows);
            let expected = u32::try_from(DAY_MS / beat_ms)?;
            let summary = chunk::encode_summary(&chunk::summarise(&rows, Some(expected)));
            readings += rows.len();
            blobs += body.len();
            // Series, day since 1970, part: one number, one short key.
            insert.execute((number << 20 | (20_000 + day) << 4, summary, body))?;
        }
        drop(insert);
        connection.execute_batch("COMMIT")?;
    }
    drop(connection);
    let size = std::fs::metadata(&file)?.len();
    Ok((size as f64 / readings as f64, blobs as f64 / readings as f64))
}
