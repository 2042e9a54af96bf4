//! The adapter's keys of a point. Opens nothing. Read next: [`crate::decode`].

use adapters_sdk::config::{Problems, Table, needed};
use hub_model::local;

use super::{DeviceSettings, PointSettings, narrow};
use crate::batch::MAX_REGISTERS;
use crate::decode::{ByteOrder, DataType};
use crate::register::{Register, parse_modicon};

/// The most texts that may stand for numbers.
const MOST_STATES: usize = 64;

/// Takes the adapter's own keys out of a point's table. `None` when the point cannot be read with what was found; then
/// there is at least one error more in `problems`.
pub fn point(table: &mut Table, device: &DeviceSettings, problems: &mut Problems) -> Option<PointSettings> {
    let before = table.clone();
    let (_, address, register) = address_and_register(table, device.address_base, problems);
    let data_type = data_type(table, register, problems);
    let byte_order = table.choice("byte_order", &ByteOrder::WORDS, problems).unwrap_or(device.byte_order);
    let bit = bit(table, register, data_type, problems);
    let words = length(table, data_type, problems);
    let states = states(table, data_type, problems);
    let write = write(table, register, data_type, problems);
    let (register, address, data_type, words) = (register?, address?, data_type?, words?);
    if usize::from(address) + usize::from(words) > 65_536 {
        let message = local!(
            "giá trị chiếm {words} thanh ghi và sẽ kết thúc sau 65535",
            "the value takes {words} registers and would end beyond 65535"
        );
        problems.error(before.fault("address", message));
        return None;
    }
    if words > device.max_registers {
        let most = device.max_registers;
        let message = local!(
            "giá trị chiếm {words} thanh ghi, nhưng max_registers của thiết bị là {most}",
            "the value takes {words} registers, but the device's max_registers is {most}"
        );
        let key = if data_type == DataType::String { "length" } else { "type" };
        problems.error(before.fault(key, message));
        return None;
    }
    let own = PointSettings::new(register, address, data_type, byte_order);
    Some(PointSettings { bit: bit?, words, states: states?, write: write?, ..own })
}

/// What an address says about its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Implied {
    Nothing,
    Table(Register),
    /// It was to say something, but could not be read.
    Unreadable,
}

/// The keys `address` and `register`, of which a Modicon number says both.
pub(super) fn address_and_register(
    table: &mut Table,
    base: u16,
    problems: &mut Problems,
) -> (Implied, Option<u16>, Option<Register>) {
    let (implied, address) = address(table, base, problems);
    let register = register(table, implied, problems);
    (implied, address, register)
}

fn address(table: &mut Table, base: u16, problems: &mut Problems) -> (Implied, Option<u16>) {
    if table.peek_text("address").is_some() {
        return match table.parsed("address", problems, |text| {
            parse_modicon(text).map_err(|error| local!("không phải địa chỉ Modicon ({error})", "{error}"))
        }) {
            Some((register, address)) => (Implied::Table(register), Some(address)),
            None => (Implied::Unreadable, None),
        };
    }
    if !table.has("address") {
        problems.error(table.fault("address", needed()));
    }
    let range = i64::from(base)..=65_535 + i64::from(base);
    let number = table.integer("address", range, problems);
    (Implied::Nothing, number.and_then(|number| u16::try_from(number - i64::from(base)).ok()))
}

fn register(table: &mut Table, implied: Implied, problems: &mut Problems) -> Option<Register> {
    if implied == Implied::Nothing {
        return table.needed_choice("register", &Register::WORDS, problems);
    }
    let before = table.clone();
    let given = table.choice("register", &Register::WORDS, problems);
    let Implied::Table(implied) = implied else { return given };
    if let Some(given) = given.filter(|given| *given != implied) {
        let (found, meant) = (given.word(), implied.word());
        let message = local!(
            "có \"{found}\", nhưng địa chỉ thuộc loại \"{meant}\"",
            "found \"{found}\", but the address is one of \"{meant}\""
        );
        problems.error(before.fault("register", message));
        return None;
    }
    Some(implied)
}

