//! A store's process is killed while it writes and seals, round after round on one folder: what was acknowledged must be there, and the
//! whole must be what a store in RAM holds after the same batches.
//!
//! The file plays both parts. Called with a folder it is the process to be killed: it appends for ever and prints the number of each
//! acknowledged batch. Called without it starts that process, kills it, opens the store and compares.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use hub_model::{PointId, Reading, Reason};
use hub_store::conformance::samples::{at, good, missing, point};
use hub_store::{Append, Batch, Correction, History, MemoryStore, Settings, Store, StoredReading};

const ROUNDS: u64 = 12;
const FOLDER: &str = "HUB_STORE_CRASH_TEST_DIR";

fn points() -> Vec<PointId> {
    (0..7).map(|n| point(&format!("a/plc/p{n}"))).collect()
}

fn main() {
    match std::env::var_os(FOLDER) {
        Some(dir) => append_until_killed(open(dir.as_ref())),
        None => kill_in_rounds(),
    }
}

fn open(dir: &std::path::Path) -> Store {
    // Sealed often, so that kills meet it.
    let settings = Settings { commit_window: Duration::from_millis(1), seal_at: 6, ..Settings::new(dir) };
    Store::open(settings).expect("the store opens after any kill")
}

/// The batch of a number: always the same. Some readings are late, some written again, some corrected.
fn batch(number: u64) -> Batch {
    let n = i64::try_from(number).expect("few");
    let points = points();
    let of = |n: i64| &points[usize::try_from(n.rem_euclid(7)).expect("few")];
    let live = |reading: Reading| StoredReading { reading, latest: true };
    let late = |reading: Reading| StoredReading { reading, latest: false };
    // Ten minutes apart: a day is 144 batches.
    let at_ms = |n: i64| n * 600_000;
    let mut readings =
        vec![live(good(of(n), at_ms(n), n as f64 / 4.0)), live(good(of(n + 1), at_ms(n) + 1, 7.25))];
    if n % 3 == 0 {
        readings.push(late(good(of(n), at_ms(n / 2), 0.5)));
    }
    if n % 5 == 0 {
        readings.push(late(missing(of(n + 1), at_ms(n - 200) + 2, Reason::Late)));
    }
    let corrections = (n % 11 == 0).then(|| Correction {
        reading: late(good(of(n - 70), at_ms(n - 70), n as f64)),
        replaced: None,
        at: at(n),
        by: "lan".to_owned(),
        why: "đo lại".to_owned(),
    });
    Batch { readings, corrections: corrections.into_iter().collect(), ..Batch::default() }
}

fn append_until_killed(store: Store) {
    for number in store.last_commit().0 + 1.. {
        let on_commit = Box::new(move |_| {
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "{number}").and_then(|()| out.flush());
        });
        if store.append(batch(number), on_commit).is_err() {
            return;
        }
    }
}

fn kill_in_rounds() {
    let place = tempfile::tempdir().expect("a folder for the store");
    let model = MemoryStore::new();
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().expect("this file"))
            .env(FOLDER, place.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this file runs again");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut acknowledged = model.last_commit().0;
        // Killed at another moment each round: after so many acknowledgements, while further batches are under way.
        for _ in 0..1 + round * 97 {
            let line = lines.next().expect("the process runs until it is killed").expect("readable");
            acknowledged = acknowledged.max(line.parse().expect("a number"));
        }
        child.kill().expect("the process runs until it is killed");
        child.wait().expect("it is ended");
        // What was acknowledged before the kill but not read yet counts, too. A line cut short is but a smaller number.
        let whole = lines.map_while(Result::ok).filter_map(|line| line.parse::<u64>().ok());
        let acknowledged = whole.fold(acknowledged, u64::max);
        let store = open(place.path());
        let kept = store.last_commit().0;
        assert!(kept >= acknowledged, "round {round}: {acknowledged} was acknowledged, {kept} are kept");
        for number in model.last_commit().0 + 1..=kept {
            model.append(batch(number), Box::new(|_| ())).expect("a store in RAM takes batches");
        }
        support::assert_same(&store, &model, &points());
    }
    let sealed = open(place.path());
    sealed.seal_everything().expect("what is left is sealed");
    support::assert_same(&sealed, &model, &points());
    assert_eq!(sealed.health().damaged, 0);
    let kept = sealed.last_commit();
    let _ = writeln!(
        std::io::stdout(),
        "crash: {ROUNDS} kills, {kept} batches, none missing, all as they should be"
    );
}
