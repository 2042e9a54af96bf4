//! Checks of commits: numbered in append order, whole, counted on after a restart.

use std::sync::{Arc, Mutex, PoisonError};

use super::samples::{good, point, readings_of};
use super::{Check, Place};
use crate::port::{Batch, CommitSeq, StoredReading};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("an empty store has committed nothing", an_empty_store_has_committed_nothing),
    ("commits are told in append order", commits_are_told_in_append_order),
    ("appenders at the same time keep each their order", appenders_keep_their_order),
    ("numbers go on after a restart", numbers_go_on_after_a_restart),
    ("closing commits what is queued", closing_commits_what_is_queued),
];

fn an_empty_store_has_committed_nothing(place: &mut Place) {
    place.look_twice(|store| {
        assert_eq!(store.last_commit(), CommitSeq(0));
        assert_eq!(store.latest().expect("readable"), []);
        assert_eq!(readings_of(store, &point("a/b/c"), i64::MIN, i64::MAX), []);
    });
}

fn commits_are_told_in_append_order(place: &mut Place) {
    let told = Arc::new(Mutex::new(Vec::new()));
    for number in 0..300_u64 {
        let told = told.clone();
        let on_commit = Box::new(move |seq| {
            told.lock().unwrap_or_else(PoisonError::into_inner).push((number, seq));
        });
        place.store().append(Batch::default(), on_commit).expect("an open store takes batches");
    }
    place.append(Batch::default());
    let expected: Vec<_> = (0..300).map(|number| (number, CommitSeq(number + 1))).collect();
    assert_eq!(*told.lock().unwrap_or_else(PoisonError::into_inner), expected);
}

fn appenders_keep_their_order(place: &mut Place) {
    let told = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for appender in 0..4 {
            let (place, told) = (place.store(), &told);
            scope.spawn(move || {
                let (tell, committed) = crossbeam_channel::bounded(100);
                for _ in 0..100 {
                    let tell = tell.clone();
                    let on_commit = Box::new(move |seq| {
                        let _ = tell.send(seq);
                    });
                    place.append(Batch::default(), on_commit).expect("an open store takes batches");
                }
                drop(tell);
                let seqs: Vec<CommitSeq> = committed.iter().collect();
                assert!(seqs.is_sorted(), "appender {appender} was told {seqs:?}");
                told.lock().unwrap_or_else(PoisonError::into_inner).extend(seqs);
            });
        }
    });
    let mut told = told.into_inner().unwrap_or_else(PoisonError::into_inner);
    told.sort();
    assert_eq!(told, (1..=400).map(CommitSeq).collect::<Vec<_>>());
}

fn numbers_go_on_after_a_restart(place: &mut Place) {
    assert_eq!(place.append(Batch::default()), CommitSeq(1));
    assert_eq!(place.append(Batch::default()), CommitSeq(2));
    place.look_twice(|store| assert_eq!(store.last_commit(), CommitSeq(2)));
    assert_eq!(place.append(Batch::default()), CommitSeq(3));
}

fn closing_commits_what_is_queued(place: &mut Place) {
    let chlorine = point("tam-hop-water/plc/free-chlorine");
    for ms in 0..500 {
        let stored = StoredReading { reading: good(&chlorine, ms, 0.5), latest: true };
        let batch = Batch { readings: vec![stored], ..Batch::default() };
        place.store().append(batch, Box::new(|_| ())).expect("an open store takes batches");
    }
    place.reopen();
    assert_eq!(readings_of(place.store(), &chlorine, 0, 500).len(), 500);
    assert_eq!(place.store().last_commit(), CommitSeq(500));
}
