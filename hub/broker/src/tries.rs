//! Failed logins, counted by address and by address and user name, so that guessing a password takes for ever.
//!
//! Time is an argument; the table is bounded. Next: `core.rs`, which asks before every login.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::settings::Settings;

/// An address, with a user name or for all names together.
type Key = (IpAddr, Option<String>);

/// The table of failed logins.
pub(crate) struct Tries {
    table: HashMap<Key, Window>,
    per_name: u32,
    per_address: u32,
    window: Duration,
    capacity: usize,
}

#[derive(Clone, Copy)]
struct Window {
    since: Instant,
    failures: u32,
}

impl Tries {
    pub(crate) fn new(settings: &Settings) -> Tries {
        Tries {
            table: HashMap::new(),
            per_name: settings.login_tries,
            per_address: settings.login_tries_per_address,
            window: settings.login_window,
            capacity: settings.login_table.max(2),
        }
    }

    /// Whether a login may be tried now.
    pub(crate) fn allowed(&self, address: IpAddr, name: Option<&str>, now: Instant) -> bool {
        let below = |key: &Key, limit: u32| {
            self.table.get(key).is_none_or(|window| window.failures < limit || self.is_over(*window, now))
        };
        below(&(address, None), self.per_address)
            && below(&(address, Some(name.unwrap_or("").to_owned())), self.per_name)
    }

    /// Counts a failure.
    pub(crate) fn failed(&mut self, address: IpAddr, name: Option<&str>, now: Instant) {
        self.count((address, None), now);
        self.count((address, Some(name.unwrap_or("").to_owned())), now);
    }

    /// A login that succeeded clears its name's failures; the address's stay.
    pub(crate) fn succeeded(&mut self, address: IpAddr, name: Option<&str>) {
        self.table.remove(&(address, Some(name.unwrap_or("").to_owned())));
    }

    fn is_over(&self, window: Window, now: Instant) -> bool {
        now.saturating_duration_since(window.since) >= self.window
    }

    fn count(&mut self, key: Key, now: Instant) {
        if let Some(window) = self.table.get(&key).copied()
            && !self.is_over(window, now)
        {
            self.table.insert(key, Window { failures: window.failures.saturating_add(1), ..window });
            return;
        }
        if !self.table.contains_key(&key) && self.table.len() >= self.capacity {
            self.make_room(now);
        }
        self.table.insert(key, Window { since: now, failures: 1 });
    }

    fn make_room(&mut self, now: Instant) {
        let span = self.window;
        self.table.retain(|_, window| now.saturating_duration_since(window.since) < span);
        while self.table.len() >= self.capacity {
            let oldest = self.table.iter().min_by_key(|(_, window)| window.since).map(|(key, _)| key.clone());
            let Some(key) = oldest else { return };
            self.table.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(table: usize) -> Tries {
        let mut settings = Settings::new(([127, 0, 0, 1], 0).into(), std::sync::Arc::new(|| 0));
        settings.login_tries = 3;
        settings.login_tries_per_address = 5;
        settings.login_table = table;
        Tries::new(&settings)
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_name_is_blocked_after_its_tries_and_free_after_the_window() {
        let now = Instant::now();
        let mut tries = tries(100);
        for _ in 0..3 {
            assert!(tries.allowed(HERE, Some("a"), now));
            tries.failed(HERE, Some("a"), now);
        }
        assert!(!tries.allowed(HERE, Some("a"), now));
        assert!(tries.allowed(HERE, Some("b"), now));
        assert!(tries.allowed(HERE, Some("a"), now + Duration::from_secs(60)));
    }

    #[test]
    fn an_address_is_blocked_whatever_the_names() {
        let now = Instant::now();
        let mut tries = tries(100);
        for name in ["a", "b", "c", "d", "e"] {
            tries.failed(HERE, Some(name), now);
        }
        assert!(!tries.allowed(HERE, Some("f"), now));
        assert!(tries.allowed("10.0.0.1".parse().unwrap(), Some("f"), now));
    }

    #[test]
    fn a_success_clears_the_name() {
        let now = Instant::now();
        let mut tries = tries(100);
        for _ in 0..3 {
            tries.failed(HERE, Some("a"), now);
        }
        tries.succeeded(HERE, Some("a"));
        assert!(tries.allowed(HERE, Some("a"), now));
    }

    #[test]
    fn the_table_stays_within_its_bound() {
        let now = Instant::now();
        let mut tries = tries(8);
        for index in 0..100u64 {
            tries.failed(HERE, Some(&format!("name-{index}")), now + Duration::from_millis(index));
        }
        assert!(tries.table.len() <= 8);
    }
}
