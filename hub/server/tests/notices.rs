//! Notices of the real binary to a server on a real socket: sent after the commit, once by their key over SIGKILL, taken up by a
//! reload, tried and acknowledged over the API.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../adapters/notify/tests/it/support/mail_server.rs"]
mod mail_server;
#[path = "../../../adapters/notify/tests/it/support/receiver.rs"]
mod receiver;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use mail_server::MailServer;
use receiver::{Answer, Receiver, Seen};
use serde_json::{Value, json};
use support::peers::MosquittoSub;
use support::{Folder, Hub, wait_for};

const WITHIN: Duration = Duration::from_secs(60);
const POINTS: usize = 20;
const RULE: &str = r#"// A level that is high, at once.
fn rule() { #{
    title: #{ vi: "Mực nước cao", en: "Level high" },
    priority: "critical",
    watches: #{ quantity: "level" },
} }
fn active(p) { p.value > 1.0 }
"#;
const HUB: &str = r#"[commune]
id = "tam-hop"
name = { vi = "Xã Tam Hợp", en = "Tam Hop commune" }
[http]
listen = "127.0.0.1:0"
public_url = "https://hub.xa.example.vn"
[mqtt]
listen = "127.0.0.1:0"
[store]
dir = "data"
commit_window = "10ms"
[rules]
dir = "rules"
[notify]
group_interval = "1s"
acknowledge_without_login = true
"#;
/// A board that shows what comes on a topic of the hub's own broker.
const BOARD: &str = "id = \"xa\"\nkind = \"other\"\nname = { vi = \"Uỷ ban\", en = \"Office\" }\n[[device]]\nid = \"bang-tin\"\nadapter = \"mqtt\"\nlogin = { username = \"bang-tin\", password = \"mat-khau\", subscribe = [\"commune/v1/notices\"] }\n[[device.point]]\nid = \"state\"\nquantity = \"state\"\n";

fn folder(notify: &str) -> Folder {
    let mut site = "id = \"ho\"\nkind = \"other\"\nname = { vi = \"Hồ Đồng Bãi\", en = \"Dong Bai lake\" }\n[[device]]\nid = \"d\"\nadapter = \"push\"\n".to_owned();
    for number in 0..POINTS {
        site.push_str(&format!("[[device.point]]\nid = \"p{number}\"\nquantity = \"level\"\n"));
    }
    Folder::with(&[
        ("hub.toml", &format!("{HUB}{notify}")),
        ("sites/ho.toml", &site),
        ("rules/high.rhai", RULE),
    ])
}

fn hook(url: &str) -> String {
    format!(
        "[[notify.channel]]\nid = \"hook\"\nkind = \"webhook\"\nurl = \"{url}\"\n[[notify.route]]\nchannels = [\"hook\"]\nresolved = false\n"
    )
}

/// Sends values of points; after the answer they are committed, and so is what followed from them.
fn send(hub: &Hub, values: &[(usize, f64)]) {
    let readings: Vec<Value> = values
        .iter()
        .map(|(point, value)| json!({"point": format!("ho/d/p{point}"), "t": adapters_sdk::Clock::system().now().as_millis(), "v": value}))
        .collect();
    let (status, answer) = hub.post("/readings", &json!({ "readings": readings }));
    assert_eq!(status, 204, "{answer}");
}

