//! The adapter's keys of a device. Opens nothing. Read next: `config/point.rs`.

use std::time::Duration;

use adapters_sdk::config::{Problems, Table, needed};
use hub_model::local;

use super::point::{Implied, address_and_register};
use super::{DeviceSettings, Priority, WakeUp, narrow};
use crate::ask::Ask;
use crate::batch::MAX_REGISTERS;
use crate::decode::ByteOrder;
use crate::endpoint::Endpoint;
use crate::register::Register;

/// Polling faster than this is refused: no device of this kind answers that fast for long.
const SHORTEST_POLL: Duration = Duration::from_millis(20);
const LONGEST_POLL: Duration = Duration::from_secs(24 * 3_600);
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(10);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Gateways with more places than this are not known.
const MOST_IN_FLIGHT: i64 = 16;
/// How long after its wake-up request a device is read, where nothing is said.
const WAIT: Duration = Duration::from_millis(100);

/// Takes the adapter's own keys out of a device's table, already merged with its profile's. `None` when the device cannot
/// be read with what was found; then there is at least one error more in `problems`.
pub fn device(table: &mut Table, problems: &mut Problems) -> Option<DeviceSettings> {
    let defaults = DeviceSettings::for_checking_only();
    let endpoint = table.needed_parsed("endpoint", problems, |text| {
        text.parse::<Endpoint>().map_err(|error| local!("không hiểu ({error})", "{error}"))
    });
    let unit_id = unit_id(table, problems);
    let poll = table.duration("poll", SHORTEST_POLL..=LONGEST_POLL, problems);
    let timeout = table.duration("timeout", SHORTEST_TIMEOUT..=LONGEST_TIMEOUT, problems);
    let address_base = narrow(table.integer("address_base", 0..=1, problems));
    let byte_order = table.choice("byte_order", &ByteOrder::WORDS, problems);
    let max_registers = narrow(table.integer("max_registers", 1..=i64::from(MAX_REGISTERS), problems));
    let max_gap = narrow(table.integer("max_gap", 0..=i64::from(MAX_REGISTERS), problems));
    let pause_between = table.duration("pause_between", Duration::ZERO..=LONGEST_PAUSE, problems);
    let max_in_flight = max_in_flight(table, endpoint.as_ref(), pause_between, problems);
    let priority = table.choice("priority", &Priority::WORDS, problems);
    let before_read = wake_up(table, address_base.unwrap_or(0), problems);
    Some(DeviceSettings {
        endpoint: endpoint?,
        unit_id: unit_id?,
        poll: poll.unwrap_or(defaults.poll),
        timeout: timeout.unwrap_or(defaults.timeout),
        address_base: address_base.unwrap_or(defaults.address_base),
        byte_order: byte_order.unwrap_or(defaults.byte_order),
        max_registers: max_registers.unwrap_or(defaults.max_registers),
        max_gap: max_gap.unwrap_or(defaults.max_gap),
        pause_between: pause_between.unwrap_or(defaults.pause_between),
        max_in_flight: max_in_flight.unwrap_or(defaults.max_in_flight),
        priority: priority.unwrap_or(defaults.priority),
        before_read,
    })
}

fn unit_id(table: &mut Table, problems: &mut Problems) -> Option<u8> {
    if !table.has("unit_id") {
        problems.error(table.fault("unit_id", needed()));
    }
    let fault = |found: i64| {
        local!(
            "có {found}, được phép: 1 đến 247, hoặc 255 cho thiết bị nối không qua bộ chuyển đổi",
            "found {found}, allowed: 1 to 247, or 255 for a device that is reached without a gateway"
        )
    };
    let before = table.clone();
    let number = table.integer("unit_id", 0..=255, problems)?;
    if number == 0 || (248..=254).contains(&number) {
        problems.error(before.fault("unit_id", fault(number)));
        return None;
    }
    narrow(Some(number))
}

fn max_in_flight(
    table: &mut Table,
    endpoint: Option<&Endpoint>,
    pause: Option<Duration>,
    problems: &mut Problems,
) -> Option<u8> {
    let before = table.clone();
    let count = table.integer("max_in_flight", 1..=MOST_IN_FLIGHT, problems)?;
    if count > 1 && endpoint.is_some_and(Endpoint::is_rtu) {
        let message = local!(
            "có {count}, được phép: 1, vì đường nối tiếp chỉ mang một yêu cầu mỗi lần",
            "found {count}, allowed: 1, for a serial line carries one request at a time"
        );
        problems.error(before.fault("max_in_flight", message));
        return None;
    }
    if count > 1 && pause.is_some_and(|pause| !pause.is_zero()) {
        let message = local!(
            "có {count}, được phép: 1 khi có pause_between",
            "found {count}, allowed: 1 together with a pause_between"
        );
        problems.error(before.fault("max_in_flight", message));
        return None;
    }
    narrow(Some(count))
}

/// `before_read = { register, address, write, wait }`: a read of one entry, or a write.
fn wake_up(table: &mut Table, base: u16, problems: &mut Problems) -> Option<WakeUp> {
    let mut wake = table.table("before_read", problems)?;
    let place = wake.clone();
    let (implied, address, register) = address_and_register(&mut wake, base, problems);
    let write = wake.integer("write", 0..=65_535, problems);
    let wait = wake.duration("wait", Duration::ZERO..=LONGEST_PAUSE, problems).unwrap_or(WAIT);
    wake.finish(problems);
    let (address, register) = (address.filter(|_| implied != Implied::Unreadable)?, register?);
    let ask = match (write, register) {
        (None, register) => Ask::Read { register, start: address, count: 1 },
        (Some(on), Register::Coil) => Ask::WriteCoil { address, on: on != 0 },
        (Some(word), Register::Holding) => Ask::WriteRegister { address, word: narrow(Some(word))? },
        (Some(_), register) => {
            let word = register.word();
            let message = local!(
                "có \"{word}\", được phép: coil, holding; chỉ hai loại này ghi được",
                "found \"{word}\", allowed: coil, holding; only these can be written"
            );
            problems.error(place.fault("register", message));
            return None;
        }
    };
    Some(WakeUp { ask, wait })
}
