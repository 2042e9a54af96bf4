//! Units of measurement by their UCUM codes, and conversion between those that measure the same thing.

use std::fmt;

/// What a unit measures. Only units of the same dimension are converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// Pure numbers and shares of one.
    Ratio,
    /// Logarithmic levels.
    Level,
    /// Acidity.
    Acidity,
    /// Turbidity.
    Turbidity,
    /// Colour of water.
    Colour,
    /// Mass in a volume.
    Concentration,
    /// Electric conductivity of water.
    Conductivity,
    /// Temperature.
    Temperature,
    /// Volume in a time.
    Flow,
    /// Volume.
    Volume,
    /// Pressure.
    Pressure,
    /// Length.
    Length,
    /// Speed.
    Speed,
    /// Mass.
    Mass,
    /// Power.
    Power,
    /// Energy.
    Energy,
    /// Electric tension.
    Tension,
    /// Electric current.
    Current,
    /// Frequency.
    Frequency,
    /// Amount of data.
    Data,
    /// Time span.
    Time,
}

/// (code, dimension, factor to the dimension's base unit, what is added after the factor)
type Row = (&'static str, Dimension, f64, f64);

const TABLE: [Row; 46] = [
    ("1", Dimension::Ratio, 1.0, 0.0),
    ("%", Dimension::Ratio, 0.01, 0.0),
    ("[ppm]", Dimension::Ratio, 1e-6, 0.0),
    ("dB", Dimension::Level, 1.0, 0.0),
    ("[pH]", Dimension::Acidity, 1.0, 0.0),
    ("[NTU]", Dimension::Turbidity, 1.0, 0.0),
    ("[TCU]", Dimension::Colour, 1.0, 0.0),
    ("g/L", Dimension::Concentration, 1.0, 0.0),
    ("mg/L", Dimension::Concentration, 1e-3, 0.0),
    ("ug/L", Dimension::Concentration, 1e-6, 0.0),
    ("mg/m3", Dimension::Concentration, 1e-6, 0.0),
    ("ug/m3", Dimension::Concentration, 1e-9, 0.0),
    ("S/m", Dimension::Conductivity, 1.0, 0.0),
    ("mS/cm", Dimension::Conductivity, 0.1, 0.0),
    ("uS/cm", Dimension::Conductivity, 1e-4, 0.0),
    ("Cel", Dimension::Temperature, 1.0, 0.0),
    ("K", Dimension::Temperature, 1.0, -273.15),
    ("m3/s", Dimension::Flow, 3600.0, 0.0),
    ("m3/h", Dimension::Flow, 1.0, 0.0),
    ("L/s", Dimension::Flow, 3.6, 0.0),
    ("L/min", Dimension::Flow, 0.06, 0.0),
    ("m3", Dimension::Volume, 1.0, 0.0),
    ("L", Dimension::Volume, 1e-3, 0.0),
    ("Pa", Dimension::Pressure, 1e-3, 0.0),
    ("kPa", Dimension::Pressure, 1.0, 0.0),
    ("bar", Dimension::Pressure, 100.0, 0.0),
    ("m", Dimension::Length, 1.0, 0.0),
    ("cm", Dimension::Length, 1e-2, 0.0),
    ("mm", Dimension::Length, 1e-3, 0.0),
    ("m/s", Dimension::Speed, 1.0, 0.0),
    ("kg", Dimension::Mass, 1.0, 0.0),
    ("t", Dimension::Mass, 1000.0, 0.0),
    ("W", Dimension::Power, 1e-3, 0.0),
    ("kW", Dimension::Power, 1.0, 0.0),
    ("kW.h", Dimension::Energy, 1.0, 0.0),
    ("W.h", Dimension::Energy, 1e-3, 0.0),
    ("V", Dimension::Tension, 1.0, 0.0),
    ("mV", Dimension::Tension, 1e-3, 0.0),
    ("A", Dimension::Current, 1.0, 0.0),
    ("Hz", Dimension::Frequency, 1.0, 0.0),
    ("By", Dimension::Data, 1.0, 0.0),
    ("ms", Dimension::Time, 1e-3, 0.0),
    ("s", Dimension::Time, 1.0, 0.0),
    ("min", Dimension::Time, 60.0, 0.0),
    ("h", Dimension::Time, 3600.0, 0.0),
    ("d", Dimension::Time, 86_400.0, 0.0),
];

/// A known unit.
#[derive(Clone, Copy, PartialEq)]
pub struct Unit(&'static Row);

impl Unit {
    /// The unit with this UCUM code.
    pub fn parse(code: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.0 == code).map(Self)
    }

    /// The codes of all known units.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|row| row.0)
    }

    /// Its UCUM code.
    pub fn code(self) -> &'static str {
        self.0.0
    }

    /// What it measures.
    pub fn dimension(self) -> Dimension {
        self.0.1
    }

    /// `value` of this unit in `target`; `None` when the two do not measure the same thing.
    pub fn convert(self, value: f64, target: Unit) -> Option<f64> {
        if self == target {
            return Some(value);
        }
        if self.dimension() != target.dimension() {
            return None;
        }
        // Dividing factors first keeps powers of ten exact: 0.042 mg/m3 is 42 ug/m3, not 41.99….
        let factor = self.0.2 / target.0.2;
        let rounded =
            if (factor - factor.round()).abs() < 1e-9 && factor >= 1.0 { factor.round() } else { factor };
        Some(value * rounded + (self.0.3 - target.0.3) / target.0.2)
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unit({})", self.code())
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The unit of a UCUM code as people write it; empty where nothing is written.
pub fn sign(code: &str) -> String {
    match code {
        "1" | "[pH]" => String::new(),
        "Cel" => "°C".to_owned(),
        "kW.h" => "kWh".to_owned(),
        "W.h" => "Wh".to_owned(),
        "By" => "B".to_owned(),
        _ => {
            let plain = code.trim_matches(['[', ']']).replace("m3", "m³");
            plain.strip_prefix('u').map_or(plain.clone(), |rest| format!("µ{rest}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(code: &str) -> Unit {
        Unit::parse(code).unwrap()
    }

    #[test]
    fn commensurable_units_are_converted() {
        assert_eq!(unit("mg/m3").convert(0.042, unit("ug/m3")), Some(42.0));
        assert_eq!(unit("bar").convert(2.5, unit("kPa")), Some(250.0));
        assert_eq!(unit("K").convert(300.0, unit("Cel")), Some(300.0 - 273.15));
        assert_eq!(unit("Cel").convert(0.0, unit("K")), Some(273.15));
        assert_eq!(unit("m3/s").convert(1.0, unit("m3/h")), Some(3600.0));
    }

    #[test]
    fn others_are_refused() {
        assert_eq!(unit("mg/L").convert(1.0, unit("[NTU]")), None);
        assert!(Unit::parse("furlong").is_none());
    }
}
