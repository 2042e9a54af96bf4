//! Faults of `[notify]`, each with what is told of it, and a configuration that has everything.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use adapters_notify::SecretFiles;
use adapters_notify::config::{Known, Notify};
use adapters_sdk::config::{Place, Problem, Problems};
use hub_model::{LocalText, SiteId, local};

use crate::support::{section, vietnam};

/// One file, `token`, and one of certificates, `ca.pem`.
struct Files;

impl SecretFiles for Files {
    fn first_line(&self, file: &str) -> Result<String, LocalText> {
        if file == "token" {
            Ok("s3cret".to_owned())
        } else {
            Err(local!("không đọc được", "cannot be read: not found"))
        }
    }

    fn text(&self, file: &str) -> Result<String, LocalText> {
        if file == "ca.pem" { Ok("-----BEGIN CERTIFICATE-----".to_owned()) } else { Ok("nothing".to_owned()) }
    }

    fn warn_of_readers(&self, place: &Place, problems: &mut Problems) {
        let message = local!("người khác đọc được", "others may read it");
        problems.warning(Problem { place: place.clone(), key: String::new(), message });
    }
}

fn load(text: &str) -> (Notify, Vec<String>, Vec<String>) {
    let sites = ["tam-hop", "dong-bai"].map(|id| SiteId::parse(id).unwrap());
    let known = Known { sites: Some(&sites), zone: vietnam(), has_broker: false };
    let (notify, problems) = section(text, &known, &Files);
    for Problem { message: LocalText { vi, en }, .. } in [problems.errors(), problems.warnings()].concat() {
        assert_ne!(vi, en, "told in one language");
    }
    let errors = problems.errors().iter().map(ToString::to_string).collect();
    let warnings = problems.warnings().iter().map(ToString::to_string).collect();
    (notify, errors, warnings)
}

/// People, a rota and a channel of mail that all faults below stand beside.
const BASE: &str = r#"
[[notify.person]]
id = "hoa"
email = "hoa@xa.example.vn"
phone = "+84912345678"
[[notify.person]]
id = "lan"
phone = "+84912345679"
[[notify.rota]]
id = "truc"
first_day = "2026-01-05"
weeks = ["hoa", "lan"]
[[notify.channel]]
id = "mail"
kind = "email"
host = "mail.example.vn"
from = "hub@xa.example.vn"
"#;

