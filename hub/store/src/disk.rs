//! The disk that a store lies on: how much of it is free, and whether that is little. Only looks.
//!
//! Read next: `sqlite/mod.rs`, whose [`StoreHealth`](crate::StoreHealth) tells of it.

use std::path::Path;

/// Free space is little below this part of the disk, in percent …
const LITTLE_PERCENT: u64 = 5;
/// … but a large disk is not nearly full with more than this free …
const PLENTY_BYTES: u64 = 2 << 30;
/// … and a small one is with less than this: SQLite's log may grow to half of it, and a backup needs the store's size.
const LEAST_BYTES: u64 = 128 << 20;

/// How much space a disk has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    /// Bytes that the hub may still write. What is kept for the system's owner is not among them.
    pub free_bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
}

impl Disk {
    /// The disk that `dir` lies on; `None` where the system does not tell.
    pub(crate) fn of(dir: &Path) -> Option<Self> {
        let found = rustix::fs::statvfs(dir).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Some(Self { free_bytes: bytes(found.f_bavail), total_bytes: bytes(found.f_blocks) })
    }

    /// Whether somebody should make room soon: when it is full, readings are no longer taken.
    ///
    /// Less than a twentieth of the disk, but never with 2 GiB free, and always with less than 128 MiB.
    pub fn is_nearly_full(&self) -> bool {
        let little = (self.total_bytes / 100).saturating_mul(LITTLE_PERCENT);
        self.free_bytes < little.clamp(LEAST_BYTES, PLENTY_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn a_disk_is_nearly_full_by_its_size() {
        let is_nearly_full = |free_mib, total_mib| {
            Disk { free_bytes: free_mib * MIB, total_bytes: total_mib * MIB }.is_nearly_full()
        };
        // A card of 8 GiB.
        assert!(is_nearly_full(400, 8_192) && !is_nearly_full(420, 8_192));
        // A disk of a terabyte.
        assert!(is_nearly_full(2_047, 1 << 20) && !is_nearly_full(2_048, 1 << 20));
        // One that could never hold much.
        assert!(is_nearly_full(127, 512) && !is_nearly_full(128, 512));
    }

    #[test]
    fn a_folder_s_disk_is_found() {
        let place = tempfile::tempdir().unwrap();
        let disk = Disk::of(place.path()).unwrap();
        assert!(disk.total_bytes > 0 && disk.free_bytes <= disk.total_bytes, "{disk:?}");
        assert_eq!(Disk::of(&place.path().join("none")), None);
    }
}
