//! Feeds: nothing is forgotten and nothing moves by itself, through sealing, corrections, restarts and retention.

use std::time::Duration;

use crossbeam_channel::bounded;
use hub_model::{Reading, Timestamp};

use super::*;
use crate::conformance::samples::{at, good, point};
use crate::port::{Append, Batch, Correction, StoredReading};
use crate::sqlite::{Keeping, Settings};

const FEED: &str = "province";
const BOUND: Duration = Duration::from_secs(30);
const LATER: Timestamp = Timestamp::from_millis(i64::MAX);
const DAY_MS: i64 = 86_400_000;

fn open(dir: &std::path::Path) -> Store {
    Store::open(Settings { commit_window: Duration::ZERO, ..Settings::new(dir) }).unwrap()
}

fn append(store: &Store, batch: Batch) -> CommitSeq {
    let (told, committed) = bounded(1);
    store.append(batch, Box::new(move |seq| told.send(seq).unwrap_or(()))).unwrap();
    committed.recv_timeout(BOUND).unwrap()
}

fn readings(readings: impl Iterator<Item = Reading>) -> Batch {
    let readings = readings.map(|reading| StoredReading { reading, latest: true }).collect();
    Batch { readings, ..Batch::default() }
}

fn ph(ms: i64, value: f64) -> Reading {
    good(&point("a/plc/ph"), ms, value)
}

#[test]
fn news_come_in_order_and_the_place_moves_when_it_is_told_and_outlives_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    append(&store, readings([ph(1, 7.0)].into_iter()));
    store.keep_feeds(&[FEED]).unwrap();
    assert_eq!(
        store.news(FEED, CommitSeq(0), 10).unwrap().readings,
        [],
        "a new feed begins with the next commit"
    );
    for ms in 2..5 {
        append(&store, readings([ph(ms, ms as f64)].into_iter()));
    }
    let news = store.news(FEED, CommitSeq(0), 2).unwrap();
    assert_eq!(news.readings, [ph(2, 2.0), ph(3, 3.0)]);
    assert!(news.more);
    assert_eq!(store.news(FEED, CommitSeq(0), 2).unwrap(), news, "nothing moves by itself");
    let further = store.news(FEED, news.upto, 2).unwrap();
    assert_eq!((further.readings, further.more), (vec![ph(4, 4.0)], false), "somebody may be further on");
    store.sent(FEED, news.upto).unwrap();
    store.close().unwrap();
    assert!(store.sent(FEED, news.upto).is_err(), "a closed store is left alone");
    let store = open(place.path());
    store.keep_feeds(&[FEED]).unwrap();
    let news = store.news(FEED, CommitSeq(0), 2).unwrap();
    assert_eq!((news.readings, news.more), (vec![ph(4, 4.0)], false));
    store.keep_feeds(&[]).unwrap();
    assert_eq!(store.feed_state(FEED).unwrap(), FeedState::default());
}

#[test]
fn what_leaves_the_log_unsent_is_owed_by_the_day() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    store.keep_feeds(&[FEED, "other"]).unwrap();
    let seq = append(&store, readings((0..10).map(|n| ph(n * 1_000, 7.0))));
    store.sent("other", seq).unwrap();
    append(&store, readings((0..10).map(|n| ph(5 * DAY_MS + n, 8.0))));
    store.seal_everything().unwrap();
    // The log is let go of with the next lot.
    append(&store, readings([ph(6 * DAY_MS, 9.0)].into_iter()));
    store.seal_everything().unwrap();
    let owed = store.owed(FEED, LATER, 10).unwrap();
    let spans: Vec<_> = owed.iter().map(|owed| (owed.from.as_millis(), owed.to.as_millis())).collect();
    assert_eq!(spans[..2], [(0, 9_000), (5 * DAY_MS, 5 * DAY_MS + 9)]);
    assert_eq!(
        store.owed("other", LATER, 10).unwrap()[0].from,
        at(5 * DAY_MS),
        "what it has sent is not owed"
    );
    let state = store.feed_state(FEED).unwrap();
    assert_eq!((state.owed, state.oldest), (3, Some(at(0))));
    // Paid in parts.
    store.paid(FEED, &[(owed[0].clone(), at(4_000))]).unwrap();
    let rest = store.owed(FEED, LATER, 1).unwrap();
    assert_eq!((rest[0].from, rest[0].to), (at(4_001), at(9_000)));
    store.paid(FEED, &[(rest[0].clone(), at(9_000)), (owed[1].clone(), owed[1].to)]).unwrap();
    assert_eq!(store.feed_state(FEED).unwrap().owed, 1);
}

