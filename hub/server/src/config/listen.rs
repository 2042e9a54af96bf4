//! The sections `[http]` and `[mqtt]`: where the hub listens. Never opens anything.
//!
//! Beyond loopback, passwords and readings would cross the network in the clear, so that must be asked for in words.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use adapters_sdk::config::{Problems, Table};
use hub_model::text::Told as _;
use hub_model::{LocalText, local};

use super::{HttpSettings, MqttSettings};
use crate::tls::{TlsError, TlsFiles};

/// Where HTTP listens unless said otherwise.
pub(super) const DEFAULT_HTTP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Where MQTT listens unless said otherwise.
pub(super) const DEFAULT_MQTT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1883);

/// Reads both sections. `None` when one of them is faulty.
pub(super) fn read(
    root: &mut Table,
    dir: &Path,
    problems: &mut Problems,
) -> Option<(HttpSettings, Option<MqttSettings>)> {
    let has_mqtt = root.has("mqtt");
    let http_table = root.table("http", problems);
    let http = match http_table {
        Some(table) => http(table, dir, problems),
        None => Some(HttpSettings { listen: DEFAULT_HTTP, public_url: None, tls: None }),
    };
    let mqtt_at = root.at("mqtt");
    let mqtt = root.table("mqtt", problems).and_then(|table| mqtt(table, dir, problems));
    let http = http?;
    if let Some(mqtt) = &mqtt
        && mqtt.listen == http.listen
        && mqtt.listen.port() != 0
    {
        let listen = mqtt.listen;
        problems.error(mqtt_at.fault(local!(
            "có {listen} cho cả [http] và [mqtt], được phép: mỗi phần một địa chỉ riêng",
            "found {listen} for [http] and [mqtt], allowed: an address for each"
        )));
    }
    if has_mqtt && mqtt.is_none() { None } else { Some((http, mqtt)) }
}

fn http(mut table: Table, dir: &Path, problems: &mut Problems) -> Option<HttpSettings> {
    let (listen, tls) = address(&mut table, DEFAULT_HTTP, dir, problems);
    let public_url = table.parsed("public_url", problems, public_url);
    table.finish(problems);
    Some(HttpSettings { listen: listen?, public_url, tls })
}

fn mqtt(mut table: Table, dir: &Path, problems: &mut Problems) -> Option<MqttSettings> {
    let not_there = table.fault(
        "open",
        local!(
            "có true, chỉ được phép ở địa chỉ trong máy, để thử: khi đó ai cũng làm được mọi việc",
            "found true, allowed: only on loopback, for tests; anybody may do anything"
        ),
    );
    let (listen, tls) = address(&mut table, DEFAULT_MQTT, dir, problems);
    let open = table.boolean("open", problems).unwrap_or(false);
    table.finish(problems);
    let listen = listen?;
    if open && !listen.ip().is_loopback() {
        problems.error(not_there);
    }
    Some(MqttSettings { listen, open, tls })
}

/// Where to listen, and with what TLS.
fn address(
    table: &mut Table,
    default: SocketAddr,
    dir: &Path,
    problems: &mut Problems,
) -> (Option<SocketAddr>, Option<TlsFiles>) {
    let had_tls = table.has("tls");
    let files = table.table("tls", problems).and_then(|table| tls(table, dir, problems));
    let allow_plain = table.boolean("allow_plain", problems).unwrap_or(false);
    let had_listen = table.has("listen");
    let exposed = |listen: SocketAddr| {
        local!(
            "có \"{listen}\", được phép: địa chỉ trong máy như \"{default}\"; địa chỉ khác cần tls = {{ cert, key }} hoặc allow_plain = true",
            "found \"{listen}\", allowed: loopback such as \"{default}\"; others need tls = {{ cert, key }} or allow_plain = true"
        )
    };
    let listen = table.parsed("listen", problems, |text| {
        let listen: SocketAddr = text.parse().map_err(|_| {
            local!(
                "có \"{text}\", được phép: địa chỉ và cổng như \"{default}\" hoặc \"[::1]:0\"",
                "found \"{text}\", allowed: an address and a port such as \"{default}\" or \"[::1]:0\""
            )
        })?;
        // Whoever asked for TLS is told of that alone.
        if listen.ip().is_loopback() || allow_plain || had_tls { Ok(listen) } else { Err(exposed(listen)) }
    });
    (if had_listen { listen } else { Some(default) }, files)
}

/// The files of TLS, read once to see whether they can be used.
fn tls(mut table: Table, dir: &Path, problems: &mut Problems) -> Option<TlsFiles> {
    let [cert_at, key_at, ca_at] = ["cert", "key", "client_ca"].map(|key| table.at(key));
    let file = |text: &str| match text {
        "" => Err(local!(
            "có tên rỗng, được phép: tệp dạng PEM, cạnh hub.toml hoặc ghi cả đường dẫn",
            "found an empty name, allowed: a file in PEM, beside hub.toml or by its whole path"
        )),
        text => Ok(dir.join(text)),
    };
    let cert = table.needed_parsed("cert", problems, file);
    let key = table.needed_parsed("key", problems, file);
    let client_ca = table.parsed("client_ca", problems, file);
    table.finish(problems);
    let files = TlsFiles { cert: cert?, key: key?, client_ca };
    match files.read() {
        Ok(_usable) => Some(files),
        Err(error) => {
            let LocalText { vi, en } = error.told();
            let at = match &error {
                TlsError::File { path, .. } if *path == files.key => key_at,
                TlsError::File { path, .. } if files.client_ca.as_ref() == Some(path) => ca_at,
                _ => cert_at,
            };
            problems.error(at.fault(local!(
                "{vi}, được phép: chứng chỉ và khóa riêng của nó dạng PEM",
                "{en}, allowed: a certificate and its private key in PEM"
            )));
            None
        }
    }
}

fn public_url(text: &str) -> Result<String, LocalText> {
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
        _ if text.contains('@') => Err(local!(
            "có địa chỉ kèm tên đăng nhập, được phép: địa chỉ như \"https://hub.example.vn\"",
            "found one with a login, allowed: an address such as \"https://hub.example.vn\""
        )),
        _ => Err(local!(
            "có \"{text}\", được phép: địa chỉ như \"https://hub.example.vn\"",
            "found \"{text}\", allowed: an address such as \"https://hub.example.vn\""
        )),
    }
}
