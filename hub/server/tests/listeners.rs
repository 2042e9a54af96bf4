//! The listeners over TLS and WebSocket: certificates of the hub and of devices, renewal, a browser's way to the broker.
//!
//! Real certificates, `mosquitto_pub`, and a WebSocket client.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use support::{Folder, Hub, wait_for};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

const SITE: &str = r#"
id = "a"
kind = "waste_site"
[[device]]
id = "gas"
adapter = "mqtt"
login = { username = "gas", password = "kín" }
[[device.point]]
id = "h2s"
quantity = "h2s"
"#;

/// Who issues certificates in a test.
struct Authority(Issuer<'static, KeyPair>, String);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "authority of a test");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        Self(Issuer::new(params, key), certificate)
    }

    /// Writes a certificate for `name` and its key.
    fn issue(&self, folder: &Path, file: &str, name: &str) {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        // The key last: a listener that looks in between tells that they do not fit, and looks again.
        fs::write(folder.join(format!("{file}.crt")), certificate.pem()).unwrap();
        fs::write(folder.join(format!("{file}.key")), key.serialize_pem()).unwrap();
    }
}

fn folder(tls: bool) -> Folder {
    let (http, mqtt) = if tls {
        let own = "cert = \"hub.crt\", key = \"hub.key\"";
        (format!("tls = {{ {own} }}"), format!("tls = {{ {own}, client_ca = \"ca.crt\" }}"))
    } else {
        Default::default()
    };
    let listen = "listen = \"127.0.0.1:0\"";
    let hub = format!("[commune]\nid = \"a\"\n[http]\n{listen}\n{http}\n[mqtt]\n{listen}\n{mqtt}\n");
    Folder::with(&[("hub.toml", &hub), ("sites/a.toml", SITE)])
}

/// Publishes as the login "gas", or with no user name at all.
fn publish(hub: &Hub, folder: &Path, is_named: bool, arguments: &[&str]) -> bool {
    let mut command = Command::new("mosquitto_pub");
    command.args(["-h", "127.0.0.1", "-p", &hub.mqtt.port().to_string(), "-q", "1"]);
    command.args(if is_named { &["-u", "gas"][..] } else { &[] });
    command.args(["-t", "commune/v1/a/gas/telemetry", "-m", r#"{"m":{"h2s":0.5}}"#]).args(arguments);
    command.current_dir(folder).output().unwrap().status.success()
}

#[test]
fn devices_come_in_over_tls_by_password_or_by_certificate() {
    let folder = folder(true);
    let authority = Authority::new();
    fs::write(folder.path().join("ca.crt"), &authority.1).unwrap();
    authority.issue(folder.path(), "hub", "127.0.0.1");
    authority.issue(folder.path(), "device", "gas");
    authority.issue(folder.path(), "neighbour", "water");
    let hub = folder.run("");
    let said = |arguments: &[&str]| publish(&hub, folder.path(), true, arguments);
    let nameless = |arguments: &[&str]| publish(&hub, folder.path(), false, arguments);
    assert!(said(&["--cafile", "ca.crt", "-P", "kín"]));
    assert!(!said(&["--cafile", "ca.crt", "-P", "wrong"]));
    assert!(!said(&["--cafile", "ca.crt"]), "neither password nor certificate");
    assert!(!said(&["-P", "kín"]), "no TLS at all");
    assert!(said(&["--cafile", "ca.crt", "--cert", "device.crt", "--key", "device.key"]));
    assert!(!said(&["--cafile", "ca.crt", "--cert", "neighbour.crt", "--key", "neighbour.key"]));
    let by = |name: &str| {
        nameless(&["--cafile", "ca.crt", "--cert", &format!("{name}.crt"), "--key", &format!("{name}.key")])
    };
    assert!(by("device"), "the certificate alone says who it is");
    assert!(!by("neighbour") && !nameless(&["--cafile", "ca.crt"]), "and no other's does");

    let renewed = Authority::new();
    fs::write(folder.path().join("new.crt"), &renewed.1).unwrap();
    renewed.issue(folder.path(), "hub", "127.0.0.1");
    wait_for("the renewed certificate", Duration::from_secs(10), || {
        said(&["--cafile", "new.crt", "-P", "kín"]).then_some(())
    });
    fs::write(folder.path().join("hub.key"), "no key").unwrap();
    assert!(said(&["--cafile", "new.crt", "-P", "kín"]), "what cannot be used changes nothing");
}

#[tokio::test]
async fn the_dashboard_is_served_over_tls() {
    let folder = folder(true);
    let authority = Authority::new();
    fs::write(folder.path().join("ca.crt"), &authority.1).unwrap();
    authority.issue(folder.path(), "hub", "127.0.0.1");
    let hub = folder.run("");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.1.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = tokio::net::TcpStream::connect(hub.http).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap();
    stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    // The end without a farewell of TLS is an error that does not matter here.
    let _ended = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_browser_reaches_the_broker_over_websocket() {
    let folder = folder(false);
    let hub = folder.run("");
    let mut request = format!("ws://{}/mqtt", hub.http).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "mqtt".parse().unwrap());
    let (mut socket, response) = tokio_tungstenite::connect_async(request).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "mqtt");
    let connect = b"\x10\x1b\x00\x04MQTT\x04\xc2\x00\x3c\x00\x03tab\x00\x03gas\x00\x04k\xc3\xadn".to_vec();
    let mut connect = connect;
    connect[1] = connect.len() as u8 - 2;
    // Packets need not keep to the messages of the WebSocket.
    let (first, second) = connect.split_at(9);
    socket.send(Message::Binary(first.to_vec().into())).await.unwrap();
    socket.send(Message::Binary(second.to_vec().into())).await.unwrap();
    let mut heard = Vec::new();
    while heard.len() < 4 {
        heard.extend(socket.next().await.unwrap().unwrap().into_data());
    }
    assert_eq!(heard, [0x20, 2, 0, 0]);
    socket.send(Message::Binary(vec![0xC0, 0].into())).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap().into_data(), [0xD0, 0][..]);
    socket.send(Message::Text("text is not MQTT".into())).await.unwrap();
    let end = socket.next().await;
    assert!(
        matches!(end, None | Some(Ok(Message::Close(_)) | Err(Error::Protocol(_) | Error::Io(_)))),
        "{end:?}"
    );
}
