//! What a key's name tells of what it measures, and a point's id made of it. Pure.

/// Words of devices' makers, and the quantity that they stand for. The last word of a path that is known decides.
const WORDS: [(&str, &str); 62] = [
    ("ph", "ph"),
    ("turbidity", "turbidity"),
    ("ntu", "turbidity"),
    ("chlorine", "free_chlorine"),
    ("cl2", "free_chlorine"),
    ("conductivity", "conductivity"),
    ("ec", "conductivity"),
    ("tds", "tds"),
    ("temperature", "temperature"),
    ("temp", "temperature"),
    ("oxygen", "dissolved_oxygen"),
    ("orp", "orp"),
    ("ammonium", "ammonium"),
    ("nh4", "ammonium"),
    ("nitrate", "nitrate"),
    ("no3", "nitrate"),
    ("cod", "cod"),
    ("bod", "bod"),
    ("tss", "tss"),
    ("distance", "level"),
    ("level", "level"),
    ("fill", "fill_level"),
    ("flow", "flow"),
    ("volume", "volume"),
    ("pressure", "pressure"),
    ("power", "power"),
    ("apower", "power"),
    ("energy", "energy"),
    ("weight", "weight"),
    ("h2s", "h2s"),
    ("nh3", "nh3"),
    ("ch4", "ch4"),
    ("so2", "so2"),
    ("no2", "no2"),
    ("co", "co"),
    ("o3", "o3"),
    ("pm10", "pm10"),
    ("pm25", "pm2_5"),
    ("pm2_5", "pm2_5"),
    ("tsp", "tsp"),
    ("noise", "noise"),
    ("clients", "clients"),
    ("stations", "clients"),
    ("rx_bytes", "rx_bytes"),
    ("tx_bytes", "tx_bytes"),
    ("rssi", "signal"),
    ("signal", "signal"),
    ("linkquality", "signal"),
    ("uptime", "uptime"),
    ("rtt", "rtt"),
    ("loss", "packet_loss"),
    ("battery", "battery"),
    ("bat", "battery"),
    ("batt", "battery"),
    ("state", "state"),
    ("contact", "state"),
    ("output", "state"),
    ("position", "state"),
    ("open", "state"),
    ("tilt", "state"),
    ("pump", "pump_state"),
    ("switch", "state"),
];

/// The quantity that a path names.
pub(crate) fn quantity(path: &str) -> Option<&'static str> {
    let lower = path.to_ascii_lowercase();
    let last = lower.rsplit('.').next().unwrap_or_default();
    let known = |word: &str| WORDS.iter().find(|(known, _)| *known == word).map(|(_, quantity)| *quantity);
    known(last).or_else(|| words(path).iter().rev().find_map(|word| known(word)))
}

/// An id for a point, unlike those in `taken`: the last word of its path, with the one before it where that is needed.
pub(crate) fn slug(path: &str, taken: &[String]) -> String {
    let words = words(path);
    let is_free = |id: &String| !id.is_empty() && !taken.contains(id);
    let own: Vec<String> = (1..=words.len()).map(|count| words[words.len() - count..].join("-")).collect();
    let numbered = || {
        let base = own.first().filter(|base| !base.is_empty()).cloned().unwrap_or_else(|| "value".to_owned());
        // One of them is free: there is one more than are taken.
        (1..=taken.len() + 2)
            .map(|number| if number == 1 { base.clone() } else { format!("{base}-{number}") })
            .find(is_free)
            .unwrap_or(base)
    };
    own.iter()
        .find(|id| is_free(id) && id.chars().any(|sign| sign.is_ascii_alphabetic()))
        .cloned()
        .unwrap_or_else(numbered)
}

/// The words of a path in small letters: cut at signs, and where a capital follows a small letter.
fn words(path: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for sign in path.chars() {
        let starts = sign.is_ascii_uppercase() && was_small;
        if starts || !sign.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if sign.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(sign.to_ascii_lowercase());
        }
        was_small = sign.is_ascii_lowercase() || sign.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_measured() {
        for (path, expected) in [
            ("object.distance", Some("level")),
            ("rxInfo[0].rssi", Some("signal")),
            ("ENERGY.Power", Some("power")),
            ("waterTemp", Some("temperature")),
            ("general.rx_bytes", Some("rx_bytes")),
            ("switch:0.apower", Some("power")),
            ("Bat_V", Some("battery")),
            ("value", None),
            ("", None),
        ] {
            assert_eq!(quantity(path), expected, "{path}");
            let known = quantity(path).is_none_or(|word| hub_model::Quantity::parse(word).is_some());
            assert!(known, "{path}");
        }
        assert!(WORDS.iter().all(|(_, word)| hub_model::Quantity::parse(word).is_some()));
    }

    #[test]
    fn ids_are_short_and_unlike() {
        let mut taken = Vec::new();
        for path in ["object.distance", "object.battery", "b.distance", "[0]", "[1]", "b.distance", ""] {
            let id = slug(path, &taken);
            assert!(hub_model::PointId::parse(&format!("a/b/{id}")).is_ok(), "{id}");
            taken.push(id);
        }
        assert_eq!(taken, ["distance", "battery", "b-distance", "0", "1", "distance-2", "value"]);
    }
}
