//! Units as they are spoken: in Vietnamese and in English words instead of signs.
//!
//! Holds one row for every unit that the hub knows. Read next: [`super::number`].

/// (UCUM code, Vietnamese, English); empty where nothing is said.
const SPOKEN: [(&str, &str, &str); 46] = [
    ("1", "", ""),
    ("%", "phần trăm", "percent"),
    ("[ppm]", "phần triệu", "parts per million"),
    ("dB", "đêxiben", "decibels"),
    ("[pH]", "", ""),
    ("[NTU]", "đơn vị độ đục", "turbidity units"),
    ("[TCU]", "đơn vị độ màu", "colour units"),
    ("g/L", "gam trên lít", "grams per litre"),
    ("mg/L", "miligam trên lít", "milligrams per litre"),
    ("ug/L", "micrôgam trên lít", "micrograms per litre"),
    ("mg/m3", "miligam trên mét khối", "milligrams per cubic metre"),
    ("ug/m3", "micrôgam trên mét khối", "micrograms per cubic metre"),
    ("S/m", "xiemen trên mét", "siemens per metre"),
    ("mS/cm", "milixiemen trên xentimét", "millisiemens per centimetre"),
    ("uS/cm", "micrôxiemen trên xentimét", "microsiemens per centimetre"),
    ("Cel", "độ C", "degrees Celsius"),
    ("K", "độ Kenvin", "kelvins"),
    ("m3/s", "mét khối trên giây", "cubic metres per second"),
    ("m3/h", "mét khối trên giờ", "cubic metres per hour"),
    ("L/s", "lít trên giây", "litres per second"),
    ("L/min", "lít trên phút", "litres per minute"),
    ("m3", "mét khối", "cubic metres"),
    ("L", "lít", "litres"),
    ("Pa", "paxcan", "pascals"),
    ("kPa", "kilôpaxcan", "kilopascals"),
    ("bar", "bar", "bar"),
    ("m", "mét", "metres"),
    ("cm", "xentimét", "centimetres"),
    ("mm", "milimét", "millimetres"),
    ("m/s", "mét trên giây", "metres per second"),
    ("kg", "kilôgam", "kilograms"),
    ("t", "tấn", "tonnes"),
    ("W", "oát", "watts"),
    ("kW", "kilôoát", "kilowatts"),
    ("kW.h", "kilôoát giờ", "kilowatt hours"),
    ("W.h", "oát giờ", "watt hours"),
    ("V", "vôn", "volts"),
    ("mV", "milivôn", "millivolts"),
    ("A", "ampe", "amperes"),
    ("Hz", "héc", "hertz"),
    ("By", "bai", "bytes"),
    ("ms", "mili giây", "milliseconds"),
    ("s", "giây", "seconds"),
    ("min", "phút", "minutes"),
    ("h", "giờ", "hours"),
    ("d", "ngày", "days"),
];

/// The unit in Vietnamese words; one that is not known is said by its code.
pub(super) fn unit_vi(code: &str) -> &str {
    SPOKEN.iter().find(|row| row.0 == code).map_or(code, |row| row.1)
}

/// The unit in English words.
pub(super) fn unit_en(code: &str) -> &str {
    SPOKEN.iter().find(|row| row.0 == code).map_or(code, |row| row.2)
}

#[cfg(test)]
mod tests {
    use hub_model::{Quantity, Unit};

    use super::*;

    #[test]
    fn every_unit_that_the_hub_knows_has_words() {
        let rows: Vec<&str> = SPOKEN.iter().map(|row| row.0).collect();
        assert_eq!(rows, Unit::codes().collect::<Vec<_>>());
        for (code, vi, en) in SPOKEN {
            assert_eq!(vi.is_empty(), en.is_empty(), "{code}");
            let is_spoken = |text: &str| text.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-'));
            assert!(is_spoken(vi) && is_spoken(en), "{code}: {vi}, {en}");
        }
    }

    #[test]
    fn the_units_of_all_quantities_are_said_or_left_out_on_purpose() {
        for code in Quantity::codes() {
            let unit = Quantity::parse(code).unwrap().default_unit().unwrap().code();
            assert!(!unit_vi(unit).is_empty() || ["1", "[pH]"].contains(&unit), "{code}: {unit}");
        }
        assert_eq!((unit_vi("mg/L"), unit_en("mg/L")), ("miligam trên lít", "milligrams per litre"));
        assert_eq!((unit_vi("furlong"), unit_en("furlong")), ("furlong", "furlong"));
    }
}
