//! Sizes on disk as people write them: `"500MB"`, `"20GB"`, `"2TB"`, in powers of a thousand, as disks are sold. Pure.
//!
//! Read next: `store.rs`, which has one.

use hub_model::{LocalText, local};

const UNITS: [(&str, u64); 3] = [("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000)];
/// Less would hold no more than some days; more is no gateway's disk.
const LEAST: u64 = 100_000_000;
const MOST: u64 = 100_000_000_000_000;

/// Reads a size, in bytes. The error says what is allowed.
pub(super) fn parse(text: &str) -> Result<u64, LocalText> {
    let faulty = || {
        local!(
            "có \"{text}\", được phép: số nguyên kèm MB, GB hoặc TB, ví dụ \"20GB\"",
            "found \"{text}\", allowed: a whole number and MB, GB or TB, such as \"20GB\""
        )
    };
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(faulty)?;
    let (digits, unit) = text.split_at(split);
    let count: u64 = digits.parse().map_err(|_| faulty())?;
    let (_, size) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(faulty)?;
    let bytes = count.saturating_mul(*size);
    if (LEAST..=MOST).contains(&bytes) {
        return Ok(bytes);
    }
    let (least, most) = (format(LEAST), format(MOST));
    Err(local!(
        "có \"{text}\", được phép: từ \"{least}\" đến \"{most}\"",
        "found \"{text}\", allowed: from \"{least}\" to \"{most}\""
    ))
}

/// Writes a size in the largest unit that divides it.
pub fn format(bytes: u64) -> String {
    let (name, size) = UNITS.iter().rev().find(|(_, size)| bytes.is_multiple_of(*size)).unwrap_or(&UNITS[0]);
    format!("{}{name}", bytes / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_written_back() {
        for text in ["100MB", "20GB", "2TB", "1500MB"] {
            assert_eq!(format(parse(text).unwrap()), text);
        }
    }

    #[test]
    fn what_is_no_size_is_told_with_an_example() {
        for text in ["", "20", "GB", "20 GB", "20GiB", "-1GB", "1.5GB", "99999999999999999999GB"] {
            assert!(parse(text).unwrap_err().en.contains("such as \"20GB\""), "{text}");
        }
        assert!(parse("99MB").unwrap_err().en.ends_with("allowed: from \"100MB\" to \"100TB\""));
        assert!(parse("101TB").is_err());
    }
}
