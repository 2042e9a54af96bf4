//! Every query of the Grafana dashboard of a hub's metrics, run on the engine that it is for: each must give rows.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use adapters_sdk::Clock;
use serde_json::Value;

use super::support::engines::{Engine, Kind};
use super::support::wait_for;
use super::{folder, line, push, settled};

fn dashboard(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboards/grafana").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Panels' titles with what they ask.
fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().unwrap();
    let of_panel = |panel: &Value| {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().unwrap().clone();
        targets.into_iter().map(move |target| (title.clone(), target["expr"].as_str().unwrap().to_owned()))
    };
    panels.iter().flat_map(of_panel).collect()
}

#[test]
fn a_real_engine_scrapes_the_metrics_and_every_query_of_them_gives_rows() {
    let engine = Engine::start(Kind::Victoria);
    let folder = folder(&engine.forward("province", &engine.url("")));
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let now = Clock::system().now().as_millis();
    push(&hub, &token, &line("water/edge/ph", 7.5, now));
    settled(&hub, "province");
    let place = tempfile::tempdir().unwrap();
    let config: PathBuf = place.path().join("scrape.yml");
    let text = format!(
        "scrape_configs:\n  - job_name: hub\n    scrape_interval: 1s\n    static_configs:\n      - targets: [\"{}\"]\n",
        hub.http
    );
    fs::write(&config, text).unwrap();
    let scraper = Engine::victoria_with(&[&format!("-promscrape.config={}", config.display())]);
    for (title, expr) in queries(&dashboard("hub.json")) {
        // Alarms have no samples while there is none.
        wait_for(&format!("rows of {title}"), Duration::from_secs(120), || {
            let (status, answer) =
                scraper.post("/api/v1/query", format!("query={}", encoded(&expr)).as_bytes());
            let answer: Value = serde_json::from_str(&answer).unwrap();
            assert_eq!(status, 200, "{expr}: {answer}");
            (!answer["data"]["result"].as_array().unwrap().is_empty()).then_some(())
        });
    }
    hub.stop();
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() { (byte as char).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}
