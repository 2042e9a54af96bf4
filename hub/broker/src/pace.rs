//! How fast one address may connect: so many at once, and then so many a second. Whoever is faster waits its turn.
//!
//! Time is an argument; the table is bounded. Next: `listener.rs`, which lets the waiting ones hold a place of their address, so
//! that few can wait and the rest is closed at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

/// Addresses remembered; one that was paced lately is never forgotten before its time.
const MAX_ADDRESSES: usize = 4_096;

/// When each address may connect next.
pub(crate) struct Pace {
    /// The moment until which an address has used up its connections.
    used_until: HashMap<IpAddr, Instant>,
    every: Duration,
    burst: Duration,
}

impl Pace {
    /// `per_second` connections of an address, and `at_once` before that counts.
    pub(crate) fn new(per_second: u32, at_once: u32) -> Pace {
        let every = Duration::from_secs(1) / per_second.max(1);
        Pace { used_until: HashMap::new(), every, burst: every * at_once }
    }

    /// How long a connection of this address has to wait; it is counted.
    pub(crate) fn wait(&mut self, address: IpAddr, now: Instant) -> Duration {
        if self.used_until.len() >= MAX_ADDRESSES {
            self.used_until.retain(|_, until| *until > now);
        }
        if self.used_until.len() >= MAX_ADDRESSES && !self.used_until.contains_key(&address) {
            // So many addresses at once are no commune's: each is let wait as if it had used up its own.
            return self.every;
        }
        let until = self.used_until.entry(address).or_insert(now);
        *until = (*until).max(now) + self.every;
        until.saturating_duration_since(now + self.burst)
    }
}

/// The address for whose share a connection counts: networks give a whole /64 of IPv6 to one host.
pub(crate) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_burst_passes_and_the_rest_waits_its_turn() {
        let now = Instant::now();
        let mut pace = Pace::new(100, 50);
        for _ in 0..50 {
            assert_eq!(pace.wait(HERE, now), Duration::ZERO);
        }
        assert_eq!(pace.wait(HERE, now), Duration::from_millis(10));
        assert_eq!(pace.wait(HERE, now), Duration::from_millis(20));
        assert_eq!(pace.wait("10.0.0.1".parse().unwrap(), now), Duration::ZERO, "others are not held up");
        let later = now + Duration::from_secs(10);
        assert_eq!(pace.wait(HERE, later), Duration::ZERO);
    }

    #[test]
    fn the_table_is_bounded() {
        let now = Instant::now();
        let mut pace = Pace::new(1, 1);
        for number in 0..10_000_u32 {
            pace.wait(IpAddr::V4(number.into()), now);
        }
        assert_eq!(pace.used_until.len(), MAX_ADDRESSES);
        pace.wait(HERE, now + Duration::from_secs(9));
        assert_eq!(pace.used_until.len(), 1);
    }

    #[test]
    fn a_host_of_ipv6_is_its_network() {
        let one: IpAddr = "2001:db8:1:2::5".parse().unwrap();
        let other: IpAddr = "2001:db8:1:2:ffff::1".parse().unwrap();
        assert_eq!(neighbourhood(one), neighbourhood(other));
        assert_ne!(neighbourhood(one), neighbourhood("2001:db8:1:3::5".parse().unwrap()));
        assert_eq!(neighbourhood("::ffff:10.0.0.1".parse().unwrap()), "10.0.0.1".parse::<IpAddr>().unwrap());
    }
}
