//! The examples of docs/notify.md: each is read without a fault, and each channel sends as it is written there, to a server of ours.

use std::sync::Arc;

use adapters_notify::config::{Known, Notify};
use adapters_notify::{Addressee, Host, Language, Outcome, SecretFiles, send};
use adapters_sdk::config::{Place, Problems};
use hub_model::{LocalText, SiteId, local};

use crate::support::letters;
use crate::support::receiver::{Answer, Receiver};
use crate::support::{section, vietnam};

struct Files;

impl SecretFiles for Files {
    fn first_line(&self, file: &str) -> Result<String, LocalText> {
        if file.starts_with("secrets/") {
            Ok("s3cret".to_owned())
        } else {
            Err(local!("không có tệp này", "is not there"))
        }
    }
    fn text(&self, _: &str) -> Result<String, LocalText> {
        Err(local!("không có tệp này", "is not there"))
    }
    fn warn_of_readers(&self, _: &Place, _: &mut Problems) {}
}

struct Hub;

impl Host for Hub {
    fn publish(&self, topic: &str, _: Vec<u8>) -> Result<(), LocalText> {
        if topic == "commune/v1/notices" { Ok(()) } else { Err(LocalText::same(topic)) }
    }
    fn kept(&self, _: &str) -> Result<Option<String>, LocalText> {
        Ok(None)
    }
    fn keep(&self, _: &str, _: String) -> Result<(), LocalText> {
        Ok(())
    }
}

/// All examples as one configuration, with every server at `url`.
fn documented(url: &str) -> Notify {
    let document = include_str!("../../../../docs/notify.md");
    let mut blocks: Vec<&str> =
        document.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    // A table that opens a section comes before the lists of that section.
    blocks.sort_by_key(|block| !block.starts_with("[notify]"));
    let text = blocks
        .concat()
        .replace("https://receiver.example.vn", url)
        .replace("https://sms.example.vn", url)
        .replace("kind = \"telegram\"", &format!("kind = \"telegram\"\napi_url = \"{url}\""))
        .replace("kind = \"zalo\"", &format!("kind = \"zalo\"\napi_url = \"{url}\"\noauth_url = \"{url}\""));
    let sites = [SiteId::parse("tam-hop-water").unwrap()];
    let known = Known { sites: Some(&sites), zone: vietnam(), has_broker: true };
    let (notify, problems) = section(&text, &known, &Files);
    assert!(problems.errors().is_empty() && problems.warnings().is_empty(), "{problems:?}");
    notify
}

#[tokio::test]
async fn every_documented_channel_sends_as_it_is_written() {
    let server = Receiver::start(|seen, _| {
        Answer::ok(match &*seen.path {
            "/v4/oa/access_token" => r#"{"access_token":"a","refresh_token":"r"}"#,
            "/message/template" => r#"{"error":0,"data":{"msg_id":"z"}}"#,
            "/bots3cret/sendMessage" => r#"{"ok":true,"result":{"message_id":5}}"#,
            _ => r#"{"code":"100"}"#,
        })
    });
    let notify = documented(&server.url(""));
    let mut kinds = Vec::new();
    for channel in notify.channels {
        let kind = channel.kind.code();
        kinds.push(kind);
        // Mail goes to a real server in its own tests.
        if kind == "email" {
            continue;
        }
        let to =
            Addressee { address: "+84912345678".to_owned(), name: "Hoa".to_owned(), language: Language::Vi };
        let outcome = send(Arc::new(channel), Arc::new(letters::letter()), to, Arc::new(Hub)).await;
        assert!(matches!(outcome, Outcome::Delivered(_)), "{kind}: {outcome:?}");
    }
    kinds.sort_unstable();
    let all = ["cloudevents", "command", "email", "mqtt", "sms_http", "telegram", "webhook", "zalo"];
    assert_eq!(kinds, all, "each kind has its example");
    let sms = server.seen().into_iter().find(|seen| seen.path == "/api/send").unwrap();
    assert_eq!(sms.header("authorization"), Some("Bearer s3cret"));
    assert!(sms.json()["content"].as_str().unwrap().is_ascii());
}
