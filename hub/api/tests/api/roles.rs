//! Who may call what: every call with every role, without a login and with a wrong one, from one table.

use hub_api::auth::Role;
use serde_json::{Value, json};

use crate::clients::Call;
use crate::world::{PASSWORD, START_MS, World, alarm, at};
use hub_model::{AlarmState, Scope};
use hub_store::records::{Deed, JobKind, NewJob};

/// Method, path, body, and the least role; `None` is open to all.
fn calls() -> Vec<(&'static str, &'static str, Option<Value>, Option<Role>)> {
    let reading = json!({"readings": [{"point": "tam-hop-water/plc/turbidity", "t": START_MS, "v": 1.5}]});
    let probe =
        json!({"endpoint": "tcp://plc:502", "unit_id": 1, "register": "holding", "address": 0, "count": 2});
    let out = json!({"scope": "tam-hop-water/plc", "reason": "bảo trì"});
    let user = json!({"name": "lan", "role": "staff", "password": "mật khẩu dài"});
    let shelving = json!({"until": START_MS + 3_600_000, "reason": "bảo trì"});
    let calibration = json!({"from": START_MS - 1_000, "gain": 1.02});
    let changed = json!({"from": START_MS - 1_000, "gain": 1.03, "version": 1});
    let correction = json!({"from": START_MS - 1_000, "action": "exclude", "reason": "rửa"});
    let entry = json!({"about": "tam-hop-water", "from": START_MS, "to": START_MS + 1_000, "text": "rửa"});
    let device = json!({"toml": "[[device]]", "revision": "r1"});
    let restore = json!({"version": 1, "revision": "r1"});
    let again = json!({"from": START_MS, "to": START_MS + 2_000, "text": "rửa", "version": 1});
    vec![
        ("GET", "/api/v1/commune", None, None),
        ("GET", "/api/v1/openapi.json", None, None),
        ("GET", "/health/live", None, None),
        ("GET", "/health/ready", None, None),
        ("GET", "/metrics", None, None),
        ("GET", "/", None, None),
        ("GET", "/api/v1/session", None, Some(Role::Viewer)),
        ("DELETE", "/api/v1/session", None, Some(Role::Viewer)),
        ("GET", "/api/v1/snapshot", None, Some(Role::Viewer)),
        ("GET", "/api/v1/sites", None, Some(Role::Viewer)),
        ("GET", "/api/v1/sites/tam-hop-water", None, Some(Role::Viewer)),
        ("GET", "/api/v1/sites/tam-hop-water/photos/1", None, Some(Role::Viewer)),
        ("GET", "/api/v1/map", None, Some(Role::Viewer)),
        ("GET", "/api/v1/points", None, Some(Role::Viewer)),
        ("GET", "/api/v1/readings?point=tam-hop-water/plc/turbidity", None, Some(Role::Viewer)),
        ("POST", "/api/v1/readings", Some(reading), Some(Role::Integrator)),
        ("POST", "/api/v1/push/senml", Some(json!([])), Some(Role::Staff)),
        ("POST", "/api/v1/push/netjson", Some(json!({})), Some(Role::Staff)),
        ("GET", "/api/v1/alarms", None, Some(Role::Viewer)),
        ("GET", "/api/v1/alarms/1", None, Some(Role::Viewer)),
        ("POST", "/api/v1/alarms/1/acknowledge", Some(json!({"comment": "đã xem"})), Some(Role::Staff)),
        ("POST", "/api/v1/alarms/1/comment", Some(json!({"comment": "đang sửa"})), Some(Role::Staff)),
        ("GET", "/api/v1/alarms/1/announcement", None, Some(Role::Staff)),
        ("POST", "/api/v1/alarms/1/announcement", Some(json!({"text": "Mất nước."})), Some(Role::Staff)),
        ("POST", "/api/v1/alarms/1/shelve", Some(shelving), Some(Role::Staff)),
        ("POST", "/api/v1/alarms/1/unshelve", Some(json!({})), Some(Role::Staff)),
        ("GET", "/api/v1/alarms/groups", None, Some(Role::Viewer)),
        ("GET", "/api/v1/out-of-service", None, Some(Role::Viewer)),
        ("POST", "/api/v1/out-of-service", Some(out), Some(Role::Officer)),
        ("GET", "/api/v1/rules", None, Some(Role::Viewer)),
        ("GET", "/api/v1/rules/chlorine-low", None, Some(Role::Integrator)),
        ("POST", "/api/v1/rules/new/check", Some(json!({"source": ""})), Some(Role::Integrator)),
        ("POST", "/api/v1/rules/new/cases", Some(json!({"source": "", "cases": ""})), Some(Role::Integrator)),
        ("GET", "/api/v1/notices", None, Some(Role::Staff)),
        ("GET", "/api/v1/notices/channels", None, Some(Role::Staff)),
        ("GET", "/api/v1/notices/duty", None, Some(Role::Staff)),
        ("POST", "/api/v1/notices/channels/mail/test", Some(json!({"to": "hoa"})), Some(Role::Officer)),
        ("POST", "/api/v1/links/look", Some(json!({"token": "1.open"})), None),
        ("POST", "/api/v1/links/acknowledge", Some(json!({"token": "1.open"})), None),
        ("POST", "/api/v1/links/acknowledge/session", Some(json!({"token": "1"})), Some(Role::Staff)),
        ("GET", "/api/v1/points/tam-hop-water/plc/turbidity/calibrations", None, Some(Role::Viewer)),
        (
            "POST",
            "/api/v1/points/tam-hop-water/plc/turbidity/calibrations",
            Some(calibration.clone()),
            Some(Role::Officer),
        ),
        (
            "POST",
            "/api/v1/points/tam-hop-water/plc/turbidity/calibrations/preview",
            Some(calibration.clone()),
            Some(Role::Officer),
        ),
        ("GET", "/api/v1/calibrations", None, Some(Role::Viewer)),
        ("PUT", "/api/v1/calibrations/1", Some(changed), Some(Role::Officer)),
        ("DELETE", "/api/v1/calibrations/1?version=2", None, Some(Role::Officer)),
        (
            "POST",
            "/api/v1/points/tam-hop-water/plc/turbidity/corrections",
            Some(correction),
            Some(Role::Officer),
        ),
        ("GET", "/api/v1/points/tam-hop-water/plc/turbidity/audit", None, Some(Role::Viewer)),
        ("GET", "/api/v1/maintenance", None, Some(Role::Viewer)),
        ("POST", "/api/v1/maintenance", Some(entry.clone()), Some(Role::Officer)),
        ("PUT", "/api/v1/maintenance/1", Some(again.clone()), Some(Role::Officer)),
        ("DELETE", "/api/v1/maintenance/1?version=2", None, Some(Role::Officer)),
        ("GET", "/api/v1/notes", None, Some(Role::Viewer)),
        ("POST", "/api/v1/notes", Some(entry), Some(Role::Officer)),
        ("PUT", "/api/v1/notes/2", Some(again), Some(Role::Officer)),
        ("DELETE", "/api/v1/notes/2?version=2", None, Some(Role::Officer)),
        ("GET", "/api/v1/completeness?point=tam-hop-water/plc/turbidity", None, Some(Role::Viewer)),
        ("GET", "/api/v1/audit", None, Some(Role::Officer)),
        ("GET", "/api/v1/jobs", None, Some(Role::Viewer)),
        ("GET", "/api/v1/jobs/1", None, Some(Role::Viewer)),
        ("GET", "/api/v1/buses", None, Some(Role::Integrator)),
        ("POST", "/api/v1/probe/modbus", Some(probe), Some(Role::Integrator)),
        (
            "POST",
            "/api/v1/points/tam-hop-water/plc/turbidity/write",
            Some(json!({"value": 1.5})),
            Some(Role::Integrator),
        ),
        ("GET", "/api/v1/points/tam-hop-water/plc/turbidity/write", None, Some(Role::Integrator)),
        ("GET", "/api/v1/quantities", None, Some(Role::Integrator)),
        ("GET", "/api/v1/profiles", None, Some(Role::Integrator)),
        ("GET", "/api/v1/profiles/meter", None, Some(Role::Integrator)),
        ("GET", "/api/v1/sites/tam-hop-water/file", None, Some(Role::Integrator)),
        ("GET", "/api/v1/sites/tam-hop-water/file/versions/1", None, Some(Role::Integrator)),
        ("POST", "/api/v1/sites/tam-hop-water/file/restore", Some(restore), Some(Role::Integrator)),
        (
            "POST",
            "/api/v1/sites/tam-hop-water/devices/meter/check",
            Some(json!({"toml": ""})),
            Some(Role::Integrator),
        ),
        ("PUT", "/api/v1/sites/tam-hop-water/devices/meter", Some(device), Some(Role::Integrator)),
        ("DELETE", "/api/v1/sites/tam-hop-water/devices/meter?revision=r1", None, Some(Role::Integrator)),
        ("GET", "/api/v1/mqtt", None, Some(Role::Integrator)),
        ("GET", "/api/v1/mqtt/arrivals", None, Some(Role::Integrator)),
        ("GET", "/api/v1/mqtt/unknown", None, Some(Role::Integrator)),
        (
            "POST",
            "/api/v1/mqtt/proposal",
            Some(json!({"topic": "a", "payload": "1"})),
            Some(Role::Integrator),
        ),
        (
            "POST",
            "/api/v1/devices/tam-hop-water/plc/command",
            Some(json!({"command": {"do": "open"}})),
            Some(Role::Integrator),
        ),
        ("HEAD", "/api/v1/stream", None, Some(Role::Viewer)),
        ("GET", "/api/v1/sessions", None, Some(Role::Viewer)),
        ("GET", "/api/v1/users", None, Some(Role::Admin)),
        ("POST", "/api/v1/users", Some(user), Some(Role::Admin)),
        ("GET", "/api/v1/tokens", None, Some(Role::Admin)),
        ("POST", "/api/v1/tokens", Some(json!({"name": "wall", "role": "viewer"})), Some(Role::Admin)),
        ("DELETE", "/api/v1/tokens/wall", None, Some(Role::Admin)),
    ]
}

