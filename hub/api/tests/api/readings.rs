//! Readings out (columns, buckets, CSV) and in.

use std::sync::atomic::Ordering;

use axum::body::BodyDataStream;
use axum::http::header;
use hub_api::auth::Role;
use hub_model::Quality;
use hub_store::History;
use serde_json::{Value, json};
use tokio_stream::StreamExt;

use crate::clients::{Answer, Call, look};
use crate::world::{CHLORINE, FILL, START_MS, TURBIDITY, World, at, missing, reading};

fn period(point: &str, more: &str) -> String {
    format!("/api/v1/readings?point={point}&from={START_MS}&to={}{more}", START_MS + 60_000)
}

async fn csv(world: &World, path: &str) -> Answer {
    Call::get(path).by(Role::Viewer).header("accept", "text/csv").send(world).await
}

#[tokio::test]
async fn readings_come_in_columns_to_the_last_decimal() {
    let world = World::new();
    let fails = |ms, value| hub_model::Reading { quality: Quality::Fail, ..reading(CHLORINE, ms, value) };
    world.keep(vec![reading(CHLORINE, 0, 0.42), missing(CHLORINE, 10_000), fails(20_000, -3.0)]);
    world.keep(vec![reading(CHLORINE, 60_000, 9.0)]);
    let expected = json!({
        "point": CHLORINE, "unit": "mg/L",
        "t": [START_MS, START_MS + 10_000, START_MS + 20_000],
        "v": [0.42, null, -3.0],
        "q": ["good", "missing", "fail"],
    });
    assert_eq!(look(&world, &period(CHLORINE, "")).await, expected);
    // Written as a person would, with an unescaped plus sign; the end is now when it is not given.
    world.now_ms.store(START_MS + 60_000, Ordering::SeqCst);
    let path = format!("/api/v1/readings?point={CHLORINE}&from=2026-03-01T09:00:00+07:00");
    assert_eq!(look(&world, &path).await, expected);
}

#[tokio::test]
async fn several_points_give_a_list() {
    let world = World::new();
    world.keep(vec![reading(CHLORINE, 0, 0.42), reading(TURBIDITY, 0, 1.5)]);
    let list = look(&world, &period(CHLORINE, &format!("&point={TURBIDITY}"))).await;
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_eq!((&list[1]["point"], &list[1]["v"]), (&json!(TURBIDITY), &json!([1.5])));
}

#[tokio::test]
async fn buckets_cut_the_period_into_equal_parts_and_leave_out_empty_ones() {
    let world = World::new();
    world.keep(vec![
        reading(CHLORINE, 0, 1.0),
        reading(CHLORINE, 9_999, 3.0),
        missing(CHLORINE, 15_000),
        reading(CHLORINE, 50_000, 5.0),
    ]);
    let expected = json!({
        "point": CHLORINE, "unit": "mg/L", "t": [START_MS, START_MS + 50_000],
        "min": [1.0, 5.0], "mean": [2.0, 5.0], "max": [3.0, 5.0], "n": [2, 1],
    });
    assert_eq!(look(&world, &period(CHLORINE, "&buckets=6")).await, expected);
    let one = look(&world, &period(CHLORINE, "&buckets=1")).await;
    assert_eq!((&one["n"], &one["mean"]), (&json!([3]), &json!([3.0])));
}

#[tokio::test]
async fn buckets_say_what_was_not_good_in_them_when_asked() {
    let world = World::new();
    let of = |quality, ms| hub_model::Reading { quality, ..reading(CHLORINE, ms, 1.0) };
    world.keep(vec![
        of(Quality::Good, 0),
        of(Quality::Suspect, 1_000),
        of(Quality::Fail, 10_000),
        of(Quality::Calibrating, 20_000),
        missing(CHLORINE, 21_000),
        of(Quality::Good, 50_000),
    ]);
    let found = look(&world, &period(CHLORINE, "&buckets=6&doubts=true")).await;
    assert_eq!(found["t"], json!([START_MS, START_MS + 50_000]), "rows are of values only, as without");
    let doubts = json!({
        "t": [START_MS, START_MS + 10_000, START_MS + 20_000],
        "suspect": [1, 0, 0], "fail": [0, 1, 0], "missing": [0, 0, 1], "calibrating": [0, 0, 1],
    });
    assert_eq!(found["doubts"], doubts);
    let wrong = Call::get(period(CHLORINE, "&buckets=6&doubts=yes")).by(Role::Viewer).send(&world).await;
    wrong.assert_problem(400, &["doubts", "true, false"]);
}

