//! Bodies in other formats: who may send them, how large they may be, and what InfluxDB's clients are answered.
//!
//! The reader here is a stand-in whose lines are `value` or a fault's name; the formats are tested in `adapters/push`.

use std::io::Write;
use std::time::Duration;

use axum::http::{StatusCode, header};
use flate2::Compression;
use flate2::write::GzEncoder;
use hub_api::auth::Role;
use hub_api::{PushError, PushFormat, PushReader, PushRefusal, Pushed, RefusalKind};
use hub_model::{Observation, PointId, Sample, Timestamp};
use hub_store::History;

use crate::clients::{Answer, Call};
use crate::world::{FILL, World, token_of};

/// Reads lines of numbers as readings of one point.
pub struct Words;

impl PushReader for Words {
    fn read(&self, body: &[u8], _: &PushFormat, any_point: bool, at: Timestamp) -> Result<Pushed, PushError> {
        let mut pushed = Pushed::default();
        for (index, line) in String::from_utf8_lossy(body).lines().enumerate() {
            let mut refuse = |kind| {
                let problem = format!("unable to parse '{line}'");
                pushed.refused.push(PushRefusal { number: index + 1, kind, problem });
                pushed.refused_count += 1;
            };
            match line {
                "[]" | "{}" => {}
                "huge" => return Err(PushError::TooLarge("more than is allowed".to_owned())),
                "other" if !any_point => refuse(RefusalKind::Forbidden),
                "conflict" => refuse(RefusalKind::Conflict),
                _ => match line.parse() {
                    Ok(value) => pushed.observations.push(Observation {
                        point: PointId::parse(FILL).unwrap(),
                        sample: Sample::Value(value),
                        measured_at: Some(at.plus(Duration::from_millis(index as u64))),
                        received_at: at,
                    }),
                    Err(_) => refuse(RefusalKind::Malformed),
                },
            }
        }
        Ok(pushed)
    }
}

fn write(body: impl Into<Vec<u8>>) -> Call {
    let token = format!("Token {}", token_of(Role::Staff));
    Call::new("POST", "/api/v2/write?org=commune&bucket=hub&precision=s")
        .header("authorization", token)
        .body(body)
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn kept(world: &World) -> usize {
    let mut count = 0;
    let end = Timestamp::from_millis(i64::MAX);
    let point = PointId::parse(FILL).unwrap();
    world
        .store
        .readings(&point, Timestamp::from_millis(0), end, &mut |_| {
            count += 1;
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    count
}

fn assert_influx(answer: &Answer, status: u16, code: &str, says: &[&str]) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(answer.json()["code"], code);
    for text in says {
        assert!(answer.text.contains(text), "{text} in {}", answer.text);
    }
}

#[tokio::test]
async fn lines_are_answered_after_the_commit_plain_or_packed() {
    let world = World::new();
    assert_eq!(write("1\n2\n").send(&world).await.status, StatusCode::NO_CONTENT);
    assert_eq!(kept(&world), 2);
    world.pass(Duration::from_secs(1));
    let packed = write(gzip(b"3\n4\n5\n")).header("content-encoding", "gzip").send(&world).await;
    assert_eq!(packed.status, StatusCode::NO_CONTENT, "{}", packed.text);
    assert_eq!(kept(&world), 5);
    assert_eq!(write("").send(&world).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn good_lines_are_written_and_wrong_ones_told_by_number() {
    let world = World::new();
    let answer = write("1\nx\n2\nconflict\n").send(&world).await;
    assert_influx(&answer, 400, "invalid", &["2 readings were written", "line 2", "line 4", "dropped=2"]);
    assert_eq!(answer.json()["line"], 2);
    assert_eq!(kept(&world), 2);
    let answer = write("conflict").send(&world).await;
    assert_influx(&answer, 422, "unprocessable entity", &["0 readings were written", "dropped=1"]);
    let answer = write("other").send(&world).await;
    assert_influx(&answer, 403, "forbidden", &["line 1"]);
}

#[tokio::test]
async fn what_is_too_large_is_refused_whole_in_words() {
    let world = World::new();
    let large = vec![b'1'; 8 * 1024 * 1024 + 1];
    let says = ["larger than 8388608 bytes", "nothing was kept"];
    assert_influx(&write(large.clone()).send(&world).await, 413, "request too large", &says);
    let bomb = write(gzip(&large)).header("content-encoding", "gzip").send(&world).await;
    assert_influx(&bomb, 413, "request too large", &says);
    assert_influx(&write("huge").send(&world).await, 413, "request too large", &["more than is allowed"]);
    assert_eq!(kept(&world), 0);
}

#[tokio::test]
async fn faults_of_a_request_are_told_as_influxdb_does() {
    let world = World::new();
    let nobody = Call::new("POST", "/api/v2/write").body("1").send(&world).await;
    assert_influx(&nobody, 401, "unauthorized", &[]);
    let viewer = Call::new("POST", "/api/v2/write").by(Role::Viewer).body("1").send(&world).await;
    assert_influx(&viewer, 403, "forbidden", &["staff"]);
    let precision =
        Call::new("POST", "/api/v2/write?precision=m").by(Role::Staff).body("1").send(&world).await;
    assert_influx(&precision, 400, "invalid", &["ns, us, ms, s"]);
    let packed = write("1").header("content-encoding", "br").send(&world).await;
    assert_influx(&packed, 415, "unsupported media type", &["gzip"]);
    let broken = write("1").header("content-encoding", "gzip").send(&world).await;
    assert_influx(&broken, 400, "invalid", &["cannot be unpacked"]);
    assert_eq!(kept(&world), 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_takes_nothing_is_told_with_when_to_come_back() {
    let world = World::without_pipeline();
    let answer = write("1").send(&world).await;
    assert_influx(&answer, 503, "unavailable", &[]);
    assert_eq!(answer.header(header::RETRY_AFTER), "5");
}

#[tokio::test]
async fn packs_and_documents_are_taken_at_their_own_addresses() {
    let world = World::new();
    let post = |path: &str, kind: &str, body: &str| {
        Call::new("POST", path).by(Role::Staff).header("content-type", kind).body(body)
    };
    let senml = "/api/v1/push/senml";
    for kind in ["application/senml+json", "application/json", "application/senml+cbor"] {
        assert_eq!(post(senml, kind, "1").send(&world).await.status, StatusCode::NO_CONTENT, "{kind}");
    }
    post(senml, "text/plain", "1").send(&world).await.assert_problem(415, &["application/senml+cbor"]);
    let answer = post(senml, "application/json", "1\nx").send(&world).await;
    answer.assert_problem(422, &["partly-refused", "record[1]", "1 readings were written"]);
    post(senml, "application/json", "other").send(&world).await.assert_problem(403, &["integrator"]);
    let netjson = "/api/v1/push/netjson?device=dong-bai-waste/bin-1";
    assert_eq!(post(netjson, "application/json", "1").send(&world).await.status, StatusCode::NO_CONTENT);
    post(netjson, "text/plain", "1").send(&world).await.assert_problem(415, &["application/json"]);
}
