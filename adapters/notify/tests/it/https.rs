//! A receiver in the commune's own network, over TLS: taken by the certificate that the channel names, and by no other.

use std::fs;
use std::sync::Arc;

use adapters_notify::{Addressee, Language, Outcome, send};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::support::letters::{channel, test_letter};
use crate::support::receiver::{Answer, Receiver};
use crate::support::{Nothing, certificate};

/// Answers each request with 200 and hands on what it said; gives its port.
async fn https_server(cert: &str, key: &str) -> (u16, mpsc::UnboundedReceiver<String>) {
    let chain = vec![CertificateDer::from_pem_slice(&fs::read(cert).unwrap()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&fs::read(key).unwrap()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (said, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, said) = (acceptor.clone(), said.clone());
            tokio::spawn(async move {
                // Whoever does not trust the certificate leaves.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = vec![0; 64 * 1024];
                let mut filled = 0;
                while !is_whole(&request[..filled]) {
                    match stream.read(&mut request[filled..]).await {
                        Ok(read) if read > 0 => filled += read,
                        _ => return,
                    }
                }
                said.send(String::from_utf8_lossy(&request[..filled]).into_owned()).unwrap();
                let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            });
        }
    });
    (port, heard)
}

/// Whether the head and as much of a body as it names are there.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned));
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    request.len() >= head.len() + 4 + length
}

async fn sent(url: &str, more: &str) -> Outcome {
    let config = format!("id = \"hook\"\nkind = \"webhook\"\nurl = \"{url}\"\ntimeout = \"5s\"\n{more}\n");
    let to = Addressee { address: String::new(), name: String::new(), language: Language::Vi };
    send(Arc::new(channel(&config)), Arc::new(test_letter()), to, Arc::new(Nothing)).await
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_told_nothing() {
    let plain = Receiver::start(|_, _| Answer::ok(""));
    let outcome = sent(&plain.url("/").replace("http:", "https:"), "").await;
    assert!(matches!(&outcome, Outcome::Later { .. }), "{outcome:?}");
    assert!(plain.seen().is_empty());
}

#[tokio::test]
async fn a_private_certificate_is_taken_where_it_is_named_and_nowhere_else() {
    let place = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(place.path(), &["127.0.0.1"]);
    let (port, mut heard) = https_server(&cert, &key).await;
    let trusting = format!("ca_file = \"{cert}\"");
    let url = format!("https://127.0.0.1:{port}/alarms");
    let outcome = sent(&url, &trusting).await;
    assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
    let request = heard.recv().await.unwrap();
    assert!(
        request.starts_with("POST /alarms HTTP/1.1\r\n") && request.contains("\"version\":\"4\""),
        "{request}"
    );

    // Not among those that are trusted; another name than it is for; another issuer than the one that is named.
    let elsewhere = tempfile::tempdir().unwrap();
    let (foreign, _) = certificate(elsewhere.path(), &["127.0.0.1"]);
    for (url, trust) in [
        (url.clone(), String::new()),
        (format!("https://localhost:{port}/alarms"), trusting),
        (url, format!("ca_file = \"{foreign}\"")),
    ] {
        let refused = sent(&url, &trust).await;
        assert!(matches!(&refused, Outcome::Later { .. }), "{url} {trust}: {refused:?}");
    }
    assert!(heard.try_recv().is_err(), "nothing was said to anybody else");
}
