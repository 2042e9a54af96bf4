//! Calibrations, corrections, maintenance, notes and the audit log, as far as the API goes: what is kept, what is refused.
//! What follows for readings is tried on the whole hub, in `hub/server/tests/upkeep.rs`.

use hub_api::auth::Role;
use hub_model::Reason;
use hub_store::records::{DeedFilter, JobKind};
use hub_store::{Batch, Correction, StoredReading};
use serde_json::{Value, json};

use crate::clients::{Answer, Call, look};
use crate::world::{CHLORINE, PASSWORD, START_MS, TURBIDITY, World, at, missing, reading};

const CALIBRATIONS: &str = "/api/v1/points/tam-hop-water/plc/free-chlorine/calibrations";
const CORRECTIONS: &str = "/api/v1/points/tam-hop-water/plc/free-chlorine/corrections";

async fn send(world: &World, method: &'static str, path: &str, body: &Value) -> Answer {
    let call = Call::new(method, path).header("content-type", "application/json").body(body.to_string());
    call.by(Role::Officer).send(world).await
}

async fn done(world: &World, method: &'static str, path: &str, body: &Value) -> Value {
    let answer = send(world, method, path, body).await;
    assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text);
    answer.json()
}

fn calibration(more: &Value) -> Value {
    let mut body = json!({"from": "2026-02-01", "gain": 1.02, "offset": -0.05, "by": "Phòng kiểm định 3", "certificate": "KĐ 17"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_calibration_is_entered_changed_and_removed() {
    let world = World::new();
    let added = done(&world, "POST", CALIBRATIONS, &calibration(&json!({}))).await;
    let shape = &added["calibration"];
    assert_eq!((&shape["from"], &shape["gain"]), (&json!("2026-02-01T00:00:00+07:00"), &json!(1.02)));
    assert_eq!((&shape["entered_by"], &shape["version"]), (&json!("officer"), &json!(1)));
    assert_eq!((&added["job"]["kind"], &added["job"]["to"]), (&json!("rejudge"), &json!(null)));
    assert_eq!(look(&world, CALIBRATIONS).await, json!([shape]));

    let one = format!("/api/v1/calibrations/{}", shape["id"]);
    let changed = done(&world, "PUT", &one, &calibration(&json!({"gain": 1.03, "version": 1}))).await;
    assert_eq!(
        (&changed["calibration"]["gain"], &changed["calibration"]["version"]),
        (&json!(1.03), &json!(2))
    );
    // Another officer still looks at the first version.
    let second = send(&world, "PUT", &one, &calibration(&json!({"gain": 1.5, "version": 1}))).await;
    second.assert_problem(409, &["officer has changed this calibration in the meantime", "look at it again"]);
    send(&world, "DELETE", &format!("{one}?version=1"), &json!({})).await.assert_problem(409, &[]);
    send(&world, "DELETE", &one, &json!({})).await.assert_problem(400, &["version"]);
    let removed = done(&world, "DELETE", &format!("{one}?version=2"), &json!({})).await;
    assert_eq!(removed["calibration"], json!(null));
    assert_eq!(look(&world, CALIBRATIONS).await, json!([]));
    send(&world, "DELETE", &format!("{one}?version=2"), &json!({})).await.assert_problem(404, &["removed"]);

    let audit = Call::get("/api/v1/audit?object=tam-hop-water").by(Role::Officer).send(&world).await.json();
    let actions: Vec<_> = audit.as_array().unwrap().iter().map(|deed| deed["action"].clone()).collect();
    assert_eq!(actions, ["calibration_removed", "calibration_changed", "calibration_added"]);
    assert_eq!((&audit[1]["detail"]["before"]["gain"], &audit[1]["by"]), (&json!(1.02), &json!("officer")));
    assert_eq!(look(&world, "/api/v1/jobs").await.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_calibration_says_when_the_next_one_is_due() {
    let world = World::new();
    done(&world, "POST", CALIBRATIONS, &calibration(&json!({"next_due": "2026-08-01"}))).await;
    let all = look(&world, "/api/v1/calibrations").await;
    assert_eq!(
        (&all[0]["point"], &all[0]["next_due"]),
        (&json!(CHLORINE), &json!("2026-08-01T00:00:00+07:00"))
    );
    assert_eq!(look(&world, "/api/v1/calibrations?site=tam-hop-water").await, all);
    assert_eq!(look(&world, "/api/v1/calibrations?site=dong-bai-waste").await, json!([]));
    let too_early = calibration(&json!({"from": "2026-01-01", "next_due": "2026-01-01"}));
    send(&world, "POST", CALIBRATIONS, &too_early).await.assert_problem(400, &["next_due", "later"]);
}

#[tokio::test]
async fn a_wrong_calibration_is_told_where_and_what_is_allowed() {
    let world = World::new();
    done(&world, "POST", CALIBRATIONS, &calibration(&json!({}))).await;
    for (body, status, says) in [
        (calibration(&json!({})), 409, "another calibration with this date, entered by officer"),
        (calibration(&json!({"gain": 0})), 400, "never 0"),
        (calibration(&json!({"gain": 1e9})), 400, "1000000"),
        (calibration(&json!({"from": START_MS + 1})), 400, "lies ahead"),
        (calibration(&json!({"from": "2026-02-30"})), 400, "RFC 3339"),
        (calibration(&json!({"certificate": "x".repeat(201)})), 400, "1 to 200"),
        (calibration(&json!({"gian": 2})), 400, "unknown field `gian`"),
        (json!({"from": "2026-02-01"}), 400, "missing field `gain`"),
    ] {
        send(&world, "POST", CALIBRATIONS, &body).await.assert_problem(status, &[says]);
    }
    for number in ["1e999", "NaN", "-Infinity", "\"1\""] {
        let body = format!(r#"{{"from": "2026-01-01", "gain": {number}}}"#);
        let call = Call::new("POST", CALIBRATIONS).header("content-type", "application/json").body(body);
        call.by(Role::Officer).send(&world).await.assert_problem(400, &["\"at\":\"body\""]);
    }
    let gone = CALIBRATIONS.replace("free-chlorine", "clorine");
    send(&world, "POST", &gone, &calibration(&json!({}))).await.assert_problem(404, &["no point", "nearest"]);
    assert_eq!(look(&world, CALIBRATIONS).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_calibration_can_be_tried_before_it_is_entered() {
    let world = World::new();
    let values = (0..1_000).map(|n| reading(CHLORINE, -10_000 + n * 10, 0.5));
    world.keep(values.chain([missing(CHLORINE, -1)]).collect());
    let path = format!("{CALIBRATIONS}/preview");
    let shown =
        done(&world, "POST", &path, &json!({"from": START_MS - 5_000, "gain": 2, "offset": 0.25})).await;
    assert_eq!((&shown["readings"], &shown["changed"]), (&json!(500), &json!(500)));
    assert_eq!((&shown["mean_before"], &shown["mean_after"]), (&json!(0.5), &json!(1.25)));
    let rows = shown["t"].as_array().unwrap().len();
    assert!((100..=400).contains(&rows), "{rows}");
    assert_eq!((shown["before"].as_array().unwrap().len(), &shown["after"][0]), (rows, &json!(1.25)));
    assert_eq!(look(&world, CALIBRATIONS).await, json!([]), "nothing is kept");
    let nothing = done(&world, "POST", &path, &json!({"from": START_MS, "gain": 2})).await;
    assert_eq!((&nothing["readings"], &nothing["mean_after"]), (&json!(0), &json!(null)));
}

#[tokio::test]
async fn a_correction_becomes_a_job_and_what_it_replaced_is_shown() {
    let world = World::new();
    let body = json!({"from": START_MS - 60_000, "to": START_MS - 30_000, "action": "exclude", "reason": "rửa <b>đầu đo</b>"});
    let job = done(&world, "POST", CORRECTIONS, &body).await;
    assert_eq!(
        (&job["kind"], &job["why"], &job["about"]),
        (&json!("exclude"), &json!("rửa <b>đầu đo</b>"), &json!(CHLORINE))
    );
    let one = json!({"from": START_MS - 60_000, "action": "set", "value": 0.4, "reason": "đo tay"});
    done(&world, "POST", CORRECTIONS, &one).await;
    let asked = world.records.jobs(1).unwrap().remove(0).asked;
    assert_eq!(
        (asked.kind, asked.from, asked.to, asked.number),
        (JobKind::Set, at(-60_000), Some(at(-59_999)), Some(0.4))
    );
    let lasts =
        json!({"from": START_MS - 60_000, "to": START_MS + 3_600_000, "action": "restore", "reason": "nhầm"});
    done(&world, "POST", CORRECTIONS, &lasts).await;
    assert_eq!(
        world.records.jobs(1).unwrap()[0].asked.to,
        Some(at(1)),
        "what is still to come is not touched"
    );

    for (body, says) in [
        (json!({"from": 5, "to": 5, "action": "exclude", "reason": "x"}), "earlier than to"),
        (json!({"from": START_MS + 1, "action": "exclude", "reason": "x"}), "lies ahead"),
        (json!({"from": 5, "action": "exclude", "reason": " "}), "1 to 2000"),
        (json!({"from": 5, "action": "set", "reason": "x"}), "is needed to set one"),
        (json!({"from": 5, "action": "exclude", "value": 1, "reason": "x"}), "only for the action set"),
        (json!({"from": 5, "action": "delete", "reason": "x"}), "unknown variant `delete`"),
        (json!({"from": "noon", "action": "exclude", "reason": "x"}), "RFC 3339"),
    ] {
        send(&world, "POST", CORRECTIONS, &body).await.assert_problem(400, &[says]);
    }

    world.keep(vec![reading(CHLORINE, -50_000, 0.1)]);
    let new = hub_model::Reading { reason: Some(Reason::Excluded), ..reading(CHLORINE, -50_000, 0.1) };
    let correction = Correction {
        reading: StoredReading { reading: new, latest: false },
        replaced: None,
        at: at(0),
        by: "lan".into(),
        why: "rửa".into(),
    };
    world.commit(Batch { corrections: vec![correction], ..Batch::default() });
    let path = "/api/v1/points/tam-hop-water/plc/free-chlorine/audit";
    let audited = look(&world, path).await;
    assert_eq!((&audited[0]["by"], &audited[0]["reason"]), (&json!("lan"), &json!("rửa")));
    assert_eq!(
        (&audited[0]["before"]["reason"], &audited[0]["after"]["reason"]),
        (&json!(null), &json!("excluded"))
    );
    assert_eq!(look(&world, &format!("{path}?from={START_MS}")).await, json!([]));
}

#[tokio::test]
async fn maintenance_and_notes_are_kept_by_place_and_span() {
    let world = World::new();
    let window = json!({"about": "tam-hop-water/plc", "from": START_MS, "to": START_MS + 3_600_000, "text": "Thay màng 🔧"});
    let made = done(&world, "POST", "/api/v1/maintenance", &window).await;
    assert_eq!(
        (&made["entry"]["about"], &made["job"]["kind"]),
        (&json!("tam-hop-water/plc"), &json!("rejudge"))
    );
    let note = json!({"about": CHLORINE, "from": START_MS, "text": "x".repeat(300)});
    let noted = done(&world, "POST", "/api/v1/notes", &note).await;
    assert_eq!((&noted["entry"]["to"], &noted["job"]), (&noted["entry"]["from"], &json!(null)));

    for (path, count) in [
        ("/api/v1/maintenance".to_owned(), 1),
        (format!("/api/v1/maintenance?point={TURBIDITY}"), 1),
        ("/api/v1/maintenance?site=dong-bai-waste".to_owned(), 0),
        (format!("/api/v1/maintenance?from={}", START_MS + 3_600_000), 0),
        ("/api/v1/notes?site=tam-hop-water".to_owned(), 1),
        (format!("/api/v1/notes?point={TURBIDITY}"), 0),
        (format!("/api/v1/notes?point={CHLORINE}&from={START_MS}&to={}", START_MS + 1), 1),
    ] {
        assert_eq!(look(&world, &path).await.as_array().unwrap().len(), count, "{path}");
    }
    let one = format!("/api/v1/maintenance/{}", made["entry"]["id"]);
    let longer = json!({"from": START_MS, "to": START_MS + 7_200_000, "text": "Thay màng", "version": 1});
    let changed = done(&world, "PUT", &one, &longer).await;
    assert_eq!(changed["entry"]["version"], json!(2));
    send(&world, "PUT", &one, &longer).await.assert_problem(409, &["changed this maintenance"]);
    let moved = json!({"about": "dong-bai-waste", "from": 1, "to": 2, "text": "x", "version": 2});
    send(&world, "PUT", &one, &moved).await.assert_problem(400, &["another place"]);
    send(&world, "DELETE", &one.replace("maintenance", "notes"), &json!({}))
        .await
        .assert_problem(400, &["version"]);
    done(&world, "DELETE", &format!("{one}?version=2"), &json!({})).await;

    for (path, body, status, says) in [
        ("maintenance", json!({"about": "tam-hop-water", "from": 1, "text": "x"}), 400, "when the work ends"),
        ("maintenance", json!({"about": "tam-hop-water", "from": 5, "to": 5, "text": "x"}), 400, "earlier"),
        (
            "maintenance",
            json!({"about": "tam-hop-water", "from": 5, "to": START_MS, "text": "x"}),
            400,
            "31 days",
        ),
        ("maintenance", json!({"from": 5, "to": 6, "text": "x"}), 400, "about"),
        (
            "notes",
            json!({"about": "tam-hop-watr", "from": 5, "text": "x"}),
            404,
            "nearest: \\\"tam-hop-water\\\"",
        ),
        ("notes", json!({"about": "tam-hop-water", "from": 5, "to": 4, "text": "x"}), 400, "earlier"),
        ("notes", json!({"about": "tam-hop-water", "from": 5, "text": "x".repeat(2_001)}), 400, "1 to 2000"),
    ] {
        send(&world, "POST", &format!("/api/v1/{path}"), &body).await.assert_problem(status, &[says]);
    }
}

#[tokio::test]
async fn what_people_do_is_noted_and_found_by_who_and_what() {
    let world = World::new();
    world.add_user(Role::Staff);
    world.keep_alarm(crate::world::alarm(1, TURBIDITY, hub_model::AlarmState::Unacknowledged));
    let login = |name: &str, password: &str| {
        Call::post("/api/v1/session", &json!({"username": name, "password": password}))
    };
    let cookie = login("staff", PASSWORD).send(&world).await.cookie();
    login("staff", "wrong").send(&world).await;
    login("mật khẩu của tôi", "staff").send(&world).await;
    let body = json!({"comment": "đã xem"});
    Call::post("/api/v1/alarms/1/acknowledge", &body).by(Role::Staff).send(&world).await;
    Call::new("DELETE", "/api/v1/session").header("cookie", cookie).send(&world).await;

    let all = Call::get("/api/v1/audit").by(Role::Officer).send(&world).await.json();
    let told: Vec<_> = all.as_array().unwrap().iter().map(|deed| (&deed["action"], &deed["by"])).collect();
    let by_staff = |action: &str| (json!(action), json!("staff"));
    let expected: Vec<_> = ["logout", "acknowledge", "login_failed", "login"].map(by_staff).into();
    assert_eq!(told, expected.iter().map(|(action, by)| (action, by)).collect::<Vec<_>>());
    assert_eq!((&all[1]["object"], &all[1]["detail"]["comment"]), (&json!("alarm/1"), &json!("đã xem")));
    let some = Call::get("/api/v1/audit?action=login&by=staff&limit=1").by(Role::Officer).send(&world).await;
    assert_eq!(some.json().as_array().unwrap().len(), 1);
    let wrong = Call::get("/api/v1/audit?limit=0").by(Role::Officer).send(&world).await;
    wrong.assert_problem(400, &["1 to 1000"]);
    assert_eq!(world.records.deeds(&DeedFilter { limit: 99, ..DeedFilter::default() }).unwrap().len(), 4);
}
