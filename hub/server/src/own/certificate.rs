//! When a certificate ends: the one date in it that people must know of before it comes.
//!
//! Reads the few fields that lead there (RFC 5280, 4.1) and checks nothing: whether a certificate can be used is `rustls`'s
//! to say. Read next: `looks.rs`.

use std::path::Path;

use hub_model::Timestamp;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// When the first certificate of a PEM file ends; `None` when none can be read from it.
pub fn ends_at(file: &Path) -> Option<Timestamp> {
    let certificate = CertificateDer::pem_file_iter(file).ok()?.next()?.ok()?;
    not_after(&certificate)
}

fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let (outer, _) = element(certificate, SEQUENCE)?;
    let (mut fields, _) = element(outer, SEQUENCE)?;
    if let Some((_, rest)) = element(fields, VERSION) {
        fields = rest;
    }
    // Serial number, signature algorithm, issuer.
    for _ in 0..3 {
        (_, _, fields) = any(fields)?;
    }
    let (validity, _) = element(fields, SEQUENCE)?;
    let (_, _, rest) = any(validity)?;
    let (tag, text, _) = any(rest)?;
    moment(tag, std::str::from_utf8(text).ok()?)
}

/// The content of the first element, which must have this tag, and what comes after it.
fn element(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = any(bytes)?;
    (tag == wanted).then_some((content, rest))
}

/// Tag and content of the first element, and what comes after it.
fn any(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        // A long form of up to four bytes: more than any certificate has.
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDhhmmssZ`, in which 50 and above are of the last century, or `YYYYMMDDhhmmssZ`.
fn moment(tag: u8, text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<i16>().ok();
    let (year, rest) = match (tag, digits.len()) {
        (UTC_TIME, 12) => (number(0, 2).map(|year| if year < 50 { 2000 + year } else { 1900 + year })?, 2),
        (GENERALIZED_TIME, 14) => (number(0, 4)?, 4),
        _ => return None,
    };
    let part = |index: usize| i8::try_from(number(rest + 2 * index, rest + 2 * index + 2)?).ok();
    let time = jiff::civil::DateTime::new(year, part(0)?, part(1)?, part(2)?, part(3)?, part(4)?, 0).ok()?;
    let time = time.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?;
    Some(Timestamp::from_millis(time.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read_in_both_spellings() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("cert.pem");
        for (year, at_ms) in [(2027, 1_803_859_200_000), (2061, 2_876_860_800_000_i64)] {
            let mut parameters = rcgen::CertificateParams::new(vec!["hub.example".to_owned()]).unwrap();
            parameters.not_after = rcgen::date_time_ymd(year, 3, 1);
            let key = rcgen::KeyPair::generate().unwrap();
            let certificate = parameters.self_signed(&key).unwrap();
            std::fs::write(&file, certificate.pem()).unwrap();
            assert_eq!(ends_at(&file).map(Timestamp::as_millis), Some(at_ms), "{year}");
            // However it is cut off, there is no answer instead of a wrong one.
            for length in 0..120 {
                assert_eq!(not_after(&certificate.der()[..length]), None);
            }
        }
        std::fs::write(&file, "no certificate").unwrap();
        assert_eq!(ends_at(&file), None);
    }
}
