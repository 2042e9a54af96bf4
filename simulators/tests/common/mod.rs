//! What the tests share: a small commune with every register kind, a still clock and a bound on waiting.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure here is a failure of the test")]

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use hub_model::{PointId, Timestamp};
use simulators::config::SimCommune;
use simulators::{Listen, Scenario};

/// The longest that anything may take on a busy machine.
pub const BOUND: Duration = Duration::from_secs(30);
/// 2026-08-20 07:30 in Viet Nam.
pub const MORNING: Timestamp = Timestamp::from_millis(1_787_185_800_000);

pub const HUB: &str = "[commune]\nid = \"c\"\ntimezone = \"Asia/Ho_Chi_Minh\"\n";

pub const WATER: &str = r#"
id = "water"
kind = "water_station"
name = "Water"

[[device]]
id = "plc"
adapter = "modbus"
endpoint = "tcp://127.0.0.1:5020"
unit_id = 1
poll = "2s"
point = [
    { id = "ph", quantity = "ph", register = "holding", address = 0, type = "FLOAT32" },
    { id = "turbidity", quantity = "turbidity", register = "holding", address = 2, type = "FLOAT32", byte_order = "CDAB" },
    { id = "free-chlorine", quantity = "free_chlorine", register = "holding", address = 10, type = "UINT16", scale = 0.01, missing = [0xFFFF] },
    { id = "tank-level", quantity = "level", register = "input", address = 0, type = "INT16", scale = 0.001 },
    { id = "pump-1", quantity = "pump_state", register = "coil", address = 0, type = "BIT" },
    { id = "pump-2", quantity = "pump_state", register = "discrete", address = "10004", type = "BIT" },
]

[[device]]
id = "meter"
profile = "tuf"
endpoint = "tcp://127.0.0.1:5020"
unit_id = 2
point = [{ id = "flow", scale = 2.0 }]
"#;

pub const PROFILE: &str = r#"
id = "tuf"
name = "A meter"
adapter = "modbus"
byte_order = "CDAB"

[[point]]
id = "flow"
quantity = "flow"
register = "holding"
address = 0
type = "FLOAT32"

[[point]]
id = "net-volume"
quantity = "volume"
register = "holding"
address = 24
type = "UINT32"
"#;

/// Writes a hub's configuration with these sites.
pub fn configure(dir: &Path, sites: &[(&str, &str)]) {
    std::fs::create_dir_all(dir.join("sites")).unwrap();
    std::fs::create_dir_all(dir.join("profiles")).unwrap();
    std::fs::write(dir.join("hub.toml"), HUB).unwrap();
    std::fs::write(dir.join("profiles/tuf.toml"), PROFILE).unwrap();
    for (name, text) in sites {
        std::fs::write(dir.join("sites").join(name), text).unwrap();
    }
}

/// A scenario of these sites on ports that the system chooses.
pub fn scenario(sites: &[(&str, &str)]) -> Scenario {
    let dir = tempfile::tempdir().unwrap();
    configure(dir.path(), sites);
    let mut scenario = Scenario::new(SimCommune::load(dir.path()).unwrap(), 7);
    scenario.listen = Listen::AnyPort;
    scenario
}

/// The demonstration's folder.
pub fn demo() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("demo")
}

pub fn id(text: &str) -> PointId {
    PointId::parse(text).unwrap()
}

/// Waits for `future` no longer than [`BOUND`]; `what` tells what was waited for.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(BOUND, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {BOUND:?} in vain: {what}"),
    }
}
