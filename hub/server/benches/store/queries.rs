//! Questions over HTTP to the hub and to VictoriaMetrics, with the same year in both.

use std::fmt::Write as _;
use std::time::Duration;

use crate::peer::Peer;
use crate::support::{Folder, Hub};
use crate::table::{Engine, Table};
use crate::year::{self, BEGIN_MS, POINTS_A_SITE, SERIES, STEP_MS, STEPS};

const QUERY_GOAL: &str = "<= VictoriaMetrics";
/// Each question is asked so often; the median counts.
const ASKED: usize = 31;
const DAY_MS: i64 = 86_400_000;
/// The end of the year that is stored.
const END_MS: i64 = BEGIN_MS + STEPS as i64 * STEP_MS;

pub const HUB: &str = r#"
[commune]
id = "bench"
name = "Bench"
timezone = "Asia/Ho_Chi_Minh"
languages = ["vi"]
[http]
listen = "127.0.0.1:0"
[mqtt]
listen = "127.0.0.1:0"
[store]
dir = "data"
"#;

/// A configuration with every point of the year.
pub fn commune() -> Folder {
    let sites: Vec<_> = (0..SERIES / POINTS_A_SITE)
        .map(|number| {
            let id = year::site(number * POINTS_A_SITE);
            (format!("sites/{id}.toml"), site(&id, POINTS_A_SITE))
        })
        .collect();
    let mut files = vec![("hub.toml", HUB)];
    files.extend(sites.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    Folder::with(&files)
}

/// A site with one device of so many points.
pub fn site(id: &str, points: usize) -> String {
    let mut text = format!(
        "id = \"{id}\"\nkind = \"other\"\nname = \"Bench\"\n[[device]]\nid = \"device\"\nname = \"Device\"\nadapter = \"mqtt\"\n\
         login = {{ username = \"{id}\", password = \"bench-password\" }}\n"
    );
    for point in 0..points {
        writeln!(text, "[[device.point]]\nid = \"p{point:02}\"\nquantity = \"state\"").unwrap();
    }
    text
}

/// Prints the median time of each question, ours and theirs.
pub fn measure(folder: &Folder, victoria: Option<&Peer>, table: &mut Table) {
    let token = folder.token("viewer");
    let hub = folder.run(&token);
    let questions = [
        ("24 h raw", 1, 1, None),
        ("30 d in 500", 1, 30, Some(500)),
        ("1 y in 365", 1, 365, Some(365)),
        ("8 points, 30 d in 500", 8, 30, Some(500)),
    ];
    for (name, points, days, buckets) in questions {
        let (from, to) = (END_MS - days * DAY_MS, END_MS);
        let ours = median_ms(|| ask_hub(&hub, points, from, to, buckets));
        let work = format!("over HTTP: {name}");
        table.note(&work, QUERY_GOAL, Engine::Hub, format!("{ours:.2} ms"));
        let Some(victoria) = victoria else { continue };
        let theirs = median_ms(|| drop(victoria.get(&victoria_path(points, from, to, buckets))));
        table.note(&work, QUERY_GOAL, Engine::Victoria, format!("{theirs:.2} ms"));
    }
    hub.stop();
}

/// Prints the median time of what the dashboard's pages ask, of points whose last reading was at `end`.
pub fn behind_pages(hub: &Hub, end: i64, stored: &str, table: &mut Table) {
    let calls = [
        ("Now: 20 points, 24 h in 96", "/readings", 20, 1, "&buckets=96"),
        ("site: a day in 288, with doubts", "/readings", 1, 1, "&buckets=288&doubts=true"),
        ("site: a day, every reading", "/readings", 1, 1, ""),
        ("trends: 20 days in 1,200, with doubts", "/readings", 1, 20, "&buckets=1200&doubts=true"),
        ("compliance: 7 days by the hour", "/readings", 1, 7, "&buckets=168"),
        ("a year: completeness of 7 points, 20 days", "/completeness", 7, 20, ""),
        ("data quality: completeness of 50 points, 14 days", "/completeness", 50, 14, ""),
    ];
    let spent = calls.map(|(page, what, points, days, more)| {
        let path = format!("{what}?from={}&to={end}{}{more}", end - days * DAY_MS, asked_points(points));
        (page, median_ms(|| assert!(!hub.bytes(&path).is_empty())))
    });
    let snapshot = ("every page: the state of all", median_ms(|| drop(hub.bytes("/snapshot"))));
    for (page, ms) in std::iter::once(snapshot).chain(spent) {
        let work = format!("{page}, {stored}");
        table.note(&work, "<= 50 ms", Engine::Hub, format!("{ms:.1} ms"));
    }
}

fn asked_points(count: usize) -> String {
    (0..count).map(|number| format!("&point={}", year::point(number))).collect()
}

fn ask_hub(hub: &Hub, points: usize, from: i64, to: i64, buckets: Option<i64>) {
    let mut path = format!("/readings?from={from}&to={to}{}", asked_points(points));
    if let Some(buckets) = buckets {
        write!(path, "&buckets={buckets}").unwrap();
    }
    assert!(!hub.bytes(&path).is_empty());
}

fn victoria_path(points: usize, from: i64, to: i64, buckets: Option<i64>) -> String {
    let names: Vec<_> = (0..points).map(year::point).collect();
    let series = format!("reading%7Bpoint%3D~%22{}%22%7D", names.join("%7C"));
    match buckets {
        None => format!("/api/v1/export?match[]={series}&start={}&end={}", from / 1_000, to / 1_000),
        Some(buckets) => {
            let step = (to - from) / 1_000 / buckets;
            format!(
                "/api/v1/query_range?query=avg_over_time({series}[{step}s])&start={}&end={}&step={step}s&nocache=1",
                from / 1_000,
                to / 1_000
            )
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "a measurement is where the time is no argument")]
fn median_ms(mut ask: impl FnMut()) -> f64 {
    let mut spans: Vec<Duration> = (0..ASKED)
        .map(|_| {
            let begin = std::time::Instant::now();
            ask();
            begin.elapsed()
        })
        .collect();
    spans.sort_unstable();
    spans[ASKED / 2].as_secs_f64() * 1e3
}
