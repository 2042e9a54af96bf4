//! Reading configuration tables so that every fault is told at once, with file, line, key, what was found and what is allowed.
//!
//! A [`Table`] gives its keys out one by one; what nobody asked for is reported by [`Table::finish`] together with the
//! nearest key that somebody did ask for. Reading never stops at the first fault: it goes into [`Problems`] and the caller
//! gets `None`.

mod problem;
mod quantities;
mod table;
mod value;
mod words;

pub use problem::{At, Place, Problem, Problems};
pub use quantities::quantities;
pub use table::{Plain, Table};
pub use words::{needed, syntax, unusable};
