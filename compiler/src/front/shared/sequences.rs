//! Places in sequences, which are resolved while they are read.

use super::control;
use crate::front::node::NodeContext;
use crate::ir::{OpError, op_error};

/// The place that input `index`, called `position` in ONNX, names in a sequence of `len` tensors: from the end where it
/// is negative. `past_end` says whether the place after the last one counts.
pub(in crate::front) fn position(
    cx: &NodeContext<'_>,
    index: usize,
    len: usize,
    past_end: bool,
) -> Result<usize, OpError> {
    let place = match cx.ints(index, "position")?[..] {
        [place] => place,
        _ => {
            return Err(op_error(format!(
                "the position is {}, it must be one number",
                cx.ty(index)?
            )));
        }
    };
    let from_front = if place < 0 {
        place.saturating_add(len as i64)
    } else {
        place
    };
    let last = len + usize::from(past_end);
    usize::try_from(from_front)
        .ok()
        .filter(|place| *place < last)
        .ok_or_else(|| op_error(format!("position {place} is outside a sequence of {len} tensors")))
}

/// An error if a sequence of `len` tensors is too long.
pub(in crate::front) fn bound(len: usize) -> Result<(), OpError> {
    if control::bound(len as u64).is_ok() {
        return Ok(());
    }
    Err(op_error(format!("a sequence of {len} tensors")).help("sequences are resolved at compile time: use a tensor"))
}