fn call(method: &'static str, path: &str, body: &Option<Value>) -> Call {
    match body {
        Some(body) => {
            Call::new(method, path).header("content-type", "application/json").body(body.to_string())
        }
        None => Call::new(method, path),
    }
}

fn deed() -> Deed {
    let (by, action, object, detail) = ("lan".into(), "test".into(), "test".into(), "{}".into());
    Deed { at: at(0), by, action, object, detail }
}

fn job() -> NewJob {
    let (why, by) = ("test".into(), "lan".into());
    let scope = Scope::parse("tam-hop-water").unwrap();
    NewJob { kind: JobKind::Rejudge, scope, from: at(0), to: None, number: None, why, by, asked_at: at(0) }
}

#[tokio::test]
async fn every_call_asks_for_its_role() {
    for role in Role::ALL {
        let world = World::new();
        // Number 1 is there for those who may not make one.
        if role < Role::Officer {
            world.records.add_job(&job(), &deed()).unwrap();
        }
        world.keep_alarm(alarm(1, "tam-hop-water/plc/turbidity", AlarmState::Unacknowledged));
        for (method, path, body, least) in calls() {
            let answer = call(method, path, &body).by(role).send(&world).await;
            let is_allowed = least.is_none_or(|least| role >= least);
            if is_allowed {
                assert!(answer.status.is_success(), "{method} {path} by {role}: {answer:?}");
            } else {
                // Staff may send readings, and which point they are of decides: a viewer is told of staff.
                let is_of_points = path == "/api/v1/readings" && method == "POST" && role < Role::Staff;
                let needed = if is_of_points { Role::Staff } else { least.unwrap() };
                answer.assert_problem(403, &["role-too-low", role.code(), needed.code()]);
            }
        }
    }
}

