//! The values that a quantity usually has, in its default unit: wide enough for a commune's sensors, narrow enough to tell a
//! right byte order from a wrong one. Not a limit of any kind. Pure.

/// (quantity, least, most)
const USUAL: [(&str, f64, f64); 39] = [
    ("ph", 4.0, 10.0),
    ("turbidity", 0.0, 100.0),
    ("colour", 0.0, 100.0),
    ("free_chlorine", 0.0, 5.0),
    ("conductivity", 10.0, 5_000.0),
    ("tds", 5.0, 3_000.0),
    ("temperature", -10.0, 60.0),
    ("dissolved_oxygen", 0.0, 20.0),
    ("orp", -500.0, 1_000.0),
    ("ammonium", 0.0, 50.0),
    ("nitrate", 0.0, 100.0),
    ("cod", 0.0, 500.0),
    ("bod", 0.0, 300.0),
    ("tss", 0.0, 500.0),
    ("level", 0.0, 30.0),
    ("flow", 0.0, 2_000.0),
    ("volume", 0.0, 1e7),
    ("pressure", 0.0, 16.0),
    ("power", 0.0, 500.0),
    ("energy", 0.0, 1e7),
    ("pump_state", 0.0, 3.0),
    ("fill_level", 0.0, 100.0),
    ("weight", 0.0, 50_000.0),
    ("h2s", 0.0, 1_000.0),
    ("nh3", 0.0, 2_000.0),
    ("ch4", 0.0, 5_000.0),
    ("so2", 0.0, 500.0),
    ("no2", 0.0, 400.0),
    ("co", 0.0, 30_000.0),
    ("o3", 0.0, 400.0),
    ("pm10", 0.0, 600.0),
    ("pm2_5", 0.0, 500.0),
    ("tsp", 0.0, 1_000.0),
    ("noise", 20.0, 120.0),
    ("packet_loss", 0.0, 100.0),
    ("battery", 0.0, 100.0),
    ("voltage", 90.0, 480.0),
    ("current", 0.0, 500.0),
    ("frequency", 45.0, 65.0),
];

/// The usual values of a quantity; `None` where nothing can be said.
pub(super) fn usual(quantity: &str) -> Option<(f64, f64)> {
    USUAL.iter().find(|(code, ..)| *code == quantity).map(|(_, least, most)| (*least, *most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub_model::Quantity;

    #[test]
    fn every_row_is_a_known_quantity_and_not_empty() {
        for (code, least, most) in USUAL {
            assert!(Quantity::parse(code).is_some() && least < most, "{code}");
        }
    }
}
