//! What people write down: changes with their deeds and jobs, two people at one record, going on after a restart.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use hub_model::{Calibration, PointId, Scope, Timestamp};
use hub_store::Records;
use hub_store::records::{
    Deed, DeedFilter, EntryFilter, EntryKind, JobKind, JobProgress, NewCalibration, NewEntry, NewJob,
    RecordError,
};
use tempfile::TempDir;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn deed(by: &str, action: &str, object: &str, ms: i64) -> Deed {
    Deed { at: at(ms), by: by.into(), action: action.into(), object: object.into(), detail: "{}".into() }
}

fn calibration(from: i64, gain: &str) -> NewCalibration {
    NewCalibration {
        point: PointId::parse("a/b/c").unwrap(),
        calibration: Calibration {
            from: at(from),
            gain: gain.parse().unwrap(),
            offset: "-0.05".parse().unwrap(),
            by: "Phòng kiểm định 3".into(),
        },
        certificate: Some("KĐ-2026/17".into()),
        note: None,
        next_due: Some(at(from + 1_000)),
    }
}

fn place() -> (TempDir, Records) {
    let dir = TempDir::new().unwrap();
    let records = Records::open(dir.path()).unwrap();
    (dir, records)
}

#[test]
fn a_calibration_is_kept_with_its_deed_and_the_job_that_it_asks_for() {
    let (dir, records) = place();
    let (added, job) = records
        .add_calibration(&calibration(100, "1.02"), &deed("lan", "calibration_added", "a/b/c", 500))
        .unwrap();
    assert_eq!((added.version, added.entered_by.as_str()), (1, "lan"));
    assert_eq!((job.asked.kind, job.asked.from, job.asked.to), (JobKind::Rejudge, at(100), None));
    drop(records);
    let records = Records::open(dir.path()).unwrap();
    assert_eq!(records.calibrations(None).unwrap(), std::slice::from_ref(&added));
    assert_eq!(records.calibrations(Some(&PointId::parse("a/b/d").unwrap())).unwrap(), []);
    assert_eq!(records.next_job().unwrap(), Some(job));
    // An earlier date reaches back further, a later one as far as the old.
    let (_, earlier) = records
        .change_calibration(added.id, 1, &calibration(50, "1.02"), &deed("lan", "x", "a/b/c", 501))
        .unwrap();
    assert_eq!(earlier.asked.from, at(50));
    let (changed, later) = records
        .change_calibration(added.id, 2, &calibration(90, "1.03"), &deed("lan", "x", "a/b/c", 502))
        .unwrap();
    assert_eq!((changed.version, later.asked.from), (3, at(50)));
    let removed = records.remove_calibration(added.id, 3, &deed("lan", "x", "a/b/c", 503)).unwrap();
    assert_eq!(removed.asked.from, at(90));
    assert_eq!(records.calibrations(None).unwrap(), []);
    assert_eq!(records.deeds(&DeedFilter { limit: 9, ..DeedFilter::default() }).unwrap().len(), 4);
}

#[test]
fn of_two_officers_who_change_one_calibration_the_second_is_told_of_the_first() {
    let (_dir, records) = place();
    let (added, _) = records.add_calibration(&calibration(100, "1"), &deed("lan", "x", "a/b/c", 1)).unwrap();
    records.change_calibration(added.id, 1, &calibration(100, "2"), &deed("minh", "x", "a/b/c", 2)).unwrap();
    let second =
        records.change_calibration(added.id, 1, &calibration(100, "3"), &deed("lan", "x", "a/b/c", 3));
    let error = second.unwrap_err();
    assert!(matches!(&error, RecordError::Stale { by, .. } if by == "minh"));
    assert!(error.to_string().contains("minh has changed this calibration"), "{error}");
    assert!(matches!(
        records.remove_calibration(added.id, 1, &deed("lan", "x", "a/b/c", 4)),
        Err(RecordError::Stale { .. })
    ));
    assert_eq!(records.calibration(added.id).unwrap().entered.calibration.gain.to_string(), "2");
    // A refused change leaves no deed and no job.
    assert_eq!(records.deeds(&DeedFilter { limit: 9, ..DeedFilter::default() }).unwrap().len(), 2);
    assert_eq!(records.jobs(9).unwrap().len(), 2);

    let same = records.add_calibration(&calibration(100, "3"), &deed("lan", "x", "a/b/c", 5));
    assert!(matches!(same, Err(RecordError::SameDate { by }) if by == "minh"));
    let gone = records.remove_calibration(99, 1, &deed("lan", "x", "a/b/c", 6));
    assert!(matches!(gone, Err(RecordError::Unknown { id: 99, .. })));
}