#[test]
fn what_is_corrected_while_it_is_being_sent_stays_owed() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    store.keep_feeds(&[FEED]).unwrap();
    let seq = append(&store, readings((0..10).map(|n| ph(n, 7.0))));
    store.owe_news(FEED, seq).unwrap();
    let being_sent = store.owed(FEED, LATER, 1).unwrap();
    let correction = Correction {
        reading: StoredReading { reading: ph(3, 6.5), latest: false },
        replaced: None,
        at: at(100),
        by: "Lan".to_owned(),
        why: "bubble".to_owned(),
    };
    let seq = append(&store, Batch { corrections: vec![correction], ..Batch::default() });
    assert_eq!(store.news(FEED, CommitSeq(0), 10).unwrap().readings, [ph(3, 6.5)], "a correction is news");
    store.owe_news(FEED, seq).unwrap();
    store.paid(FEED, &[(being_sent[0].clone(), being_sent[0].to)]).unwrap();
    let owed = store.owed(FEED, LATER, 1).unwrap();
    assert_eq!((owed[0].from, owed[0].to), (at(0), at(9)));
    store.paid(FEED, &[(owed[0].clone(), owed[0].to)]).unwrap();
    assert_eq!(store.feed_state(FEED).unwrap().owed, 0);
}

#[test]
fn retention_keeps_what_is_owed_and_says_whose_it_was_when_it_cannot() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    store.keep_feeds(&[FEED]).unwrap();
    let seq = append(&store, readings((0..2_000).map(|n| ph(n * 1_000, (n % 97) as f64 * 1.37))));
    store.seal_everything().unwrap();
    store.owe_news(FEED, seq).unwrap();
    let day = Duration::from_secs(86_400);
    let keeping = Keeping { raw: day, hourly: day * 2, max_bytes: None };
    let now = Timestamp::from_millis(0).plus(day * 30);
    let count = || {
        let mut count = 0;
        let mut visit = |_| {
            count += 1;
            std::ops::ControlFlow::Continue(())
        };
        crate::port::History::readings(&store, &point("a/plc/ph"), at(0), now, &mut visit).unwrap();
        count
    };
    while store.let_go(&keeping, now).unwrap() {}
    assert_eq!(count(), 2_000);
    let full = Keeping { max_bytes: Some(4_096), ..keeping };
    while store.let_go(&full, now).unwrap() {}
    assert_eq!(count(), 0);
    assert_eq!(store.health().space.forced.unwrap().holders, ["forward province"]);
}

#[test]
fn refused_lines_are_counted_and_the_last_ones_kept() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    store.keep_feeds(&[FEED]).unwrap();
    let line = |n: i64| Refused { at: at(n), line: format!("line {n}"), why: "bad".to_owned() };
    store.set_lines_aside(FEED, &(0..REFUSED_KEPT + 5).map(line).collect::<Vec<_>>()).unwrap();
    store.set_lines_aside(FEED, &[line(500)]).unwrap();
    assert_eq!(store.feed_state(FEED).unwrap().refused, 1_005, "one that is sent again is the same line");
    let kept = store.lines_set_aside(FEED, 10_000).unwrap();
    assert_eq!((kept.len(), kept[0].line.as_str()), (1_000, "line 1004"));
}
