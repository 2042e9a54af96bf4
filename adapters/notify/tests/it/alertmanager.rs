//! The webhook's message, decoded by Alertmanager's own type with unknown fields refused: nothing is lost on the way through it.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use adapters_notify::{Addressee, Language, send};
use serde_json::Value;

use crate::support::Nothing;
use crate::support::letters::{self, channel};
use crate::support::receiver::{Answer, Receiver};

fn through_alertmanager(message: &str) -> Result<Value, String> {
    let reader = std::env::var("COMMUNE_PEER_ALERTMANAGER").expect(
        "cargo xtask peer alertmanager builds the reader; its path goes into COMMUNE_PEER_ALERTMANAGER",
    );
    let mut child = Command::new(reader)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[tokio::test]
async fn alertmanagers_own_type_takes_every_message_whole() {
    let server = Receiver::start(|_, _| Answer::ok(""));
    let config = format!("id = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\n", server.url("/"));
    let to = Addressee { address: String::new(), name: String::new(), language: Language::Vi };
    for letter in [letters::letter(), letters::letter_of(1, "một"), letters::test_letter()] {
        send(Arc::new(channel(&config)), Arc::new(letter), to.clone(), Arc::new(Nothing)).await;
    }
    for seen in server.seen() {
        let mut read =
            through_alertmanager(&seen.body).unwrap_or_else(|error| panic!("{error}: {}", seen.body));
        // What it has for itself beyond version 4; it was not given.
        for newer in ["notification_reason", "routeLabels"] {
            read.as_object_mut().unwrap().remove(newer);
        }
        let mut sent = seen.json();
        // Go writes no zeros behind a second's last digit.
        let shorter = |value: &mut Value| {
            let text = value.as_str().unwrap().replace(".000+", "+");
            *value = text.into();
        };
        for alert in sent["alerts"].as_array_mut().unwrap() {
            shorter(&mut alert["startsAt"]);
            shorter(&mut alert["endsAt"]);
        }
        assert_eq!(read, sent);
    }
    let foreign = seen_with_a_foreign_field(&server.seen()[0].body);
    assert!(through_alertmanager(&foreign).unwrap_err().contains("unknown field"));
}

fn seen_with_a_foreign_field(body: &str) -> String {
    body.replacen('{', "{\"hub\":1,", 1)
}
