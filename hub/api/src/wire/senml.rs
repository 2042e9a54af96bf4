//! A record of a SenML pack, for the document: what reads it knows all of RFC 8428.

use utoipa::ToSchema;

/// A record (RFC 8428). Base fields hold for the records that follow.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used: packs are read by the server's reader")]
pub struct SenmlRecord {
    /// Base name.
    bn: Option<String>,
    /// Base time, in s.
    bt: Option<f64>,
    /// Base unit.
    bu: Option<String>,
    /// Base value.
    bv: Option<f64>,
    /// Name.
    n: Option<String>,
    /// Unit, by SenML's names.
    u: Option<String>,
    /// Value.
    v: Option<f64>,
    /// A switch.
    vb: Option<bool>,
    /// Time, in s: below 2^28 relative to the receipt.
    t: Option<f64>,
}
