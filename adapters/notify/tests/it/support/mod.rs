//! What several tests use: a configuration that is read, a hub of which nothing is asked, a certificate.

pub mod letters;
pub mod mail_server;
pub mod receiver;

use std::fs;
use std::path::Path;

use adapters_notify::config::{Known, Notify, read};
use adapters_notify::{Host, SecretFiles};
use adapters_sdk::config::{Problems, Table};
use hub_model::{LocalText, local};

/// Reads the section `[notify]` of a file; what is wrong with it is in the problems.
pub fn section(text: &str, known: &Known<'_>, files: &dyn SecretFiles) -> (Notify, Problems) {
    let mut problems = Problems::new();
    let mut root = Table::parse("hub.toml", text, &mut problems).unwrap();
    let table = root.table("notify", &mut problems).unwrap();
    let notify = read(table, known, files, &mut problems);
    (notify, problems)
}

pub fn vietnam() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

/// A hub that is asked for nothing.
pub struct Nothing;

impl Host for Nothing {
    fn publish(&self, _: &str, _: Vec<u8>) -> Result<(), LocalText> {
        Err(local!("không được hỏi", "not asked for"))
    }
    fn kept(&self, _: &str) -> Result<Option<String>, LocalText> {
        Err(local!("không được hỏi", "not asked for"))
    }
    fn keep(&self, _: &str, _: String) -> Result<(), LocalText> {
        Err(local!("không được hỏi", "not asked for"))
    }
}

/// A certificate of the tests' own for some names: its file and its key's.
pub fn certificate(place: &Path, names: &[&str]) -> (String, String) {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let (cert, key) = (place.join("cert.pem"), place.join("key.pem"));
    fs::write(&cert, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (cert.display().to_string(), key.display().to_string())
}