#[tokio::test]
async fn buckets_of_the_calendar_begin_at_local_midnight() {
    let world = World::new();
    // 09:00 of 1 March; midnight lies nine hours before.
    let hour = 3_600_000;
    world.keep(vec![
        reading(CHLORINE, -10 * hour, 1.0),
        reading(CHLORINE, -9 * hour, 3.0),
        reading(CHLORINE, -hour, 5.0),
    ]);
    let path = format!("/api/v1/readings?point={CHLORINE}&from={}&to={START_MS}", START_MS - 34 * hour);
    let days = look(&world, &format!("{path}&bucket=day")).await;
    let midnight = START_MS - 9 * hour;
    assert_eq!(days["t"], json!([midnight - 24 * hour, midnight]));
    assert_eq!((&days["n"], &days["mean"]), (&json!([1, 2]), &json!([1.0, 4.0])));
    let months = look(&world, &format!("{path}&bucket=month&point={TURBIDITY}")).await;
    assert_eq!((&months[0]["n"], &months[1]["n"]), (&json!([1, 2]), &json!([])));
    let csv = csv(&world, &format!("{path}&bucket=week")).await.text;
    assert!(csv.contains("2026-02-23T00:00:00+07:00,1,3,5,3,mg/L"), "{csv}");
}

#[tokio::test]
async fn completeness_counts_each_day_against_what_was_expected() {
    let world = World::new();
    let hour = 3_600_000;
    // Every 10 s is expected: 360 an hour, 3,240 until 09:00.
    let today = (0..1_620).map(|n| reading(CHLORINE, -9 * hour + n * 20_000, 2.0));
    let out = hub_model::Reading { quality: Quality::Fail, ..reading(CHLORINE, -hour + 1, 9.0) };
    world.keep(today.chain([out, missing(CHLORINE, -hour + 2)]).collect());
    let path = format!("/api/v1/completeness?point={CHLORINE}&from={}&to={START_MS}", START_MS - 24 * hour);
    let answer = look(&world, &path).await;
    let days = answer[0]["days"].as_array().unwrap();
    assert_eq!(
        (days.len(), &days[0]["day"], &days[1]["day"]),
        (2, &json!("2026-02-28"), &json!("2026-03-01"))
    );
    assert_eq!(
        (&days[0]["n"], &days[0]["expected"], &days[0]["share"]),
        (&json!(0), &json!(8640), &json!(0.0))
    );
    assert_eq!(days[0]["mean"], json!(null), "nothing is nothing, not zero");
    assert_eq!(
        (&days[1]["n"], &days[1]["expected"], &days[1]["share"]),
        (&json!(1620), &json!(3240), &json!(0.5))
    );
    assert_eq!((&days[1]["counts"]["fail"], &days[1]["counts"]["missing"]), (&json!(1), &json!(1)));
    assert_eq!((&days[1]["mean"], &days[1]["last"]), (&json!(2.0), &json!(2.0)));
    for (query, status, says) in [
        (String::new(), 400, "1 to 50"),
        (format!("point={CHLORINE}&from=0"), 400, "over 400 days"),
        ("point=tam-hop-water/plc/clorine".to_owned(), 404, "nearest"),
        (format!("point={CHLORINE}&from=5&to=5"), 400, "earlier"),
    ] {
        let call = Call::get(format!("/api/v1/completeness?{query}")).by(Role::Viewer);
        call.send(&world).await.assert_problem(status, &[says]);
    }
}

#[tokio::test]
async fn csv_says_time_unit_quality_and_reason() {
    let world = World::new();
    world.keep(vec![reading(CHLORINE, 0, 0.42), missing(CHLORINE, 10_000), reading(FILL, 500, 38.275)]);
    let answer = csv(&world, &period(CHLORINE, &format!("&point={FILL}"))).await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "text/csv; charset=utf-8");
    let expected = "point,time,value,unit,quality,reason\r\n\
        tam-hop-water/plc/free-chlorine,2026-03-01T09:00:00+07:00,0.42,mg/L,good,\r\n\
        tam-hop-water/plc/free-chlorine,2026-03-01T09:00:10+07:00,,mg/L,missing,exception:2\r\n\
        dong-bai-waste/bin-1/fill,2026-03-01T09:00:00.5+07:00,38.275,%,good,\r\n";
    assert_eq!(answer.text, expected);
    let buckets = csv(&world, &period(CHLORINE, "&buckets=2")).await.text;
    assert_eq!(
        buckets,
        format!(
            "point,time,min,mean,max,n,unit\r\n{CHLORINE},2026-03-01T09:00:00+07:00,0.42,0.42,0.42,1,mg/L\r\n"
        )
    );
}