#[test]
fn entries_are_found_by_place_and_span() {
    let (_dir, records) = place();
    use EntryKind::{Maintenance, Note};
    let add = |kind, scope: &str, from, to| {
        let scope = Scope::parse(scope).unwrap();
        let new =
            NewEntry { kind, scope, from: at(from), to: at(to), text: "rửa <b>đầu đo</b>".into() };
        records.add_entry(&new, &deed("lan", "x", "a", 1)).unwrap()
    };
    let (site, job) = add(Maintenance, "a", 100, 200);
    assert_eq!(job.unwrap().asked.to, Some(at(200)));
    add(Maintenance, "a/b/c", 300, 400);
    let (note, job) = add(Note, "a/b", 250, 250);
    assert_eq!(job, None);
    let find = |kind, about: Option<&str>, from: Option<i64>, to: Option<i64>| {
        let about = about.map(|about| Scope::parse(about).unwrap());
        let filter = EntryFilter { kind, about, from: from.map(at), to: to.map(at), limit: 10 };
        let found = records.entries(&filter).unwrap();
        found.iter().map(|entry| entry.entered.from.as_millis()).collect::<Vec<_>>()
    };
    assert_eq!(find(Maintenance, None, None, None), [300, 100]);
    assert_eq!(find(Maintenance, Some("a/b/d"), None, None), [100], "the site's is the point's, too");
    assert_eq!(find(Maintenance, Some("x"), None, None), Vec::<i64>::new());
    assert_eq!(find(Maintenance, None, Some(200), None), [300], "what ended then is over");
    assert_eq!(find(Maintenance, None, None, Some(300)), [100]);
    assert_eq!(find(Note, Some("a"), Some(250), Some(251)), [250], "a moment lies within");
    // A window that is moved touches what it covered before and what it covers now.
    let moved = NewEntry { from: at(150), to: at(260), ..site.entered.clone() };
    let (_, job) = records.change_entry(site.id, 1, &moved, &deed("lan", "x", "a", 2)).unwrap();
    let job = job.unwrap().asked;
    assert_eq!((job.from, job.to), (at(100), Some(at(260))));
    assert!(records.remove_entry(Maintenance, note.id, 1, &deed("lan", "x", "a", 3)).is_err());
    assert_eq!(records.remove_entry(Note, note.id, 1, &deed("lan", "x", "a", 3)).unwrap(), None);
}

#[test]
fn a_job_goes_on_where_it_was() {
    let (dir, records) = place();
    let (_, job) = records.add_calibration(&calibration(100, "1"), &deed("lan", "x", "a/b/c", 1)).unwrap();
    let (_, second) = records.add_calibration(&calibration(200, "1"), &deed("lan", "x", "a/b/c", 2)).unwrap();
    let progress = JobProgress {
        point: Some(PointId::parse("a/b/c").unwrap()),
        next: at(150),
        seen: 50,
        changed: 20,
        share: 0.25,
    };
    records.advance_job(job.id, &progress, None).unwrap();
    drop(records);
    let records = Records::open(dir.path()).unwrap();
    assert_eq!(records.next_job().unwrap().unwrap().progress, progress);
    records.advance_job(job.id, &progress, Some(at(9))).unwrap();
    assert_eq!(records.next_job().unwrap().unwrap().id, second.id);
    assert_eq!(records.job(job.id).unwrap().finished_at, Some(at(9)));
}

#[test]
fn deeds_are_found_by_who_what_and_when() {
    let (_dir, records) = place();
    for (by, action, object, ms) in [
        ("lan", "login", "lan", 10),
        ("minh", "acknowledge", "water/plc/ph", 20),
        ("lan", "note_added", "water", 30),
        ("lan", "note_added", "water-2/x", 40),
    ] {
        records.note(&deed(by, action, object, ms)).unwrap();
    }
    let find = |filter: DeedFilter| {
        let found = records.deeds(&DeedFilter { limit: 3, ..filter }).unwrap();
        found.iter().map(|noted| noted.deed.at.as_millis()).collect::<Vec<_>>()
    };
    let any = DeedFilter::default;
    assert_eq!(find(any()), [40, 30, 20]);
    assert_eq!(find(DeedFilter { before: Some(2), ..any() }), [10]);
    assert_eq!(find(DeedFilter { by: Some("lan".into()), action: Some("login".into()), ..any() }), [10]);
    assert_eq!(find(DeedFilter { object: Some("water".into()), ..any() }), [30, 20]);
    assert_eq!(find(DeedFilter { from: Some(at(20)), to: Some(at(40)), ..any() }), [30, 20]);
}

#[test]
fn what_the_configuration_says_is_noted_once() {
    let (_dir, records) = place();
    let point = PointId::parse("a/b/c").unwrap();
    let note = |now: &str| {
        let mut before = None;
        let job = records.note_configured(&point, now, |text| {
            before = Some(text.to_owned());
            NewJob {
                kind: JobKind::Rejudge,
                scope: Scope::Point(point.clone()),
                from: at(100),
                to: None,
                number: None,
                why: "configuration".into(),
                by: "configuration".into(),
                asked_at: at(1),
            }
        });
        assert_eq!(job.unwrap().is_some(), before.is_some());
        before
    };
    assert_eq!(note(""), None, "nothing before and nothing now");
    assert_eq!(note("100 1 0"), Some(String::new()));
    assert_eq!(note("100 1 0"), None);
    assert_eq!(note(""), Some("100 1 0".to_owned()));
    assert_eq!(records.jobs(9).unwrap().len(), 2);
}

#[test]
fn calibrations_of_the_second_layout_are_kept_without_a_next_date() {
    let (dir, records) = place();
    let (added, _) = records
        .add_calibration(&calibration(100, "1.02"), &deed("lan", "calibration_added", "a/b/c", 500))
        .unwrap();
    drop(records);
    let before = rusqlite::Connection::open(dir.path().join("records.sqlite")).unwrap();
    let old = "ALTER TABLE calibration DROP COLUMN next_due_ms; PRAGMA user_version = 2;";
    before.execute_batch(old).unwrap();
    drop(before);
    let records = Records::open(dir.path()).unwrap();
    let expected = NewCalibration { next_due: None, ..added.entered };
    assert_eq!(records.calibration(added.id).unwrap().entered, expected);
}
