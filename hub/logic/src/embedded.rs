//! The rules that come with the hub, and their cases: the files of `scripts/`, part of the program.
//!
//! A test holds this list against the folder. Used when the configuration names no rules of its own.

/// A rule and its cases, as name and text of each file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbeddedRule {
    /// The rule's file.
    pub rule: (&'static str, &'static str),
    /// The file of its cases.
    pub cases: (&'static str, &'static str),
}

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        [$(EmbeddedRule {
            rule: (concat!($name, ".rhai"), include_str!(concat!("../../../scripts/", $name, ".rhai"))),
            cases: (
                concat!($name, ".cases.toml"),
                include_str!(concat!("../../../scripts/", $name, ".cases.toml")),
            ),
        }),+]
    };
}

/// The rules that come with the hub.
pub fn embedded_rules() -> [EmbeddedRule; 37] {
    embedded!(
        "access-point-offline",
        "access-point-overloaded",
        "access-point-reboots",
        "bin-fills-soon",
        "bin-full",
        "channel-busy",
        "chlorine-high",
        "chlorine-low",
        "device-alarm",
        "device-offline",
        "fire-suspected",
        "flow-without-pump",
        "h2s-high",
        "hub-backup-old",
        "hub-bridge-lag",
        "hub-certificate-expires",
        "hub-clock-untrusted",
        "hub-configuration-refused",
        "hub-disk-low",
        "hub-forwarder-lag",
        "hub-rule-fault",
        "hub-store-failing",
        "leachate-high",
        "leak-at-night",
        "line-down",
        "nh3-high",
        "no-clients",
        "packet-loss",
        "ph-out-of-range",
        "pm2-5-high",
        "pressure-drop",
        "pump-dry",
        "pump-short-cycling",
        "site-down",
        "tank-low",
        "tank-overflow",
        "turbidity-high",
    )
}
