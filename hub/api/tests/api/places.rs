//! The commune, its sites, devices, points and rules, and how they fare.

use axum::http::header;
use hub_api::auth::Role;
use hub_model::AlarmState;
use serde_json::{Value, json};

use crate::clients::{Call, look};
use crate::world::{CHLORINE, FILL, TURBIDITY, World, alarm, missing, reading};

async fn state_of(world: &World, site: &str) -> Value {
    look(world, &format!("/api/v1/sites/{site}")).await["state"].clone()
}

#[tokio::test]
async fn the_commune_is_open_to_the_login_page() {
    let world = World::new();
    let answer = Call::get("/api/v1/commune").send(&world).await;
    let expected = json!({
        "id": "tam-hop",
        "name": {"vi": "Xã Tam Hợp", "en": "Tam Hop commune"},
        "timezone": "Asia/Ho_Chi_Minh",
        "utc_offset": {"seconds": 25_200, "from": 171_820_800_000_i64, "until": null},
        "location": {"lat": 18.94, "lon": 105.48},
        "languages": ["vi", "en"],
        "version": "0.1.0-test",
        "needs_setup": true,
        "role": "commune",
    });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn a_site_is_no_data_then_normal_then_silent_then_in_alarm() {
    let world = World::new();
    assert_eq!(state_of(&world, "tam-hop-water").await, "no_data");
    world.keep(vec![reading(CHLORINE, 0, 0.42)]);
    assert_eq!(state_of(&world, "tam-hop-water").await, "normal");
    world.keep(vec![missing(CHLORINE, 1000), reading(TURBIDITY, 1000, 1.0)]);
    assert_eq!(state_of(&world, "tam-hop-water").await, "normal");
    world.keep(vec![missing(CHLORINE, 2000), missing(TURBIDITY, 2000)]);
    assert_eq!(state_of(&world, "tam-hop-water").await, "silent");
    world.keep_alarm(alarm(1, CHLORINE, AlarmState::Shelved));
    assert_eq!(state_of(&world, "tam-hop-water").await, "silent");
    world.keep_alarm(alarm(2, "tam-hop-water/plc", AlarmState::RtnUnacknowledged));
    world.keep_alarm(alarm(3, CHLORINE, AlarmState::Normal));
    let site = look(&world, "/api/v1/sites/tam-hop-water").await;
    assert_eq!((&site["state"], &site["alarms"]), (&json!("alarm"), &json!(2)));
    assert_eq!(state_of(&world, "dong-bai-waste").await, "no_data");
}

#[tokio::test]
async fn a_site_shows_its_devices_and_when_they_were_heard() {
    let world = World::new();
    world.keep(vec![reading(CHLORINE, 0, 0.42)]);
    let site = look(&world, "/api/v1/sites/tam-hop-water").await;
    let expected = json!({
        "id": "tam-hop-water", "kind": "water_station",
        "name": {"vi": "Trạm tam-hop-water", "en": "tam-hop-water"},
        "location": {"lat": 18.94, "lon": 105.48}, "state": "normal", "points": 2, "alarms": 0,
        "devices": [{
            "id": "tam-hop-water/plc", "name": {"vi": "tam-hop-water/plc", "en": "tam-hop-water/plc"},
            "adapter": "modbus", "state": "online", "last_heard_at": "2026-03-01T09:00:00.04+07:00",
        }],
        "about": {
            "contact": {"name": "Ông Ba", "phone": "0912 345 678", "email": null},
            "address": {"vi": "Thôn 3", "en": "Thôn 3"}, "notes": null, "photos": 2,
        },
    });
    assert_eq!(site, expected);
    // Hearing why there is no value is not hearing the device.
    world.keep(vec![missing(CHLORINE, 60_000), missing(TURBIDITY, 60_000)]);
    let device = &look(&world, "/api/v1/sites/tam-hop-water").await["devices"][0];
    assert_eq!(device["state"], "silent");
    assert_eq!(device["last_heard_at"], "2026-03-01T09:00:00+07:00");
}

#[tokio::test]
async fn a_snapshot_tells_what_the_single_calls_tell() {
    let world = World::new();
    world.keep(vec![reading(CHLORINE, 0, 0.42), missing(FILL, 0)]);
    world.keep_alarm(alarm(1, CHLORINE, AlarmState::Unacknowledged));
    world.keep_alarm(alarm(2, CHLORINE, AlarmState::Normal));
    let snapshot = look(&world, "/api/v1/snapshot").await;
    for list in ["sites", "points", "alarms"] {
        assert_eq!(snapshot[list], look(&world, &format!("/api/v1/{list}")).await, "{list}");
    }
    assert_eq!(snapshot["alarms"].as_array().unwrap().len(), 1);
    let mut devices = Vec::new();
    for site in snapshot["sites"].as_array().unwrap() {
        let site = look(&world, &format!("/api/v1/sites/{}", site["id"].as_str().unwrap())).await;
        devices.extend(site["devices"].as_array().unwrap().clone());
    }
    assert_eq!(snapshot["devices"], Value::from(devices));
    Call::get("/api/v1/snapshot?site=x").by(Role::Viewer).send(&world).await.assert_problem(400, &["site"]);
}

#[tokio::test]
async fn the_map_shows_the_outline_and_opens_for_its_tiles_alone() {
    let world = World::new();
    let answer = Call::get("/api/v1/map").by(Role::Viewer).send(&world).await;
    let map = answer.json();
    assert_eq!(map["outline"][0][1], json!([105.5, 18.9]));
    assert_eq!(map["tiles"]["url"], "https://tiles.example.vn/{z}/{x}/{y}.png");
    let policy = answer.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("img-src 'self' data: https://tiles.example.vn;"), "{policy}");
    assert_eq!(policy.matches("https://").count(), 1, "{policy}");
}

