//! Fuzz targets: whatever bytes come, each parser answers or refuses, within bounds, and never panics.
//!
//! A short run by default; the README tells the long one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use adapters_push::line::{Lines, Precision, scan};
use adapters_push::{Finder, Scope, Taken, mac, netjson, senml};
use proptest::prelude::*;
use proptest::sample::Index;

use support::{NOW, finder};

const LINES: &str = include_str!("../cases/line/all-types/message.lp");
const ESCAPES: &str = include_str!("../cases/line/escapes/message.lp");
const SENML: &str = include_str!("../cases/senml/base-fields/message.json");
const SENML_CBOR: &str = include_str!("../cases/senml/cbor-base-fields/message.cbor.hex");
const NETJSON: &str = include_str!("../cases/netjson/openwisp-access-point/message.json");

/// A sample with some of its bytes changed, left out, doubled or cut off; or bytes of no meaning.
fn mutated(samples: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<Index>(), any::<u8>(), 0..5u8);
    let changed = (proptest::sample::select(samples), prop::collection::vec(change, 0..12));
    let changed = changed.prop_map(|(mut bytes, changes)| {
        for (at, byte, how) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, byte),
                3 => bytes.truncate(at),
                _ => bytes.extend_from_within(at..),
            }
            bytes.truncate(4_096);
        }
        bytes
    });
    prop_oneof![4 => changed, 1 => prop::collection::vec(any::<u8>(), 0..256)]
}

fn cbor() -> Vec<u8> {
    let digits = SENML_CBOR.trim();
    (0..digits.len() / 2).map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap()).collect()
}

/// Built once for a target: to read its configuration takes longer than all that is tested.
fn device() -> Finder {
    finder(include_str!("../cases/line/all-types/config.toml"))
}

/// What holds of every body: no more comes out than went in, and all of it is a number at a time that can be true.
fn is_bounded(taken: &Taken, body: &[u8]) {
    assert!(taken.observations.len() <= body.len() && taken.refused_count <= body.len());
    for observation in &taken.observations {
        if let Some(at) = observation.measured_at {
            assert!(at >= adapters_push::time::EARLIEST && at < adapters_push::time::END);
        }
    }
    for refusal in &taken.refused {
        assert!(refusal.number >= 1 && refusal.problem.len() < 1_000 && !refusal.problem.contains('\n'));
    }
}

#[test]
fn fuzz_line_protocol() {
    let device = device();
    proptest!(|(body in mutated(vec![LINES.into(), ESCAPES.into()]))| {
        let mut last = 0;
        for (number, written, _) in Lines::new(&body) {
            assert!(number > last && !written.is_empty());
            last = number;
        }
        for (_, precision) in Precision::WORDS {
            is_bounded(&device.lines(&body, precision, Scope::All, NOW).unwrap(), &body);
        }
    });
}

#[test]
fn fuzz_senml_json() {
    let device = device();
    proptest!(|(body in mutated(vec![SENML.into()]))| {
        if let Ok(taken) = device.senml(senml::from_json(&body), Scope::All, NOW) {
            is_bounded(&taken, &body);
        }
    });
}

#[test]
fn fuzz_senml_cbor() {
    let device = device();
    proptest!(|(body in mutated(vec![cbor()]))| {
        if let Ok(taken) = device.senml(senml::from_cbor(&body), Scope::All, NOW) {
            is_bounded(&taken, &body);
        }
    });
}

proptest! {
    #[test]
    fn fuzz_netjson(body in mutated(vec![NETJSON.into()])) {
        if let Ok(document) = netjson::read(&body) {
            assert!(document.figures.values().all(|number| number.is_finite()));
            assert!(document.figures.keys().all(|name| !name.split('.').any(mac::is_mac)), "{:?}", document.figures);
        }
    }

    #[test]
    fn a_written_line_is_read_back(
        name in "[a-z ,=\\\\đ]{1,8}[a-z]", tag in "[a-z ,=đ]{1,6}", text in "[^\\x00-\\x1f]{0,12}",
        number in -1e300..1e300f64, whole in any::<i64>(), time in any::<i64>()
    ) {
        let escape = |text: &str, signs: &[char]| {
            text.chars().flat_map(|c| signs.contains(&c).then_some('\\').into_iter().chain([c])).collect::<String>()
        };
        // A backslash before a sign that needs one cannot be written: it would be taken for the escape.
        let name = name.replace('\\', "");
        prop_assume!(!name.trim_start().is_empty() && !name.starts_with(['#', ' ']));
        let line = format!(
            "{},{}=1 n={number},i={whole}i,t=\"{}\" {time}",
            escape(&name, &[' ', ',']), escape(&tag, &[' ', ',', '=']), escape(&text, &['"', '\\'])
        );
        let read = scan(&line).unwrap();
        assert_eq!(read.measurement, name);
        assert_eq!(read.tag(&tag), Some("1"));
        assert_eq!(read.field("n").unwrap().number(), Some(number));
        assert_eq!(read.field("i"), Some(&adapters_push::line::Field::Integer(whole)));
        assert_eq!(read.field("t"), Some(&adapters_push::line::Field::Text(text.into())));
        assert_eq!(read.time, Some(time));
    }
}

#[test]
fn fuzz_quotes_without_end_do_not_make_the_search_quadratic() {
    // Wherever one begins, a text opens that the next line closes, and the two together are wrong.
    let body = "m d=x,c=\"\n".repeat(300_000);
    let taken = device().lines(body.as_bytes(), Precision::Ns, Scope::All, NOW).unwrap();
    assert_eq!(taken.refused_count, 300_000);
}

#[test]
fn fuzz_many_tags_do_not_make_a_line_quadratic() {
    let tags: String = (0..200_000).map(|n| format!(",t{n}=1")).collect();
    let body = format!("m{tags} value=1");
    let taken = device().lines(body.as_bytes(), Precision::Ns, Scope::All, NOW).unwrap();
    assert!(taken.refused[0].problem.ends_with(": more than 256 tags"), "{:?}", taken.refused);
}

#[test]
fn fuzz_a_long_base_unit_is_not_kept_for_each_record() {
    let records = ",{\"n\":\"a\",\"v\":1}".repeat(50_000);
    let body = format!("[{{\"bu\":\"{}\"}}{records}]", "x".repeat(200_000));
    let told = senml::from_json(body.as_bytes()).unwrap_err().to_string();
    assert_eq!(told, "record 1: the unit is longer than 256 bytes");
}

#[test]
fn fuzz_deep_nesting_is_refused() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(senml::from_json(deep.as_bytes()).is_err());
    assert!(netjson::read(deep.as_bytes()).is_err());
    assert!(senml::from_cbor(&[0x81; 100_000]).is_err());
    // A pack that promises 2⁶⁴-1 records, and a name of so many bytes.
    assert!(senml::from_cbor(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
    assert!(
        senml::from_cbor(&[0x81, 0xa1, 0x00, 0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err()
    );
}
