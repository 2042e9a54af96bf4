//! Mail to a real server (aiosmtpd): plain, STARTTLS and TLS, with a login, refused for now and for good, and silent.

use std::process::{Command, Stdio};
use std::sync::Arc;

use adapters_notify::{Addressee, Language, Outcome, send};
use serde_json::{Value, json};

use crate::support::letters::{channel, letter, test_letter};
use crate::support::mail_server::MailServer;
use crate::support::{Nothing, certificate};

fn mail(port: u16, more: &str) -> String {
    format!(
        "id = \"mail\"\nkind = \"email\"\nhost = \"localhost\"\nport = {port}\nfrom = \"Xã Tam Hợp <hub@xa.example.vn>\"\ntimeout = \"5s\"\n{more}\n"
    )
}

async fn sent(config: &str, to: &str, language: Language) -> Outcome {
    let to = Addressee { address: to.to_owned(), name: "Nguyễn Thị Hoa".to_owned(), language };
    send(Arc::new(channel(config)), Arc::new(letter()), to, Arc::new(Nothing)).await
}

/// Headers and parts of a message, decoded by Python's own reader of mail.
fn read_mail(content: &str) -> Value {
    let script = "import sys,json,email,email.policy\nm=email.message_from_string(sys.stdin.read(),policy=email.policy.default)\nprint(json.dumps({'subject':m['subject'],'from':m['from'],'to':m['to'],'id':m['message-id'],'auto':m['auto-submitted'],'parts':[[p.get_content_type(),p.get_content()] for p in m.iter_parts()]}))";
    let mut child = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), content.as_bytes()).unwrap();
    serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
}

#[tokio::test]
async fn mail_is_taken_as_text_and_as_html_in_both_languages() {
    let mut server = MailServer::start(&json!({"mode": "none"}));
    let config = mail(server.port, "tls = \"none\"");
    let outcome = sent(&config, "hoa@xa.example.vn", Language::Vi).await;
    assert_eq!(outcome, Outcome::Delivered("2.0.0 taken as 4711".to_owned()));
    let taken = server.taken();
    assert_eq!((&taken["from"], &taken["to"][0]), (&json!("hub@xa.example.vn"), &json!("hoa@xa.example.vn")));
    let read = read_mail(taken["content"].as_str().unwrap());
    assert_eq!(read["subject"], "[Nghiêm trọng] 5 cảnh báo - Xã Tam Hợp");
    assert_eq!(read["id"], "<7-1772330400000-tam-hop@xa.example.vn>");
    assert_eq!(read["auto"], "auto-generated");
    assert!(read["to"].as_str().unwrap().contains("Nguyễn Thị Hoa"), "{read}");
    let (plain, html) = (read["parts"][0][1].as_str().unwrap(), read["parts"][1][1].as_str().unwrap());
    assert_eq!((&read["parts"][0][0], &read["parts"][1][0]), (&json!("text/plain"), &json!("text/html")));
    for part in [plain, html] {
        for told in [
            "Kính gửi Nguyễn Thị Hoa",
            "Clo dư thấp",
            "Trạm Tam Hợp",
            "09:00 01/03/2026",
            "QCVN 01-1:2024/BYT",
            "acknowledge?t=abc.def",
            "Đã trở lại bình thường",
        ] {
            assert!(part.contains(told), "{told} in {part}");
        }
    }
    assert!(html.contains("bơm định lượng &lt;clo&gt;") && !html.contains("<clo>"), "{html}");
    sent(&config, "hoa@xa.example.vn", Language::En).await;
    let english = read_mail(server.taken()["content"].as_str().unwrap());
    assert_eq!(english["subject"], "[Critical] 5 alarms - Tam Hop commune");
    assert!(english["parts"][0][1].as_str().unwrap().contains("Check the dosing pump"));
    let test =
        Addressee { address: "hoa@xa.example.vn".to_owned(), name: String::new(), language: Language::Vi };
    send(Arc::new(channel(&config)), Arc::new(test_letter()), test, Arc::new(Nothing)).await;
    let tried = read_mail(server.taken()["content"].as_str().unwrap());
    assert_eq!(tried["subject"], "Tin thử: Xã Tam Hợp");
}

#[tokio::test]
async fn mail_is_encrypted_and_logged_in_and_a_foreign_certificate_refused() {
    let place = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(place.path(), &["localhost", "127.0.0.1"]);
    for mode in ["starttls", "tls"] {
        let wanted = json!({"mode": mode, "cert": cert, "key": key, "password": "the channel's secret"});
        let mut server = MailServer::start(&wanted);
        let login = "username = \"hub\"\npassword_file = \"secret\"";
        let config = mail(server.port, &format!("tls = \"{mode}\"\n{login}\nca_file = \"{cert}\""));
        let outcome = sent(&config, "hoa@xa.example.vn", Language::Vi).await;
        assert!(matches!(outcome, Outcome::Delivered(_)), "{mode}: {outcome:?}");
        let taken = server.taken();
        assert_eq!((&taken["tls"], &taken["login"]), (&json!(true), &json!("hub")), "{mode}");
        // Without the certificate among those that are trusted.
        let untrusted = sent(
            &mail(server.port, &format!("tls = \"{mode}\"\n{login}")),
            "hoa@xa.example.vn",
            Language::Vi,
        )
        .await;
        assert!(matches!(&untrusted, Outcome::Later { .. }), "{mode}: {untrusted:?}");
        // With another password; it stands in no fault, and somebody may mend it.
        let wrong = config.replace("password_file = \"secret\"", "password_file = \"token\"");
        let refused = sent(&wrong, "hoa@xa.example.vn", Language::Vi).await;
        assert!(
            matches!(&refused, Outcome::Later { why, .. } if ![&why.vi, &why.en].iter().any(|said| said.contains("123:abc"))),
            "{mode}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn what_a_server_refuses_is_for_now_or_for_good() {
    let server = MailServer::start(&json!({"mode": "none"}));
    let config = mail(server.port, "tls = \"none\"").replace("\"5s\"", "\"1s\"");
    let full = sent(&config, "full@xa.example.vn", Language::Vi).await;
    assert!(
        matches!(&full, Outcome::Later { why, .. } if why.en.contains("mailbox is full") && why.vi.starts_with("máy chủ thư tạm thời chưa nhận")),
        "{full:?}"
    );
    let gone = sent(&config, "gone@xa.example.vn", Language::Vi).await;
    assert!(
        matches!(&gone, Outcome::Never(why) if why.en.contains("No such mailbox") && why.vi.starts_with("máy chủ thư từ chối")),
        "{gone:?}"
    );
    let slow = sent(&config, "slow@xa.example.vn", Language::Vi).await;
    assert!(matches!(&slow, Outcome::Later { .. }), "{slow:?}");
    // A server that offers no STARTTLS gets nothing in the clear.
    let plain = sent(&config.replace("\"none\"", "\"starttls\""), "hoa@xa.example.vn", Language::Vi).await;
    assert!(!matches!(&plain, Outcome::Delivered(_)), "{plain:?}");
    drop(server);
    let nobody = sent(&config, "hoa@xa.example.vn", Language::Vi).await;
    assert!(matches!(&nobody, Outcome::Later { .. }), "{nobody:?}");
}
