//! Every channel over a real socket: what it says, how it is signed, and what it makes of refusals, 429, 5xx and silence. Servers
//! of the tests' own answer as Telegram, Zalo and gateways document it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapters_notify::{Addressee, Host, Language, Outcome, send};
use hmac::{Hmac, KeyInit, Mac};
use hub_model::LocalText;
use serde_json::json;
use sha2::Sha256;

use crate::support::letters::{channel, letter, letter_of, test_letter};
use crate::support::receiver::{Answer, Receiver, Seen};

/// A hub that keeps texts and hears what is published.
#[derive(Default)]
struct Kept {
    secrets: Mutex<std::collections::BTreeMap<String, String>>,
    published: Mutex<Vec<(String, String)>>,
}

impl Host for Kept {
    fn publish(&self, topic: &str, payload: Vec<u8>) -> Result<(), LocalText> {
        self.published.lock().unwrap().push((topic.to_owned(), String::from_utf8(payload).unwrap()));
        Ok(())
    }

    fn kept(&self, name: &str) -> Result<Option<String>, LocalText> {
        Ok(self.secrets.lock().unwrap().get(name).cloned())
    }

    fn keep(&self, name: &str, text: String) -> Result<(), LocalText> {
        self.secrets.lock().unwrap().insert(name.to_owned(), text);
        Ok(())
    }
}

fn hoa(address: &str) -> Addressee {
    Addressee { address: address.to_owned(), name: "Nguyễn Thị Hoa".to_owned(), language: Language::Vi }
}

async fn sent(config: &str, host: Arc<Kept>, to: &str) -> Outcome {
    send(Arc::new(channel(config)), Arc::new(letter()), hoa(to), host).await
}

fn later(outcome: &Outcome) -> (&str, Option<u64>) {
    match outcome {
        Outcome::Later { why, after } => (&why.en, after.map(|after| after.as_secs())),
        other => panic!("{other:?}"),
    }
}

fn webhook(url: &str) -> String {
    format!(
        "id = \"hook\"\nkind = \"webhook\"\nurl = \"{url}\"\nsecret_file = \"secret\"\ntimeout = \"1s\"\n"
    )
}