fn data_type(table: &mut Table, register: Option<Register>, problems: &mut Problems) -> Option<DataType> {
    if !register.is_some_and(Register::is_bit) {
        return table.needed_choice("type", &DataType::WORDS, problems);
    }
    let before = table.clone();
    match table.choice("type", &DataType::WORDS, problems) {
        Some(DataType::Bit) => Some(DataType::Bit),
        None if !before.has("type") => Some(DataType::Bit),
        None => None,
        Some(_) => {
            problems.error(before.fault(
                "type",
                local!(
                    "được phép: BIT, vì coil và discrete chỉ là một bit",
                    "allowed: BIT, for coils and discrete inputs are single bits"
                ),
            ));
            None
        }
    }
}

fn bit(
    table: &mut Table,
    register: Option<Register>,
    data_type: Option<DataType>,
    problems: &mut Problems,
) -> Option<Option<u8>> {
    let before = table.clone();
    let number = narrow(table.integer("bit", 0..=15, problems));
    let (register, data_type) = (register?, data_type?);
    let of_register = data_type == DataType::Bit && !register.is_bit();
    if of_register && !before.has("bit") {
        problems.error(before.fault(
            "bit",
            local!(
                "cần có cho BIT của thanh ghi: 0 (bit thấp nhất) đến 15",
                "is needed for a BIT of a register: 0 (least significant) to 15"
            ),
        ));
        return None;
    }
    if !of_register && before.has("bit") {
        problems.error(before.fault(
            "bit",
            local!(
                "chỉ dùng cho kiểu BIT của thanh ghi holding hoặc input",
                "is for type BIT of a holding or input register alone"
            ),
        ));
        return None;
    }
    if of_register { number.map(Some) } else { Some(None) }
}

/// Registers that the value takes.
fn length(table: &mut Table, data_type: Option<DataType>, problems: &mut Problems) -> Option<u16> {
    let before = table.clone();
    let length = narrow(table.integer("length", 1..=i64::from(MAX_REGISTERS), problems));
    let data_type = data_type?;
    if data_type == DataType::String {
        if !before.has("length") {
            let message = local!(
                "cần có cho STRING: số thanh ghi, mỗi thanh ghi hai chữ",
                "is needed for a STRING: the registers that it takes, of two letters each"
            );
            problems.error(before.fault("length", message));
        }
        return length;
    }
    if before.has("length") {
        problems
            .error(before.fault("length", local!("chỉ dùng cho kiểu STRING", "is for type STRING alone")));
        return None;
    }
    Some(data_type.words())
}

fn states(table: &mut Table, data_type: Option<DataType>, problems: &mut Problems) -> Option<Vec<String>> {
    let before = table.clone();
    let Some(states) = table.texts("states", problems) else {
        return (!before.has("states")).then(Vec::new);
    };
    let fault = match data_type {
        Some(DataType::String) | None if states.is_empty() || states.len() > MOST_STATES => {
            let count = states.len();
            Some(local!(
                "có {count} văn bản, được phép: 1 đến {MOST_STATES}",
                "found {count} texts, allowed: 1 to {MOST_STATES}"
            ))
        }
        Some(DataType::String) | None => {
            let twice = states.iter().enumerate().find(|(at, text)| states[..*at].contains(text));
            twice.map(|(_, text)| local!("\"{text}\" được ghi hai lần", "\"{text}\" is given twice"))
        }
        Some(_) => Some(local!("chỉ dùng cho kiểu STRING", "is for type STRING alone")),
    };
    if let Some(message) = fault {
        problems.error(before.fault("states", message));
        return None;
    }
    Some(states)
}

fn write(
    table: &mut Table,
    register: Option<Register>,
    data_type: Option<DataType>,
    problems: &mut Problems,
) -> Option<bool> {
    let before = table.clone();
    let write = table.boolean("write", problems);
    if before.has("write") && write.is_none() {
        return None;
    }
    let message = match (write, register, data_type) {
        (Some(true), Some(register @ (Register::Discrete | Register::Input)), _) => {
            let word = register.word();
            local!("có true, nhưng \"{word}\" chỉ đọc được", "found true, but \"{word}\" can only be read")
        }
        (Some(true), _, Some(DataType::String)) => {
            local!("có true, nhưng STRING chỉ đọc được", "found true, but a STRING is only read")
        }
        _ => return Some(write.unwrap_or(false)),
    };
    problems.error(before.fault("write", message));
    None
}
