//! The properties of MQTT 5: which packet may carry which, each at most once.
//!
//! Next: `decode.rs`, which says what is allowed where.

use bytes::Bytes;

use super::read::Reader;
use super::{Carried, Fault, reason};

/// All properties that a client may send, as found in one packet.
#[derive(Debug, Default)]
pub(super) struct Properties {
    pub(super) payload_is_text: Option<bool>,
    pub(super) message_expiry_s: Option<u32>,
    pub(super) content_type: Option<Box<str>>,
    pub(super) response_topic: Option<Box<str>>,
    pub(super) correlation: Option<Bytes>,
    pub(super) subscription_id: Option<u32>,
    pub(super) session_expiry_s: Option<u32>,
    pub(super) authentication_method: Option<Box<str>>,
    pub(super) authentication_data: Option<Bytes>,
    pub(super) request_problem_information: Option<bool>,
    pub(super) request_response_information: Option<bool>,
    pub(super) will_delay_s: Option<u32>,
    pub(super) reason_string: Option<Box<str>>,
    pub(super) receive_max: Option<u16>,
    pub(super) topic_alias_max: Option<u16>,
    pub(super) topic_alias: Option<u16>,
    pub(super) max_packet: Option<u32>,
    pub(super) user: Vec<(Box<str>, Box<str>)>,
}

pub(super) const PAYLOAD_FORMAT: u8 = 0x01;
pub(super) const MESSAGE_EXPIRY: u8 = 0x02;
pub(super) const CONTENT_TYPE: u8 = 0x03;
pub(super) const RESPONSE_TOPIC: u8 = 0x08;
pub(super) const CORRELATION: u8 = 0x09;
pub(super) const SUBSCRIPTION_ID: u8 = 0x0B;
pub(super) const SESSION_EXPIRY: u8 = 0x11;
pub(super) const ASSIGNED_CLIENT_ID: u8 = 0x12;
pub(super) const SERVER_KEEP_ALIVE: u8 = 0x13;
pub(super) const AUTHENTICATION_METHOD: u8 = 0x15;
pub(super) const AUTHENTICATION_DATA: u8 = 0x16;
pub(super) const REQUEST_PROBLEM_INFORMATION: u8 = 0x17;
pub(super) const WILL_DELAY: u8 = 0x18;
pub(super) const REQUEST_RESPONSE_INFORMATION: u8 = 0x19;
pub(super) const REASON_STRING: u8 = 0x1F;
pub(super) const RECEIVE_MAX: u8 = 0x21;
pub(super) const TOPIC_ALIAS_MAX: u8 = 0x22;
pub(super) const TOPIC_ALIAS: u8 = 0x23;
pub(super) const USER: u8 = 0x26;
pub(super) const MAX_PACKET: u8 = 0x27;

/// What each kind of packet may carry.
pub(super) const OF_CONNECT: &[u8] = &[
    SESSION_EXPIRY,
    RECEIVE_MAX,
    MAX_PACKET,
    TOPIC_ALIAS_MAX,
    REQUEST_RESPONSE_INFORMATION,
    REQUEST_PROBLEM_INFORMATION,
    USER,
    AUTHENTICATION_METHOD,
    AUTHENTICATION_DATA,
];
pub(super) const OF_WILL: &[u8] =
    &[WILL_DELAY, PAYLOAD_FORMAT, MESSAGE_EXPIRY, CONTENT_TYPE, RESPONSE_TOPIC, CORRELATION, USER];
pub(super) const OF_PUBLISH: &[u8] =
    &[PAYLOAD_FORMAT, MESSAGE_EXPIRY, TOPIC_ALIAS, RESPONSE_TOPIC, CORRELATION, USER, CONTENT_TYPE];
pub(super) const OF_ACK: &[u8] = &[REASON_STRING, USER];
pub(super) const OF_SUBSCRIBE: &[u8] = &[SUBSCRIPTION_ID, USER];
pub(super) const OF_UNSUBSCRIBE: &[u8] = &[USER];
pub(super) const OF_DISCONNECT: &[u8] = &[SESSION_EXPIRY, REASON_STRING, USER];

