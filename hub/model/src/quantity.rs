//! The quantities that the hub knows: default unit, decimals, and names in Vietnamese and English.

use crate::unit::Dimension;
use crate::{LocalText, Unit};

/// (code, default unit, decimals, Vietnamese, English)
type Row = (&'static str, &'static str, u8, &'static str, &'static str);

const TABLE: [Row; 47] = [
    ("ph", "[pH]", 2, "pH", "pH"),
    ("turbidity", "[NTU]", 2, "Độ đục", "Turbidity"),
    ("colour", "[TCU]", 0, "Màu sắc", "Colour"),
    ("free_chlorine", "mg/L", 2, "Clo dư tự do", "Free chlorine"),
    ("conductivity", "uS/cm", 0, "Độ dẫn điện", "Conductivity"),
    ("tds", "mg/L", 0, "Tổng chất rắn hòa tan", "Total dissolved solids"),
    ("temperature", "Cel", 1, "Nhiệt độ", "Temperature"),
    ("dissolved_oxygen", "mg/L", 2, "Oxy hòa tan", "Dissolved oxygen"),
    ("orp", "mV", 0, "Thế oxy hóa khử", "Redox potential"),
    ("ammonium", "mg/L", 2, "Amoni", "Ammonium"),
    ("nitrate", "mg/L", 2, "Nitrat", "Nitrate"),
    ("cod", "mg/L", 1, "COD", "COD"),
    ("bod", "mg/L", 1, "BOD", "BOD"),
    ("tss", "mg/L", 1, "Chất rắn lơ lửng", "Suspended solids"),
    ("level", "m", 2, "Mực nước", "Level"),
    ("flow", "m3/h", 1, "Lưu lượng", "Flow"),
    ("volume", "m3", 0, "Thể tích", "Volume"),
    ("pressure", "bar", 2, "Áp suất", "Pressure"),
    ("power", "kW", 2, "Công suất", "Power"),
    ("energy", "kW.h", 1, "Điện năng", "Energy"),
    ("pump_state", "1", 0, "Trạng thái bơm", "Pump state"),
    ("fill_level", "%", 0, "Mức đầy", "Fill level"),
    ("weight", "kg", 0, "Khối lượng", "Weight"),
    ("h2s", "ug/m3", 1, "H₂S", "H₂S"),
    ("nh3", "ug/m3", 1, "NH₃", "NH₃"),
    ("ch4", "mg/m3", 1, "CH₄", "CH₄"),
    ("so2", "ug/m3", 1, "SO₂", "SO₂"),
    ("no2", "ug/m3", 1, "NO₂", "NO₂"),
    ("co", "ug/m3", 0, "CO", "CO"),
    ("o3", "ug/m3", 1, "O₃", "O₃"),
    ("pm10", "ug/m3", 1, "Bụi PM10", "PM10"),
    ("pm2_5", "ug/m3", 1, "Bụi PM2.5", "PM2.5"),
    ("tsp", "ug/m3", 1, "Tổng bụi lơ lửng", "Total suspended particles"),
    ("noise", "dB", 1, "Tiếng ồn", "Noise"),
    ("clients", "1", 0, "Số máy kết nối", "Clients"),
    ("rx_bytes", "By", 0, "Dữ liệu nhận", "Data received"),
    ("tx_bytes", "By", 0, "Dữ liệu gửi", "Data sent"),
    ("channel_utilisation", "%", 0, "Mức chiếm kênh", "Channel utilisation"),
    ("signal", "dB", 0, "Cường độ tín hiệu", "Signal"),
    ("uptime", "s", 0, "Thời gian hoạt động", "Uptime"),
    ("rtt", "ms", 0, "Thời gian phản hồi", "Round-trip time"),
    ("packet_loss", "%", 1, "Tỷ lệ mất gói", "Packet loss"),
    ("battery", "%", 0, "Pin", "Battery"),
    ("voltage", "V", 1, "Điện áp", "Voltage"),
    ("current", "A", 1, "Dòng điện", "Current"),
    ("frequency", "Hz", 2, "Tần số", "Frequency"),
    ("state", "1", 2, "Trạng thái", "State"),
];

/// A known quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity(&'static Row);

impl Quantity {
    /// The quantity with this code.
    pub fn parse(code: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.0 == code).map(Self)
    }

    /// The codes of all known quantities.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|row| row.0)
    }

    /// Its code in files and in the API.
    pub fn code(self) -> &'static str {
        self.0.0
    }

    /// The unit of a point that names none; `None` never happens for a row of the table, which a test holds.
    pub fn default_unit(self) -> Option<Unit> {
        Unit::parse(self.0.1)
    }

    /// Decimals shown to people.
    pub fn decimals(self) -> u8 {
        self.0.2
    }

    /// Its name.
    pub fn name(self) -> LocalText {
        LocalText::new(self.0.3, self.0.4)
    }

    /// Whether a point of this quantity may be given in `unit`.
    pub fn allows(self, unit: Unit) -> bool {
        match self.code() {
            // A state is whatever the device makes of it.
            "state" => true,
            // Devices give a signal's strength as a level or as a share of the best.
            "signal" => matches!(unit.dimension(), Dimension::Level | Dimension::Ratio),
            // Gas detectors give explosive gases as a share of the air or of the lower explosive limit.
            "ch4" => matches!(unit.dimension(), Dimension::Concentration | Dimension::Ratio),
            _ => self.default_unit().is_some_and(|own| own.dimension() == unit.dimension()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quantity_has_a_known_unit_and_allows_it() {
        for code in Quantity::codes() {
            let quantity = Quantity::parse(code).unwrap();
            assert!(quantity.allows(quantity.default_unit().unwrap()), "{code}");
        }
    }

    #[test]
    fn units_of_another_dimension_are_not_allowed() {
        let ph = Quantity::parse("ph").unwrap();
        assert!(!ph.allows(Unit::parse("mg/L").unwrap()));
        assert!(Quantity::parse("state").unwrap().allows(Unit::parse("m/s").unwrap()));
        assert!(Quantity::parse("signal").unwrap().allows(Unit::parse("%").unwrap()));
    }
}
