//! Programs whose calls are taken apart at random places: they must compute the same bits.

use crate::random::Random;
use edgec::Compiled;
use edgec::back::plan::plan;
use edgec::back::tile::divide;
use edgec::ir::{DType, Tensor};
use std::collections::BTreeMap;

/// Most parts of a call.
const MOST_PARTS: usize = 4;

/// Takes every call of a model apart that can be, at places that `seed` decides. Gives the number of divided calls of each
/// kernel.
pub fn divide_all(compiled: &mut Compiled, seed: u64) -> BTreeMap<&'static str, usize> {
    let mut random = Random(seed);
    let mut divided = BTreeMap::new();
    // From the last to the first, so that numbers of calls stay what they are.
    for index in (0..compiled.program.calls.len()).rev() {
        let call = &compiled.program.calls[index];
        let (kernel, row) = (call.kernel.name(), call.kernel.row());
        let Some(rows) = row.and_then(|row| call.outputs[0].len.checked_div(row)) else {
            continue;
        };
        let parts = 2 + random.below(MOST_PARTS - 1);
        let mut cuts: Vec<usize> = (1..parts).map(|_| 1 + random.below(rows.max(2) - 1)).collect();
        cuts.sort_unstable();
        // A product of several rows has no part of one.
        let least = if rows < 4 { 1 } else { 2 };
        let mut before = 0;
        cuts.retain(|cut| {
            let keeps = *cut >= before + least && cut + least <= rows;
            before = if keeps { *cut } else { before };
            keeps
        });
        if !cuts.is_empty() && divide(&mut compiled.program, index, &cuts) {
            *divided.entry(kernel).or_default() += 1;
        }
    }
    compiled.plan = plan(&compiled.program, &compiled.machine);
    divided
}

/// Whether a model gives the same bits as another that it was before its calls were taken apart.
///
/// # Errors
/// The first output that differs.
pub fn same_as_whole(whole: &Compiled, divided: &Compiled, inputs: &[Tensor]) -> Result<(), String> {
    let (wanted, got) = (whole.executor().run(inputs), divided.executor().run(inputs));
    for (port, (wanted, got)) in whole.program.outputs.iter().zip(wanted.iter().zip(&got)) {
        if !same(wanted, got) {
            return Err(format!("`{}` differs when calls are computed in parts", port.name));
        }
    }
    Ok(())
}

/// Whether every bit is the same, except those of a NaN beside which it is one: its sign and the rest of its bits are not
/// defined, and differ where one element is computed in a vector and the other by itself.
fn same(a: &Tensor, b: &Tensor) -> bool {
    let floats = matches!(a.dtype, DType::F32 | DType::F64 | DType::F16 | DType::Bf16);
    let mut pairs = a.to_f64().into_iter().zip(b.to_f64());
    a.bytes == b.bytes || floats && pairs.all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
}
