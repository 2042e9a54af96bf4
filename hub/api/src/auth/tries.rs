//! How often somebody may try to log in: a small bucket of tries per user and one per address, filled again with time.
//!
//! Takes the time as an argument. A login that succeeds gives its try back, so only wrong ones count.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hub_model::Timestamp;

/// Wrong tries that one user name has at once, and how long each takes to come back.
const PER_USER: Allowance = Allowance { tries: 5, each: Duration::from_secs(60) };
/// The same for one address; more, since an office stands behind one address.
const PER_ADDRESS: Allowance = Allowance { tries: 20, each: Duration::from_secs(15) };
/// Names and addresses remembered; beyond, the one that was tried longest ago is forgotten.
const MAX_REMEMBERED: usize = 4096;

#[derive(Debug, Clone, Copy)]
struct Allowance {
    tries: u32,
    each: Duration,
}

/// Who has tried how often.
#[derive(Debug, Default)]
pub struct Tries {
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    users: HashMap<String, Bucket>,
    addresses: HashMap<IpAddr, Bucket>,
}

/// `spent` tries were missing at `at`.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    spent: f64,
    at: Timestamp,
}

impl Tries {
    /// Takes one try for the user and the address; else says in how many seconds there is one again.
    pub fn take(&self, user: &str, address: IpAddr, now: Timestamp) -> Result<(), u64> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let wait_user = wait_s(tables.users.get(user), PER_USER, now);
        let wait_address = wait_s(tables.addresses.get(&address), PER_ADDRESS, now);
        let wait = wait_user.max(wait_address);
        if wait > 0 {
            return Err(wait);
        }
        spend(&mut tables.users, user.to_owned(), PER_USER, now);
        spend(&mut tables.addresses, address, PER_ADDRESS, now);
        Ok(())
    }

    /// Gives back what [`Tries::take`] took: the password was right. The user's slate is clean again.
    pub fn succeeded(&self, user: &str, address: IpAddr) {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.users.remove(user);
        if let Some(bucket) = tables.addresses.get_mut(&address) {
            bucket.spent = (bucket.spent - 1.0).max(0.0);
        }
    }
}

fn spent_now(bucket: Option<&Bucket>, allowance: Allowance, now: Timestamp) -> f64 {
    bucket.map_or(0.0, |bucket| {
        let back = now.since(bucket.at).as_secs_f64() / allowance.each.as_secs_f64();
        (bucket.spent - back).max(0.0)
    })
}

fn wait_s(bucket: Option<&Bucket>, allowance: Allowance, now: Timestamp) -> u64 {
    let over = spent_now(bucket, allowance, now) + 1.0 - f64::from(allowance.tries);
    // A hair of rounding must not make somebody wait.
    if over <= 1e-9 { 0 } else { (over * allowance.each.as_secs_f64()).ceil() as u64 }
}

fn spend<K: Hash + Eq + Clone>(table: &mut HashMap<K, Bucket>, key: K, allowance: Allowance, now: Timestamp) {
    if table.len() >= MAX_REMEMBERED && !table.contains_key(&key) {
        let oldest = table.iter().min_by_key(|(_, bucket)| bucket.at).map(|(key, _)| key.clone());
        oldest.map(|oldest| table.remove(&oldest));
    }
    let spent = spent_now(table.get(&key), allowance, now) + 1.0;
    table.insert(key, Bucket { spent, at: now });
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + seconds * 1000)
    }

    #[test]
    fn a_user_has_five_tries_and_then_one_a_minute() {
        let tries = Tries::default();
        for _ in 0..5 {
            assert_eq!(tries.take("lan", HERE, at(0)), Ok(()));
        }
        assert_eq!(tries.take("lan", HERE, at(0)), Err(60));
        assert_eq!(tries.take("minh", HERE, at(0)), Ok(()));
        assert_eq!(tries.take("lan", HERE, at(59)), Err(1));
        assert_eq!(tries.take("lan", HERE, at(60)), Ok(()));
        assert_eq!(tries.take("lan", HERE, at(60)), Err(60));
    }

    #[test]
    fn an_address_is_limited_over_all_names() {
        let tries = Tries::default();
        for n in 0..20 {
            assert_eq!(tries.take(&format!("user{n}"), HERE, at(0)), Ok(()));
        }
        assert_eq!(tries.take("another", HERE, at(0)), Err(15));
        assert_eq!(tries.take("another", IpAddr::from([10, 0, 0, 9]), at(0)), Ok(()));
    }

    #[test]
    fn right_passwords_cost_nothing() {
        let tries = Tries::default();
        for _ in 0..100 {
            assert_eq!(tries.take("lan", HERE, at(0)), Ok(()));
            tries.succeeded("lan", HERE);
        }
    }

    #[test]
    fn the_tables_stay_bounded() {
        let tries = Tries::default();
        for n in 0..(MAX_REMEMBERED as u32 + 500) {
            let address = IpAddr::from(n.to_be_bytes());
            tries.take(&format!("user{n}"), address, at(i64::from(n))).unwrap();
        }
        let tables = tries.tables.lock().unwrap();
        assert_eq!(tables.users.len(), MAX_REMEMBERED);
        assert_eq!(tables.addresses.len(), MAX_REMEMBERED);
        assert!(!tables.users.contains_key("user0"));
    }
}
