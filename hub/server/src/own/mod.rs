//! The hub watches itself: one more site, whose points are read here and judged by ordinary rules.
//!
//! Decides nothing: what is too little or too old stands in `scripts/hub-*.rhai`. A further figure is a point in
//! `site.rs` and a line in `looks.rs`. Read next: `site.rs`, `looks.rs` (what is looked at), `watcher.rs` (when), `stall.rs`, and
//! decision 40.

mod backup_note;
mod certificate;
mod looks;
mod site;
mod stall;
mod watcher;

pub use backup_note::{BackupNote, NOTE_FILE};
pub use looks::Looks;
pub use site::with_own;
pub use stall::Stall;
pub use watcher::Watcher;
