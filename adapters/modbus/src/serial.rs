//! The settings of a serial line: `/dev/…?baud=9600&parity=none&stop=1&data=8`. Opens nothing.
//!
//! Read next: `bus/line.rs`.

use std::fmt;
use std::time::Duration;

/// What a serial endpoint may look like, for error texts.
pub(crate) const ALLOWED_SERIAL: &str =
    "serial:///dev/DEVICE with baud from 300 to 1000000, parity none, even or odd, stop 1 or 2, data 7 or 8";

const SLOWEST_BAUD: u32 = 300;
const FASTEST_BAUD: u32 = 1_000_000;
/// Above this speed the protocol fixes the silence between frames instead of counting it in characters.
const FIXED_GAP_ABOVE_BAUD: u32 = 19_200;
const FIXED_GAP: Duration = Duration::from_micros(1_750);

/// A serial device and how it is set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialLine {
    /// The device's path. A path below `/dev/serial/by-id` stays the same when a converter is pulled and plugged in again.
    pub path: String,
    /// Bits per second.
    pub baud: u32,
    /// The parity bit.
    pub parity: Parity,
    /// Stop bits, 1 or 2.
    pub stop: u8,
    /// Data bits, 7 or 8. The frames need 8; 7 is for the rare converter that asks for it.
    pub data: u8,
}

/// The parity bit of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the contract's own words")]
pub enum Parity {
    None,
    Even,
    Odd,
}

impl Parity {
    const WORDS: [(&'static str, Self); 3] = [("none", Self::None), ("even", Self::Even), ("odd", Self::Odd)];

    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Even => "even",
            Self::Odd => "odd",
        }
    }
}

impl SerialLine {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (path, settings) = text.split_once('?').unwrap_or((text, ""));
        if !path.starts_with('/') || path.len() < 2 || path.contains(char::is_control) {
            return Err(format!("\"{path}\" is no path of a device"));
        }
        let mut line = Self { path: path.to_owned(), baud: 9_600, parity: Parity::None, stop: 1, data: 8 };
        let mut seen = Vec::new();
        for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
            let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
            if seen.contains(&key) {
                return Err(format!("\"{key}\" is given twice"));
            }
            seen.push(key);
            line.set(key, value)?;
        }
        Ok(line)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let wrong = || format!("{key} is \"{value}\"");
        match key {
            "baud" => {
                let fits = |baud: &u32| (SLOWEST_BAUD..=FASTEST_BAUD).contains(baud);
                self.baud = value.parse().ok().filter(fits).ok_or_else(wrong)?;
            }
            "parity" => {
                let found = Parity::WORDS.iter().find(|(word, _)| *word == value);
                self.parity = found.map(|(_, parity)| *parity).ok_or_else(wrong)?;
            }
            "stop" => self.stop = value.parse().ok().filter(|n| matches!(n, 1 | 2)).ok_or_else(wrong)?,
            "data" => self.data = value.parse().ok().filter(|n| matches!(n, 7 | 8)).ok_or_else(wrong)?,
            _ => return Err(format!("\"{key}\" is no setting")),
        }
        Ok(())
    }

    /// How long `bytes` characters take on the line, with start, parity and stop bits.
    pub fn time_of(&self, bytes: u32) -> Duration {
        let bits = 1 + u32::from(self.data) + u32::from(self.parity != Parity::None) + u32::from(self.stop);
        Duration::from_secs_f64(f64::from(bytes * bits) / f64::from(self.baud))
    }

    /// The silence between two frames: 3.5 characters, or 1.75 ms above 19,200 baud.
    pub fn frame_gap(&self) -> Duration {
        if self.baud > FIXED_GAP_ABOVE_BAUD { FIXED_GAP } else { self.time_of(7) / 2 }
    }
}

impl fmt::Display for SerialLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, baud, parity, stop, data } = self;
        write!(f, "{path}?baud={baud}&parity={}&stop={stop}&data={data}", parity.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faulty_settings_are_named() {
        for (text, fault) in [
            ("ttyUSB0", "\"ttyUSB0\" is no path of a device"),
            ("/dev/ttyS0?baud=9601x", "baud is \"9601x\""),
            ("/dev/ttyS0?baud=299", "baud is \"299\""),
            ("/dev/ttyS0?parity=mark", "parity is \"mark\""),
            ("/dev/ttyS0?stop=3", "stop is \"3\""),
            ("/dev/ttyS0?data=9", "data is \"9\""),
            ("/dev/ttyS0?speed=9600", "\"speed\" is no setting"),
            ("/dev/ttyS0?baud=9600&baud=9600", "\"baud\" is given twice"),
        ] {
            assert_eq!(SerialLine::parse(text), Err(fault.to_owned()));
        }
    }

    #[test]
    fn the_gap_between_frames_is_three_and_a_half_characters() {
        let gap_us = |text: &str| SerialLine::parse(text).unwrap().frame_gap().as_micros();
        assert_eq!(gap_us("/dev/a?baud=9600"), 3_645);
        assert_eq!(gap_us("/dev/a?baud=9600&parity=even"), 4_010);
        assert_eq!(gap_us("/dev/a?baud=115200"), 1_750);
    }
}