#[tokio::test]
async fn a_webhook_is_alertmanagers_signed_and_keyed() {
    let server = Receiver::start(|_, _| Answer::ok(""));
    assert_eq!(
        sent(&webhook(&server.url("/in?x=1")), Arc::default(), "").await,
        Outcome::Delivered(String::new())
    );
    let seen = &server.seen()[0];
    assert_eq!((&*seen.method, &*seen.path), ("POST", "/in?x=1"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("idempotency-key"), Some("7-1772330400000-tam-hop"));
    let mut mac = Hmac::<Sha256>::new_from_slice(b"the channel's secret").unwrap();
    mac.update(seen.body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(seen.header("x-hub-signature-256"), Some(&*format!("sha256={hex}")));
    let message = seen.json();
    assert_eq!(
        (&message["version"], &message["status"], &message["receiver"]),
        (&json!("4"), &json!("firing"), &json!("hook"))
    );
    assert_eq!(message["truncatedAlerts"], 3);
    assert_eq!(message["externalURL"], "https://hub.xa.example.vn");
    let alert = &message["alerts"][0];
    assert_eq!(alert["labels"]["severity"], "critical");
    assert_eq!(alert["labels"]["point"], "tam-hop/plc/clo");
    assert_eq!(alert["startsAt"], "2026-03-01T09:00:00.000+07:00");
    assert_eq!(alert["endsAt"], "0001-01-01T00:00:00Z");
    assert_eq!(message["alerts"][1]["status"], "resolved");
    assert_eq!(message["alerts"][1]["endsAt"], "2026-03-01T09:10:00.000+07:00");
    assert_eq!(message["commonLabels"]["commune"], "tam-hop");
    assert!(message["commonLabels"].get("point").is_none(), "{message}");
}

#[tokio::test]
async fn a_channel_can_be_tried_without_an_alarm() {
    let server = Receiver::start(|_, _| Answer::ok(""));
    let channel = Arc::new(channel(&webhook(&server.url("/"))));
    let outcome = send(channel, Arc::new(test_letter()), hoa(""), Arc::<Kept>::default()).await;
    assert_eq!(outcome, Outcome::Delivered(String::new()));
    assert_eq!(server.seen()[0].json()["alerts"][0]["labels"]["alertname"], "channel-test");
}

#[tokio::test]
async fn what_a_status_means_is_the_same_for_every_http_channel() {
    for (answer, expected) in [
        (Answer::status(204), "delivered"),
        (Answer::Says(429, vec![("Retry-After", "120".to_owned())], "slow down".to_owned()), "later 120"),
        (Answer::Says(503, vec![], "busy".to_owned()), "later -"),
        (Answer::status(500), "later -"),
        (Answer::status(401), "later -"),
        (Answer::status(404), "later -"),
        (Answer::Says(302, vec![("Location", "http://127.0.0.1:1/".to_owned())], String::new()), "later -"),
        (Answer::Says(400, vec![], "bad".to_owned()), "never"),
        (Answer::status(413), "never"),
        (Answer::Closes, "later -"),
        (Answer::Hangs, "later -"),
    ] {
        let told = answer.clone();
        let server = Receiver::start(move |_, _| told.clone());
        let outcome = sent(&webhook(&server.url("/")), Arc::default(), "").await;
        let found = match &outcome {
            Outcome::Delivered(_) => "delivered".to_owned(),
            Outcome::Never(_) => "never".to_owned(),
            Outcome::Later { after, .. } => {
                format!("later {}", after.map_or("-".to_owned(), |after| after.as_secs().to_string()))
            }
        };
        assert_eq!(found, expected, "{answer:?}: {outcome:?}");
        let text = format!("{outcome:?}");
        assert!(
            !text.contains("the channel's secret") && !text.contains(&server.address.to_string()),
            "{text}"
        );
    }
    let nobody = sent(&webhook(&format!("http://{}/", Receiver::nobody())), Arc::default(), "").await;
    assert!(later(&nobody).0.contains("no connection"), "{nobody:?}");
    let unknown = sent(&webhook("http://nowhere.invalid/"), Arc::default(), "").await;
    later(&unknown);
}

#[tokio::test]
async fn a_cloudevent_is_structured_and_its_id_is_the_messages_key() {
    let server = Receiver::start(|_, _| Answer::status(202));
    let config = format!("id = \"ev\"\nkind = \"cloudevents\"\nurl = \"{}\"\n", server.url("/"));
    assert_eq!(sent(&config, Arc::default(), "").await, Outcome::Delivered(String::new()));
    let seen = &server.seen()[0];
    assert!(seen.header("content-type").unwrap().starts_with("application/cloudevents+json"));
    let event = seen.json();
    assert_eq!((&event["specversion"], &event["id"]), (&json!("1.0"), &json!("7-1772330400000-tam-hop")));
    assert_eq!(event["source"], "https://hub.xa.example.vn");
    assert_eq!(event["type"], "vn.commune-hub.alarms.v1");
    assert_eq!(event["data"]["alarms"][0]["message"]["vi"], "Clo dư 0,12 mg/L, tối thiểu 0,2");
    assert_eq!(event["data"]["more"], 3);
}

fn telegram(server: &Receiver) -> String {
    format!(
        "id = \"bot\"\nkind = \"telegram\"\ntoken_file = \"token\"\napi_url = \"{}\"\ntimeout = \"1s\"\n",
        server.url("")
    )
}

#[tokio::test]
async fn telegram_takes_a_text_and_says_how_long_to_wait() {
    for (status, body, expected) in [
        (
            200,
            r#"{"ok":true,"result":{"message_id":42,"chat":{"id":5}}}"#,
            Outcome::Delivered("42".to_owned()),
        ),
        (
            429,
            r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}"#,
            Outcome::Later {
                why: LocalText::same("Too Many Requests: retry after 35"),
                after: Some(Duration::from_secs(35)),
            },
        ),
        (
            403,
            r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#,
            Outcome::Never(LocalText::same("Forbidden: bot was blocked by the user")),
        ),
        (
            400,
            r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-100987}}"#,
            Outcome::Never(LocalText::new(
                "nhóm nay có số khác: -100987; hãy ghi số đó vào cấu hình",
                "the group has another number now: -100987; put it into the configuration",
            )),
        ),
        (
            401,
            r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#,
            Outcome::Later { why: LocalText::same("Unauthorized"), after: None },
        ),
        (
            502,
            "<html>Bad Gateway</html>",
            Outcome::Later { why: LocalText::same("HTTP 502: <html>Bad Gateway</html>"), after: None },
        ),
    ] {
        let server = Receiver::start(move |_, _| Answer::Says(status, vec![], body.to_owned()));
        assert_eq!(sent(&telegram(&server), Arc::default(), "-1005").await, expected);
        let seen = &server.seen()[0];
        assert_eq!(seen.path, "/bot123:abc/sendMessage");
        let said = seen.json();
        assert_eq!(said["chat_id"], "-1005");
        let text = said["text"].as_str().unwrap();
        for part in [
            "Kính gửi Nguyễn Thị Hoa",
            "Clo dư thấp",
            "Trạm Tam Hợp",
            "https://hub.xa.example.vn/alarms/1",
            "acknowledge?t=",
            "và 3 tin khác",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[tokio::test]
async fn a_text_that_is_too_long_for_telegram_is_cut() {
    let server = Receiver::start(|_, _| Answer::ok(r#"{"ok":true,"result":{"message_id":1}}"#));
    let channel = Arc::new(channel(&telegram(&server)));
    send(channel, Arc::new(letter_of(20, &"dài ".repeat(200))), hoa("5"), Arc::<Kept>::default()).await;
    let text = server.seen()[0].json()["text"].as_str().unwrap().to_owned();
    assert!((4_000..=4_096).contains(&text.chars().count()), "{}", text.chars().count());
}

fn zalo(server: &Receiver) -> String {
    format!(
        "id = \"zns\"\nkind = \"zalo\"\napp_id = \"777\"\napp_secret_file = \"secret\"\nrefresh_token_file = \"token\"\n\
         templates = {{ raised = \"1001\", returned = \"1002\" }}\n\
         template_data = {{ tram = \"{{site}}\", noi_dung = \"{{title}}: {{message}}\" }}\n\
         api_url = \"{0}\"\noauth_url = \"{0}\"\ntimeout = \"1s\"\n",
        server.url("")
    )
}

/// Zalo as it is documented: the n-th tokens are `access-n` and `refresh-n`, a refresh token serves once.
fn zalo_server(message: impl Fn(&Seen) -> String + Send + Sync + 'static) -> Receiver {
    let renewed = Mutex::new(0);
    Receiver::start(move |seen, _| {
        if seen.path != "/v4/oa/access_token" {
            return Answer::ok(message(seen));
        }
        let mut renewed = renewed.lock().unwrap();
        let expected = if *renewed == 0 { "123%3Aabc".to_owned() } else { format!("refresh-{}", *renewed) };
        assert_eq!(seen.header("secret_key"), Some("the channel's secret"));
        if !seen.body.contains(&format!("refresh_token={expected}&app_id=777&grant_type=refresh_token")) {
            return Answer::ok(
                r#"{"error":-14014,"error_name":"Invalid refresh token","error_description":"Invalid refresh token"}"#,
            );
        }
        *renewed += 1;
        Answer::ok(format!(
            r#"{{"access_token":"access-{0}","refresh_token":"refresh-{0}","expires_in":"90000"}}"#,
            *renewed
        ))
    })
}

#[tokio::test]
async fn zalo_sends_a_template_and_keeps_its_tokens() {
    let server = zalo_server(|seen| match seen.header("access_token") {
        Some("access-1") => {
            r#"{"error":0,"message":"Success","data":{"msg_id":"abc1","sent_time":"1"}}"#.to_owned()
        }
        _ => r#"{"error":-124,"message":"Access token invalid"}"#.to_owned(),
    });
    let host = Arc::<Kept>::default();
    for _ in 0..2 {
        assert_eq!(
            sent(&zalo(&server), host.clone(), "+84912345678").await,
            Outcome::Delivered("abc1".to_owned())
        );
    }
    let seen = server.seen();
    let paths: Vec<_> = seen.iter().map(|seen| &*seen.path).collect();
    assert_eq!(paths, ["/v4/oa/access_token", "/message/template", "/message/template"], "the token is kept");
    let message = seen[1].json();
    assert_eq!(message["phone"], "84912345678");
    assert_eq!(message["template_id"], "1001");
    assert_eq!(message["tracking_id"], "7-1772330400000-tam-hop");
    assert_eq!(message["template_data"]["tram"], "Trạm Tam Hợp");
    assert!(message["template_data"]["noi_dung"].as_str().unwrap().starts_with("Clo dư thấp: Clo dư 0,12"));
}

#[tokio::test]
async fn zalo_tokens_that_are_over_are_renewed_once_and_faults_are_told_apart() {
    let server = zalo_server(|seen| match seen.header("access_token") {
        Some("access-2") => r#"{"error":0,"message":"Success","data":{"msg_id":"abc2"}}"#.to_owned(),
        _ => r#"{"error":-124,"message":"Access token invalid"}"#.to_owned(),
    });
    let host = Arc::<Kept>::default();
    // The first token, just given, is refused: that is their trouble, to be tried later.
    assert!(later(&sent(&zalo(&server), host.clone(), "+84912345678").await).0.contains("-124"));
    // Another try finds it over and renews it with the second refresh token.
    assert_eq!(
        sent(&zalo(&server), host.clone(), "+84912345678").await,
        Outcome::Delivered("abc2".to_owned())
    );
    for (code, is_passing) in
        [(-144, true), (-133, true), (-137, true), (-100, true), (-118, false), (-108, false), (-109, false)]
    {
        let server = zalo_server(move |_| format!(r#"{{"error":{code},"message":"told"}}"#));
        match sent(&zalo(&server), Arc::default(), "+84912345678").await {
            Outcome::Later { .. } => assert!(is_passing, "{code}"),
            Outcome::Never(why) => {
                assert!(!is_passing && why.en.contains(&code.to_string()), "{code}: {why:?}")
            }
            other => panic!("{code}: {other:?}"),
        }
    }
    // A refresh token that was used up elsewhere.
    let host = Arc::<Kept>::default();
    let used = zalo_server(|_| String::new());
    host.keep("zalo/zns", "{}".to_owned()).unwrap();
    let _first = sent(&zalo(&used), host.clone(), "+84912345678").await;
    let lost = sent(&zalo(&used), Arc::default(), "+84912345678").await;
    assert!(later(&lost).0.contains("put a new refresh token"), "{lost:?}");
}

fn gateway(server: &Receiver, more: &str) -> String {
    format!(
        "id = \"sms\"\nkind = \"sms_http\"\ntimeout = \"1s\"\nsecret_file = \"secret\"\n{}\n",
        more.replace("@", &server.url(""))
    )
}

#[tokio::test]
async fn a_gateway_for_sms_is_spoken_to_as_it_is_described() {
    let server = Receiver::start(|_, _| Answer::ok(r#"{"code":"100","id":"m-1"}"#));
    let json = "url = \"@/send\"\nheaders = { Authorization = \"Bearer {secret}\" }\nbody = '{{\"to\":\"{to}\",\"text\":\"{text}\",\"ref\":\"{key}\"}}'\nexpect = '\"code\":\"100\"'";
    let outcome = sent(&gateway(&server, json), Arc::default(), "+84912345678").await;
    assert_eq!(outcome, Outcome::Delivered(r#"{"code":"100","id":"m-1"}"#.to_owned()));
    let form = "method = \"POST\"\nurl = \"@/form\"\nheaders = { Content-Type = \"application/x-www-form-urlencoded\" }\nbody = \"phone={to}&msg={text}\"\naccents = false\nmax_chars = 160";
    sent(&gateway(&server, form), Arc::default(), "+84912345678").await;
    let get = "method = \"GET\"\nurl = \"@/get?to={to}&text={text}&key={secret}\"";
    sent(&gateway(&server, get), Arc::default(), "+84912345678").await;
    let seen = server.seen();
    assert_eq!(seen[0].header("authorization"), Some("Bearer the channel's secret"));
    assert_eq!(seen[0].json()["to"], "+84912345678");
    let text = seen[0].json()["text"].as_str().unwrap().to_owned();
    assert!(
        text.starts_with("Nghiêm trọng, Trạm Tam Hợp: Clo dư 0,12") && text.chars().count() <= 201,
        "{text}"
    );
    assert!(
        seen[1].body.starts_with("phone=%2B84912345678&msg=Nghiem%20trong%2C%20Tram"),
        "{}",
        seen[1].body
    );
    assert!(seen[2].path.starts_with("/get?to=%2B84912345678&text=Nghi%C3%AAm"), "{}", seen[2].path);
}

#[tokio::test]
async fn a_gateway_that_answers_200_and_means_no_is_not_believed() {
    let server =
        Receiver::start(|_, _| Answer::ok(r#"{"code":"103","error":"no money, key the channel's secret"}"#));
    let config = gateway(&server, "url = \"@/{to}\"\nexpect = '\"code\":\"100\"'");
    let outcome = sent(&config, Arc::default(), "+84912345678").await;
    let (why, _) = later(&outcome);
    assert!(why.contains("103") && !why.contains("the channel's secret"), "{why}");
}

#[tokio::test]
async fn a_topic_gets_the_whole_message() {
    let host = Arc::<Kept>::default();
    let config = "id = \"topic\"\nkind = \"mqtt\"\ntopic = \"commune/v1/notices\"\n";
    assert_eq!(sent(config, host.clone(), "").await, Outcome::Delivered(String::new()));
    let published = host.published.lock().unwrap().clone();
    assert_eq!(published[0].0, "commune/v1/notices");
    let event: serde_json::Value = serde_json::from_str(&published[0].1).unwrap();
    assert_eq!(event["alarms"][0]["rule"], "chlorine-low");
}

#[tokio::test]
async fn a_program_gets_json_on_its_input_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("seen");
    let run = |script: &str| {
        let script = script.replace("@", &file.display().to_string());
        format!(
            "id = \"run\"\nkind = \"command\"\ntimeout = \"1s\"\ncommand = [\"/bin/sh\", \"-c\", '''{script}''']\n"
        )
    };
    assert_eq!(
        sent(&run("cat > @; env > @.env"), Arc::default(), "").await,
        Outcome::Delivered(String::new())
    );
    let event: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(event["key"], "7-1772330400000-tam-hop");
    let environment = std::fs::read_to_string(file.with_extension("env")).unwrap();
    assert!(!environment.contains("HOME="), "{environment}");
    let failed = sent(&run("echo no modem >&2; exit 3"), Arc::default(), "").await;
    assert!(later(&failed).0.contains("no modem"), "{failed:?}");
    let endless = sent(&run("sleep 60"), Arc::default(), "").await;
    assert!(later(&endless).0.contains("did not end in time"), "{endless:?}");
    let gone =
        sent("id = \"run\"\nkind = \"command\"\ncommand = [\"/nowhere/siren\"]\n", Arc::default(), "").await;
    assert!(later(&gone).0.contains("cannot be started"), "{gone:?}");
}
