//! Logging in and out, sessions' ends, tries that run out, and requests that another site's page has made.

use std::time::Duration;

use axum::http::header;
use hub_api::auth::Role;
use serde_json::json;

use crate::clients::{Answer, Call};
use crate::world::{PASSWORD, World, alarm};
use hub_model::AlarmState;

const HOUR: Duration = Duration::from_secs(3600);

async fn login(world: &World, username: &str, password: &str) -> Answer {
    Call::post("/api/v1/session", &json!({"username": username, "password": password})).send(world).await
}

async fn whoami(world: &World, cookie: &str) -> Answer {
    Call::get("/api/v1/session").header("cookie", cookie).send(world).await
}

#[tokio::test]
async fn a_login_gives_a_cookie_that_scripts_cannot_read() {
    let world = World::new();
    world.add_user(Role::Staff);
    let answer = login(&world, "staff", PASSWORD).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({"username": "staff", "role": "staff"}));
    let cookie = answer.header(header::SET_COOKIE);
    for part in ["commune_session=", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"));
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(whoami(&world, &answer.cookie()).await.json()["username"], "staff");

    let world = World::with_public_url(Some("https://xa.example.vn"));
    world.add_user(Role::Staff);
    assert!(login(&world, "staff", PASSWORD).await.header(header::SET_COOKIE).ends_with("; Secure"));
}

#[tokio::test]
async fn a_name_is_known_however_its_letters_are_made() {
    let world = World::new();
    let hash = hub_api::auth::hash_password(PASSWORD).unwrap();
    world.accounts.add_user("nguyễn", "staff", &hash).unwrap();
    let answer = login(&world, "nguye\u{302}\u{303}n", PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.json()["username"].as_str()), (200, Some("nguyễn")));
}

#[tokio::test]
async fn logging_out_ends_the_session_itself() {
    let world = World::new();
    world.add_user(Role::Viewer);
    let cookie = login(&world, "viewer", PASSWORD).await.cookie();
    let answer = Call::new("DELETE", "/api/v1/session").header("cookie", &cookie).send(&world).await;
    assert_eq!(answer.status, 204);
    assert!(answer.header(header::SET_COOKIE).contains("Max-Age=0"));
    whoami(&world, &cookie).await.assert_problem(401, &[]);
}

#[tokio::test]
async fn nothing_tells_which_part_of_a_login_was_wrong() {
    let world = World::new();
    world.add_user(Role::Viewer);
    let wrong_password = login(&world, "viewer", "something else").await;
    let wrong_name = login(&world, "nobody", PASSWORD).await;
    wrong_password.assert_problem(401, &["login-failed"]);
    assert_eq!(wrong_password.text, wrong_name.text);
    assert!(!wrong_name.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn a_session_slides_for_twelve_hours_and_ends_after_thirty_days() {
    let world = World::new();
    world.add_user(Role::Viewer);
    let cookie = login(&world, "viewer", PASSWORD).await.cookie();
    for _ in 0..71 {
        world.pass(10 * HOUR);
        assert_eq!(whoami(&world, &cookie).await.status, 200);
    }
    world.pass(10 * HOUR);
    whoami(&world, &cookie).await.assert_problem(401, &[]);

    let cookie = login(&world, "viewer", PASSWORD).await.cookie();
    world.pass(12 * HOUR);
    whoami(&world, &cookie).await.assert_problem(401, &[]);
}

#[tokio::test]
async fn a_removed_user_is_out_and_a_new_role_holds_at_once() {
    let world = World::new();
    world.add_user(Role::Viewer);
    let cookie = login(&world, "viewer", PASSWORD).await.cookie();
    world.accounts.set_role("viewer", "admin").unwrap();
    assert_eq!(whoami(&world, &cookie).await.json()["role"], "admin");
    world.accounts.remove_user("viewer").unwrap();
    whoami(&world, &cookie).await.assert_problem(401, &[]);
}

#[tokio::test]
async fn tries_run_out_and_come_back_with_time() {
    let world = World::new();
    world.add_user(Role::Viewer);
    for _ in 0..5 {
        login(&world, "viewer", "wrong").await.assert_problem(401, &[]);
    }
    let refused = login(&world, "viewer", PASSWORD).await;
    refused.assert_problem(429, &["too-many-tries"]);
    assert_eq!(refused.header(header::RETRY_AFTER), "60");
    world.pass(Duration::from_secs(60));
    assert_eq!(login(&world, "viewer", PASSWORD).await.status, 200);
    // A right password wipes the slate: there are five tries again.
    for _ in 0..5 {
        login(&world, "viewer", "wrong").await.assert_problem(401, &[]);
    }
    login(&world, "viewer", "wrong").await.assert_problem(429, &[]);
}

#[tokio::test]
async fn a_cookie_alone_changes_nothing() {
    let world = World::new();
    world.add_user(Role::Staff);
    world.keep_alarm(alarm(1, "tam-hop-water/plc/turbidity", AlarmState::Unacknowledged));
    let cookie = login(&world, "staff", PASSWORD).await.cookie();
    let path = "/api/v1/alarms/1/comment";
    let post = || Call::new("POST", path).header("cookie", &cookie).body(r#"{"comment": "x"}"#);

    // What a form of another site can send.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        post().header("content-type", kind).send(&world).await.assert_problem(415, &[]);
    }
    post().send(&world).await.assert_problem(415, &[]);
    let json = || post().header("content-type", "application/json");
    json().header("origin", "https://evil.example").send(&world).await.assert_problem(403, &["cross-site"]);
    json().header("origin", "null").send(&world).await.assert_problem(403, &["cross-site"]);
    json().header("sec-fetch-site", "cross-site").send(&world).await.assert_problem(403, &["cross-site"]);
    let delete = Call::new("DELETE", "/api/v1/session").header("cookie", &cookie);
    delete.header("origin", "https://evil.example").send(&world).await.assert_problem(403, &["cross-site"]);

    assert_eq!(json().header("origin", "http://hub.example").send(&world).await.status, 200);
    assert_eq!(json().send(&world).await.status, 200);
    let foreign = Call::post("/api/v1/session", &json!({"username": "staff", "password": PASSWORD}));
    foreign.header("origin", "https://evil.example").send(&world).await.assert_problem(403, &["cross-site"]);
}

#[tokio::test]
async fn a_malformed_login_is_told_so() {
    let world = World::new();
    for (body, says) in [
        ("{", "EOF"),
        ("{}", "missing field `username`"),
        (r#"{"username": "a", "password": "b", "admin": true}"#, "unknown field `admin`"),
        (r#"{"username": 5, "password": "b"}"#, "invalid type"),
    ] {
        let call = Call::new("POST", "/api/v1/session").header("content-type", "application/json").body(body);
        call.send(&world).await.assert_problem(400, &["\"at\":\"body\"", says]);
    }
    let long = "x".repeat(2000);
    login(&world, &long, &long).await.assert_problem(401, &["login-failed"]);
}