#[test]
fn every_fault_is_told_with_its_place_and_what_is_allowed() {
    for (more, told) in [
        (
            "[[notify.route]]\nchannels = [\"mail\"]\nto = [\"lan\"]",
            &["found \"lan\", who has no email", "\"mail\""][..],
        ),
        ("[[notify.route]]\nchannels = [\"mail\"]\nto = [\"truc\"]", &["found \"lan\", who has no email"]),
        ("[[notify.route]]\nchannels = [\"mail\"]", &["notify.route[1].to", "is needed"]),
        ("[[notify.route]]\nchannels = [\"mial\"]\nto = [\"hoa\"]", &["found \"mial\", allowed: mail"]),
        ("[[notify.route]]\nto = [\"hoa\"]", &["notify.route[1].channels", "at least one of mail"]),
        (
            "[[notify.route]]\nchannels = [\"mail\"]\nto = [\"minh\"]",
            &["found \"minh\", allowed: hoa, lan, truc"],
        ),
        (
            "[[notify.route]]\nchannels = [\"mail\"]\nto = [\"hoa\"]\nsites = [\"tam-hpo\"]",
            &["found \"tam-hpo\"", "tam-hop"],
        ),
        (
            "[[notify.route]]\nchannels = [\"mail\"]\nto = [\"hoa\"]\nquiet = \"22-6\"",
            &["found \"22-6\"", "22:00-06:00"],
        ),
        (
            "[[notify.route]]\nchannels = [\"mail\"]\nto = [\"hoa\"]\nmin_priority = \"urgent\"",
            &["found \"urgent\"", "critical"],
        ),
        (
            "[[notify.route]]\nchannels = [\"mail\"]\nto = [\"hoa\"]\nmin_prioritty = \"low\"",
            &["unknown key", "min_priority"],
        ),
        (
            "[[notify.channel]]\nid = \"mail\"\nkind = \"webhook\"\nurl = \"https://x/\"",
            &["found \"mail\", which stands at hub.toml:14 already"],
        ),
        ("[[notify.channel]]\nid = \"x\"\nkind = \"fax\"", &["found \"fax\"", "email, webhook"]),
        ("[[notify.channel]]\nid = \"x\"\nkind = \"webhook\"", &["notify.channel[x].url", "is needed"]),
        (
            "[[notify.channel]]\nid = \"x\"\nkind = \"webhook\"\nurl = \"ftp://x\"",
            &["begins with http:// or https://"],
        ),
        ("[[notify.channel]]\nid = \"x\"\nkind = \"webhook\"\nurl = \"https://a:pw@x/\"", &["with a login"]),
        (
            "[[notify.channel]]\nid = \"x\"\nkind = \"webhook\"\nurl = \"https://x/\"\nsecret_file = \"gone\"",
            &["found \"gone\", which cannot be read"],
        ),
        (
            "[[notify.channel]]\nid = \"x\"\nkind = \"webhook\"\nurl = \"https://x/\"\nca_file = \"token\"",
            &["holds no certificate"],
        ),
        (
            "[[notify.channel]]\nid = \"x\"\nkind = \"webhook\"\nurl = \"https://x/\"\nto = [\"hoa\"]",
            &["this kind has no recipients"],
        ),
        (
            "[[notify.channel]]\nid = \"x\"\nkind = \"email\"\nhost = \"mail.example.vn\"\nfrom = \"a@b.vn\"\ntls = \"none\"",
            &["found \"none\"", "loopback"],
        ),
        (
            "[[notify.channel]]\nid = \"x\"\nkind = \"email\"\nhost = \"h\"\nfrom = \"a@b.vn\"\nusername = \"u\"",
            &["username and password_file"],
        ),
        ("[[notify.channel]]\nid = \"x\"\nkind = \"telegram\"", &["token_file", "is needed"]),
        (
            "[[notify.channel]]\nid = \"x\"\nkind = \"sms_http\"\nurl = \"https://x/?to={to}&t={sits}\"",
            &["{sits}", "{site}"],
        ),
        (
            "[[notify.channel]]\nid = \"x\"\nkind = \"sms_http\"\nurl = \"https://x/\"\nbody = \"{text}\"",
            &["uses {to}"],
        ),
        (
            "[[notify.channel]]\nid = \"x\"\nkind = \"sms_http\"\nurl = \"https://x/{to}\"\nheaders = { a = \"{secret}\" }",
            &["headers.a", "{secret}"],
        ),
        (
            "[[notify.channel]]\nid = \"x\"\nkind = \"zalo\"\napp_id = \"1\"\napp_secret_file = \"token\"\nrefresh_token_file = \"token\"\ntemplate_data = { a = \"{b}\" }\ntemplates = { raised = \"1\" }",
            &["template_data.a", "{b}"],
        ),
        (
            "[[notify.channel]]\nid = \"x\"\nkind = \"mqtt\"\ntopic = \"a\"",
            &["a broker that carries notices"],
        ),
        (
            "[[notify.channel]]\nid = \"x\"\nkind = \"command\"\ncommand = [\"/bin/true\"]",
            &["only with allow_commands = true"],
        ),
        ("[[notify.person]]\nid = \"x\"\nphone = \"0912\"", &["found \"0912\"", "+84912345678"]),
        ("[[notify.person]]\nid = \"x\"\nemail = \"hoa\"", &["found \"hoa\"", "hoa@xa.example.vn"]),
        (
            "[[notify.rota]]\nid = \"x\"\nfirst_day = \"monday\"\nweeks = [\"hoa\"]",
            &["found monday", "2026-01-05"],
        ),
        (
            "[[notify.rota]]\nid = \"x\"\nfirst_day = \"2026-01-05\"\nweeks = [\"minh\"]",
            &["found \"minh\", allowed: hoa, lan"],
        ),
        ("[[notify.rota]]\nid = \"x\"\nfirst_day = \"2026-01-05\"\nweeks = []", &["needed: 1 to 104 weeks"]),
        (
            "[[notify.rota]]\nid = \"x\"\nfirst_day = \"2026-01-05\"\nweeks = [\"hoa\"]\nsubstitute = [{ person = \"hoa\", by = \"lan\", from = \"2026-02-02\", to = \"2026-02-01\" }]",
            &["later than from"],
        ),
    ] {
        let (_, errors, _) = load(&format!("{BASE}{more}\n"));
        assert_eq!(errors.len(), 1, "{more}: {errors:#?}");
        assert!(errors[0].starts_with("hub.toml:"), "{errors:?}");
        for text in told {
            assert!(errors[0].contains(text), "{text} in {}", errors[0]);
        }
        assert!(!errors[0].contains("s3cret"), "no secret in a fault: {}", errors[0]);
    }
}

