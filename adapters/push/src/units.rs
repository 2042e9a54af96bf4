//! Units as senders write them: UCUM codes, the names of SenML's registry, and what stands on displays.

use hub_model::text::Told;
use hub_model::{LocalText, Unit};

/// What is written beside the UCUM codes → a UCUM code and a factor.
const OTHERS: [(&str, &str, f64); 38] = [
    // SenML, RFC 8428 §12.1 and RFC 8798.
    ("C", "Cel", 1.0),
    ("pH", "[pH]", 1.0),
    ("/", "1", 1.0),
    ("%RH", "%", 1.0),
    ("%EL", "%", 1.0),
    ("count", "1", 1.0),
    ("B", "By", 1.0),
    ("KiB", "By", 1024.0),
    ("MB", "By", 1e6),
    ("l", "L", 1.0),
    ("l/s", "L/s", 1.0),
    ("l/min", "L/min", 1.0),
    ("dBW", "dB", 1.0),
    ("dBm", "dB", 1.0),
    ("J", "W.h", 1.0 / 3600.0),
    ("kWh", "kW.h", 1.0),
    ("Wh", "W.h", 1.0),
    ("hPa", "Pa", 100.0),
    ("mA", "A", 1e-3),
    ("g", "kg", 1e-3),
    ("NTU", "[NTU]", 1.0),
    ("TCU", "[TCU]", 1.0),
    ("ppm", "[ppm]", 1.0),
    ("mg/l", "mg/L", 1.0),
    ("ug/l", "ug/L", 1.0),
    ("g/l", "g/L", 1.0),
    // Displays.
    ("°C", "Cel", 1.0),
    ("ºC", "Cel", 1.0),
    ("mg/m³", "mg/m3", 1.0),
    ("ug/m³", "ug/m3", 1.0),
    ("µg/m³", "ug/m3", 1.0),
    ("μg/m³", "ug/m3", 1.0),
    ("µg/m3", "ug/m3", 1.0),
    ("µS/cm", "uS/cm", 1.0),
    ("μS/cm", "uS/cm", 1.0),
    ("m³", "m3", 1.0),
    ("m³/h", "m3/h", 1.0),
    ("m³/s", "m3/s", 1.0),
];

/// A unit that a sender names and the point's own do not measure the same thing, or the name is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found the unit \"{found}\", expected {expected} or one that converts to it")]
pub struct UnitError {
    /// What was found.
    pub found: String,
    /// The point's unit.
    pub expected: &'static str,
}

impl Told for UnitError {
    fn told(&self) -> LocalText {
        let Self { found, expected } = self;
        let vi = format!("có đơn vị \"{found}\", cần {expected} hoặc đơn vị đổi được sang đó");
        LocalText { vi, en: self.to_string() }
    }
}

/// `value` of the unit that the sender calls `written`, in the point's unit.
///
/// # Errors
/// When the unit is not known or measures something else.
pub fn convert(value: f64, written: &str, target: Unit) -> Result<f64, UnitError> {
    let error = || UnitError { found: written.to_owned(), expected: target.code() };
    let (unit, factor) = known(written).ok_or_else(error)?;
    let scaled = if factor == 1.0 { value } else { value * factor };
    unit.convert(scaled, target).ok_or_else(error)
}

fn known(written: &str) -> Option<(Unit, f64)> {
    if let Some(unit) = Unit::parse(written) {
        return Some((unit, 1.0));
    }
    let (_, code, factor) = OTHERS.iter().find(|(name, _, _)| *name == written)?;
    Some((Unit::parse(code)?, *factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stands_for_a_unit_that_the_hub_knows() {
        for (name, code, _) in OTHERS {
            assert!(Unit::parse(code).is_some(), "{name} → {code}");
            assert!(Unit::parse(name).is_none(), "{name} is a UCUM code already");
        }
    }

    #[test]
    fn values_come_in_the_points_unit() {
        let unit = |code| Unit::parse(code).unwrap();
        assert_eq!(convert(12.5, "mg/l", unit("mg/L")), Ok(12.5));
        assert_eq!(convert(1013.0, "hPa", unit("kPa")), Ok(101.3));
        assert_eq!(convert(2.0, "m³/h", unit("L/s")), Ok(2.0 * (1.0 / 3.6)));
        let wrong = convert(1.0, "V", unit("mg/L")).unwrap_err();
        assert_eq!(wrong.to_string(), "found the unit \"V\", expected mg/L or one that converts to it");
        assert!(convert(1.0, "furlong", unit("m")).is_err());
    }
}