#[tokio::test]
async fn what_is_too_long_for_json_streams_as_csv() {
    let world = World::new();
    let rows = 100_001;
    world.keep((0..rows).map(|n| reading(CHLORINE, n, n as f64)).collect());
    let path = format!("/api/v1/readings?point={CHLORINE}&from={START_MS}&to={}", START_MS + rows);
    let refused = Call::get(&path).by(Role::Viewer).send(&world).await;
    refused.assert_problem(400, &["100000", "buckets", "CSV"]);
    let answer = csv(&world, &path).await;
    assert_eq!(answer.text.lines().count(), rows as usize + 1);

    // A client that reads nothing holds back the reading thread: each of these has sent a piece or two only.
    let mut open = Vec::new();
    for _ in 0..4 {
        let mut export = open_export(&world, &path).await;
        let first = export.next().await.unwrap().unwrap();
        assert!(first.len() < 40_000, "{} bytes in one piece", first.len());
        open.push(export);
    }
    csv(&world, &path).await.assert_problem(503, &["exports"]);
    // Clients that go away end their threads, and their places are free again.
    drop(open);
    for _ in 0..4 {
        drop(open_export(&world, &path).await);
    }
}

/// Begins an export; tries again for a while, since a thread needs a moment to see that its client has gone.
async fn open_export(world: &World, path: &str) -> BodyDataStream {
    for _ in 0..100_000 {
        let call = Call::get(path).by(Role::Viewer).header("accept", "text/csv");
        let response = call.start(&world.router).await;
        if response.status() == 200 {
            return response.into_body().into_data_stream();
        }
        assert_eq!(response.status(), 503);
        tokio::task::yield_now().await;
    }
    panic!("exports whose clients have gone still take places");
}

#[tokio::test]
async fn a_wrong_question_is_told_where_and_what_is_allowed() {
    let world = World::new();
    for (query, status, says) in [
        ("", 400, vec!["\"at\":\"point\"", "1 to 50"]),
        ("point=tam-hop-water/plc/clorine", 404, vec!["no point", "nearest"]),
        ("point=tam-hop-water/plc/turbidity&from=5&to=5", 400, vec!["\"at\":\"from\"", "earlier"]),
        ("point=tam-hop-water/plc/turbidity&from=9999999999999", 400, vec!["earlier"]),
        ("point=tam-hop-water/plc/turbidity&from=now", 400, vec!["\\\"now\\\"", "RFC 3339"]),
        ("point=tam-hop-water/plc/turbidity&buckets=0", 400, vec!["1 to 5000"]),
        ("point=tam-hop-water/plc/turbidity&buckets=5001", 400, vec!["1 to 5000"]),
        ("point=tam-hop-water/plc/turbidity&bucket=year", 400, vec!["hour, day, week, month"]),
        ("point=tam-hop-water/plc/turbidity&bucket=day&buckets=5", 400, vec!["either bucket or buckets"]),
        ("point=tam-hop-water/plc/turbidity&bucket=hour&from=0", 400, vec!["over 5000"]),
        ("point=tam-hop-water/plc/turbidity&bucketz=5", 400, vec!["nearest: \\\"bucket"]),
    ] {
        let call = Call::get(format!("/api/v1/readings?{query}")).by(Role::Viewer);
        call.send(&world).await.assert_problem(status, &says);
    }
}

async fn push(world: &World, body: &Value) -> Answer {
    Call::post("/api/v1/readings", body).by(Role::Integrator).send(world).await
}

