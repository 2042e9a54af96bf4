//! `commune-hub demo --communes N`: the hubs of many small communes in one process, which forward to a province's engine.
//!
//! Each is a whole hub with a store, rules, a broker and a forwarder of its own, and simulated devices that publish to it; what the
//! province's hub sees has come the way that it comes from a commune. Read next: `docs/influxdb.md`, `crate::province`.

use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::pin::Pin;

use adapters_influxdb::Target;
use adapters_sdk::Clock;
use anyhow::Context;
use futures_util::future::{join_all, select_all};
use hub_api::auth::{Role, hash_password};
use hub_model::{LocalText, Location};
use hub_store::Accounts;
use rust_embed::RustEmbed;
use serde_json::json;
use simulators::{Fleet, Scenario};

use super::{RULES, new_password, set_account, write_files};
use crate::cli::{DemoFormat, DemoOptions};
use crate::config::Config;
use crate::hub::Hub;
use crate::province::Province;
use crate::rules::RuleFiles;
use crate::run::stop_asked;

/// A small commune's configuration and scenario.
#[derive(RustEmbed)]
#[folder = "../../simulators/province"]
struct SmallCommune;

/// Something is wrong in every so many-th commune, from the first on.
const TROUBLED: u16 = 10;
/// Communes stand in rows of so many on the map, so many degrees apart.
const ROW: u16 = 10;
const APART_DEG: f64 = 0.05;
/// Who may log in at each of them.
const ACCOUNT: (&str, Role) = ("quantri", Role::Admin);

/// A commune that lives.
struct Living {
    id: String,
    hub: Hub,
    devices: Fleet,
}

/// Runs the hubs of `count` communes until it is asked to end. `province` is the folder of the province's hub, which says where
/// its engine is.
///
/// # Errors
/// When the province's configuration names no engine, the folder cannot be written, or a hub cannot start.
pub(super) async fn run(
    dir: &Path,
    province: &Path,
    count: u16,
    options: &DemoOptions,
) -> anyhow::Result<()> {
    let stop = stop_asked()?;
    let (mut config, _) = Config::require(province)?;
    let engine = Province::engine(&mut config.forwarding);
    let engine = engine.context("--province: [history] remote names no [[forward]] to write to")?;
    write_files::<SmallCommune>(dir)?;
    let mut scenario = Scenario::load(&dir.join("scenario.toml"))?;
    scenario.speed = options.speed;
    let password = new_password()?;
    let hash = hash_password(&password)?;
    let mut communes = Vec::new();
    for n in 0..count {
        communes.push(start(dir, n, &engine, &scenario, &hash).await?);
    }
    announce(options.format, &communes, &password)?;
    let broken = communes.iter().map(|one| Box::pin(one.hub.broken()) as Pin<Box<dyn Future<Output = ()>>>);
    let broken = select_all(broken);
    tokio::select! {
        () = stop => {}
        _ = broken => tracing::error!("a commune's pipeline has ended; it cannot go on"),
    }
    let stopping = communes.into_iter().map(|one| async {
        one.devices.stop().await;
        one.hub.stop().await
    });
    join_all(stopping).await.into_iter().collect()
}

/// Starts the `n`-th commune's hub and its devices.
async fn start(
    dir: &Path,
    n: u16,
    engine: &Target,
    scenario: &Scenario,
    hash: &str,
) -> anyhow::Result<Living> {
    let clock = Clock::system();
    let (mut config, _) = Config::require(dir)?;
    let id = format!("xa-{n:02}");
    config.commune.id.clone_from(&id);
    config.commune.name = LocalText::new(format!("Xã mô phỏng {n}"), format!("Simulated commune {n}"));
    let places = config.commune.sites.iter_mut().map(|site| &mut site.location);
    for place in places.chain([&mut config.commune.location]).flatten() {
        *place = Location {
            lat: place.lat + f64::from(n / ROW) * APART_DEG,
            lon: place.lon + f64::from(n % ROW) * APART_DEG,
        };
    }
    config.store.dir = config.store.dir.join(&id);
    config.rules = RuleFiles::only(dir.join(RULES));
    config.forwarding.targets = vec![engine.clone()];
    set_account(&Accounts::open(&config.store.dir)?, ACCOUNT, hash)?;
    let hub = Hub::start(config, clock.clone()).await.with_context(|| id.clone())?;
    let mut scenario = Scenario { seed: scenario.seed + u64::from(n), ..scenario.clone() };
    scenario.broker = hub.mqtt.context("a small commune has no broker")?.to_string();
    if !n.is_multiple_of(TROUBLED) {
        scenario.faults.clear();
    }
    let devices = Fleet::start(scenario, move || clock.now()).await?;
    Ok(Living { id, hub, devices })
}

fn announce(format: DemoFormat, communes: &[Living], password: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let url = |one: &Living| format!("http://{}", one.hub.http);
    match format {
        DemoFormat::Json => {
            let urls = communes.iter().map(|one| json!({"id": one.id, "url": url(one)}));
            let urls: Vec<_> = urls.collect();
            writeln!(out, "{}", json!({"communes": urls, "user": ACCOUNT.0, "password": password}))?;
        }
        DemoFormat::Text => {
            writeln!(out, "\n{} xã mô phỏng đang chạy · simulated communes are running\n", communes.len())?;
            for one in communes {
                writeln!(out, "  {:<8} {}", one.id, url(one))?;
            }
            writeln!(out, "\n  {} {password}\n\nCtrl-C dừng · stops it", ACCOUNT.0)?;
        }
    }
    Ok(out.flush()?)
}
