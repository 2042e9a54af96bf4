//! Accounts over the API: the first administrator, users, tokens, sessions, passwords, and what is noted of them.

use hub_api::auth::Role;
use serde_json::{Value, json};

use crate::clients::{Answer, Call};
use crate::world::{PASSWORD, SETUP_CODE, World};

async fn get(world: &World, path: &str) -> Value {
    Call::get(path).by(Role::Admin).send(world).await.json()
}

async fn post(world: &World, path: &str, body: Value) -> Answer {
    Call::post(path, &body).by(Role::Admin).send(world).await
}

async fn log_in(world: &World, name: &str, password: &str) -> Answer {
    Call::post("/api/v1/session", &json!({"username": name, "password": password})).send(world).await
}

#[tokio::test]
async fn the_first_administrator_is_made_once_with_the_printed_code() {
    let world = World::new();
    let needs = |commune: Value| commune["needs_setup"].clone();
    assert_eq!(needs(get(&world, "/api/v1/commune").await), true);
    let set_up = async |code: &str| {
        let body = json!({"code": code, "username": "quantri", "password": PASSWORD});
        Call::post("/api/v1/setup", &body).send(&world).await
    };
    set_up("abcd-1234-ef57").await.assert_problem(400, &["code"]);
    let typed = SETUP_CODE.to_uppercase();
    assert_eq!(set_up(&format!("{}-{}-{}", &typed[..4], &typed[4..8], &typed[8..])).await.status, 201);
    assert_eq!(needs(get(&world, "/api/v1/commune").await), false);
    set_up(SETUP_CODE).await.assert_problem(409, &["set up already"]);
    assert_eq!(log_in(&world, "quantri", PASSWORD).await.json()["role"], "admin");
    assert_eq!(get(&world, "/api/v1/audit?action=set_up").await[0]["by"], "quantri");
}

#[tokio::test]
async fn the_code_cannot_be_guessed_for_long() {
    let world = World::new();
    let body = json!({"code": "0000", "username": "quantri", "password": PASSWORD});
    for _ in 0..5 {
        Call::post("/api/v1/setup", &body).send(&world).await.assert_problem(400, &["code"]);
    }
    Call::post("/api/v1/setup", &body).send(&world).await.assert_problem(429, &["too-many-tries"]);
}

#[tokio::test]
async fn users_are_added_changed_and_removed_and_each_change_is_noted() {
    let world = World::new();
    world.add_user(Role::Admin);
    let lan = json!({"name": "lan", "role": "staff", "password": PASSWORD});
    assert_eq!(post(&world, "/api/v1/users", lan.clone()).await.status, 201);
    post(&world, "/api/v1/users", lan).await.assert_problem(409, &["lan"]);
    post(&world, "/api/v1/users", json!({"name": "a b", "role": "staff", "password": PASSWORD}))
        .await
        .assert_problem(400, &["name"]);
    post(&world, "/api/v1/users", json!({"name": "an", "role": "staff", "password": "short"}))
        .await
        .assert_problem(400, &["password", "8"]);
    let change = |name: &str, body: Value| {
        Call::new("PATCH", format!("/api/v1/users/{name}"))
            .by(Role::Admin)
            .header("content-type", "application/json")
            .body(body.to_string())
    };
    assert_eq!(change("lan", json!({"role": "officer"})).send(&world).await.status, 204);
    assert_eq!(log_in(&world, "lan", PASSWORD).await.json()["role"], "officer");
    assert_eq!(change("lan", json!({"password": "một mật khẩu khác"})).send(&world).await.status, 204);
    log_in(&world, "lan", PASSWORD).await.assert_problem(401, &["login-failed"]);
    change("nobody", json!({"role": "staff"})).send(&world).await.assert_problem(404, &["nobody"]);
    let remove = |name: &str| Call::new("DELETE", format!("/api/v1/users/{name}")).by(Role::Admin);
    assert_eq!(remove("lan").send(&world).await.status, 204);
    let names: Vec<Value> = get(&world, "/api/v1/users")
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["name"].clone())
        .collect();
    assert_eq!(names, ["admin"]);
    let of_lan = get(&world, "/api/v1/audit?object=lan&by=admin").await;
    let what: Vec<Value> = of_lan.as_array().unwrap().iter().map(|deed| deed["action"].clone()).collect();
    assert_eq!(what, ["user_removed", "password_changed", "role_changed", "user_added"]);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let world = World::new();
    world.add_user(Role::Admin);
    world.add_user(Role::Staff);
    let remove = |name: &str| Call::new("DELETE", format!("/api/v1/users/{name}")).by(Role::Admin);
    remove("admin").send(&world).await.assert_problem(409, &["last administrator"]);
    Call::new("PATCH", "/api/v1/users/admin")
        .by(Role::Admin)
        .header("content-type", "application/json")
        .body(json!({"role": "viewer"}).to_string())
        .send(&world)
        .await
        .assert_problem(409, &["last administrator"]);
    assert_eq!(remove("staff").send(&world).await.status, 204);
}

