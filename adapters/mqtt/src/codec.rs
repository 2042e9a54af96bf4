//! Payloads of LoRaWAN devices whose server hands on bytes only: what their makers' decoders give, under the same names.
//!
//! Figures were read in the makers' manuals. A payload that is short or of another kind gives nothing.

/// A device whose bytes are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Milesight EM310-UDL, a distance sensor over a bin: `battery` (%), `distance` (mm), `position` (1 when tilted).
    Em310Udl,
    /// Dragino LDDS75, a distance sensor: `battery` (mV), `distance` (mm), `interrupt` (0 or 1).
    Ldds75,
}

impl Codec {
    /// All of them, by the words of the configuration.
    pub(crate) const WORDS: [(&'static str, Self); 2] =
        [("em310-udl", Self::Em310Udl), ("ldds75", Self::Ldds75)];

    /// The figure `name` of a payload, where it holds it.
    pub fn figure(self, name: &str, bytes: &[u8]) -> Option<f64> {
        match self {
            Self::Em310Udl => milesight(name, bytes),
            Self::Ldds75 => dragino(name, bytes),
        }
    }
}

/// Channel, type, then as many bytes as the type has.
fn milesight(name: &str, bytes: &[u8]) -> Option<f64> {
    let (mut rest, mut found) = (bytes, None);
    loop {
        rest = match rest {
            [0x01, 0x75, percent, rest @ ..] => {
                found = found.or((name == "battery").then(|| f64::from(*percent)));
                rest
            }
            [0x03, 0x82, low, high, rest @ ..] => {
                let distance = f64::from(u16::from_le_bytes([*low, *high]));
                found = found.or((name == "distance").then_some(distance));
                rest
            }
            [0x04, 0x00, position, rest @ ..] => {
                found = found.or((name == "position").then(|| f64::from(*position)));
                rest
            }
            // What a later firmware adds cannot be skipped: its length is not known.
            _ => return found,
        };
    }
}

/// Two bytes of battery below two bits of something else, two of distance, the last of eight tells of an interrupt.
fn dragino(name: &str, bytes: &[u8]) -> Option<f64> {
    let [battery_high, battery_low, distance_high, distance_low, rest @ ..] = bytes else { return None };
    match name {
        "battery" => Some(f64::from(u16::from_be_bytes([*battery_high, *battery_low]) & 0x3FFF)),
        "distance" => Some(f64::from(u16::from_be_bytes([*distance_high, *distance_low]))),
        "interrupt" => rest.first().map(|flag| f64::from(*flag)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_makers_own_examples_are_read() {
        let uplink = [0x01, 0x75, 0x5C, 0x03, 0x82, 0x1E, 0x05, 0x04, 0x00, 0x01];
        let figure = |name| Codec::Em310Udl.figure(name, &uplink);
        assert_eq!(
            (figure("battery"), figure("distance"), figure("position")),
            (Some(92.0), Some(1310.0), Some(1.0))
        );
        let uplink = [0x0B, 0x45, 0x0B, 0x05, 0x00, 0x00, 0x00, 0x01];
        let figure = |name| Codec::Ldds75.figure(name, &uplink);
        assert_eq!(
            (figure("battery"), figure("distance"), figure("interrupt")),
            (Some(2885.0), Some(2821.0), Some(0.0))
        );
    }

    #[test]
    fn short_and_foreign_payloads_give_nothing() {
        for codec in [Codec::Em310Udl, Codec::Ldds75] {
            for bytes in [&[][..], &[0x03], &[0x03, 0x82, 0x01], &[0xFF; 3]] {
                assert_eq!(codec.figure("distance", bytes), None);
            }
        }
    }
}
