//! Every folder of `cases/<format>/<name>`: a message and a configuration, and what comes of them.
//!
//! `message.lp`, `message.json`, `message.cbor.hex`; `config.toml` as a device stands in a site's file; `expected` has one
//! line for each reading, then the refusals. A case is named after what it shows.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fmt::Write;
use std::fs;
use std::path::Path;

use adapters_push::line::Precision;
use adapters_push::{Finder, Scope, Taken, finder::PackError, senml};
use hub_model::Timestamp;

use support::{NOW, finder};

/// What a case's folder says beside its files' contents.
fn run(format: &str, dir: &Path) -> String {
    let finder = finder(&fs::read_to_string(dir.join("config.toml")).unwrap());
    let taken = match format {
        "line" => lines(&finder, dir),
        "netjson" => finder.netjson(&read(dir, "message.json"), None, NOW),
        "senml" if dir.join("message.json").exists() => {
            finder.senml(senml::from_json(&read(dir, "message.json")), Scope::All, NOW)
        }
        "senml" => finder.senml(senml::from_cbor(&hex(&read(dir, "message.cbor.hex"))), Scope::All, NOW),
        other => panic!("no format {other}"),
    };
    match taken {
        Ok(taken) => told(&taken),
        Err(error) => format!("refused: {error}\n"),
    }
}

fn lines(finder: &Finder, dir: &Path) -> Result<Taken, PackError> {
    let precision = fs::read_to_string(dir.join("precision")).unwrap_or_else(|_| "ns".to_owned());
    let (_, precision) = Precision::WORDS.into_iter().find(|(word, _)| *word == precision.trim()).unwrap();
    Ok(finder.lines(&read(dir, "message.lp"), precision, Scope::Pushed, NOW)?)
}

fn read(dir: &Path, file: &str) -> Vec<u8> {
    fs::read(dir.join(file)).unwrap()
}

fn hex(text: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = text.iter().copied().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn told(taken: &Taken) -> String {
    let mut text = String::new();
    for observation in &taken.observations {
        let at = observation.measured_at.map_or("now".to_owned(), |at| at.as_millis().to_string());
        writeln!(text, "{} {:?} at {at}", observation.point, observation.sample).unwrap();
    }
    for refusal in &taken.refused {
        writeln!(text, "{}: {:?}: {}", refusal.number, refusal.kind, refusal.problem).unwrap();
    }
    assert!(taken.refused.len() == taken.refused_count.min(adapters_push::taken::MAX_TOLD));
    writeln!(text, "unknown: {}", taken.unknown).unwrap();
    text
}

#[test]
fn every_case_gives_what_it_expects() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let (mut count, mut wrong) = (0, String::new());
    for format in fs::read_dir(cases).unwrap().map(Result::unwrap) {
        for case in fs::read_dir(format.path()).unwrap().map(Result::unwrap) {
            let said = run(&format.file_name().to_string_lossy(), &case.path());
            let expected = fs::read_to_string(case.path().join("expected")).unwrap_or_default();
            if said != expected {
                writeln!(wrong, "--- {}: expected\n{expected}--- said\n{said}", case.path().display())
                    .unwrap();
            }
            count += 1;
        }
    }
    assert!(count >= 20, "only {count} cases were found");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_sample_of_the_readme_is_a_configuration() {
    let readme = include_str!("../README.md");
    let sample = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let finder = finder(sample);
    let line = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let taken = finder.lines(line.as_bytes(), Precision::S, Scope::Pushed, NOW).unwrap();
    assert_eq!((taken.observations.len(), taken.refused_count), (3, 0), "{}", told(&taken));
}

#[test]
fn what_is_too_much_is_refused_whole_in_words() {
    let finder = finder("match = { measurement = \"m\" }\n[[point]]\nid = \"v\"\nunit = \"1\"\n");
    let body = "m v=1\n".repeat(adapters_push::MAX_READINGS + 1);
    let refused = finder.lines(body.as_bytes(), Precision::Ns, Scope::Pushed, NOW).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the body holds more than 100000 readings; nothing was kept, send it in smaller pieces"
    );
    let whole = &body[..body.len() - "m v=1\n".len()];
    let taken = finder.lines(whole.as_bytes(), Precision::Ns, Scope::Pushed, NOW).unwrap();
    assert_eq!(taken.observations.len(), adapters_push::MAX_READINGS);
    assert_eq!(taken.observations[0].received_at, NOW);
    assert_eq!(Timestamp::from_millis(NOW.as_millis()), NOW);
}
