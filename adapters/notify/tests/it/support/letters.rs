//! A channel of a few lines of configuration, and letters to send on it.

use adapters_notify::config::Known;
use adapters_notify::{Channel, Letter, SecretFiles, Told};
use adapters_sdk::config::{Place, Problems};
use hub_model::{Alarm, AlarmId, AlarmState, LocalText, NoticeKind, Priority, Subject, Timestamp, local};

use super::{section, vietnam};

/// 2026-03-01T09:00:00+07:00.
const START_MS: i64 = 1_772_330_400_000;

/// The files `secret` and `token`, and whatever else by its whole path.
struct Files;

impl SecretFiles for Files {
    fn first_line(&self, file: &str) -> Result<String, LocalText> {
        match file {
            "secret" => Ok("the channel's secret".to_owned()),
            "token" => Ok("123:abc".to_owned()),
            _ => Err(local!("không có tệp này", "is not there")),
        }
    }

    fn text(&self, file: &str) -> Result<String, LocalText> {
        std::fs::read_to_string(file).map_err(|error| local!("không đọc được: {error}", "{error}"))
    }

    fn warn_of_readers(&self, _: &Place, _: &mut Problems) {}
}

/// The channel of these keys.
pub fn channel(keys: &str) -> Channel {
    let text = format!("[notify]\nallow_commands = true\n[[notify.channel]]\n{keys}");
    let known = Known { sites: None, zone: jiff::tz::TimeZone::UTC, has_broker: true };
    let (mut notify, problems) = section(&text, &known, &Files);
    assert!(problems.errors().is_empty(), "{:?}", problems.errors());
    notify.channels.remove(0)
}

/// An alarm that nobody has acknowledged yet.
pub fn alarm(id: u64, priority: Priority, message: &str) -> Alarm {
    Alarm {
        id: AlarmId(id),
        rule: "chlorine-low".into(),
        rule_version: "1".to_owned(),
        title: LocalText::new("Clo dư thấp", "Free chlorine low"),
        priority,
        subject: Subject::parse(if id == 1 { "tam-hop/plc/clo" } else { "tam-hop/plc" }).unwrap(),
        state: AlarmState::Unacknowledged,
        beneath: None,
        parent: None,
        out_of_service: false,
        latching: false,
        raised_at: Timestamp::from_millis(START_MS),
        told_at: Timestamp::from_millis(START_MS),
        remind_after: None,
        raises: 1,
        chattering: false,
        flood: false,
        cleared_at: None,
        acknowledged_at: None,
        acknowledged_by: None,
        shelved_until: None,
        value: Some(0.12),
        unit: "mg/L".to_owned(),
        message: LocalText::new(message, "Free chlorine 0.12 mg/L, at least 0.2"),
        clause: Some(LocalText::new(
            "QCVN 01-1:2024/BYT, Bảng 1: ≥ 0,2 mg/L",
            "QCVN 01-1:2024/BYT, Bảng 1: ≥ 0.2 mg/L",
        )),
        runbook: Some(LocalText::new("Kiểm tra bơm định lượng <clo>", "Check the dosing pump")),
        tags: vec!["clo".to_owned()],
    }
}

fn told(id: u64, priority: Priority, kind: NoticeKind, message: &str) -> Told {
    let mut alarm = alarm(id, priority, message);
    if kind == NoticeKind::Returned {
        alarm.cleared_at = Some(Timestamp::from_millis(START_MS + 600_000));
    }
    Told {
        alarm,
        kind,
        at: Timestamp::from_millis(START_MS),
        site: LocalText::new("Trạm Tam Hợp", "Tam Hop station"),
        about: LocalText::new("Clo dư", "Free chlorine"),
        acknowledge: (kind != NoticeKind::Returned)
            .then(|| "https://hub.xa.example.vn/acknowledge?t=abc.def".to_owned()),
    }
}

fn empty() -> Letter {
    Letter {
        key: "7-1772330400000-tam-hop".to_owned(),
        channel: "x".to_owned(),
        commune_id: "tam-hop".to_owned(),
        commune: LocalText::new("Xã Tam Hợp", "Tam Hop commune"),
        hub_url: Some("https://hub.xa.example.vn".to_owned()),
        zone: vietnam(),
        made_at: Timestamp::from_millis(START_MS + 1_000),
        is_test: false,
        told: vec![],
        more: 0,
    }
}

/// One alarm that was raised, one that is over, and three more.
pub fn letter() -> Letter {
    let told = vec![
        told(1, Priority::Critical, NoticeKind::Raised, "Clo dư 0,12 mg/L, tối thiểu 0,2"),
        told(2, Priority::High, NoticeKind::Returned, "Thiết bị không trả lời"),
    ];
    Letter { told, more: 3, ..empty() }
}

/// So many alarms that say this.
pub fn letter_of(count: u64, message: &str) -> Letter {
    let told = (1..=count).map(|id| told(id, Priority::High, NoticeKind::Raised, message)).collect();
    Letter { told, ..empty() }
}

/// What is sent when somebody tries a channel.
pub fn test_letter() -> Letter {
    Letter { is_test: true, ..empty() }
}
