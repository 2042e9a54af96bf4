//! Lists of quantities, as whoever carries readings elsewhere has them.

use hub_model::{Quantity, local};

use super::{Problems, Table};

/// `quantities = ["ph", …]`: their codes, each that is none being told.
pub fn quantities(table: &mut Table, problems: &mut Problems) -> Option<Vec<String>> {
    let at = table.at("quantities");
    let found = table.texts("quantities", problems)?;
    for code in found.iter().filter(|code| Quantity::parse(code).is_none()) {
        problems.error(at.fault(local!(
            "có \"{code}\", được phép: tên đại lượng như \"ph\" và \"turbidity\"",
            "found \"{code}\", allowed: quantities such as \"ph\" and \"turbidity\""
        )));
    }
    Some(found)
}
