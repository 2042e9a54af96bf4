//! Through which hubs a device's telemetry came, so that bridges between hubs never send a reading round for ever.
//!
//! A bridge names its hub in `via`, behind those that the message came through. A hub that finds itself there drops the message.
//! What is remembered is the trail of each device's last telemetry, in memory. Read next: `bridge.rs`, `router.rs`.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use hub_model::{DeviceId, id};
use serde_json::Value;

use crate::payload::PayloadError;

/// Hubs that a message may have come through: commune, district, province, ministry, and as many again.
pub(crate) const MAX_HOPS: usize = 8;

/// The trails of all devices. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Trails {
    /// This hub, by its commune's id. Without one nothing is known of hubs.
    own: Arc<str>,
    known: Arc<RwLock<HashMap<DeviceId, Vec<String>>>>,
}

impl Trails {
    /// Those of a hub, which is known to others by its commune's id.
    pub fn of_hub(commune: &str) -> Self {
        Self { own: commune.into(), known: Arc::default() }
    }

    /// Takes note of where a device's telemetry came through. False when it has been here before.
    ///
    /// # Errors
    /// When its `via` is none.
    pub(crate) fn note(&self, device: &DeviceId, document: &Value) -> Result<bool, PayloadError> {
        let via = hubs(document.get("via"))?;
        if via.iter().any(|hub| **hub == *self.own) {
            return Ok(false);
        }
        let is_news = self.known().get(device).map_or(&[][..], |known| known) != via;
        if is_news {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            match via.is_empty() {
                true => known.remove(device),
                false => known.insert(device.clone(), via),
            };
        }
        Ok(true)
    }

    /// The hubs to be named with what is sent of a device, this one at the end.
    pub(crate) fn onward(&self, device: &DeviceId) -> Vec<String> {
        let mut trail = self.known().get(device).cloned().unwrap_or_default();
        trail.push(self.own.to_string());
        trail
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, HashMap<DeviceId, Vec<String>>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hubs(via: Option<&Value>) -> Result<Vec<String>, PayloadError> {
    let list = match via {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) if list.len() <= MAX_HOPS => list,
        Some(_) => return Err(PayloadError::Via),
    };
    let id = |hub: &Value| hub.as_str().filter(|hub| id::check_part(hub).is_ok()).map(str::to_owned);
    list.iter().map(|hub| id(hub).ok_or(PayloadError::Via)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_that_was_here_is_known_and_others_leave_their_trail() {
        let trails = Trails::of_hub("tam-hop");
        let device = DeviceId::parse("water/meter").unwrap();
        let note = |via: Value| trails.note(&device, &json!({"via": via}));
        assert_eq!(note(json!(["yen-lac", "phu-tho"])), Ok(true));
        assert_eq!(trails.onward(&device), ["yen-lac", "phu-tho", "tam-hop"]);
        assert_eq!(note(json!(["tam-hop", "yen-lac"])), Ok(false));
        assert_eq!(trails.onward(&device).len(), 3, "what was here before says nothing new");
        assert_eq!(note(Value::Null), Ok(true));
        assert_eq!(trails.onward(&device), ["tam-hop"]);
        for wrong in [json!("yen-lac"), json!([1]), json!(["Yên Lạc"]), Value::from(vec!["a"; 9])] {
            assert_eq!(note(wrong.clone()), Err(PayloadError::Via), "{wrong}");
        }
    }
}
