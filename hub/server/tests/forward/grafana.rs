//! Every query of the Grafana dashboards, run on the engines that they are for: each must give rows.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use adapters_sdk::Clock;
use serde_json::Value;

use super::support::engines::{BUCKET, Engine, Kind};
use super::support::wait_for;
use super::{BOUND, HUB, folder, line, push, settled, site};
use crate::support::Folder;

/// Raised at once, so that there is an alarm to be shown.
pub const RULE: &str = "fn rule() { #{ title: #{ vi: \"pH cao\", en: \"pH high\" }, priority: \"high\", watches: #{ quantity: \"ph\" } } }\n\
                    fn active(p) { p.value > 9.0 }\n";

fn dashboard(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboards/grafana").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Panels' titles with what they ask.
fn queries(dashboard: &Value, key: &str) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().unwrap();
    let of_panel = |panel: &Value| {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().unwrap().clone();
        targets.into_iter().map(move |target| (title.clone(), target[key].as_str().unwrap().to_owned()))
    };
    panels.iter().flat_map(of_panel).collect()
}

fn filled_in(query: &str) -> String {
    let known = [
        ("${bucket}", BUCKET),
        ("${commune}", "yen-lac"),
        ("${quantity}", "ph"),
        ("v.timeRangeStart", "-1h"),
        ("v.timeRangeStop", "now()"),
        ("v.windowPeriod", "1m"),
    ];
    let filled = known.iter().fold(query.to_owned(), |query, (name, value)| query.replace(name, value));
    assert!(!filled.contains("${") && !filled.contains("v."), "a variable that is not known: {filled}");
    filled
}

#[test]
fn every_flux_query_gives_rows() {
    let engine = Engine::start(Kind::Influx);
    let hub_toml = format!("{HUB}[rules]\ndir = \"rules\"\n{}", engine.forward("province", &engine.url("")));
    let folder = Folder::with(&[
        ("hub.toml", &hub_toml),
        ("sites/water.toml", &site("water")),
        ("rules/high.rhai", RULE),
    ]);
    let token = folder.token("integrator");
    let hub = folder.run(&token);
    let now = Clock::system().now().as_millis();
    push(&hub, &token, &(line("water/edge/ph", 7.5, now - 60_000) + &line("water/edge/ph", 9.5, now)));
    wait_for("an alarm", BOUND, || {
        (!hub.get("/alarms?state=all").as_array().unwrap().is_empty()).then_some(())
    });
    settled(&hub, "province");
    let dashboard = dashboard("communes.json");
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    let of_variables = variables
        .filter(|one| one["type"] == "query")
        .map(|one| (one["name"].as_str().unwrap().to_owned(), one["query"].as_str().unwrap().to_owned()));
    let all: Vec<_> = queries(&dashboard, "query").into_iter().chain(of_variables).collect();
    assert!(all.len() >= 7);
    for (title, query) in all {
        wait_for(&format!("rows of {title}"), BOUND, || {
            (!engine.flux(&filled_in(&query)).is_empty()).then_some(())
        });
    }
    hub.stop();
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
    for (title, expr) in queries(&dashboard("hub.json"), "expr") {
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
