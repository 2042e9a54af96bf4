//! A store's process is killed while it writes, round after round on one folder: no acknowledged reading may be missing.
//!
//! The file plays both parts. Called with a folder it is the process to be killed: it appends for ever and prints the number of each
//! acknowledged reading. Called without it starts that process, kills it, opens the store and counts.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use hub_model::PointId;
use hub_store::conformance::samples::{good, point, readings_of};
use hub_store::{Append, Batch, History, Settings, Store, StoredReading};

const ROUNDS: usize = 12;
const FOLDER: &str = "HUB_STORE_CRASH_TEST_DIR";

fn series(number: i64) -> PointId {
    point(&format!("a/plc/p{}", number % 7))
}

fn main() {
    match std::env::var_os(FOLDER) {
        Some(dir) => append_until_killed(open(dir.as_ref())),
        None => kill_in_rounds(),
    }
}

fn open(dir: &std::path::Path) -> Store {
    let settings = Settings { commit_window: Duration::from_millis(1), ..Settings::new(dir) };
    Store::open(settings).expect("the store opens after any kill")
}

fn append_until_killed(store: Store) {
    let first = readings_of(&store, &point("a/plc/number"), 0, i64::MAX).len();
    for number in i64::try_from(first).expect("few").. {
        // Two rows a batch: the number itself, and a reading of one of several series.
        let readings =
            [good(&point("a/plc/number"), number, 1.0), good(&series(number), number, number as f64)];
        let readings = readings.map(|reading| StoredReading { reading, latest: true }).to_vec();
        let on_commit = Box::new(move |_| {
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "{number}").and_then(|()| out.flush());
        });
        if store.append(Batch { readings, ..Batch::default() }, on_commit).is_err() {
            return;
        }
    }
}

fn kill_in_rounds() {
    let place = tempfile::tempdir().expect("a folder for the store");
    let mut acknowledged = -1;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().expect("this file"))
            .env(FOLDER, place.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this file runs again");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        // Killed at another moment each round: after so many acknowledgements, while further batches are under way.
        for _ in 0..1 + round * 97 {
            let line = lines.next().expect("the process runs until it is killed").expect("readable");
            acknowledged = acknowledged.max(line.parse().expect("a number"));
        }
        child.kill().expect("the process runs until it is killed");
        child.wait().expect("it is ended");
        // What was acknowledged before the kill but not read yet counts, too. A line cut short is but a smaller number.
        let whole = lines.map_while(Result::ok).filter_map(|line| line.parse::<i64>().ok());
        let last_read = whole.fold(acknowledged, i64::max);
        acknowledged = check(&open(place.path()), last_read, round);
    }
    let _ = writeln!(
        std::io::stdout(),
        "crash: {ROUNDS} kills, {} acknowledged readings, none missing",
        acknowledged + 1
    );
}

/// Every number up to the last acknowledged one is there, and each batch whole.
fn check(store: &Store, acknowledged: i64, round: usize) -> i64 {
    let numbers = readings_of(store, &point("a/plc/number"), 0, i64::MAX);
    let kept = i64::try_from(numbers.len()).expect("few");
    assert!(kept > acknowledged, "round {round}: {acknowledged} was acknowledged, {kept} are kept");
    for (expected, reading) in (0..).zip(&numbers) {
        assert_eq!(reading.measured_at.as_millis(), expected, "round {round}: a gap");
    }
    for which in 0..7.min(kept) {
        let of_series = readings_of(store, &series(which), 0, i64::MAX);
        let expected: Vec<i64> = (which..kept).step_by(7).collect();
        let found: Vec<i64> = of_series.iter().map(|reading| reading.measured_at.as_millis()).collect();
        assert_eq!(found, expected, "round {round}: a batch that is not whole");
        let latest = store.latest_of(&series(which)).expect("readable").expect("it has readings");
        assert_eq!(Some(&latest.reading), of_series.last(), "round {round}: the latest");
    }
    assert_eq!(i64::try_from(store.last_commit().0), Ok(kept), "round {round}: one number a batch");
    kept - 1
}
