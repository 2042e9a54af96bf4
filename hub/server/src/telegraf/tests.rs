//! Converted files are what our own configuration reader takes, and say what Telegraf's documentation says.

use super::*;

const REGISTER: &str = r#"
[agent]
interval = "5s"
[[inputs.modbus]]
name = "Device A"
slave_id = 3
timeout = "500ms"
controller = "tcp://10.0.0.7:502"
coils = [{ name = "pump_1", address = [0] }]
holding_registers = [
  { name = "chlorine", byte_order = "AB", data_type = "UFIXED", scale = 0.01, address = [10] },
  { name = "flow", byte_order = "CDAB", data_type = "FLOAT32-IEEE", scale = 1.0, address = [0, 1] },
  { name = "odd", byte_order = "ABCD", data_type = "INT32", address = [4, 6] },
]
input_registers = [{ name = "tank_level", byte_order = "BA", data_type = "INT16", scale = 0.001, address = [3] }]
"#;

const REQUEST: &str = r#"
[[inputs.modbus]]
name = "line"
controller = "file:///dev/ttyUSB0"
baud_rate = 19200
parity = "E"
transmission_mode = "RTU"
configuration_type = "request"
[[inputs.modbus.request]]
slave_id = 1
byte_order = "LSW-BE"
register = "input"
fields = [{ address = 0, name = "power", type = "FLOAT32", scale = 0.1 }, { address = 2, type = "INT16", omit = true }]
[[inputs.modbus.request]]
slave_id = 2
register = "coil"
fields = [{ address = 7, name = "door" }]
"#;

const METRIC: &str = r#"
[[inputs.modbus]]
name = "m"
controller = "tcp://10.0.0.8:502"
configuration_type = "metric"
[[inputs.modbus.metric]]
slave_id = 9
byte_order = "DCBA"
fields = [{ register = "holding", address = 8, name = "total", type = "UINT64" }]
"#;

const MQTT: &str = r#"
[[inputs.mqtt_consumer]]
servers = ["tcp://broker:1883"]
topics = ["sensors/+/turbidity"]
data_format = "value"
[[inputs.mqtt_consumer]]
topics = ["uplink/bin"]
data_format = "json_v2"
[[inputs.mqtt_consumer.json_v2]]
[[inputs.mqtt_consumer.json_v2.field]]
path = "object.distance"
rename = "fill"
"#;

fn keys(text: &str, line: &str) -> bool {
    text.lines().any(|found| found == line)
}

/// What our own reader says of a converted file.
fn faults(converted: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sites")).unwrap();
    let hub = "[commune]\nid = \"c\"\nname = \"C\"\ntimezone = \"Asia/Ho_Chi_Minh\"\nlanguages = [\"vi\"]\n";
    std::fs::write(dir.path().join("hub.toml"), hub).unwrap();
    std::fs::write(dir.path().join("sites/a.toml"), converted).unwrap();
    for number in 0..4 {
        std::fs::write(dir.path().join(format!("telegraf-{number}.password")), "a-password-of-its-own")
            .unwrap();
    }
    let (_, problems) = crate::config::Config::load(dir.path());
    crate::config::error_lines(&problems).into_iter().map(|line| line.en).collect()
}

#[test]
fn every_way_of_writing_registers_becomes_a_site_that_our_reader_takes() {
    for text in [REGISTER, REQUEST, METRIC, MQTT] {
        let converted = convert(text).unwrap();
        assert_eq!(faults(&converted), Vec::<String>::new(), "{converted}");
    }
}

#[test]
fn tables_of_registers_keep_address_type_order_scale_and_interval() {
    let converted = convert(REGISTER).unwrap();
    for line in [
        "id = \"device-a\"",
        "endpoint = \"tcp://10.0.0.7:502\"",
        "unit_id = 3",
        "poll = \"5s\"",
        "timeout = \"500ms\"",
        "type = \"UINT16\"",
        "scale = 0.01",
        "byte_order = \"CDAB\"",
        "byte_order = \"DCBA\"",
        "scale = 0.001",
    ] {
        assert!(keys(&converted, line), "{line}:\n{converted}");
    }
    assert!(!converted.contains("scale = 1.0"), "{converted}");
    assert!(
        converted.contains("# look at it: its registers do not follow each other: [4, 6]"),
        "{converted}"
    );
}

#[test]
fn requests_and_metrics_become_a_device_for_each_unit() {
    let converted = convert(REQUEST).unwrap();
    assert_eq!(converted.matches("[[device]]").count(), 2);
    assert_eq!(converted.matches("[[device.point]]").count(), 2, "an omitted field is none");
    assert!(keys(&converted, "endpoint = \"serial:///dev/ttyUSB0?baud=19200&parity=even&stop=1&data=8\""));
    assert!(keys(&converted, "byte_order = \"CDAB\"") && keys(&converted, "register = \"coil\""));
    let converted = convert(METRIC).unwrap();
    assert!(keys(&converted, "type = \"UINT64\"") && keys(&converted, "byte_order = \"DCBA\""));
}

#[test]
fn messages_become_points_of_topics_and_brokers_are_told() {
    let converted = convert(MQTT).unwrap();
    assert!(keys(&converted, "format = \"number\"") && keys(&converted, "path = \"object.distance\""));
    assert!(converted.contains("# not taken: servers tcp://broker:1883"), "{converted}");
}

#[test]
fn what_is_no_configuration_or_holds_nothing_of_ours_is_refused() {
    assert!(convert("[[inputs.cpu]]\n").unwrap_err().to_string().contains("inputs.modbus"));
    assert!(convert("x = [").unwrap_err().to_string().contains("not a Telegraf configuration"));
}
