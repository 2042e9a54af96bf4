//! The one list of adapters, by name, and what each reads of a device and of a point.
//!
//! Read next: `adapters_modbus::config`, `adapters_mqtt::config`, `adapters_push::config`.

use adapters_modbus::config as modbus;
use adapters_mqtt::config as mqtt;
use adapters_push::config as push;
use adapters_sdk::config::{Problems, Table};
use hub_model::Unit;

/// How a device speaks with the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Adapter {
    /// The hub polls it over Modbus.
    Modbus,
    /// It publishes over MQTT.
    Mqtt,
    /// Somebody POSTs its readings.
    Push,
}

/// A device's own settings, by adapter.
pub(super) enum DeviceSettings {
    Modbus(modbus::DeviceSettings),
    Mqtt(mqtt::DeviceSettings),
    Push(push::DeviceSettings),
}

/// A point's own settings, by adapter.
pub(super) enum PointSettings {
    Modbus(modbus::PointSettings),
    Mqtt(mqtt::PointSettings),
    Push(push::PointSettings),
}

impl Adapter {
    /// All of them.
    pub(super) const WORDS: [(&'static str, Self); 3] =
        [("modbus", Self::Modbus), ("mqtt", Self::Mqtt), ("push", Self::Push)];

    /// The word of the configuration.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Modbus => "modbus",
            Self::Mqtt => "mqtt",
            Self::Push => "push",
        }
    }

    /// Takes the adapter's keys out of a device's table.
    pub(super) fn device(self, table: &mut Table, problems: &mut Problems) -> Option<DeviceSettings> {
        match self {
            Self::Modbus => modbus::device(table, problems).map(DeviceSettings::Modbus),
            Self::Mqtt => mqtt::device(table, problems).map(DeviceSettings::Mqtt),
            Self::Push => push::device(table, problems).map(DeviceSettings::Push),
        }
    }

    /// Takes the adapter's keys out of the table of the point `name`, whose values are in `unit`. Without the device's settings, which are faulty then, the point is
    /// checked as far as it can be.
    pub(super) fn point(
        self,
        table: &mut Table,
        device: Option<&DeviceSettings>,
        name: &str,
        unit: Option<Unit>,
        problems: &mut Problems,
    ) -> Option<PointSettings> {
        match (self, device) {
            (Self::Modbus, Some(DeviceSettings::Modbus(device))) => {
                modbus::point(table, device, problems).map(PointSettings::Modbus)
            }
            (Self::Modbus, _) => {
                let device = modbus::DeviceSettings::for_checking_only();
                modbus::point(table, &device, problems).map(PointSettings::Modbus)
            }
            (Self::Mqtt, _) => mqtt::point(table, unit, problems).map(PointSettings::Mqtt),
            (Self::Push, _) => push::point(table, name, problems).map(PointSettings::Push),
        }
    }
}