#[tokio::test]
async fn a_token_is_shown_once_and_works_until_it_is_revoked() {
    let world = World::new();
    let made = post(&world, "/api/v1/tokens", json!({"name": "wall", "role": "viewer"})).await.json();
    let token = made["token"].as_str().unwrap().to_owned();
    let look = async || {
        let call = Call::get("/api/v1/sites").header("authorization", format!("Bearer {token}"));
        call.send(&world).await
    };
    assert_eq!(look().await.status, 200);
    let listed = Call::get("/api/v1/tokens").by(Role::Admin).send(&world).await;
    assert!(listed.text.contains("wall") && !listed.text.contains(&token));
    assert_eq!(Call::new("DELETE", "/api/v1/tokens/wall").by(Role::Admin).send(&world).await.status, 204);
    look().await.assert_problem(401, &["unauthenticated"]);
}

#[tokio::test]
async fn sessions_are_seen_and_ended_by_their_owner_and_by_administrators_only() {
    let world = World::new();
    world.add_user(Role::Staff);
    world.add_user(Role::Officer);
    let staff = log_in(&world, "staff", PASSWORD).await.cookie();
    let officer = log_in(&world, "officer", PASSWORD).await.cookie();
    let own = Call::get("/api/v1/sessions").header("cookie", &staff).send(&world).await.json();
    assert_eq!(own.as_array().unwrap().len(), 1);
    assert_eq!((&own[0]["user"], &own[0]["is_own"]), (&json!("staff"), &json!(true)));
    assert_eq!(get(&world, "/api/v1/sessions").await.as_array().unwrap().len(), 2);
    let id = own[0]["id"].as_str().unwrap();
    let end = |cookie: &str| {
        Call::new("DELETE", format!("/api/v1/sessions/{id}"))
            .header("cookie", cookie)
            .header("content-type", "application/json")
    };
    end(&officer).send(&world).await.assert_problem(404, &["no such session"]);
    assert_eq!(end(&staff).send(&world).await.status, 204);
    Call::get("/api/v1/session").header("cookie", &staff).send(&world).await.assert_problem(401, &[]);
}

#[tokio::test]
async fn somebody_changes_their_own_password_with_the_present_one() {
    let world = World::new();
    world.add_user(Role::Staff);
    let cookie = log_in(&world, "staff", PASSWORD).await.cookie();
    let change = async |current: &str| {
        let body = json!({"current": current, "password": "mật khẩu hoàn toàn mới"});
        Call::post("/api/v1/session/password", &body).header("cookie", &cookie).send(&world).await
    };
    change("not this").await.assert_problem(400, &["current"]);
    assert_eq!(change(PASSWORD).await.status, 204);
    assert_eq!(log_in(&world, "staff", "mật khẩu hoàn toàn mới").await.status, 200);
}

#[tokio::test]
async fn a_screen_on_the_wall_looks_with_a_viewers_token_and_changes_nothing() {
    let world = World::new();
    let made = post(&world, "/api/v1/tokens", json!({"name": "hall", "role": "viewer"})).await.json();
    let show = async |token: &Value| {
        Call::post("/api/v1/session/display", &json!({"token": token})).send(&world).await
    };
    show(&json!("ch_nothing")).await.assert_problem(400, &["no such token"]);
    show(&json!(crate::world::token_of(Role::Admin))).await.assert_problem(400, &["role viewer only"]);
    let cookie = show(&made["token"]).await.cookie();
    assert!(cookie.starts_with("commune_display="));
    assert_eq!(Call::get("/api/v1/sites").header("cookie", &cookie).send(&world).await.status, 200);
    let log_out = Call::new("DELETE", "/api/v1/session").header("cookie", &cookie);
    log_out.header("content-type", "application/json").send(&world).await.assert_problem(401, &[]);
    assert_eq!(Call::new("DELETE", "/api/v1/tokens/hall").by(Role::Admin).send(&world).await.status, 204);
    Call::get("/api/v1/sites").header("cookie", &cookie).send(&world).await.assert_problem(401, &[]);
}
