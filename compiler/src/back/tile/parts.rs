//! A call taken apart into calls that compute some rows of its output each.

use crate::ir::program::{Call, Instance, Portion, Program, Training, View};
use std::ops::Range;

/// The call that computes rows `rows` of output 0 of `call`, over the same buffers. `None` where there is none, or where
/// it would read nothing.
pub(super) fn part(call: &Call, rows: Range<usize>) -> Option<Call> {
    let part = call.kernel.part(rows.clone())?;
    let sub = |view: &View, range: &Range<usize>| {
        let inside = !range.is_empty() && range.end <= view.len;
        inside.then(|| View {
            buffer: view.buffer,
            offset: view.offset + range.start,
            len: range.len(),
        })
    };
    let inputs = call.inputs.iter().enumerate();
    let inputs: Option<Vec<View>> = inputs
        .map(|(index, view)| match part.inputs.get(index) {
            Some(range) => sub(view, range),
            None if part.residual == Some(index) => sub(view, &part.output),
            None => Some(*view),
        })
        .collect();
    let whole = call.outputs.first()?;
    let mut outputs = call.outputs.clone();
    outputs[0] = sub(whole, &part.output)?;
    let len = outputs[0].len;
    Some(Call {
        kernel: part.kernel,
        inputs: inputs?,
        outputs,
        in_place: call.in_place,
        name: call.name.clone(),
        origin: call.origin.clone(),
        operands: call.operands.clone(),
        shape: shape(&call.shape, whole.len, len),
        steps: call.steps,
        macs: (u128::from(call.macs) * len as u128 / whole.len.max(1) as u128) as u64,
        choice: call.choice.clone(),
        instance: Instance {
            specialised: false,
            divided: false,
            reason: "the parts of a layer share a kernel".into(),
        },
        part: Some(Portion {
            rows,
            of: self::rows(call)?,
            tile: None,
            kept: false,
        }),
    })
}

/// The shape of `len` elements of a tensor of `whole`: fewer along the outermost axis of more than one element.
fn shape(shape: &[usize], whole: usize, len: usize) -> Vec<usize> {
    let Some(axis) = shape.iter().position(|dim| *dim > 1) else {
        return shape.to_vec();
    };
    let inner: usize = shape[axis + 1..].iter().product();
    if shape[axis] * inner != whole || inner == 0 || !len.is_multiple_of(inner) {
        return vec![len];
    }
    let mut shape = shape.to_vec();
    shape[axis] = len / inner;
    shape
}

/// Rows of output 0 of a call that can be computed apart, if there are more than one.
pub(super) fn rows(call: &Call) -> Option<usize> {
    let row = call.kernel.row().filter(|row| *row > 0)?;
    let rows = call.outputs.first()?.len / row;
    (rows > 1).then_some(rows)
}

/// Replaces call number `index` by calls that compute its output from row to row of `cuts`, which say where all but the
/// first begin. The results are the same to the bit. `false`, with the program as it was, where the call cannot be
/// divided there.
///
/// # Panics
/// If there is no such call.
pub fn divide(program: &mut Program, index: usize, cuts: &[usize]) -> bool {
    let call = &program.calls[index];
    let Some(count) = rows(call) else { return false };
    let bounds: Vec<usize> = [0].iter().chain(cuts).chain(&[count]).copied().collect();
    let parts: Option<Vec<Call>> = bounds.windows(2).map(|pair| part(call, pair[0]..pair[1])).collect();
    let Some(parts) = parts else { return false };
    replace(program, index..index + 1, parts);
    true
}

/// Puts calls in the place of others, and counts those that follow anew.
pub(super) fn replace(program: &mut Program, range: Range<usize>, calls: Vec<Call>) {
    let (from, to) = (range.len(), calls.len());
    let moved = |place: usize| if place >= range.end { place - from + to } else { place };
    for repetition in &mut program.repetitions {
        repetition.calls = moved(repetition.calls.start)..moved(repetition.calls.end);
    }
    if let Some(Training { inference, sums, .. }) = &mut program.training {
        *inference = moved(*inference);
        if let Some(sums) = sums {
            sums.calls = moved(sums.calls);
        }
    }
    program.calls.splice(range, calls);
}
