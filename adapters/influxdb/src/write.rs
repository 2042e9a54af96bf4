//! Brings a batch of lines over: one that holds bad lines is split until each bad line stands alone, and the rest goes on.
//!
//! Never gives up a line for a reason that is not the line's. Read next: `client.rs`.

use std::time::Duration;

use hub_model::text::decimal_comma;
use hub_model::{Timestamp, local};
use memchr::memchr_iter;

use crate::client::{Answer, Client, NotNow, Precision};

/// Clocks that differ by more make a server's word on what is too old worthless.
const CLOCKS_AGREE: Duration = Duration::from_secs(600);

/// What came of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sent {
    /// Lines that the server has.
    pub lines: u64,
    /// Bytes that went over the link.
    pub bytes: u64,
    /// Requests that it took.
    pub requests: u64,
    /// Lines that it refuses, each with its words.
    pub refused: Vec<(String, String)>,
}

/// Sends `lines`, each with its line end, until the server has taken or refused each of them. What time it is `now` is held
/// against the server's clock when it refuses lines for their age.
///
/// # Errors
/// When the server is not to be had just now. Some lines may have arrived: sending them again changes nothing.
pub fn deliver(client: &Client, lines: &str, precision: Precision, now: Timestamp) -> Result<Sent, NotNow> {
    split(lines, now, &mut |part| client.write(part, precision))
}

/// What one request came to, and its bytes.
type Written = Result<(Answer, u64), NotNow>;

/// As [`deliver`], with any way to write.
fn split(lines: &str, now: Timestamp, write: &mut dyn FnMut(&str) -> Written) -> Result<Sent, NotNow> {
    let mut sent = Sent::default();
    // The first part lies on top, so that lines keep their order.
    let mut parts = vec![lines];
    while let Some(part) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        let (answer, bytes) = write(part)?;
        sent.bytes += bytes;
        sent.requests += 1;
        let why = match answer {
            Answer::Taken => {
                sent.lines += memchr_iter(b'\n', part.as_bytes()).count() as u64;
                continue;
            }
            Answer::Refused { words, server_at } => {
                clocks_agree(&words, server_at, now)?;
                words
            }
            Answer::TooLarge => "too large for the server".to_owned(),
        };
        match halves(part) {
            Some((first, second)) => parts.extend([second, first]),
            None => sent.refused.push((part.trim_end().to_owned(), why)),
        }
    }
    Ok(sent)
}

/// A server drops what is older than its bucket keeps. By a clock that is years ahead that is everything, which is not the lines'
/// fault: they are kept until the clocks agree.
fn clocks_agree(words: &str, server_at: Option<Timestamp>, now: Timestamp) -> Result<(), NotNow> {
    let Some(there) = server_at.filter(|_| words.contains("retention")) else { return Ok(()) };
    let (apart, way_vi, way) = match there > now {
        true => (there.since(now), "nhanh", "ahead of"),
        false => (now.since(there), "chậm", "behind"),
    };
    if apart <= CLOCKS_AGREE {
        return Ok(());
    }
    let hours = apart.as_secs_f64() / 3_600.0;
    let hours_vi = decimal_comma(&format!("{hours:.1}"));
    Err(NotNow::because(local!(
        "nơi nhận từ chối số đo vì quá cũ, trong khi đồng hồ của nơi đó {way_vi} hơn ở đây {hours_vi} giờ; số đo được giữ lại đến khi hai đồng hồ khớp nhau: {words}",
        "refuses readings for their age while its clock is {hours:.1} hours {way} ours; they wait until the clocks agree: {words}"
    )))
}

/// Two parts of whole lines; `None` for a single line.
fn halves(part: &str) -> Option<(&str, &str)> {
    let middle = part.len() / 2;
    let after = |at: usize| part.as_bytes()[at..].iter().position(|byte| *byte == b'\n').map(|n| at + n + 1);
    let cut = after(middle).filter(|cut| *cut < part.len());
    let cut =
        cut.or_else(|| part.as_bytes()[..middle].iter().rposition(|byte| *byte == b'\n').map(|n| n + 1))?;
    Some(part.split_at(cut))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub_model::LocalText;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_millis(1_787_185_860_000);

    fn refused(words: &str, server_at: Option<Timestamp>) -> Answer {
        Answer::Refused { words: words.to_owned(), server_at }
    }

    proptest! {
        #[test]
        fn every_good_line_arrives_in_order_and_every_bad_one_stands_alone(
            lines in prop::collection::vec((0..40_usize, prop::bool::weighted(0.1)), 0..60), most in 60..400_usize,
        ) {
            let text: Vec<String> = lines.iter().enumerate()
                .map(|(n, (width, bad))| format!("{}{n}{}\n", if *bad { "bad" } else { "ok" }, "x".repeat(*width)))
                .collect();
            let mut arrived = String::new();
            let sent = split(&text.concat(), NOW, &mut |part| {
                let answer = if part.len() > most {
                    Answer::TooLarge
                } else if part.contains("bad") {
                    refused("no", None)
                } else {
                    arrived.push_str(part);
                    Answer::Taken
                };
                Ok((answer, part.len() as u64))
            }).unwrap();
            let good: String = text.iter().filter(|line| line.starts_with("ok")).cloned().collect();
            prop_assert_eq!(arrived, good);
            let refused: Vec<String> = sent.refused.iter().map(|(line, _)| format!("{line}\n")).collect();
            let bad: Vec<String> = text.iter().filter(|line| line.starts_with("bad")).cloned().collect();
            prop_assert_eq!(refused, bad);
        }
    }

    #[test]
    fn one_bad_line_of_five_thousand_costs_few_requests() {
        let text: String =
            (0..5_000).map(|n| if n == 3_210 { "bad\n".to_owned() } else { format!("{n}\n") }).collect();
        let sent = split(&text, NOW, &mut |part| {
            let is_bad = part.contains("bad");
            Ok((if is_bad { refused("no", None) } else { Answer::Taken }, 1))
        })
        .unwrap();
        assert_eq!((sent.lines, sent.refused.len()), (4_999, 1));
        assert!(sent.requests < 30, "{}", sent.requests);
    }

    #[test]
    fn lines_are_too_old_only_by_a_clock_that_is_right() {
        let told = "partial write: points beyond retention policy dropped=1";
        let year = Duration::from_secs(365 * 86_400);
        let one = |words: &str, server_at| split("a\n", NOW, &mut |_| Ok((refused(words, server_at), 1)));
        for server_at in [None, Some(NOW), Some(NOW.plus(CLOCKS_AGREE)), Some(NOW.minus(CLOCKS_AGREE))] {
            assert_eq!(one(told, server_at).unwrap().refused, [("a".to_owned(), told.to_owned())]);
        }
        let ahead = one(told, Some(NOW.plus(year))).unwrap_err().why.en;
        assert!(ahead.contains("8760.0 hours ahead of ours") && ahead.ends_with(told), "{ahead}");
        assert!(one(told, Some(NOW.minus(year))).unwrap_err().why.en.contains("behind ours"));
        // What is wrong with a line is wrong by any clock.
        assert_eq!(one("field type conflict", Some(NOW.plus(year))).unwrap().refused.len(), 1);
    }

    #[test]
    fn a_server_without_time_ends_the_batch() {
        let failed = split("a\nb\n", NOW, &mut |_| Err(NotNow::because(LocalText::same("answered 503"))));
        assert_eq!(failed.unwrap_err().why.en, "answered 503");
    }
}
