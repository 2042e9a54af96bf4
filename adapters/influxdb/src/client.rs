//! One engine over HTTP: a write and its answer, a question and its answer. Blocking, bounded in time, never tries again by itself.
//!
//! Speaks HTTP/1.1 only. No answer and no error holds the token. Read next: `write.rs`, which knows what to do with a refusal.

use std::io::{Read, Write as _};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use hub_model::text::Told;
use hub_model::{LocalText, Timestamp, local};
use jiff::fmt::rfc2822;
use serde_json::json;
use ureq::Agent;
use ureq::http::{Response, StatusCode};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::config::{Kind, Target};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a batch may take to be sent: over a mobile link half a megabyte takes its time.
const SEND: Duration = Duration::from_secs(60);
/// How long its answer may take.
const ANSWER: Duration = Duration::from_secs(30);
/// How long a question may take, unless its asker has less time.
const ASK: Duration = Duration::from_secs(120);
/// Of a refusal so many bytes are read: its words.
const WORDS_BYTES: u64 = 4_096;
/// A request's and an answer's own bytes, about, for the count of what a link carries.
const HEAD_BYTES: u64 = 400;
/// The longest that a server's `Retry-After` is followed.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// The unit of a line's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Readings.
    Milliseconds,
    /// Steps of alarms, of which several may fall into one millisecond.
    Microseconds,
}

/// What a server made of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It has all of it: 204.
    Taken,
    /// Something in it is wrong: 400 or 422.
    Refused {
        /// The server's words.
        words: String,
        /// What time it is there.
        server_at: Option<Timestamp>,
    },
    /// It is too large: 413.
    TooLarge,
}

/// It did not work this time; the same batch is to be sent again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", why.en)]
pub struct NotNow {
    /// Why, in words for an integrator.
    pub why: LocalText,
    /// How long the server asks us to wait.
    pub after: Option<Duration>,
}

impl NotNow {
    pub(crate) fn because(why: LocalText) -> Self {
        Self { why, after: None }
    }
}

/// A client of one target.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    target: Target,
    patience: Duration,
}

/// The file of an issuer is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("holds no certificate in PEM")]
pub struct NoCertificate;

impl Told for NoCertificate {
    fn told(&self) -> LocalText {
        LocalText::new("không chứa chứng chỉ dạng PEM", self.to_string())
    }
}

impl Client {
    /// Opens nothing yet.
    ///
    /// # Errors
    /// When the issuer's certificate cannot be read.
    pub fn new(target: &Target) -> Result<Self, NoCertificate> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_send_body(Some(SEND))
            .timeout_recv_response(Some(ANSWER))
            .timeout_recv_body(Some(ANSWER))
            .user_agent("commune-hub");
        if let Some(pem) = &target.ca {
            let roots: Vec<Certificate<'static>> = parse_pem(pem)
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect();
            if roots.is_empty() {
                return Err(NoCertificate);
            }
            let roots = RootCerts::new_with_certs(&roots);
            config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        Ok(Self { agent: config.build().into(), target: target.clone(), patience: ASK })
    }

    /// The same client, whose questions may take so long and no longer.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Whose client it is.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Writes lines. Gives the answer, and how many bytes went over the link.
    ///
    /// # Errors
    /// When the server cannot be reached, is not the right one, or has no time.
    pub fn write(&self, lines: &str, precision: Precision) -> Result<(Answer, u64), NotNow> {
        let body = gzip(lines.as_bytes());
        let bytes = body.len() as u64 + HEAD_BYTES;
        let mut query = vec![(
            "precision",
            match precision {
                Precision::Milliseconds => "ms",
                Precision::Microseconds => "us",
            },
        )];
        query.extend(self.target.org.as_deref().map(|org| ("org", org)));
        query.extend(self.target.bucket.as_deref().map(|bucket| ("bucket", bucket)));
        let mut request = self.agent.post(format!("{}/api/v2/write", self.target.url));
        for (key, value) in query {
            request = request.query(key, value);
        }
        request = request.header("Content-Encoding", "gzip").content_type("text/plain; charset=utf-8");
        if let Some(token) = &self.target.token {
            request = request.header("Authorization", format!("Token {}", token.0));
        }
        let mut answer = request.send(&body[..]).map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        if status == StatusCode::NO_CONTENT {
            return Ok((Answer::Taken, bytes));
        }
        match status.as_u16() {
            413 => Ok((Answer::TooLarge, bytes)),
            400 | 422 => {
                let server_at = server_at(&answer);
                Ok((Answer::Refused { words: words(&mut answer), server_at }, bytes))
            }
            _ => Err(not_now(&mut answer)),
        }
    }

