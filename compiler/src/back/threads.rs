//! Which calls are divided among threads: those whose rows are computed apart, and that take long enough for it.

use super::plan::Plan;
use crate::ir::program::{Call, Program, Storage};
use crate::ir::{Remark, RemarkKind};

/// Multiply-accumulates from which on a call is divided: those of fewer are soon over, and a part has to be
/// handed over.
const LEAST_MACS: u64 = 250_000;
/// Elements of output from which on a call without products is divided.
const LEAST_ELEMENTS: usize = 1 << 15;
/// Rows from which on a call is divided: two for each of two threads.
const LEAST_ROWS: usize = 4;

/// Marks the calls that are divided. These share their kernels: parts have other sizes for each number of threads, so a
/// copy for one size would serve one thread only. Gives a remark on how much of the work they are.
pub(crate) fn divide(program: &mut Program, plan: &Plan) -> Remark {
    let divided: Vec<bool> = program
        .calls
        .iter()
        .zip(plan.in_place.iter().zip(&plan.overlaps))
        .map(|(call, (in_place, overlap))| !in_place && overlap.is_none() && is_divided(program, call))
        .collect();
    for (call, divided) in program.calls.iter_mut().zip(&divided) {
        call.instance.divided = *divided;
        if *divided {
            call.instance.specialised = false;
            call.instance.reason = "the parts of a layer share a kernel".into();
        }
    }
    let macs = |calls: &mut dyn Iterator<Item = &Call>| calls.map(|call| call.macs).sum::<u64>();
    let all = macs(&mut program.calls.iter());
    let those = macs(&mut program.calls.iter().filter(|call| call.instance.divided));
    let count = divided.iter().filter(|divided| **divided).count();
    let percent = (u128::from(those) * 100).checked_div(u128::from(all)).unwrap_or(0);
    let reason = format!(
        "{count} of {} kernel calls are divided among threads, with {percent} % of the MACs",
        divided.len()
    );
    let remark = Remark::of_model(RemarkKind::Threads, reason);
    match count {
        0 => remark.advise("without --threads the model is as fast: no layer is long enough"),
        _ => remark,
    }
}

/// The input of which a call that is divided takes the elements that it writes, as a residual is.
pub(crate) fn residual(call: &Call) -> Option<usize> {
    call.kernel.part(0..LEAST_ROWS / 2)?.residual
}

fn is_divided(program: &Program, call: &Call) -> bool {
    let ([output], Some(row)) = (&call.outputs[..], call.kernel.row().filter(|row| *row > 0)) else {
        return false;
    };
    let long = call.macs >= LEAST_MACS || call.macs == 0 && output.len >= LEAST_ELEMENTS;
    let Some(part) = call.kernel.part(0..LEAST_ROWS / 2) else {
        return false;
    };
    // Weights and tables are all that parts read whole.
    let whole = |index: &usize| *index >= part.inputs.len() && part.residual != Some(*index);
    let constant = |index: usize| {
        let buffer = call.inputs[index].buffer;
        matches!(program.buffer(buffer).storage, Storage::Constant(_))
    };
    let rest_is_constant = (0..call.inputs.len()).filter(whole).all(constant);
    let has_input = !call.inputs.is_empty() && !constant(0);
    call.kernel.divides()
        && long
        && output.len / row >= LEAST_ROWS
        && part.inputs.len() == 1
        && has_input
        && rest_is_constant
}
