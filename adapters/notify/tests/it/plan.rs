//! Who is told of which step, when: routes by site, priority and tag, quiet hours, digests, duty, escalation.

use adapters_notify::config::{Known, Notify};
use adapters_notify::{SecretFiles, plan};
use adapters_sdk::config::{Place, Problems};
use hub_model::{
    Alarm, AlarmId, AlarmState, LocalText, Notice, NoticeKind, Priority, Timestamp, Transition, Why, local,
};

use crate::support::{letters, section, vietnam};

struct NoFiles;

impl SecretFiles for NoFiles {
    fn first_line(&self, _: &str) -> Result<String, LocalText> {
        Err(local!("không có tệp này", "is not there"))
    }
    fn text(&self, _: &str) -> Result<String, LocalText> {
        Err(local!("không có tệp này", "is not there"))
    }
    fn warn_of_readers(&self, _: &Place, _: &mut Problems) {}
}

const PEOPLE: &str = r#"
[[notify.person]]
id = "hoa"
email = "hoa@xa.example.vn"
[[notify.person]]
id = "lan"
email = "lan@xa.example.vn"
[[notify.rota]]
id = "truc"
first_day = "2026-03-02"
handover = "07:00"
weeks = ["hoa", "lan"]
[[notify.channel]]
id = "mail"
kind = "email"
host = "mail.example.vn"
from = "hub@xa.example.vn"
to = ["all@xa.example.vn"]
[[notify.channel]]
id = "hook"
kind = "webhook"
url = "https://example.vn/"
"#;

fn notify(routes: &str) -> Notify {
    let known = Known { sites: None, zone: vietnam(), has_broker: false };
    let (notify, problems) = section(&format!("{PEOPLE}{routes}"), &known, &NoFiles);
    assert!(problems.errors().is_empty(), "{:?}", problems.errors());
    notify
}

