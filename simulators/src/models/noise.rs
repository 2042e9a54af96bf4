//! Random numbers without a generator: each is a hash of a seed and a place in time, so any moment can be asked for in any order.

/// The seed of something with a name.
pub fn named(seed: u64, name: &str) -> u64 {
    name.bytes().fold(mix(seed, 0x5EED), |hash, byte| mix(hash, u64::from(byte)))
}

/// Two numbers into one that looks like neither (the finaliser of SplitMix64).
pub fn mix(seed: u64, salt: u64) -> u64 {
    let mut z = seed.wrapping_add(salt.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// From 0 to below 1.
pub fn unit(seed: u64, salt: u64) -> f64 {
    (mix(seed, salt) >> 11) as f64 / (1u64 << 53) as f64
}

/// From -1 to below 1.
pub fn signed(seed: u64, salt: u64) -> f64 {
    unit(seed, salt) * 2.0 - 1.0
}

/// From -1 to 1, wandering smoothly from one number to the next in `minutes`.
pub fn drift(seed: u64, utc_ms: i64, minutes: f64) -> f64 {
    let position = utc_ms as f64 / (minutes * 60_000.0);
    let step = position.floor();
    let share = position - step;
    let smooth = share * share * (3.0 - 2.0 * share);
    let (from, to) = (signed(seed, step as i64 as u64), signed(seed, (step as i64).wrapping_add(1) as u64));
    from + (to - from) * smooth
}

/// From -1 to 1, new every second.
pub fn flicker(seed: u64, utc_ms: i64) -> f64 {
    signed(seed, utc_ms.div_euclid(1000) as u64 ^ 0xF11C)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_seeds_give_different_numbers() {
        assert_ne!(named(1, "a/b/c"), named(1, "a/b/d"));
        assert_ne!(named(1, "a/b/c"), named(2, "a/b/c"));
    }

    #[test]
    fn units_fill_their_range_evenly() {
        let numbers: Vec<f64> = (0..10_000).map(|salt| unit(7, salt)).collect();
        assert!(numbers.iter().all(|n| (0.0..1.0).contains(n)));
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        assert!((mean - 0.5).abs() < 0.02, "{mean}");
    }

    #[test]
    fn drift_has_no_jumps() {
        for second in 0..7_200 {
            let (a, b) = (drift(3, second * 1000, 10.0), drift(3, (second + 1) * 1000, 10.0));
            assert!((a - b).abs() < 0.01 && a.abs() <= 1.0);
        }
    }
}
