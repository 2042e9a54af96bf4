//! One unit on a line: its four tables, filled from its points at the moment of the request. Pure.

use hub_model::{DeviceId, PointId};

use crate::config::{DataType, Place, Register, RegisterPlace, SimDevice, SimPoint};
use crate::encode;

/// Modbus' answers to what cannot be done.
const ILLEGAL_FUNCTION: u8 = 1;
const ILLEGAL_ADDRESS: u8 = 2;
const ILLEGAL_VALUE: u8 = 3;
const MAX_WORDS: u16 = 125;
const MAX_BITS: u16 = 2000;

/// One unit.
#[derive(Debug)]
pub(super) struct Unit {
    pub id: u8,
    pub devices: Vec<DeviceId>,
    points: Vec<(SimPoint, RegisterPlace)>,
}

/// What a unit is asked for and how its values are found.
pub(super) struct Reading<'a> {
    /// The raw number of a point.
    pub raw: &'a dyn Fn(&SimPoint) -> f64,
    /// Whether a point's words are swapped by mistake.
    pub is_swapped: &'a dyn Fn(&PointId) -> bool,
}

impl Unit {
    pub fn new(id: u8, device: &SimDevice) -> Self {
        let mut unit = Self { id, devices: Vec::new(), points: Vec::new() };
        unit.add(device);
        unit
    }

    /// Puts one more device's points into the same unit.
    pub fn add(&mut self, device: &SimDevice) {
        self.devices.push(device.id.clone());
        for point in &device.points {
            if let Place::Register(place) = point.place {
                self.points.push((point.clone(), place));
            }
        }
    }

    /// The answer to a request, an exception among them.
    pub fn answer(&self, request: &[u8], reading: &Reading) -> Vec<u8> {
        let function = request.first().copied().unwrap_or(0);
        self.read(request, reading).unwrap_or_else(|code| exception(function, code))
    }

    fn read(&self, request: &[u8], reading: &Reading) -> Result<Vec<u8>, u8> {
        let function = request.first().copied().unwrap_or(0);
        let register = match function {
            1 => Register::Coil,
            2 => Register::Discrete,
            3 => Register::Holding,
            4 => Register::Input,
            _ => return Err(ILLEGAL_FUNCTION),
        };
        let &[_, a, b, c, d] = request else { return Err(ILLEGAL_VALUE) };
        let (address, count) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let most = if register.is_bits() { MAX_BITS } else { MAX_WORDS };
        if !(1..=most).contains(&count) {
            return Err(ILLEGAL_VALUE);
        }
        self.check_span(register, address, count)?;
        let data = if register.is_bits() {
            self.bits(register, address, count, reading)
        } else {
            self.words(register, address, count, reading).iter().flat_map(|word| word.to_be_bytes()).collect()
        };
        let mut answer = vec![function, data.len() as u8];
        answer.extend(data);
        Ok(answer)
    }

    /// A device has registers from its first to its last, and those between are 0; beyond there is nothing.
    fn check_span(&self, register: Register, address: u16, count: u16) -> Result<(), u8> {
        let places = || self.points.iter().map(|(_, place)| place).filter(|place| place.register == register);
        let first = places().map(|place| place.address).min().ok_or(ILLEGAL_ADDRESS)?;
        let end = places().map(RegisterPlace::end).max().ok_or(ILLEGAL_ADDRESS)?;
        if address < first || u32::from(address) + u32::from(count) > end {
            return Err(ILLEGAL_ADDRESS);
        }
        Ok(())
    }

    fn words(&self, register: Register, address: u16, count: u16, reading: &Reading) -> Vec<u16> {
        let mut words = vec![0u16; usize::from(count)];
        for (point, place) in self.within(register, address, count) {
            let mut place = *place;
            if (reading.is_swapped)(&point.id) {
                place.order = place.order.words_swapped();
            }
            let raw = (reading.raw)(point);
            let own = match place.kind {
                DataType::String => encode::text_words(&said(point, raw), &place),
                _ => encode::words(raw, &place),
            };
            for (index, word) in own.into_iter().enumerate() {
                let at = usize::from(place.address) + index;
                // Bits and bytes of one register belong to several points, so each only sets its own.
                if let Some(slot) = at.checked_sub(usize::from(address)).and_then(|at| words.get_mut(at)) {
                    *slot |= word;
                }
            }
        }
        words
    }

    fn bits(&self, register: Register, address: u16, count: u16, reading: &Reading) -> Vec<u8> {
        let mut bytes = vec![0u8; usize::from(count).div_ceil(8)];
        for (point, place) in self.within(register, address, count) {
            if (reading.raw)(point) >= 0.5 {
                let at = usize::from(place.address - address);
                bytes[at / 8] |= 1 << (at % 8);
            }
        }
        bytes
    }

    fn within(
        &self,
        register: Register,
        address: u16,
        count: u16,
    ) -> impl Iterator<Item = &(SimPoint, RegisterPlace)> {
        let (from, to) = (u32::from(address), u32::from(address) + u32::from(count));
        self.points.iter().filter(move |(_, place)| {
            place.register == register && u32::from(place.address) < to && place.end() > from
        })
    }
}

/// The text that stands for a number: one of its states, or the number in decimals.
fn said(point: &SimPoint, raw: f64) -> String {
    if point.states.is_empty() {
        return raw.to_string();
    }
    point.states.get(raw as usize).cloned().unwrap_or_default()
}

/// The answer that says why there is none.
pub(super) fn exception(function: u8, code: u8) -> Vec<u8> {
    vec![function | 0x80, code]
}

/// A faulty device's answer: one register, or eight bits, fewer than were asked for.
pub(super) fn shortened(mut answer: Vec<u8>) -> Vec<u8> {
    let is_words = matches!(answer.first(), Some(3 | 4));
    let cut = if is_words { 2 } else { 1 };
    let is_data = answer.first().is_some_and(|function| function & 0x80 == 0);
    if is_data && answer.len() >= 2 + cut {
        answer.truncate(answer.len() - cut);
        answer[1] = (answer.len() - 2) as u8;
    }
    answer
}
