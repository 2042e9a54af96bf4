//! `commune-hub demo`: simulated devices on real protocols, a month of history, the hub and its dashboard.
//!
//! Everything but the devices is the hub as it always runs. Read next: `demo/past.rs`, `demo/communes.rs` (many hubs of a province),
//! `hub.rs`, `simulators::Fleet`.

mod communes;
mod past;

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use adapters_sdk::Clock;
use anyhow::Context;
use hub_api::auth::{Role, hash_password, new_secret};
use hub_store::{AccountError, Accounts};
use rust_embed::RustEmbed;
use simulators::config::Link;
use simulators::{Fleet, Listen, Scenario};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{DemoFormat, DemoOptions};
use crate::config::Config;
use crate::hub::Hub;
use crate::reload;
use crate::rules::RuleFiles;
use crate::run::{runtime, stop_asked};

/// The demo commune: its configuration and its scenario.
#[derive(RustEmbed)]
#[folder = "../../simulators/demo"]
struct Commune;

/// The demo's rules wait no longer than this, so that a visitor sees an alarm come and go.
const DEMO_DELAY: &str = "15s";
/// Where those rules stand, in the demo's folder.
const RULES: &str = "rules";
/// The site behind somebody else's broker, in the demo's folder, and its port there.
const SITE_BROKER: &str = "site-broker/truong-hoc.toml";
const SITE_BROKER_PORT: &str = ":1884\"";
/// Who may log in, and as what.
const ACCOUNTS: [(&str, Role); 2] = [("truc", Role::Staff), ("quantri", Role::Admin)];

/// Runs the demo until it is asked to end.
///
/// # Errors
/// When the folder cannot be written, a port cannot be had, or the hub cannot start.
pub fn demo(options: DemoOptions) -> anyhow::Result<()> {
    let temporary;
    let dir = match &options.dir {
        Some(dir) => dir.clone(),
        None => {
            temporary = tempfile::Builder::new().prefix("commune-demo-").tempdir()?;
            temporary.path().to_owned()
        }
    };
    write_rules(&dir)?;
    match options.communes.zip(options.province.as_ref()) {
        Some((count, province)) => runtime()?.block_on(communes::run(&dir, province, count, &options)),
        None => {
            write_files::<Commune>(&dir)?;
            runtime()?.block_on(run(&dir, &options))
        }
    }
}

async fn run(dir: &Path, options: &DemoOptions) -> anyhow::Result<()> {
    let stop = stop_asked()?;
    let clock = Clock::system();
    site_broker(dir, options.site_broker)?;
    let mut scenario = Scenario::load(&dir.join("scenario.toml"))?;
    scenario.speed = options.speed;
    scenario.listen = Listen::AnyPort;
    scenario.site_broker = options.site_broker;

    // The hub must know the simulated buses' ports before it starts, the simulated devices the broker's port after it.
    let wall = clock.clone();
    let buses =
        Fleet::start(only(&scenario, |link| matches!(link, Link::Modbus { .. })), move || wall.now()).await?;
    for (endpoint, address) in buses.modbus_addresses() {
        replace_in_sites(dir, &format!("\"{endpoint}\""), &format!("\"tcp://{address}\""))?;
    }
    let (mut config, _) = Config::require(dir)?;
    let accounts = accounts(&config.store.dir)?;
    config.http.listen = free_or_any(options.http);
    if let Some(mqtt) = &mut config.mqtt {
        mqtt.listen = free_or_any(mqtt.listen);
    }
    config.rules = RuleFiles::only(dir.join(RULES));
    let listen = (config.http.listen, config.mqtt.as_ref().map(|mqtt| mqtt.listen));
    let (seen, hangup) = (reload::look(dir), signal(SignalKind::hangup())?);
    past::fill(&config, &scenario, clock.clone(), options.history_days)?;
    let mut hub = Hub::start(config, clock.clone()).await?;
    let mut publishers = only(&scenario, |link| matches!(link, Link::Mqtt { .. }));
    publishers.broker = hub.mqtt.context("the demo has no broker")?.to_string();
    let wall = clock.clone();
    let publishers = Fleet::start(publishers, move || wall.now()).await?;

    announce(options.format, hub.http, &accounts)?;
    // The demo's own ports and rules stay what they are, whatever else is changed in its folder.
    let fixed = |config: &mut Config| {
        config.http.listen = listen.0;
        if let (Some(mqtt), Some(address)) = (&mut config.mqtt, listen.1) {
            mqtt.listen = address;
        }
        config.rules = RuleFiles::only(dir.join(RULES));
    };
    let broken = hub.broken();
    tokio::select! {
        () = stop => {}
        () = reload::watch(&mut hub, dir, seen, hangup, fixed) => {}
        () = broken => tracing::error!("the pipeline has ended; the hub cannot go on"),
    }
    publishers.stop().await;
    hub.stop().await?;
    buses.stop().await;
    Ok(())
}