#[tokio::test]
async fn readings_that_are_sent_in_are_answered_after_the_commit() {
    let world = World::new();
    let answer = push(
        &world,
        &json!({"readings": [
            {"point": FILL, "t": START_MS - 1000, "v": 12.5},
            {"point": TURBIDITY, "t": "2026-03-01T09:00:00+07:00", "v": true},
        ]}),
    )
    .await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
    let kept = world.store.latest().unwrap();
    assert_eq!(kept.len(), 2);
    assert_eq!((kept[0].reading.value, kept[0].reading.measured_at), (Some(12.5), at(-1000)));
    assert_eq!((kept[1].reading.value, kept[1].reading.received_at), (Some(1.0), at(0)));
}

#[tokio::test]
async fn one_wrong_reading_keeps_all_out() {
    let world = World::new();
    let answer = push(
        &world,
        &json!({"readings": [
            {"point": FILL, "t": START_MS, "v": 12.5},
            {"point": "dong-bai-waste/bin-1/fil", "t": START_MS, "v": 1},
            {"point": FILL, "t": "noon", "v": null},
            7,
        ]}),
    )
    .await;
    let places = ["readings[1].point", "nearest", "readings[2].t", "readings[2].v", "\"readings[3]\""];
    answer.assert_problem(400, &places);
    for (body, says) in [
        (json!({"readings": []}), "1 to 10000"),
        (json!({"readings": 5}), "invalid type"),
        (json!({}), "missing field `readings`"),
        (json!({"readings": vec![0; 10_001]}), "1 to 10000"),
    ] {
        push(&world, &body).await.assert_problem(400, &[says]);
    }
    let text = Call::new("POST", "/api/v1/readings").by(Role::Integrator).body("a,b");
    text.header("content-type", "text/csv").send(&world).await.assert_problem(415, &[]);
    let large = Call::post("/api/v1/readings", &json!("x".repeat(1 << 20))).by(Role::Integrator);
    large.send(&world).await.assert_problem(413, &["1 MiB"]);
    assert_eq!(world.asked.load(Ordering::SeqCst), 0);
    assert!(world.store.latest().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_committed_is_not_acknowledged() {
    let world = World::without_pipeline();
    let answer = push(&world, &json!({"readings": [{"point": FILL, "t": START_MS, "v": 1}]})).await;
    answer.assert_problem(503, &["nothing was kept"]);
    assert_eq!(answer.header(header::RETRY_AFTER), "5");
}

#[tokio::test]
async fn a_disk_that_takes_nothing_is_told_at_once() {
    let world = World::new();
    world.is_healthy.store(false, Ordering::SeqCst);
    let body = json!({"readings": [{"point": FILL, "t": START_MS, "v": 1}]});
    let answer = push(&world, &body).await;
    answer.assert_problem(503, &["nothing was kept"]);
    assert_eq!(answer.header(header::RETRY_AFTER), "5");
    assert_eq!(world.asked.load(Ordering::SeqCst), 0);
    world.is_healthy.store(true, Ordering::SeqCst);
    assert_eq!(push(&world, &body).await.status, 204);
}

#[tokio::test]
async fn an_unknown_point_is_told_beside_a_wrong_time() {
    let world = World::new();
    let body = json!({"readings": [{"point": "tam-hop-water/plc/clorine", "t": "noon", "v": 1.0}]});
    let answer = push(&world, &body).await;
    answer.assert_problem(400, &["2 errors", "readings[0].t", "readings[0].point", "no point"]);
    assert_eq!(world.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_unknown_parameter_beside_a_body_is_refused() {
    let world = World::new();
    let body = json!({"readings": [{"point": CHLORINE, "t": START_MS, "v": 0.5}]});
    let call = |query: &str| Call::post(format!("/api/v1/readings{query}"), &body).by(Role::Integrator);
    let answer = call("?precision=s").send(&world).await;
    answer.assert_problem(400, &["\"at\":\"precision\"", "unknown parameter", "allowed: none"]);
    assert_eq!(world.asked.load(Ordering::SeqCst), 0);
    assert_eq!(call("?").send(&world).await.status, 204);
}

#[tokio::test]
async fn a_compressed_body_is_refused_by_its_name() {
    let world = World::new();
    let body = json!({"readings": [{"point": CHLORINE, "t": START_MS, "v": 0.5}]});
    let call = |coding: &str| {
        Call::post("/api/v1/readings", &body).by(Role::Integrator).header("content-encoding", coding)
    };
    call("gzip").send(&world).await.assert_problem(415, &["without Content-Encoding"]);
    assert_eq!(call("identity").send(&world).await.status, 204);
}
