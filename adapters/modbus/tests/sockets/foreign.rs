//! Servers by other hands (pymodbus, libmodbus) are read to the last decimal, in every type and byte order.
//!
//! Needs a Python with pymodbus: the one named by `COMMUNE_TEST_PYTHON`, else `python3`.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use adapters_modbus::config::PointSettings;
use adapters_modbus::decode::{ByteOrder, DataType};
use adapters_modbus::register::Register;
use hub_model::{Reason, Sample};
use serde_json::{Value, json};

use crate::rig::{Rig, causes, device, latest, point};

/// The foreign server as a process; killed when dropped.
pub struct Foreign {
    pub port: u16,
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Foreign {
    fn start(port: u16, units: &Value) -> Self {
        Self::serve(&json!({ "port": port, "units": units }))
    }

    /// What to serve and where is told in `foreign_server.py`.
    pub fn serve(wanted: &Value) -> Self {
        Self::of("foreign_server.py", wanted)
    }

    /// A server of libmodbus, whose tables are told in `libmodbus_server.py`.
    fn libmodbus(tables: &Value) -> Self {
        Self::of("libmodbus_server.py", tables)
    }

    fn of(script: &str, wanted: &Value) -> Self {
        let python = env::var("COMMUNE_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
        let mut process = Command::new(&python)
            .arg(script)
            .arg(wanted.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("\"{python}\" does not start: {error}; {NEEDED}"));
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let mut foreign = Self { port: 0, process, input, output: BufReader::new(output) };
        let line = foreign.line();
        foreign.port = line.parse().unwrap_or_else(|_| panic!("\"{python}\" runs no server; {NEEDED}"));
        foreign
    }

    pub fn set(&mut self, unit: u8, table: &str, address: u16, values: &Value) {
        let change = json!({ "unit": unit, "table": table, "address": address, "values": values });
        writeln!(self.input, "{change}").unwrap();
        assert_eq!(self.line(), "done");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const NEEDED: &str = "these tests need a Python with pymodbus (pip install pymodbus), named by COMMUNE_TEST_PYTHON if it is not python3, and libmodbus (Debian: libmodbus5)";

pub fn packed(pack: &str, order: &str, value: impl Into<Value>) -> Value {
    json!([number_as(pack, order, value)])
}

fn number_as(pack: &str, order: &str, value: impl Into<Value>) -> Value {
    json!({ "pack": pack, "order": order, "value": value.into() })
}

fn water_station() -> Value {
    json!({
        "1": {
            "holding": {
                "0": packed("f", "ABCD", 7.12), "2": packed("f", "CDAB", 0.8349), "10": [42],
            },
            "input": { "0": packed("h", "ABCD", -1234) },
            "coil": { "0": [true, false, false, false, false, false, false, false] },
        },
        "2": {
            "holding": {
                "0": packed("f", "CDAB", 36.625), "4": packed("f", "CDAB", -1.407),
                "24": packed("I", "CDAB", 4_123_456_789_u32), "91": [88],
            },
        },
    })
}

fn water_rig(port: u16) -> Rig {
    use {
        ByteOrder::{Abcd, Cdab},
        DataType as Type,
        Register::{Coil, Holding, Input},
    };
    let plc = [
        point(Holding, 0, Type::Float32, Abcd),
        point(Holding, 2, Type::Float32, Cdab),
        point(Holding, 10, Type::Uint16, Abcd),
        point(Input, 0, Type::Int16, Abcd),
        point(Coil, 0, Type::Bit, Abcd),
    ];
    let flow_meter = [
        point(Holding, 0, Type::Float32, Cdab),
        point(Holding, 4, Type::Float32, Cdab),
        point(Holding, 24, Type::Uint32, Cdab),
        point(Holding, 91, Type::Uint16, Cdab),
    ];
    Rig::start(vec![device("plc", port, 1, &plc), device("flow-meter", port, 2, &flow_meter)])
}

const WATER: [(&str, f64); 9] = [
    ("plc/p0", 7.12),
    ("plc/p1", 0.8349),
    ("plc/p2", 42.0),
    ("plc/p3", -1234.0),
    ("plc/p4", 1.0),
    ("flow-meter/p0", 36.625),
    ("flow-meter/p1", -1.407),
    ("flow-meter/p2", 4_123_456_789.0),
    ("flow-meter/p3", 88.0),
];

async fn until_all_read(rig: &mut Rig) {
    rig.until("every point of the water station reads what was set", |seen| {
        WATER
            .iter()
            .all(|(name, value)| latest(seen, &format!("station/{name}")) == Some(Sample::Raw(*value)))
    })
    .await;
}

#[tokio::test]
async fn a_water_station_is_read_to_the_last_decimal() {
    let mut server = Foreign::start(0, &water_station());
    let mut rig = water_rig(server.port);
    until_all_read(&mut rig).await;
    for (name, _) in WATER {
        // The server refuses addresses that nobody gave it: requests over gaps are split without losing a reading.
        assert_eq!(causes(&rig.seen, &format!("station/{name}")), [], "{name}");
    }
    server.set(1, "holding", 0, &packed("f", "ABCD", 6.98));
    server.set(1, "coil", 0, &json!([false]));
    rig.until_latest("station/plc/p0", Sample::Raw(6.98)).await;
    rig.until_latest("station/plc/p4", Sample::Raw(0.0)).await;
    server.set(1, "holding", 0, &json!([0x7FC0, 0]));
    rig.until_latest("station/plc/p0", Sample::Missing(Reason::NotANumber)).await;
}

#[tokio::test]
async fn a_foreign_server_killed_and_started_again_is_read_again() {
    let server = Foreign::start(0, &water_station());
    let port = server.port;
    let mut rig = water_rig(port);
    until_all_read(&mut rig).await;
    drop(server);
    rig.until("every point is missing", |seen| {
        let cause = |name: &str| latest(seen, &format!("station/{name}"));
        let gone = |sample| matches!(sample, Some(Sample::Missing(Reason::Refused | Reason::Disconnected)));
        WATER.iter().all(|(name, _)| gone(cause(name)))
    })
    .await;
    let _server = Foreign::start(port, &water_station());
    until_all_read(&mut rig).await;
}

/// Registers that hold a number of every type in every byte order, the points that read them from `start` on, and the numbers.
fn every_type(start: u16) -> (Vec<Value>, Vec<PointSettings>, Vec<f64>) {
    let numbers = [
        ("h", -12_345.0, DataType::Int16),
        ("H", 54_321.0, DataType::Uint16),
        ("i", -123_456_789.0, DataType::Int32),
        ("I", 3_123_456_789.0, DataType::Uint32),
        ("q", -1_234_567_890_123_456.0, DataType::Int64),
        ("Q", 9_007_199_254_740_991.0, DataType::Uint64),
        ("e", -7.125, DataType::Float16),
        ("f", 0.1, DataType::Float32),
        ("d", -36.625_195_312_5e-7, DataType::Float64),
    ];
    let (mut values, mut points, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    let mut address = start;
    for (order, byte_order) in ByteOrder::WORDS {
        for (pack, number, data_type) in numbers {
            let whole = !matches!(pack, "e" | "f" | "d");
            let value = if whole { Value::from(number as i64) } else { Value::from(number) };
            values.push(number_as(pack, order, value));
            points.push(point(Register::Holding, address, data_type, byte_order));
            expected.push(number);
            address += data_type.words();
        }
        values.push(number_as("H", order, 0x80FE));
        for (data_type, number) in [
            (DataType::Int8Low, -2.0),
            (DataType::Int8High, -128.0),
            (DataType::Uint8Low, 254.0),
            (DataType::Uint8High, 128.0),
        ] {
            points.push(point(Register::Holding, address, data_type, byte_order));
            expected.push(number);
        }
        address += 1;
    }
    (values, points, expected)
}

/// Reads the points of a device, and holds them against these numbers.
async fn are_read(port: u16, points: &[PointSettings], expected: &[f64]) {
    let mut rig = Rig::start(vec![device("lab", port, 1, points)]);
    let last = format!("station/lab/p{}", points.len() - 1);
    rig.until_more(&last, 1).await;
    for (number, expected) in expected.iter().enumerate() {
        let found = latest(&rig.seen, &format!("station/lab/p{number}"));
        assert_eq!(found, Some(Sample::Raw(*expected)), "{:?}", points[number]);
    }
}

#[tokio::test]
async fn every_type_is_read_in_every_byte_order() {
    let (values, points, expected) = every_type(0);
    let server = Foreign::start(0, &json!({ "1": { "holding": { "0": values } } }));
    are_read(server.port, &points, &expected).await;
}

#[tokio::test]
async fn every_type_is_read_in_every_byte_order_from_libmodbus() {
    let (values, points, expected) = every_type(4_000);
    let server = Foreign::libmodbus(&json!({ "holding": { "4000": values } }));
    are_read(server.port, &points, &expected).await;
}

#[tokio::test]
async fn of_libmodbus_only_what_is_beyond_its_tables_is_missing() {
    use DataType::{Bit, Int16};
    let server = Foreign::libmodbus(&json!({
        "coil": { "9": [true, false] }, "discrete": { "0": [false, true] },
        "input": { "30": [11, 12] }, "holding": { "65530": [1, 2, 3, 4, 5, 6] },
    }));
    let read = |register, address, data_type| point(register, address, data_type, ByteOrder::Abcd);
    let points = [
        read(Register::Coil, 9, Bit),
        read(Register::Discrete, 1, Bit),
        read(Register::Input, 31, Int16),
        read(Register::Holding, 65_535, Int16),
        read(Register::Coil, 11, Bit),
        read(Register::Input, 32, Int16),
    ];
    let mut rig = Rig::start(vec![device("plc", server.port, 1, &points)]);
    let expected = [
        Sample::Raw(1.0),
        Sample::Raw(1.0),
        Sample::Raw(12.0),
        Sample::Raw(6.0),
        Sample::Missing(Reason::Exception(2)),
        Sample::Missing(Reason::Exception(2)),
    ];
    rig.until("what the tables hold, and exception 2 beyond them", |seen| {
        (0..).zip(&expected).all(|(number, sample): (usize, _)| {
            latest(seen, &format!("station/plc/p{number}")).as_ref() == Some(sample)
        })
    })
    .await;
}
