//! The sections `[http]` and `[mqtt]`: where the hub listens. Never opens anything.
//!
//! Beyond loopback, passwords and readings would cross the network in the clear, so that must be asked for in words.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use adapters_sdk::config::{Problems, Table};

use super::hub::refuse;
use super::{HttpSettings, MqttSettings};

/// Where HTTP listens unless said otherwise.
pub(super) const DEFAULT_HTTP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Where MQTT listens unless said otherwise.
pub(super) const DEFAULT_MQTT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1883);
const NO_TLS: &str =
    "TLS is not in this version; put a proxy that speaks TLS in front and listen on loopback";

/// Reads both sections. `None` when one of them is faulty.
pub(super) fn read(
    root: &mut Table,
    problems: &mut Problems,
) -> Option<(HttpSettings, Option<MqttSettings>)> {
    let has_mqtt = root.has("mqtt");
    let http_table = root.table("http", problems);
    let http = match http_table {
        Some(table) => http(table, problems),
        None => Some(HttpSettings { listen: DEFAULT_HTTP, public_url: None }),
    };
    let mqtt_place = root.fault("mqtt", "");
    let mqtt = root.table("mqtt", problems).and_then(|table| mqtt(table, problems));
    let http = http?;
    if let Some(mqtt) = mqtt
        && mqtt.listen == http.listen
        && mqtt.listen.port() != 0
    {
        let message = format!("found {} for [http] and [mqtt], allowed: an address for each", mqtt.listen);
        problems.error(adapters_sdk::config::Problem { message, ..mqtt_place });
    }
    if has_mqtt && mqtt.is_none() { None } else { Some((http, mqtt)) }
}

fn http(mut table: Table, problems: &mut Problems) -> Option<HttpSettings> {
    let listen = address(&mut table, DEFAULT_HTTP, problems);
    let public_url = table.parsed("public_url", problems, public_url);
    table.finish(problems);
    Some(HttpSettings { listen: listen?, public_url })
}

fn mqtt(mut table: Table, problems: &mut Problems) -> Option<MqttSettings> {
    let not_there =
        table.fault("open", "found true, allowed: only on loopback, for tests; anybody may do anything");
    let listen = address(&mut table, DEFAULT_MQTT, problems);
    let open = table.boolean("open", problems).unwrap_or(false);
    table.finish(problems);
    let listen = listen?;
    if open && !listen.ip().is_loopback() {
        problems.error(not_there);
    }
    Some(MqttSettings { listen, open })
}

fn address(table: &mut Table, default: SocketAddr, problems: &mut Problems) -> Option<SocketAddr> {
    let had_tls = table.has("tls");
    refuse(table, "tls", NO_TLS, problems);
    let allow_plain = table.boolean("allow_plain", problems).unwrap_or(false);
    let had_listen = table.has("listen");
    let exposed = |listen: SocketAddr| {
        format!(
            "found \"{listen}\", allowed: loopback such as \"{default}\"; others need allow_plain = true, for TLS is not in this version"
        )
    };
    let listen = table.parsed("listen", problems, |text| {
        let listen: SocketAddr = text.parse().map_err(|_| {
            format!("found \"{text}\", allowed: an address and a port such as \"{default}\" or \"[::1]:0\"")
        })?;
        // Whoever asked for TLS is told of that alone.
        if listen.ip().is_loopback() || allow_plain || had_tls { Ok(listen) } else { Err(exposed(listen)) }
    });
    if had_listen { listen } else { Some(default) }
}

fn public_url(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        // Browsers' Origin is held against it: a login, a question or a fragment never stands there.
        Some(host)
            if !host.is_empty()
                && !host.starts_with('/')
                && !host.contains(|c: char| c.is_whitespace() || "@?#".contains(c)) =>
        {
            Ok(text.trim_end_matches('/').to_owned())
        }
        // What was found may hold a password.
        _ if text.contains('@') => {
            Err("found one with a login, allowed: an address such as \"https://hub.example.vn\"".to_owned())
        }
        _ => Err(format!("found \"{text}\", allowed: an address such as \"https://hub.example.vn\"")),
    }
}
