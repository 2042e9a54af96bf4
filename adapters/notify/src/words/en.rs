//! The words in English.

use super::Words;

pub(super) const WORDS: Words = Words {
    priorities: ["Low", "Medium", "High", "Critical"],
    raised: "Alarm",
    reminded: "Reminder, not acknowledged yet",
    escalated: "Not acknowledged by anybody",
    returned: "Back to normal",
    greeting: |name| format!("Dear {name},"),
    many: |count| format!("{count} alarms"),
    more: |count| format!("and {count} more, to be seen on the system's pages"),
    since: "Since",
    until: "Until",
    value: "Value",
    clause: "By",
    runbook: "What to do",
    look: "See more",
    acknowledge: "Acknowledge",
    all: "See all alarms",
    sent_by: |commune, time| format!("Sent by the monitoring system of {commune} at {time}."),
    test_subject: "Test message",
    test_text: "This is a test. If you receive it, the channel works; nothing needs to be done.",
};
