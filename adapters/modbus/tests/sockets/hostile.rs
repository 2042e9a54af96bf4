//! Servers that answer wrong, late or not at all: the points are missing with the cause, and return by themselves.

use std::sync::Mutex;

use adapters_modbus::Endpoint;
use hub_model::{Reason, Sample};

use crate::rig::{Rig, causes, device, holding};
use crate::servers::{Act, Frame, answer, raw_server};

const VALUE: u16 = 4_242;

/// The first request is answered by `first`, every other one rightly.
async fn expect(name: &str, cause: Reason, first: impl Fn(&Frame) -> Vec<Act> + Send + Sync + 'static) {
    let port = raw_server(move |number, frame: &Frame| match number {
        1 => first(frame),
        _ => vec![Act::Send(answer(frame, &[VALUE]))],
    })
    .await;
    let mut rig = Rig::start(vec![device(name, port, 7, &[holding(0)])]);
    let point = format!("station/{name}/p0");
    rig.until_latest(&point, Sample::Missing(cause)).await;
    rig.until_latest(&point, Sample::Raw(f64::from(VALUE))).await;
    assert_eq!(causes(&rig.seen, &point), [cause], "{name}");
}

fn changed(frame: &Frame, change: impl Fn(&mut Vec<u8>)) -> Vec<Act> {
    let mut bytes = answer(frame, &[1]);
    change(&mut bytes);
    vec![Act::Send(bytes)]
}

#[tokio::test]
async fn wrong_answers_are_bad_answers() {
    expect("transaction-id", Reason::BadAnswer, |frame| changed(frame, |bytes| bytes[1] ^= 0x55)).await;
    expect("unit-id", Reason::BadAnswer, |frame| changed(frame, |bytes| bytes[6] += 1)).await;
    expect("function", Reason::BadAnswer, |frame| changed(frame, |bytes| bytes[7] = 4)).await;
    expect("protocol-id", Reason::BadAnswer, |frame| changed(frame, |bytes| bytes[3] = 9)).await;
    expect("zero-length", Reason::BadAnswer, |frame| changed(frame, |bytes| bytes[5] = 0)).await;
    expect("no-function", Reason::BadAnswer, |frame| {
        vec![Act::Send(vec![frame[0], frame[1], 0, 0, 0, 1, frame[6]])]
    })
    .await;
    expect("other-tables-exception", Reason::BadAnswer, |frame| {
        vec![Act::Send(vec![frame[0], frame[1], 0, 0, 0, 3, frame[6], 0x84, 2])]
    })
    .await;
}

#[tokio::test]
async fn answers_of_a_wrong_length_are_bad_answers() {
    expect("none", Reason::BadAnswer, |frame| vec![Act::Send(answer(frame, &[]))]).await;
    expect("too-many", Reason::BadAnswer, |frame| vec![Act::Send(answer(frame, &[1, 2]))]).await;
    expect("bytes-missing", Reason::BadAnswer, |frame| changed(frame, |bytes| bytes[8] = 4)).await;
    expect("odd-bytes", Reason::BadAnswer, |frame| changed(frame, |bytes| bytes[8] = 1)).await;
}

#[tokio::test]
async fn broken_connections_and_silence_are_told_apart() {
    expect("closes-at-once", Reason::Disconnected, |_| vec![Act::Close]).await;
    expect("closes-half-way", Reason::Disconnected, |frame| {
        vec![Act::Send(answer(frame, &[1])[..5].to_vec()), Act::Close]
    })
    .await;
    expect("silent", Reason::Timeout, |_| Vec::new()).await;
    expect("stops-half-way", Reason::Timeout, |frame| vec![Act::Send(answer(frame, &[1])[..10].to_vec())])
        .await;
    expect("promises-too-much", Reason::Timeout, |frame| changed(frame, |bytes| bytes[5] = 200)).await;
}

#[tokio::test]
async fn exceptions_are_told_by_their_code() {
    for code in [1, 2, 4, 6, 10, 11, 99] {
        expect(&format!("exception-{code}"), Reason::Exception(code), move |frame| {
            vec![Act::Send(vec![frame[0], frame[1], 0, 0, 0, 3, frame[6], 0x83, code])]
        })
        .await;
    }
}

#[tokio::test]
async fn answers_in_single_bytes_are_read() {
    let port = raw_server(|_, frame: &Frame| {
        answer(frame, &[VALUE]).into_iter().map(|b| Act::Send(vec![b])).collect()
    })
    .await;
    let mut rig = Rig::start(vec![device("bytes", port, 1, &[holding(0)])]);
    rig.until_more("station/bytes/p0", 5).await;
    assert!(rig.seen["station/bytes/p0"].iter().all(|sample| *sample == Sample::Raw(f64::from(VALUE))));
}