#[tokio::test]
async fn no_change_is_taken_from_a_page_of_another_site() {
    let world = World::new();
    world.add_user(Role::Admin);
    world.keep_alarm(alarm(1, "tam-hop-water/plc/turbidity", AlarmState::Unacknowledged));
    let login = Call::post("/api/v1/session", &json!({"username": "admin", "password": PASSWORD}));
    let cookie = login.send(&world).await.cookie();
    for (method, path, body, _) in calls() {
        // What a link is about is only looked at: by POST, so that the link stands in no log.
        if ["GET", "HEAD"].contains(&method) || path == "/api/v1/links/look" {
            continue;
        }
        let by_cookie = || {
            let call = call(method, path, &body).header("cookie", &cookie);
            if body.is_some() { call } else { call.header("content-type", "application/json") }
        };
        for (name, value) in
            [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
        {
            let answer = by_cookie().header(name, value).send(&world).await;
            assert_eq!(answer.status, 403, "{method} {path} with {name}: {value}");
            answer.assert_problem(403, &["cross-site"]);
        }
    }
}

#[tokio::test]
async fn without_a_good_login_everything_else_is_closed() {
    let world = World::new();
    world.keep_alarm(alarm(1, "tam-hop-water/plc/turbidity", AlarmState::Unacknowledged));
    for (method, path, body, least) in calls() {
        for (name, value) in [
            ("x-nothing", ""),
            ("authorization", "Bearer ch_guessed"),
            ("authorization", "Basic YWRtaW46YWRtaW4="),
            ("cookie", "commune_session=0000000000000000000000000000000000000000000000000000000000000000"),
        ] {
            let answer = call(method, path, &body).header(name, value).send(&world).await;
            match least {
                None => assert!(answer.status.is_success(), "{method} {path}: {answer:?}"),
                Some(_) if method == "HEAD" => assert_eq!(answer.status, 401),
                Some(_) => answer.assert_problem(401, &["unauthenticated"]),
            }
        }
    }
}

#[tokio::test]
async fn a_revoked_token_and_an_unknown_role_are_out_at_once() {
    let world = World::new();
    let look = || Call::get("/api/v1/points").by(Role::Staff).send(&world);
    assert_eq!(look().await.status, 200);
    world.accounts.revoke_token("staff").unwrap();
    look().await.assert_problem(401, &[]);

    let token = hub_api::auth::digest("ch_odd");
    world.accounts.add_token("odd", "superuser", &token, at(0)).unwrap();
    let answer = Call::get("/api/v1/points").header("authorization", "Bearer ch_odd").send(&world).await;
    answer.assert_problem(401, &[]);
}
