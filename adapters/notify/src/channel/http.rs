//! One HTTP request with time limits, bounded answers and no redirects; what its status means for a message.
//!
//! Faults are told without the address: it may hold a token.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use hub_model::{LocalText, Timestamp, local};
use jiff::fmt::rfc2822;
use sha2::Sha256;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::{Outcome, no_answer, said};
use crate::config::Secret;

/// Most bytes of an answer that are read.
const MAX_ANSWER: u64 = 64 * 1024;
/// The header of a signature, as receivers of webhooks know it from elsewhere: `sha256=` and the HMAC of the body in hex.
const SIGNATURE: &str = "X-Hub-Signature-256";
/// The header by which a receiver knows a second try.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// A request.
pub(super) struct Request<'a> {
    pub method: &'a str,
    pub url: &'a str,
    pub headers: Vec<(&'a str, String)>,
    pub body: Option<Vec<u8>>,
    pub timeout: Duration,
    /// Certificates that are trusted instead of the usual ones, in PEM.
    pub ca: Option<&'a [u8]>,
}

/// An answer.
pub(super) struct Answer {
    pub status: u16,
    pub body: String,
    retry_after: Option<Duration>,
}

/// A POST of JSON, signed where there is a secret, with the message's key.
pub(super) fn post_json<'a>(
    url: &'a str,
    content_type: &str,
    body: Vec<u8>,
    key: &str,
    secret: Option<&Secret>,
) -> Request<'a> {
    let mut headers = vec![("Content-Type", content_type.to_owned()), (IDEMPOTENCY_KEY, key.to_owned())];
    headers.extend(secret.map(|secret| (SIGNATURE, format!("sha256={}", signature(secret, &body)))));
    Request { method: "POST", url, headers, body: Some(body), timeout: Duration::ZERO, ca: None }
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn signature(secret: &Secret, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).expect("HMAC takes any key");
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Request<'_> {
    /// Sends it; an answer of any status is one. The error says in words why there is none.
    pub fn send(self) -> Result<Answer, LocalText> {
        let roots = match self.ca {
            None => RootCerts::WebPki,
            Some(pem) => {
                let parsed = ureq::tls::parse_pem(pem).filter_map(|item| match item {
                    Ok(ureq::tls::PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                });
                RootCerts::from(parsed.collect::<Vec<Certificate<'static>>>())
            }
        };
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(self.timeout))
            .user_agent("commune-hub")
            .proxy(None)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build()
            .into();
        let mut request = ureq::http::Request::builder().method(self.method).uri(self.url);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let unfit =
            |_| local!("không gửi được địa chỉ hoặc phần đầu này", "the address or a header cannot be sent");
        let sent = match self.body {
            Some(body) => agent.run(request.body(body).map_err(unfit)?),
            None => agent.run(request.body(()).map_err(unfit)?),
        };
        let mut answer = sent.map_err(|error| fault(&error))?;
        let status = answer.status().as_u16();
        let retry_after = answer
            .headers()
            .get("retry-after")
            .and_then(|value| patience(value.to_str().ok()?, answer.headers()));
        let body = answer.body_mut().with_config().limit(MAX_ANSWER).lossy_utf8(true).read_to_string();
        Ok(Answer { status, body: body.unwrap_or_default(), retry_after })
    }
}

/// Seconds, or a date, which is held against the receiver's own clock.
fn patience(text: &str, headers: &ureq::http::HeaderMap) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = |text: &str| {
        let parsed = rfc2822::parse(&text.trim().replace("GMT", "+0000")).ok()?;
        Some(Timestamp::from_millis(parsed.timestamp().as_millisecond()))
    };
    let now = headers.get("date").and_then(|date| moment(date.to_str().ok()?))?;
    Some(moment(text)?.since(now))
}

/// Why there was no answer, without the address.
fn fault(error: &ureq::Error) -> LocalText {
    match error {
        ureq::Error::Timeout(_) => no_answer(),
        ureq::Error::HostNotFound => local!("không tìm thấy tên máy chủ", "the server's name is not known"),
        ureq::Error::ConnectionFailed => {
            local!("không kết nối được với máy chủ", "no connection to the server")
        }
        ureq::Error::Io(error) => {
            let kind = error.kind();
            local!("không có kết nối ({kind})", "no connection: {kind}")
        }
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => {
            let why = said(&error.to_string());
            local!("không mã hóa được kết nối ({why})", "no encrypted connection: {why}")
        }
        ureq::Error::BadUri(_) => local!("không dùng được địa chỉ này", "the address cannot be used"),
        ureq::Error::TooManyRedirects => local!(
            "bên nhận chuyển sang địa chỉ khác, không được theo",
            "the server sends us elsewhere, which is not followed"
        ),
        _ => local!("máy chủ không trả lời bằng HTTP", "the server's answer is not HTTP"),
    }
}

impl Answer {
    /// What its status means for a message. A server that refuses us may be mended by its operator, or ours: that is tried again.
    pub fn outcome(&self, receipt: impl FnOnce(&str) -> String) -> Outcome {
        match self.status {
            200..=299 => Outcome::Delivered(receipt(&self.body)),
            400 | 405 | 410 | 413 | 415 | 422 => Outcome::Never(self.told()),
            _ => self.later(),
        }
    }

    /// Not now, and for how long.
    pub fn later(&self) -> Outcome {
        Outcome::Later { why: self.told(), after: self.retry_after }
    }

    /// As [`Answer::later`], where what the server says may hold a token.
    pub fn later_unsaid(&self) -> Outcome {
        Outcome::Later { why: LocalText::same(format!("HTTP {}", self.status)), after: self.retry_after }
    }

    /// The status and what the server says, in its own words.
    fn told(&self) -> LocalText {
        let (status, said) = (self.status, said(&self.body));
        LocalText::same(if said.is_empty() {
            format!("HTTP {status}")
        } else {
            format!("HTTP {status}: {said}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_asked_for_in_seconds_or_until_a_date() {
        let mut headers = ureq::http::HeaderMap::new();
        assert_eq!(patience("120", &headers), Some(Duration::from_secs(120)));
        let date = "Wed, 21 Oct 2026 07:28:00 GMT";
        assert_eq!(patience(date, &headers), None, "without the server's clock nothing is known");
        headers.insert("date", "Wed, 21 Oct 2026 07:27:00 GMT".parse().unwrap());
        assert_eq!(patience(date, &headers), Some(Duration::from_secs(60)));
        assert_eq!(patience("soon", &headers), None);
    }
}