fn at(text: &str) -> Timestamp {
    Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn alarm(priority: Priority) -> Alarm {
    Alarm { id: AlarmId(7), ..letters::alarm(1, priority, "thấp") }
}

fn step(moment: &str, from: Option<AlarmState>, to: AlarmState, why: Why) -> Transition {
    Transition {
        alarm: AlarmId(7),
        at: at(moment),
        from,
        to,
        why,
        by: None,
        comment: None,
        remark: None,
        value: None,
        rule_version: "1".to_owned(),
    }
}

fn raised(moment: &str) -> Transition {
    step(moment, None, AlarmState::Unacknowledged, Why::Raised)
}

/// `channel recipient kind due`, one line each.
fn lines(notices: &[Notice]) -> Vec<String> {
    let due = |notice: &Notice| match notice.due.as_millis() {
        0 => "now".to_owned(),
        ms => jiff::Timestamp::from_millisecond(ms)
            .unwrap()
            .to_zoned_datetime(jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap())
            .strftime("%d %H:%M")
            .to_string(),
    };
    let line = |notice: &Notice| {
        format!("{} {} {} {}", notice.channel, notice.recipient, notice.kind.code(), due(notice))
    };
    notices.iter().map(line).collect()
}

#[test]
fn steps_are_told_that_somebody_must_know_of() {
    use AlarmState::{Acknowledged, Normal, RtnUnacknowledged, Shelved, SuppressedByDesign, Unacknowledged};
    for (from, to, why, expected) in [
        (None, Unacknowledged, Why::Raised, Some(NoticeKind::Raised)),
        (None, SuppressedByDesign, Why::Raised, None),
        (Some(RtnUnacknowledged), Unacknowledged, Why::RaisedAgain, Some(NoticeKind::Raised)),
        (Some(SuppressedByDesign), Unacknowledged, Why::SuppressionEnded, Some(NoticeKind::Raised)),
        (Some(SuppressedByDesign), Normal, Why::Returned, None),
        (Some(Shelved), Unacknowledged, Why::ShelvingEnded, Some(NoticeKind::Raised)),
        (Some(Shelved), Acknowledged, Why::ShelvingEnded, None),
        (Some(Unacknowledged), Unacknowledged, Why::Reminded, Some(NoticeKind::Reminded)),
        (Some(Unacknowledged), RtnUnacknowledged, Why::Returned, Some(NoticeKind::Returned)),
        (Some(Acknowledged), Normal, Why::Returned, Some(NoticeKind::Returned)),
        (Some(Acknowledged), Normal, Why::NoLongerWatched, Some(NoticeKind::Returned)),
        (Some(RtnUnacknowledged), Normal, Why::Acknowledged, None),
        (Some(Unacknowledged), Acknowledged, Why::Acknowledged, None),
        (Some(Acknowledged), Acknowledged, Why::Commented, None),
    ] {
        let step = step("2026-03-03T12:00:00+07:00", from, to, why);
        assert_eq!(plan::told(&step), expected, "{from:?} {to:?} {why:?}");
    }
}

#[test]
fn routes_lead_by_site_priority_and_tag() {
    let noon = raised("2026-03-03T12:00:00+07:00");
    for (keys, is_told) in [
        ("", true),
        ("sites = [\"tam-hop\"]", true),
        ("sites = [\"dong-bai\"]", false),
        ("min_priority = \"high\"", true),
        ("min_priority = \"critical\"", false),
        ("tags = [\"mui\", \"clo\"]", true),
        ("tags = [\"mui\"]", false),
    ] {
        let notify = notify(&format!("[[notify.route]]\nchannels = [\"hook\"]\n{keys}\n"));
        let told = plan::notices(&notify, &alarm(Priority::High), &noon);
        assert_eq!(!told.is_empty(), is_told, "{keys}");
    }
}

#[test]
fn whoever_has_duty_is_told_and_each_once() {
    let notify = notify(
        "[[notify.route]]\nchannels = [\"mail\"]\nto = [\"truc\"]\n[[notify.route]]\nchannels = [\"mail\", \"hook\"]\nto = [\"hoa\"]\n[[notify.route]]\nchannels = [\"mail\"]\n",
    );
    let told = |moment| lines(&plan::notices(&notify, &alarm(Priority::High), &raised(moment)));
    let (hoa, lan, hook, all) = (
        "mail person:hoa raised now",
        "mail person:lan raised now",
        "hook  raised now",
        "mail to:all@xa.example.vn raised now",
    );
    assert_eq!(told("2026-03-03T12:00:00+07:00"), [hoa, hook, all]);
    assert_eq!(told("2026-03-10T12:00:00+07:00"), [lan, hoa, hook, all]);
}

#[test]
fn the_night_is_quiet_but_for_what_is_critical() {
    let notify =
        notify("[[notify.route]]\nchannels = [\"mail\"]\nto = [\"truc\"]\nquiet = \"22:00-08:00\"\n");
    let night = raised("2026-03-08T23:00:00+07:00");
    // Who has duty in the morning is told, not who has it now.
    assert_eq!(
        lines(&plan::notices(&notify, &alarm(Priority::High), &night)),
        ["mail person:lan raised 09 08:00"]
    );
    assert_eq!(
        lines(&plan::notices(&notify, &alarm(Priority::Critical), &night)),
        ["mail person:hoa raised now"]
    );
}

#[test]
fn what_is_low_waits_for_the_digest() {
    let notify = notify("[[notify.route]]\nchannels = [\"hook\"]\ndigest = \"07:00\"\n");
    let noon = raised("2026-03-03T12:00:00+07:00");
    assert_eq!(lines(&plan::notices(&notify, &alarm(Priority::Low), &noon)), ["hook  raised 04 07:00"]);
    assert_eq!(lines(&plan::notices(&notify, &alarm(Priority::Medium), &noon)), ["hook  raised now"]);
}

#[test]
fn the_next_in_line_is_told_later_and_only_of_what_nobody_takes() {
    let notify =
        notify("[[notify.route]]\nchannels = [\"mail\"]\nto = [\"lan\"]\nescalate_after = \"15m\"\n");
    let noon = raised("2026-03-03T12:00:00+07:00");
    assert_eq!(
        lines(&plan::notices(&notify, &alarm(Priority::High), &noon)),
        ["mail person:lan escalated 03 12:15"]
    );
    use AlarmState::{RtnUnacknowledged, Unacknowledged};
    let over = step("2026-03-03T12:05:00+07:00", Some(Unacknowledged), RtnUnacknowledged, Why::Returned);
    // The outbox drops it where they have not heard of the alarm.
    assert_eq!(
        lines(&plan::notices(&notify, &alarm(Priority::High), &over)),
        ["mail person:lan returned now"]
    );
    let reminded = step("2026-03-03T12:05:00+07:00", Some(Unacknowledged), Unacknowledged, Why::Reminded);
    assert!(plan::notices(&notify, &alarm(Priority::High), &reminded).is_empty());
}

#[test]
fn that_it_is_over_is_told_unless_nobody_wants_to_know() {
    use AlarmState::{RtnUnacknowledged, Unacknowledged};
    let over = step("2026-03-03T12:05:00+07:00", Some(Unacknowledged), RtnUnacknowledged, Why::Returned);
    let told = notify("[[notify.route]]\nchannels = [\"hook\"]\n");
    assert_eq!(lines(&plan::notices(&told, &alarm(Priority::High), &over)), ["hook  returned now"]);
    let untold = notify("[[notify.route]]\nchannels = [\"hook\"]\nresolved = false\n");
    assert!(plan::notices(&untold, &alarm(Priority::High), &over).is_empty());
}