impl Properties {
    /// Reads a packet's properties, of which only those in `allowed` may stand there.
    pub(super) fn read(reader: &mut Reader<'_>, allowed: &[u8]) -> Result<Properties, Fault> {
        let mut found = Properties::default();
        let mut part = reader.measured()?;
        while !part.is_empty() {
            // A variable byte integer, but none in use is above 127.
            let id = part.u8()?;
            if !allowed.contains(&id) {
                return Err(Fault::malformed("a property that its packet cannot carry"));
            }
            found.take(id, &mut part)?;
        }
        if found.authentication_data.is_some() && found.authentication_method.is_none() {
            return Err(Fault::protocol("authentication data without a method"));
        }
        Ok(found)
    }

    fn take(&mut self, id: u8, part: &mut Reader<'_>) -> Result<(), Fault> {
        match id {
            PAYLOAD_FORMAT => once(&mut self.payload_is_text, flag(part)?),
            MESSAGE_EXPIRY => once(&mut self.message_expiry_s, part.u32()?),
            CONTENT_TYPE => once(&mut self.content_type, part.text()?.into()),
            RESPONSE_TOPIC => once(&mut self.response_topic, response_topic(part.text()?)?),
            CORRELATION => once(&mut self.correlation, Bytes::copy_from_slice(part.binary()?)),
            SUBSCRIPTION_ID => once(&mut self.subscription_id, not_zero(part.variable()?)?),
            SESSION_EXPIRY => once(&mut self.session_expiry_s, part.u32()?),
            AUTHENTICATION_METHOD => once(&mut self.authentication_method, part.text()?.into()),
            AUTHENTICATION_DATA => {
                once(&mut self.authentication_data, Bytes::copy_from_slice(part.binary()?))
            }
            REQUEST_PROBLEM_INFORMATION => once(&mut self.request_problem_information, flag(part)?),
            REQUEST_RESPONSE_INFORMATION => once(&mut self.request_response_information, flag(part)?),
            WILL_DELAY => once(&mut self.will_delay_s, part.u32()?),
            REASON_STRING => once(&mut self.reason_string, part.text()?.into()),
            RECEIVE_MAX => once(&mut self.receive_max, not_zero(part.u16()?)?),
            TOPIC_ALIAS_MAX => once(&mut self.topic_alias_max, part.u16()?),
            TOPIC_ALIAS => match part.u16()? {
                0 => Err(Fault { reason: reason::TOPIC_ALIAS_INVALID, what: "topic alias 0" }),
                alias => once(&mut self.topic_alias, alias),
            },
            MAX_PACKET => once(&mut self.max_packet, not_zero(part.u32()?)?),
            USER => {
                self.user.push((part.text()?.into(), part.text()?.into()));
                Ok(())
            }
            _ => Err(Fault::malformed("an unknown property")),
        }
    }

    /// What goes with the message; `None` when there is nothing.
    pub(super) fn carried(self) -> Option<Box<Carried>> {
        let carried = Carried {
            payload_is_text: self.payload_is_text,
            content_type: self.content_type,
            response_topic: self.response_topic,
            correlation: self.correlation,
            user: self.user,
        };
        (carried != Carried::default()).then(|| Box::new(carried))
    }
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Fault> {
    if place.replace(value).is_some() {
        return Err(Fault::protocol("a property stands there twice"));
    }
    Ok(())
}

fn flag(part: &mut Reader<'_>) -> Result<bool, Fault> {
    match part.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Fault::protocol("a property that is 0 or 1 is something else")),
    }
}

fn not_zero<T: Default + PartialEq>(value: T) -> Result<T, Fault> {
    if value == T::default() { Err(Fault::protocol("a property that cannot be 0 is 0")) } else { Ok(value) }
}

fn response_topic(text: &str) -> Result<Box<str>, Fault> {
    if text.contains(['+', '#']) {
        return Err(Fault::protocol("a wildcard in the response topic"));
    }
    Ok(text.into())
}