#[test]
fn what_would_tell_nobody_and_what_others_may_read_is_warned_of() {
    let (_, errors, warnings) = load(&format!(
        "{BASE}[[notify.channel]]\nid = \"bot\"\nkind = \"telegram\"\ntoken = \"s3cret\"\n\
         [[notify.route]]\nchannels = [\"mail\"]\nto = [\"hoa\"]\nmin_priority = \"high\"\ndigest = \"07:00\"\n"
    ));
    assert_eq!(errors, [""; 0]);
    let warnings = warnings.join("\n");
    for told in ["others may read it", "notify.channel[bot]: no route leads to it", "nothing waits for it"] {
        assert!(warnings.contains(told), "{told} in {warnings}");
    }
    assert!(!warnings.contains("s3cret"), "no secret in a warning: {warnings}");
}

#[test]
fn a_whole_section_is_read_and_shows_no_secret() {
    let (notify, errors, warnings) = load(
        r#"
[notify]
give_up_after = "3d"
group_interval = "30s"
allow_commands = true
acknowledge_without_login = true
link_valid_for = "1d"
[[notify.person]]
id = "hoa"
name = "Nguyễn Thị Hoa"
language = "en"
user = "hoa"
email = "hoa@xa.example.vn"
phone = "+84912345678"
telegram = "-100123"
[[notify.rota]]
id = "truc"
first_day = 2026-01-05
handover = "07:00"
weeks = ["hoa"]
[[notify.channel]]
id = "mail"
kind = "email"
host = "mail.example.vn"
username = "hub"
password_file = "token"
from = "Xã Tam Hợp <hub@xa.example.vn>"
ca_file = "ca.pem"
[[notify.channel]]
id = "siren"
kind = "command"
command = ["/usr/local/bin/siren", "--loud"]
timeout = "5s"
[[notify.route]]
channels = ["mail", "siren"]
to = ["truc"]
sites = ["tam-hop"]
min_priority = "medium"
tags = ["clo"]
quiet = "22:00-06:00"
digest = "07:00"
digest_up_to = "medium"
resolved = false
[[notify.route]]
channels = ["mail"]
to = ["hoa"]
escalate_after = "15m"
"#,
    );
    assert_eq!((errors, warnings), (vec![], vec![]));
    assert_eq!((notify.channels.len(), notify.routes.len(), notify.people.len()), (2, 2, 1));
    assert_eq!(notify.give_up_after, Duration::from_secs(3 * 24 * 3600));
    assert_eq!(notify.routes[1].escalate_after, Some(Duration::from_secs(900)));
    assert!(!format!("{notify:?}").contains("s3cret"));
}
