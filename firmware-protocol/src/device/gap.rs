//! Numbers that a counter has nothing for, as a unit.

use crate::{
    driver::{Unit, UnitKind},
    steplog::block::{FLAG_FOUND_BY_HOST, HEADER_LEN, emit_gap},
};

/// A gap of the numbers from `from` up to `to`, which is not in it; none when that is no number at all.
pub fn gap(from: u32, to: u32) -> Option<Unit> {
    let count = to.checked_sub(from).filter(|count| *count > 0)?;
    let mut block = [0; HEADER_LEN + 4];
    let length = emit_gap(0, from, count, FLAG_FOUND_BY_HOST, &mut block).ok()?;
    Some(Unit { kind: UnitKind::StepLogBlock, bytes: block.get(..length)?.to_vec() })
}