/// Writes a commune's configuration into `dir`, over what an earlier demo left; its readings and accounts stay.
fn write_files<Files: RustEmbed>(dir: &Path) -> anyhow::Result<()> {
    for name in Files::iter() {
        if let Some(file) = Files::get(&name) {
            write(&dir.join(&*name), &file.data)?;
        }
    }
    Ok(())
}

/// Writes the rules with the demo's delays into `dir`.
fn write_rules(dir: &Path) -> anyhow::Result<()> {
    hub_logic::embedded_rules().into_iter().try_for_each(|rule| {
        let (name, text) = rule.rule;
        write(&dir.join(RULES).join(name), with_short_delays(text).as_bytes())
    })
}

/// The sites hold the simulated devices' passwords, so nobody else may read what is written.
fn write(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))
        .and_then(|()| fs::write(path, text))
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o600)))
        .with_context(|| format!("{}", path.display()))
}

/// The rule with every delay cut to the demo's.
fn with_short_delays(rule: &str) -> String {
    let mut text = rule.to_owned();
    for key in ["on_delay: \"", "off_delay: \""] {
        let mut from = 0;
        while let Some(found) = text[from..].find(key) {
            let start = from + found + key.len();
            let Some(length) = text[start..].find('"') else { break };
            text.replace_range(start..start + length, DEMO_DELAY);
            from = start;
        }
    }
    text
}

/// Puts the school with a broker of its own among the sites, at a port that is free, or takes it out.
fn site_broker(dir: &Path, is_wanted: bool) -> anyhow::Result<()> {
    let name = Path::new(SITE_BROKER).file_name().unwrap_or_default();
    let site = dir.join("sites").join(name);
    if !is_wanted {
        // There may be none.
        return fs::remove_file(&site).or_else(|_| Ok(()));
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let text = fs::read_to_string(dir.join(SITE_BROKER))?;
    write(&site, text.replace(SITE_BROKER_PORT, &format!(":{port}\"")).as_bytes())
}

fn replace_in_sites(dir: &Path, from: &str, to: &str) -> anyhow::Result<()> {
    for entry in fs::read_dir(dir.join("sites"))? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        if text.contains(from) {
            fs::write(&path, text.replace(from, to))?;
        }
    }
    Ok(())
}

/// The scenario with only those devices whose link is wanted.
fn only(scenario: &Scenario, wanted: impl Fn(&Link) -> bool) -> Scenario {
    let mut scenario = scenario.clone();
    for site in &mut scenario.commune.sites {
        site.devices.retain(|device| wanted(&device.link));
    }
    scenario
}

/// The address that was asked for when nobody listens there yet, else any port: a demo should not fail for that.
fn free_or_any(asked: SocketAddr) -> SocketAddr {
    match std::net::TcpListener::bind(asked) {
        Ok(_) => asked,
        Err(_) => SocketAddr::new(asked.ip(), 0),
    }
}

/// The demo's accounts with new passwords: (name, role, password).
fn accounts(store: &Path) -> anyhow::Result<Vec<(&'static str, Role, String)>> {
    let accounts = Accounts::open(store)?;
    ACCOUNTS
        .into_iter()
        .map(|(name, role)| {
            let password = new_password()?;
            set_account(&accounts, (name, role), &hash_password(&password)?)?;
            Ok((name, role, password))
        })
        .collect()
}

fn new_password() -> anyhow::Result<String> {
    Ok(new_secret()?.chars().filter(char::is_ascii_alphanumeric).take(12).collect())
}

/// Makes the account, or gives it another password.
fn set_account(accounts: &Accounts, (name, role): (&str, Role), hash: &str) -> anyhow::Result<()> {
    match accounts.add_user(name, role.code(), hash) {
        Err(AccountError::Duplicate { .. }) => Ok(accounts.set_password(name, hash)?),
        added => Ok(added?),
    }
}

fn announce(format: DemoFormat, http: SocketAddr, accounts: &[(&str, Role, String)]) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let url = format!("http://{http}");
    match format {
        DemoFormat::Json => {
            let [(user, _, password), .., (admin, _, admin_password)] = accounts else { return Ok(()) };
            let staff = format!(r#""user":"{user}","password":"{password}""#);
            writeln!(
                out,
                r#"{{"url":"{url}",{staff},"admin":"{admin}","admin_password":"{admin_password}"}}"#
            )?;
        }
        DemoFormat::Text => {
            writeln!(out, "\nXã mẫu đang chạy · the pilot commune is running\n\n  {url}\n")?;
            for (name, role, password) in accounts {
                writeln!(out, "  {name:<8} {password}   ({})", role.code())?;
            }
            writeln!(out, "\nCtrl-C dừng · stops it")?;
        }
    }
    out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_cut_and_the_rest_is_left() {
        let rule = "on_delay: \"10m\", off_delay: \"5m\",\nfn active(p) { p.mean(\"1h\") > 3 }";
        assert_eq!(
            with_short_delays(rule),
            "on_delay: \"15s\", off_delay: \"15s\",\nfn active(p) { p.mean(\"1h\") > 3 }"
        );
    }
}