    /// Asks `path` with these form fields or this body; gives the answer as it comes.
    ///
    /// # Errors
    /// When the server cannot be reached or answers with anything but 200.
    pub fn ask(&self, path: &str, question: &Question<'_>) -> Result<Box<dyn Read + Send>, NotNow> {
        let url = format!("{}{path}", self.target.url);
        let patience = Some(self.patience);
        let request = self.agent.post(url).config();
        let mut request = request.timeout_recv_response(patience).timeout_recv_body(patience).build();
        // Flux is InfluxDB 2's alone; forms go to others as well.
        let scheme = match question {
            Question::Form(_) if self.target.kind != Kind::InfluxDb2 => "Bearer",
            _ => "Token",
        };
        if let Some(token) = &self.target.token {
            request = request.header("Authorization", format!("{scheme} {}", token.0));
        }
        let sent = match question {
            Question::Flux(text) | Question::Annotated(text) => {
                let annotations: &[&str] =
                    if matches!(question, Question::Annotated(_)) { &["datatype"] } else { &[] };
                let dialect = json!({"header": true, "delimiter": ",", "annotations": annotations});
                request
                    .query("org", self.target.org.as_deref().unwrap_or_default())
                    .content_type("application/json")
                    .header("Accept", "application/csv")
                    .send(json!({"query": text, "type": "flux", "dialect": dialect}).to_string())
            }
            Question::Form(fields) => {
                request.send_form(fields.iter().map(|(key, value)| (*key, value.as_str())))
            }
        };
        let mut answer = sent.map_err(|error| self.unreachable(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(not_now(&mut answer));
        }
        Ok(Box::new(answer.into_body().into_reader()))
    }

    fn unreachable(&self, error: &ureq::Error) -> NotNow {
        let url = &self.target.url;
        NotNow::because(local!("không kết nối được đến {url} ({error})", "{url} is not reached: {error}"))
    }
}

/// What is asked.
#[derive(Debug)]
pub enum Question<'a> {
    /// A Flux script, answered with headers only.
    Flux(&'a str),
    /// A Flux script, answered with the columns' types as well.
    Annotated(&'a str),
    /// Fields of a form.
    Form(&'a [(&'a str, String)]),
}

/// What an answer that is neither success nor a fault of the lines means.
fn not_now(answer: &mut Response<ureq::Body>) -> NotNow {
    let status = answer.status().as_u16();
    let after = retry_after(answer);
    let words = words(answer);
    let LocalText { vi, en } = match status {
        401 | 403 => local!("nơi nhận không chấp nhận mã truy cập", "the token is not accepted"),
        404 => local!(
            "không có tổ chức (org), bucket hoặc đường dẫn này",
            "the organisation, the bucket or the path is not there"
        ),
        429 => local!("gửi quá nhiều cùng lúc", "too much at once"),
        500..=599 => local!("nơi nhận đang gặp lỗi", "the server has trouble of its own"),
        _ => local!("mong đợi 204", "expected 204"),
    };
    let told = if words.is_empty() { String::new() } else { format!(": {words}") };
    let why = local!("nơi nhận trả lời {status}, {vi}{told}", "answered {status}, {en}{told}");
    NotNow { why, after }
}

/// What time the server says it is.
fn server_at(answer: &Response<ureq::Body>) -> Option<Timestamp> {
    moment(answer.headers().get("date")?.to_str().ok()?)
}

/// A moment as HTTP writes it.
fn moment(text: &str) -> Option<Timestamp> {
    let date = rfc2822::parse(&text.trim().replace("GMT", "+0000")).ok()?;
    Some(Timestamp::from_millis(date.timestamp().as_millisecond()))
}

/// How long the server asks us to wait: seconds, or until a moment by its own clock.
fn retry_after(answer: &Response<ureq::Body>) -> Option<Duration> {
    let text = answer.headers().get("retry-after")?.to_str().ok()?.trim();
    let seconds = text.parse().ok().map(Duration::from_secs);
    let wait = seconds.or_else(|| Some(moment(text)?.since(server_at(answer)?)))?;
    Some(wait.min(LONGEST_WAIT))
}

/// A refusal's own words, in one line.
fn words(answer: &mut Response<ureq::Body>) -> String {
    let mut text = Vec::new();
    // Half an answer has half its words.
    let _ = answer.body_mut().as_reader().take(WORDS_BYTES).read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text);
    let told = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|json| Some(json.get("message")?.as_str()?.to_owned()));
    told.unwrap_or_else(|| text.into_owned()).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 8), Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(plain);
    encoder.finish().unwrap_or_default()
}