#[tokio::test]
async fn a_sites_photographs_are_handed_out_by_number() {
    let world = World::new();
    let photo =
        |number: &str| Call::get(format!("/api/v1/sites/tam-hop-water/photos/{number}")).by(Role::Viewer);
    let answer = photo("1").send(&world).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header(header::CONTENT_TYPE), "image/jpeg");
    // One that is not there any more, and numbers that none has.
    photo("2").send(&world).await.assert_problem(404, &["cannot be read"]);
    for number in ["0", "3", "-1", "x"] {
        photo(number).send(&world).await.assert_problem(404, &["2 photographs"]);
    }
    Call::get("/api/v1/sites/dong-bai-waste/photos/1")
        .by(Role::Viewer)
        .send(&world)
        .await
        .assert_problem(404, &[]);
}

#[tokio::test]
async fn sites_come_as_geojson_when_asked_for() {
    let world = World::new();
    let call = |path: &str| Call::get(path).by(Role::Viewer).header("accept", "application/geo+json");
    let answer = call("/api/v1/sites").send(&world).await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/geo+json");
    let collection = answer.json();
    assert_eq!(collection["type"], "FeatureCollection");
    assert_eq!(collection["features"][0]["geometry"], Value::Null);
    assert_eq!(
        collection["features"][1]["geometry"],
        json!({"type": "Point", "coordinates": [105.48, 18.94]})
    );
    assert_eq!(collection["features"][1]["properties"]["kind"], "water_station");
    let feature = call("/api/v1/sites/tam-hop-water").send(&world).await.json();
    assert_eq!((&feature["type"], &feature["id"]), (&json!("Feature"), &json!("tam-hop-water")));
    let sites = look(&world, "/api/v1/sites").await;
    assert_eq!(sites.as_array().unwrap().len(), 2);
    assert!(sites[0].get("devices").is_none());
}

#[tokio::test]
async fn a_point_shows_its_limit_its_latest_reading_and_the_last_good_one() {
    let world = World::new();
    world.keep(vec![reading(CHLORINE, 0, 0.42)]);
    world.keep(vec![missing(CHLORINE, 10_000)]);
    let points = look(&world, "/api/v1/points?site=tam-hop-water&quantity=").await;
    assert_eq!(points.as_array().unwrap().len(), 2);
    let limit = json!({
        "min": 0.2, "max": 1.0, "clause": "Bảng 1", "regulation": "QCVN 01-1:2024/BYT", "status": "verified",
        "averaging_s": null, "valid_from": "2025-07-01T00:00:00+07:00", "valid_to": null,
    });
    let expected = json!({
        "id": CHLORINE, "site": "tam-hop-water", "device": "tam-hop-water/plc",
        "name": {"vi": "Clo dư tự do", "en": "Free chlorine"},
        "quantity": "free_chlorine", "unit": "mg/L", "decimals": 2,
        "interval_s": 10.0, "expire_after_s": 90.0, "reference": false, "range": {"min": 0.0, "max": null},
        "alarm": null,
        "limit": limit, "limits": [limit],
        "latest": {
            "value": null, "quality": "missing", "reason": "exception:2",
            "measured_at": "2026-03-01T09:00:10+07:00", "received_at": "2026-03-01T09:00:10.04+07:00",
        },
        "last_good": {"value": 0.42, "measured_at": "2026-03-01T09:00:00+07:00"},
    });
    assert_eq!(points[0], expected);
    assert_eq!((&points[1]["latest"], &points[1]["last_good"]), (&Value::Null, &Value::Null));
    let fill = look(&world, "/api/v1/points?quantity=fill_level").await;
    assert_eq!(fill.as_array().unwrap().len(), 1);
    assert_eq!(fill[0]["id"], FILL);
}

#[tokio::test]
async fn rules_show_what_they_watch_and_what_is_wrong_with_them() {
    let world = World::new();
    let rules = look(&world, "/api/v1/rules").await;
    assert_eq!(rules[0]["on_delay"], "10m");
    assert_eq!(rules[0]["on_missing"], "hold");
    assert_eq!(rules[0]["watches"]["scope"], "point");
    assert_eq!(rules[0]["watches"]["quantity"], json!(["free_chlorine"]));
    assert_eq!(rules[0]["fault"], Value::Null);
    assert_eq!(
        rules[1]["fault"],
        json!({"line": 7, "message": "unknown function", "message_vi": "không có hàm này"})
    );
}

#[tokio::test]
async fn what_is_not_there_is_said_with_the_nearest_name() {
    let world = World::new();
    for (path, status, says) in [
        ("/api/v1/sites/tam-hop-watr", 404, "nearest: \\\"tam-hop-water\\\""),
        ("/api/v1/sites/Đồng", 404, "no site"),
        ("/api/v1/points?site=tam-hop", 404, "nearest: \\\"tam-hop-water\\\""),
        ("/api/v1/points?quantity=chlorine", 400, "nearest: \\\"free_chlorine\\\""),
        ("/api/v1/points?sites=x", 400, "nearest: \\\"site\\\""),
        ("/api/v1/points?site=a&site=b", 400, "given more than once"),
        ("/api/v1/nothing", 404, "openapi.json"),
        ("/api/v2/query", 404, "openapi.json"),
        ("/api", 404, "openapi.json"),
    ] {
        let path = path.replace("Đồng", "%C4%90%E1%BB%93ng");
        Call::get(path).by(Role::Viewer).send(&world).await.assert_problem(status, &[says]);
    }
}