/// Request 1 is not answered before request 2 comes; then both answers are sent, or the late one alone on a connection that
/// has been left.
#[tokio::test]
async fn a_late_answer_is_never_taken_for_the_next_ones() {
    let late: Mutex<Vec<u8>> = Mutex::default();
    let port = raw_server(move |number, frame: &Frame| {
        let mut late = late.lock().unwrap();
        let current = answer(frame, &[u16::try_from(number).unwrap()]);
        if number == 1 {
            *late = current;
            return Vec::new();
        }
        let first = std::mem::take(&mut *late);
        if frame[..2] == first[..first.len().min(2)] {
            // The same transaction id on a new connection: this server does not mix its connections up.
            return vec![Act::Send(current)];
        }
        vec![Act::Send(first), Act::Send(current)]
    })
    .await;
    let mut rig = Rig::start(vec![device("late", port, 1, &[holding(0)])]);
    rig.until_latest("station/late/p0", Sample::Missing(Reason::Timeout)).await;
    rig.until_latest("station/late/p0", Sample::Raw(2.0)).await;
    rig.until_latest("station/late/p0", Sample::Raw(6.0)).await;
    assert!(!rig.seen["station/late/p0"].contains(&Sample::Raw(1.0)));
}

/// Devices close a connection that was idle for a while: no reading is lost by that.
#[tokio::test]
async fn a_connection_closed_between_polls_is_opened_again_at_once() {
    let port = raw_server(|_, frame: &Frame| vec![Act::Send(answer(frame, &[VALUE])), Act::Close]).await;
    let mut rig = Rig::start(vec![device("idle", port, 1, &[holding(0)])]);
    rig.until_more("station/idle/p0", 10).await;
    assert_eq!(causes(&rig.seen, "station/idle/p0"), []);
}

/// A gateway that mixes up its clients: every right answer comes behind one to somebody else.
#[tokio::test]
async fn answers_to_others_are_passed_over() {
    let port = raw_server(|_, frame: &Frame| {
        let mut others = answer(frame, &[1]);
        others[0] ^= 0x40;
        vec![Act::Send(others), Act::Send(answer(frame, &[VALUE]))]
    })
    .await;
    let mut rig = Rig::start(vec![device("mixed", port, 1, &[holding(0)])]);
    rig.until_more("station/mixed/p0", 10).await;
    assert_eq!(causes(&rig.seen, "station/mixed/p0"), []);
    assert!(rig.running.handle().state()[0].1.strays >= 10);
}

/// It sends without end whatever it is asked: it is left, told, and nothing else is disturbed.
#[tokio::test]
async fn a_server_that_floods_is_left_and_harms_nobody() {
    let flood = raw_server(|_, frame: &Frame| {
        let mut others = answer(frame, &[1]);
        others[0] ^= 0x40;
        (0..2_000).map(|_| Act::Send(others.repeat(20))).collect()
    })
    .await;
    let good = raw_server(|_, frame: &Frame| vec![Act::Send(answer(frame, &[VALUE]))]).await;
    let devices = vec![device("flood", flood, 1, &[holding(0)]), device("good", good, 1, &[holding(0)])];
    let mut rig = Rig::start(devices);
    rig.until_latest("station/flood/p0", Sample::Missing(Reason::BadAnswer)).await;
    rig.until_more("station/good/p0", 20).await;
    assert_eq!(causes(&rig.seen, "station/good/p0"), []);
    let is_flood = |endpoint: &Endpoint| endpoint.slug().ends_with(&format!("-{flood}"));
    assert_eq!(rig.running.handle().frames(is_flood).unwrap().len(), adapters_modbus::KEPT_FRAMES);
}

/// A read half that was closed takes requests and never answers: that is noticed at once, and asked again.
#[tokio::test]
async fn a_connection_that_falls_mute_is_renewed() {
    let port = raw_server(|number, frame: &Frame| match number {
        2 | 3 => Vec::new(),
        _ => vec![Act::Send(answer(frame, &[VALUE]))],
    })
    .await;
    let mut rig = Rig::start(vec![device("mute", port, 1, &[holding(0)])]);
    rig.until_latest("station/mute/p0", Sample::Missing(Reason::Timeout)).await;
    rig.until_latest("station/mute/p0", Sample::Raw(f64::from(VALUE))).await;
    assert_eq!(causes(&rig.seen, "station/mute/p0"), [Reason::Timeout]);
}