fn alarms_of(seen: &Seen) -> Vec<String> {
    let alerts = seen.json()["alerts"].as_array().unwrap().clone();
    alerts.iter().map(|alert| alert["annotations"]["alarm"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_kill_between_the_commit_and_sending_loses_no_notice() {
    let address = Receiver::nobody();
    let folder = folder(&hook(&format!("http://{address}/")));
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    send(&hub, &[(0, 2.0)]);
    // Committed, and the server is not there.
    hub.kill();
    let server = Receiver::at(address, |_, before| if before == 0 { Answer::Hangs } else { Answer::ok("") });
    let hub = folder.run(&token);
    wait_for("the first try", WITHIN, || (server.seen().len() == 1).then_some(()));
    // Sent, and no answer came: the hub cannot know.
    hub.kill();
    let hub = folder.run(&token);
    wait_for("the second try", WITHIN, || (server.seen().len() == 2).then_some(()));
    let delivered = || hub.get("/notices?state=delivered").as_array().unwrap().len();
    wait_for("its note", WITHIN, || (delivered() == 1).then_some(()));
    let seen = server.seen();
    assert_eq!(seen[0].header("idempotency-key"), seen[1].header("idempotency-key"));
    assert_eq!(seen[0].body, seen[1].body);
    assert_eq!(alarms_of(&seen[0]), ["1"]);
    hub.stop();
}

/// A channel of every kind, with all that it needs of a person.
fn every_channel(http: SocketAddr, mail_port: u16) -> String {
    format!(
        r#"allow_commands = true
[[notify.person]]
id = "hoa"
name = "Nguyễn Thị Hoa"
email = "hoa@xa.example.vn"
telegram = "12345"
phone = "+84912345678"
[[notify.channel]]
id = "mail"
kind = "email"
host = "localhost"
port = {mail_port}
tls = "none"
from = "hub@xa.example.vn"
[[notify.channel]]
id = "hook"
kind = "webhook"
url = "http://{http}/hook"
[[notify.channel]]
id = "events"
kind = "cloudevents"
url = "http://{http}/events"
[[notify.channel]]
id = "bot"
kind = "telegram"
token_file = "token"
api_url = "http://{http}"
[[notify.channel]]
id = "zns"
kind = "zalo"
app_id = "777"
app_secret_file = "secret"
refresh_token_file = "token"
templates = {{ raised = "1001" }}
template_data = {{ noi_dung = "{{title}}" }}
api_url = "http://{http}"
oauth_url = "http://{http}"
[[notify.channel]]
id = "sms"
kind = "sms_http"
url = "http://{http}/sms?to={{to}}&text={{text}}"
[[notify.channel]]
id = "topic"
kind = "mqtt"
topic = "commune/v1/notices"
[[notify.channel]]
id = "siren"
kind = "command"
command = ["./siren"]
[[notify.route]]
channels = ["mail", "hook", "events", "bot", "zns", "sms", "topic", "siren"]
to = ["hoa"]
resolved = false
"#
    )
}

#[test]
fn every_channel_gets_a_notice_once_over_a_kill_between_the_commit_and_sending() {
    // Nobody is there yet: neither servers, nor who listens to the topic, nor the program.
    let folder = folder(&every_channel(Receiver::nobody(), Receiver::nobody().port()));
    let siren = folder.path().join("siren");
    let with_siren = |notify: String| notify.replace("./siren", &siren.display().to_string());
    let file = folder.path().join("hub.toml");
    fs::write(&file, with_siren(fs::read_to_string(&file).unwrap())).unwrap();
    fs::write(folder.path().join("sites/xa.toml"), BOARD).unwrap();
    for (file, text) in [("token", "123:abc"), ("secret", "mật")] {
        fs::write(folder.path().join(file), text).unwrap();
    }
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    send(&hub, &[(0, 2.0)]);
    hub.kill();

    let server = Receiver::start(|seen, _| {
        Answer::ok(match &*seen.path {
            "/v4/oa/access_token" => r#"{"access_token":"access","refresh_token":"refresh"}"#,
            "/message/template" => r#"{"error":0,"data":{"msg_id":"m-1"}}"#,
            _ => r#"{"ok":true,"result":{"message_id":7}}"#,
        })
    });
    let mut mail = MailServer::start(&json!({"mode": "none"}));
    let notify = every_channel(server.address, mail.port);
    fs::write(&file, with_siren(format!("{HUB}{notify}"))).unwrap();
    let heard = folder.path().join("heard");
    fs::write(&siren, format!("#!/bin/sh\ncat >> '{0}'\necho >> '{0}'\n", heard.display())).unwrap();
    fs::set_permissions(&siren, fs::Permissions::from_mode(0o755)).unwrap();
    let hub = folder.run(&token);
    let mut board = MosquittoSub::start(hub.mqtt, ("bang-tin", "mat-khau"), "commune/v1/notices", &[]);
    let delivered = || hub.get("/notices?state=delivered").as_array().unwrap().len();
    wait_for("all notes", WITHIN, || (delivered() == 8).then_some(()));

    let mut paths: Vec<String> = server.seen().iter().map(|seen| seen.path.clone()).collect();
    paths.sort_unstable();
    let sms = paths.iter().position(|path| path.starts_with("/sms?to=%2B84912345678&text=")).unwrap();
    paths.remove(sms);
    let once = ["/bot123:abc/sendMessage", "/events", "/hook", "/message/template", "/v4/oa/access_token"];
    assert_eq!(paths, once);
    assert_eq!(mail.taken()["to"], json!(["hoa@xa.example.vn"]));
    let event: Value = serde_json::from_str(&board.next()).unwrap();
    assert_eq!(event["alarms"][0]["id"], 1);
    assert_eq!(fs::read_to_string(&heard).unwrap().lines().count(), 1);
    // What came once is over: another start sends nothing again.
    hub.kill();
    let hub = folder.run(&token);
    let channels = hub.get("/notices/channels");
    let open = |channel: &Value| channel["pending"] != 0 || channel["waiting"] != 0;
    assert!(!channels.as_array().unwrap().iter().any(open), "{channels}");
    hub.stop();
    assert_eq!(server.seen().len(), 6);
}

#[test]
fn kills_under_a_flood_of_alarms_lose_none_and_double_none_by_key() {
    let server = Receiver::start(|_, _| Answer::ok(""));
    let folder = folder(&hook(&server.url("/")));
    let token = folder.token("integrator");
    let mut last = 0;
    for round in 0..8 {
        let hub = folder.run(&token);
        for point in 0..POINTS {
            // Each goes down and up again: another alarm, or the same raised again.
            send(&hub, &[(point, 0.0)]);
            send(&hub, &[(point, 2.0 + f64::from(round))]);
            if round % 3 == 1 && point == POINTS / 2 || server.seen().len() > last + 1 {
                break;
            }
        }
        last = server.seen().len();
        hub.kill();
    }
    let hub = folder.run(&token);
    wait_for("all messages", WITHIN, || {
        let channels = hub.get("/notices/channels");
        (channels[0]["pending"] == 0 && channels[0]["waiting"] == 0).then_some(())
    });
    let alarms = hub.get("/alarms?state=all");
    let raised: BTreeSet<String> =
        alarms.as_array().unwrap().iter().map(|alarm| alarm["id"].to_string()).collect();
    let mut messages: BTreeMap<String, Seen> = BTreeMap::new();
    for seen in server.seen() {
        let key = seen.header("idempotency-key").unwrap().to_owned();
        if let Some(before) = messages.get(&key) {
            assert_eq!(alarms_of(before), alarms_of(&seen), "a second try says the same");
        }
        messages.insert(key, seen);
    }
    let told: BTreeSet<String> = messages.values().flat_map(alarms_of).collect();
    assert_eq!(told, raised, "every alarm was told");
    let log = hub.get("/notices?limit=500");
    assert_eq!(log.as_array().unwrap().len(), messages.len(), "each message came, and no other");
    hub.stop();
}

#[test]
fn a_changed_section_is_taken_up_and_a_faulty_one_refused() {
    let (first, second) = (Receiver::start(|_, _| Answer::ok("")), Receiver::start(|_, _| Answer::ok("")));
    let folder = folder(&hook(&first.url("/")));
    let hub = folder.run(&folder.token("integrator"));
    send(&hub, &[(0, 2.0)]);
    wait_for("the first message", WITHIN, || (first.seen().len() == 1).then_some(()));
    let file = folder.path().join("hub.toml");
    fs::write(&file, format!("{HUB}{}", hook(&second.url("/")).replace("\"hook\"", "\"other\""))).unwrap();
    wait_for("the other channel", WITHIN, || {
        (hub.get("/notices/channels")[0]["id"] == "other").then_some(())
    });
    send(&hub, &[(1, 2.0)]);
    wait_for("the second message", WITHIN, || (second.seen().len() == 1).then_some(()));
    assert_eq!(first.seen().len(), 1);
    fs::write(&file, format!("{HUB}{}", hook(&second.url("/")).replace("url", "ulr"))).unwrap();
    let told = wait_for("the fault", WITHIN, || {
        let ready = hub.ready();
        let parts = ready["others"].as_array().unwrap().clone();
        let part = parts.into_iter().find(|part| part["name"] == "configuration").unwrap();
        (part["state"] == "degraded").then(|| part["detail"].to_string())
    });
    assert!(told.contains("ulr") && told.contains("url"), "{told}");
    send(&hub, &[(2, 2.0)]);
    wait_for("what runs stays", WITHIN, || (second.seen().len() == 2).then_some(()));
    assert!(hub.metrics().contains("commune_messages_delivered_total 3"), "{}", hub.metrics());
    hub.stop();
}

#[test]
fn a_person_is_told_and_acknowledges_by_the_link_once() {
    let server = Receiver::start(|_, _| Answer::ok(r#"{"ok":true,"result":{"message_id":7}}"#));
    let notify = format!(
        "[[notify.person]]\nid = \"hoa\"\nname = \"Nguyễn Thị Hoa\"\ntelegram = \"12345\"\n\
         [[notify.channel]]\nid = \"bot\"\nkind = \"telegram\"\ntoken_file = \"bot-token\"\napi_url = \"{}\"\n\
         [[notify.route]]\nchannels = [\"bot\"]\nto = [\"hoa\"]\n",
        server.url("")
    );
    let folder = folder(&notify);
    fs::write(folder.path().join("bot-token"), "123:abc\n").unwrap();
    let hub = folder.run(&folder.token("officer"));
    let integrator = folder.token("integrator");
    let hub = hub.by(&integrator);
    let (status, tested) = hub.post("/notices/channels/bot/test", &json!({"to": "hoa"}));
    assert_eq!((status, &tested), (200, &json!({"delivered": true, "detail": "7", "detail_vi": "7"})));
    send(&hub, &[(0, 2.0)]);
    let seen = wait_for("the message", WITHIN, || server.seen().get(1).cloned());
    assert_eq!(seen.path, "/bot123:abc/sendMessage");
    let text = seen.json()["text"].as_str().unwrap().to_owned();
    assert!(text.contains("Kính gửi Nguyễn Thị Hoa") && text.contains("Hồ Đồng Bãi"), "{text}");
    let link = text.split_whitespace().find(|word| word.contains("/acknowledge?t=")).unwrap();
    let (_, link) = link.split_once("?t=").unwrap();
    let (status, looked) = hub.post("/links/look", &json!({ "token": link }));
    assert_eq!((status, &looked["needs_login"], &looked["done"]), (200, &json!(false), &json!(false)));
    let (status, done) = hub.post("/links/acknowledge", &json!({ "token": link }));
    assert_eq!(
        (status, &done["done"], &done["acknowledged_by"]),
        (200, &json!(true), &json!("Nguyễn Thị Hoa"))
    );
    let (status, again) = hub.post("/links/acknowledge", &json!({ "token": link }));
    assert_eq!((status, &again["done"]), (200, &json!(false)));
    assert_eq!(hub.post("/links/acknowledge", &json!({ "token": format!("{link}x") })).0, 400);
    let log = hub.get("/notices");
    assert_eq!((&log[0]["recipient"], &log[0]["state"]), (&json!("Nguyễn Thị Hoa"), &json!("delivered")));
    assert_eq!(log[1]["test"], true);
    hub.stop();
}

#[test]
fn a_topic_of_the_hubs_own_broker_carries_notices_to_who_is_there() {
    let folder = folder(
        "[[notify.channel]]\nid = \"topic\"\nkind = \"mqtt\"\ntopic = \"commune/v1/notices\"\n[[notify.route]]\nchannels = [\"topic\"]\n",
    );
    fs::write(folder.path().join("sites/xa.toml"), BOARD).unwrap();
    let hub = folder.run(&folder.token("integrator"));
    let mut board = MosquittoSub::start(hub.mqtt, ("bang-tin", "mat-khau"), "commune/v1/notices", &[]);
    send(&hub, &[(3, 2.0)]);
    let event: Value = serde_json::from_str(&board.next()).unwrap();
    let alarm = &event["alarms"][0];
    assert_eq!((&alarm["subject"], &alarm["value"]), (&json!("ho/d/p3"), &json!(2.0)), "{event}");
    wait_for("its note", WITHIN, || {
        (hub.get("/notices?state=delivered").as_array().unwrap().len() == 1).then_some(())
    });
}
