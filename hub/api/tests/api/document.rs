//! What stands beside the calls: the OpenAPI document, health, metrics, the dashboard and the headers of all answers.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use axum::http::header;
use hub_api::auth::Role;
use serde_json::Value;

use crate::clients::{Call, look};
use crate::world::{CHLORINE, World, alarm, reading};
use hub_model::AlarmState;

fn refs(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| refs(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| refs(item, found)),
        _ => {}
    }
}

#[test]
fn the_document_is_openapi_3_1_and_always_the_same() {
    let text = hub_api::openapi();
    assert_eq!(text, hub_api::openapi());
    let document: Value = serde_json::from_str(&text).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut found = BTreeSet::new();
    refs(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
    let names = document["components"]["schemas"].as_object().unwrap();
    for name in [
        "Commune",
        "Session",
        "Site",
        "SiteDetail",
        "Device",
        "Point",
        "Limit",
        "Latest",
        "LastGood",
        "Alarm",
        "AlarmDetail",
        "AlarmTransition",
        "Rule",
        "Readings",
        "Buckets",
        "Problem",
        "LocalText",
        "GeoJSON",
        "ReadingEvent",
    ] {
        assert!(names.contains_key(name), "{name}");
    }
}

#[test]
fn every_operation_has_a_name_an_answer_and_a_problem() {
    let document: Value = serde_json::from_str(&hub_api::openapi()).unwrap();
    let mut names = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with("/api/v1/") || path == "/api/v2/write", "{path}");
        for (method, operation) in operations.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} twice");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.keys().any(|status| status.starts_with('2')), "{method} {path}");
            assert!(answers.contains_key("default") || path.ends_with("openapi.json"), "{method} {path}");
        }
    }
    assert!(names.len() >= 43, "{names:?}");
}

#[tokio::test]
async fn every_documented_path_is_served_and_the_document_is_served_as_it_is() {
    let world = World::new();
    let answer = Call::get("/api/v1/openapi.json").send(&world).await;
    assert_eq!(answer.text, hub_api::openapi());
    for (path, operations) in answer.json()["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let method = match method.as_str() {
                "get" => "GET",
                "post" => "POST",
                "put" => "PUT",
                "patch" => "PATCH",
                _ => "DELETE",
            };
            let path = path.replace("{id}", "1").replace("{site}", "tam-hop-water").replace("{name}", "lan");
            let answer = Call::new(method, &path).send(&world).await;
            let is_public =
                matches!((method, path.as_str()), (_, "/api/v1/commune" | "/api/v1/openapi.json"));
            let expected: &[u16] = match (method, path.as_str()) {
                ("POST", "/api/v1/session" | "/api/v1/session/display" | "/api/v1/setup") => &[400],
                // Whoever holds a link needs no login.
                ("POST", "/api/v1/links/look" | "/api/v1/links/acknowledge") => &[400],
                _ if is_public => &[200],
                _ => &[401],
            };
            assert!(expected.contains(&answer.status.as_u16()), "{method} {path}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn health_tells_each_part_and_not_ready_is_503() {
    let world = World::new();
    assert_eq!(Call::get("/health/live").send(&world).await.status, 200);
    let ready = Call::get("/health/ready").send(&world).await;
    assert_eq!(ready.status, 200);
    let parts = ready.json();
    assert_eq!(parts["status"], "ready");
    assert_eq!(parts["adapters"][0]["state"], "degraded");
    assert_eq!(parts["adapters"][0]["detail"], "connection refused");
    assert_eq!(
        (&parts["rules"][0]["id"], &parts["rules"][0]["fault"]["line"]),
        (&"broken".into(), &7.into())
    );
    world.is_healthy.store(false, Ordering::SeqCst);
    let ready = Call::get("/health/ready").send(&world).await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["store"]["detail"], "the disk is full");
}

#[tokio::test]
async fn metrics_are_openmetrics() {
    let world = World::new();
    world.keep(vec![reading(CHLORINE, 0, 1.0)]);
    world.keep_alarm(alarm(1, CHLORINE, AlarmState::Unacknowledged));
    let answer = Call::get("/metrics").send(&world).await;
    assert_eq!(
        answer.header(header::CONTENT_TYPE),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    for line in [
        "commune_points{quality=\"good\"} 1",
        "commune_alarms{state=\"unacknowledged\"} 1",
        "commune_refused_total{door=\"mqtt\"} 2",
    ] {
        assert!(answer.text.lines().any(|other| other == line), "{line} in {}", answer.text);
    }
    assert!(answer.text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn the_dashboard_is_at_the_root_and_the_api_is_not_the_dashboard() {
    let world = World::new();
    for path in ["/", "/alarms/5", "/sites/tam-hop-water"] {
        let answer = Call::get(path).send(&world).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text.to_lowercase().contains("<!doctype html>"));
        assert!(answer.header(header::CONTENT_SECURITY_POLICY).contains("default-src 'self'"));
    }
    Call::get("/app.js").send(&world).await.assert_problem(404, &[]);
    Call::new("POST", "/").send(&world).await.assert_problem(405, &[]);
    Call::get("/health/other").send(&world).await.assert_problem(404, &[]);
    let answer = Call::new("DELETE", "/api/v1/points").by(Role::Admin).send(&world).await;
    answer.assert_problem(405, &[]);
    assert!(answer.header(header::ALLOW).contains("GET"));
}

#[tokio::test]
async fn head_says_what_get_would() {
    let world = World::new();
    let answer = Call::new("HEAD", "/api/v1/points").by(Role::Viewer).send(&world).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    assert!(look(&world, "/api/v1/points").await.is_array());
}

#[tokio::test]
async fn long_answers_are_compressed_for_those_who_can_read_it() {
    let world = World::new();
    let call = Call::get("/api/v1/points").by(Role::Viewer);
    let packed = call.clone().header("accept-encoding", "gzip, br").send(&world).await;
    assert_eq!(packed.header(header::CONTENT_ENCODING), "gzip");
    let plain = call.send(&world).await;
    assert_eq!(plain.header(header::CONTENT_ENCODING), "");
    assert_eq!(plain.header(header::CACHE_CONTROL), "no-store");
}
