//! A site file from what was found: ids as ours, quantities guessed from names, doubts as comments.

use std::collections::BTreeSet;
use std::fmt::Write;

/// A device on its way into the file.
#[derive(Debug, Default)]
pub(super) struct Device {
    /// Its name in Telegraf.
    pub name: String,
    /// Its keys, in TOML: (key, value).
    pub keys: Vec<(&'static str, String)>,
    /// Its points.
    pub points: Vec<Point>,
    /// What has no counterpart.
    pub notes: Vec<String>,
}

/// A point on its way into the file.
#[derive(Debug, Default)]
pub(super) struct Point {
    /// Its name in Telegraf.
    pub name: String,
    /// Its keys, in TOML.
    pub keys: Vec<(&'static str, String)>,
    /// What should be looked at.
    pub notes: Vec<String>,
}

/// What a name's part says of the quantity; the first that fits counts.
const GUESSES: [(&str, &str); 26] = [
    ("chlor", "free_chlorine"),
    ("clo", "free_chlorine"),
    ("turb", "turbidity"),
    ("conduct", "conductivity"),
    ("temp", "temperature"),
    ("oxygen", "dissolved_oxygen"),
    ("orp", "orp"),
    ("ammoni", "ammonium"),
    ("nitrat", "nitrate"),
    ("level", "level"),
    ("flow", "flow"),
    ("volume", "volume"),
    ("total", "volume"),
    ("pressure", "pressure"),
    ("energy", "energy"),
    ("kwh", "energy"),
    ("power", "power"),
    ("voltage", "voltage"),
    ("current", "current"),
    ("freq", "frequency"),
    ("pump", "pump_state"),
    ("h2s", "h2s"),
    ("nh3", "nh3"),
    ("battery", "battery"),
    ("rssi", "signal"),
    ("ph", "ph"),
];

/// A text in TOML.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The whole file.
pub(super) fn print(devices: &[Device]) -> String {
    let mut file = "# Converted from Telegraf. Look at every line that says so, give the site its id and kind, and let\n\
                    # commune-hub check read it.\nid = \"imported\"\nkind = \"other\"\nname = \"Imported\"\n"
        .to_owned();
    let mut ids = BTreeSet::new();
    for device in devices {
        // Writing to a string cannot fail.
        let _ = device_text(device, &mut ids, &mut file);
    }
    file
}

fn device_text(device: &Device, ids: &mut BTreeSet<String>, file: &mut String) -> std::fmt::Result {
    writeln!(file, "\n[[device]]\nid = \"{}\"", unlike(&device.name, "device", ids))?;
    writeln!(file, "name = {}", quoted(&device.name))?;
    device.keys.iter().try_for_each(|(key, value)| writeln!(file, "{key} = {value}"))?;
    device.notes.iter().try_for_each(|note| writeln!(file, "# not taken: {}", one_line(note)))?;
    let mut points = BTreeSet::new();
    for point in &device.points {
        writeln!(file, "\n[[device.point]]\nid = \"{}\"", unlike(&point.name, "point", &mut points))?;
        let name = point.name.to_lowercase();
        let guess = GUESSES.iter().find(|(part, _)| name.contains(part)).map(|(_, quantity)| *quantity);
        match guess {
            Some(quantity) => {
                writeln!(file, "quantity = \"{quantity}\" # from its name: look at it and at its unit")?
            }
            None => writeln!(file, "quantity = \"state\" # say what it measures")?,
        }
        point.keys.iter().try_for_each(|(key, value)| writeln!(file, "{key} = {value}"))?;
        point.notes.iter().try_for_each(|note| writeln!(file, "# look at it: {}", one_line(note)))?;
    }
    Ok(())
}

/// A comment ends with its line.
fn one_line(note: &str) -> String {
    note.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}

/// An id as ours from a name, unlike all `taken` ones.
fn unlike(name: &str, otherwise: &str, taken: &mut BTreeSet<String>) -> String {
    let sign = |sign: char| {
        let small = sign.to_ascii_lowercase();
        if small.is_ascii_alphanumeric() || small == '_' { small } else { '-' }
    };
    let plain: String = name.chars().take(40).map(sign).collect();
    let plain = plain.trim_matches('-');
    let plain = if plain.is_empty() { otherwise } else { plain };
    let numbered = (2_u32..).map(|number| format!("{plain}-{number}"));
    let mut candidates = std::iter::once(plain.to_owned()).chain(numbered);
    // There are more numbers than names.
    let free = candidates.find(|candidate| !taken.contains(candidate)).unwrap_or_default();
    taken.insert(free.clone());
    free
}
