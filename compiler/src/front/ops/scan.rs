use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::rolled::{self, Element, Looped};
use crate::front::shared::{control, distances};
use crate::ir::primitives::{Expand, Slice, Transpose};
use crate::ir::{OpError, ValueId, op_error};

/// A sub-graph that is run for each element along an axis of its inputs: each iteration is written out. Opset 8 has a
/// batch besides, each sample of which is scanned by itself.
pub(super) const SCAN: OperatorDef = OperatorDef {
    name: "Scan",
    domain: Domain::Onnx,
    versions: &[8, 9, 11, 16, 19, 21, 23, 24, 25],
    limits: "unrolled, except steps of recurrent layers and squared distances of rows; in opset 8 \
             `sequence_lens` must be known at compile time",
    read: |cx| {
        let batched = cx.opset() < 9;
        let first = usize::from(batched);
        let count = cx.attributes.required_int("num_scan_inputs")?;
        let states = usize::try_from(count)
            .ok()
            .filter(|count| *count > 0)
            .and_then(|count| cx.input_count().checked_sub(count + first));
        let Some(states) = states else {
            return Err(op_error(format!(
                "attribute `num_scan_inputs` is {count} for {} inputs",
                cx.input_count()
            )));
        };
        let inputs = (first..cx.input_count())
            .map(|i| cx.input(i))
            .collect::<Result<Vec<_>, _>>()?;
        let (state, inputs) = inputs.split_at(states);
        if batched {
            over_batch(cx, state, inputs)
        } else {
            over_axes(cx, state, inputs)
        }
    },
};

/// A tensor that is scanned.
struct Input {
    value: ValueId,
    axis: usize,
    backward: bool,
}

/// States after the last iteration, and for each scan output its elements, in order of the iterations.
struct Scanned {
    state: Vec<ValueId>,
    elements: Vec<Vec<ValueId>>,
}

/// Whether each of `count` directions that attribute `name` gives is backward.
fn directions(cx: &mut NodeContext<'_>, name: &'static str, count: usize) -> Result<Vec<bool>, OpError> {
    let given = cx.attributes.ints(name)?.unwrap_or_else(|| vec![0; count]);
    if given.len() != count || given.iter().any(|direction| !matches!(direction, 0 | 1)) {
        return Err(op_error(format!(
            "attribute `{name}` is {given:?}, it must be {count} times 0 or 1"
        )));
    }
    Ok(given.into_iter().map(|direction| direction == 1).collect())
}

fn axes(cx: &mut NodeContext<'_>, name: &'static str, count: usize) -> Result<Vec<i64>, OpError> {
    let axes = cx.attributes.ints(name)?.unwrap_or_else(|| vec![0; count]);
    if axes.len() == count {
        return Ok(axes);
    }
    Err(op_error(format!(
        "attribute `{name}` has {} axes for {count} tensors",
        axes.len()
    )))
}

/// Runs the body for the first `steps` elements.
fn scan(cx: &mut NodeContext<'_>, state: &[ValueId], inputs: &[Input], steps: usize) -> Result<Scanned, OpError> {
    let mut scanned = Scanned {
        state: state.to_vec(),
        elements: vec![],
    };
    for step in 0..steps {
        control::bound(step as u64)?;
        let mut given = scanned.state.clone();
        for input in inputs {
            let index = if input.backward { steps - 1 - step } else { step };
            given.push(control::element(cx, input.value, input.axis, index)?);
        }
        let (state, elements) = body(cx, &given, scanned.state.len())?;
        scanned.state = state;
        scanned.elements.resize(elements.len(), vec![]);
        scanned
            .elements
            .iter_mut()
            .zip(elements)
            .for_each(|(all, element)| all.push(element));
    }
    Ok(scanned)
}

fn body(cx: &mut NodeContext<'_>, given: &[ValueId], states: usize) -> Result<(Vec<ValueId>, Vec<ValueId>), OpError> {
    let mut outputs = cx.subgraph("body", given)?;
    if outputs.len() < states {
        return Err(op_error(format!(
            "the body gives {} outputs for {states} states",
            outputs.len()
        )));
    }
    let elements = outputs.split_off(states);
    Ok((outputs, elements))
}

/// A tensor of the type of the elements of `input`.
fn like_element(cx: &mut NodeContext<'_>, input: &Input) -> Result<ValueId, OpError> {
    let ty = cx.value_ty(input.value);
    let (dtype, mut shape) = (ty.dtype, ty.shape.clone());
    shape.remove(input.axis);
    let zero = cx.scalar(dtype, 0.0);
    cx.add(Expand { shape }, &[zero])
}

/// The size that all inputs have along their axes.
fn steps(cx: &NodeContext<'_>, inputs: &[Input]) -> Result<usize, OpError> {
    let sizes: Vec<usize> = inputs
        .iter()
        .map(|input| cx.value_ty(input.value).shape[input.axis])
        .collect();
    match sizes[..] {
        [first, ..] if sizes.iter().all(|size| *size == first) => Ok(first),
        _ => Err(op_error(format!("the scanned axes differ in size: {sizes:?}"))),
    }
}

fn over_axes(cx: &mut NodeContext<'_>, state: &[ValueId], inputs: &[ValueId]) -> Result<Vec<ValueId>, OpError> {
    let backward = directions(cx, "scan_input_directions", inputs.len())?;
    let axes_in = axes(cx, "scan_input_axes", inputs.len())?;
    let mut scanned_inputs = vec![];
    for ((value, axis), backward) in inputs.iter().zip(axes_in).zip(backward) {
        let (value, axis) = (*value, cx.value_ty(*value).axis(axis)?);
        scanned_inputs.push(Input { value, axis, backward });
    }
    let steps = steps(cx, &scanned_inputs)?;
    if let ([rows], [points]) = (state, &scanned_inputs[..])
        && (points.axis, points.backward) == (0, false)
        && directions(cx, "scan_output_directions", 1).is_ok_and(|backward| !backward[0])
        && axes(cx, "scan_output_axes", 1).is_ok_and(|axes| axes == [0])
        && let Some(distances) = distances::scanned(cx, *rows, points.value)?
    {
        return Ok(vec![*rows, distances]);
    }
    if let Some(results) = layer(cx, state, &scanned_inputs, steps)? {
        return Ok(results);
    }
    let mut scanned = scan(cx, state, &scanned_inputs, steps)?;
    if steps == 0 {
        // Only the types of what it gives are of use.
        let elements = scanned_inputs
            .iter()
            .map(|input| like_element(cx, input))
            .collect::<Result<Vec<_>, _>>()?;
        let (_, elements) = body(cx, &[state, &elements].concat(), state.len())?;
        scanned.elements = elements.into_iter().map(|element| vec![element]).collect();
    }
    let count = scanned.elements.len();
    let backward = directions(cx, "scan_output_directions", count)?;
    let axes_out = axes(cx, "scan_output_axes", count)?;
    let mut outputs = scanned.state;
    for ((mut elements, axis), backward) in scanned.elements.into_iter().zip(axes_out).zip(backward) {
        let axis = control::axis(axis, cx.value_ty(elements[0]).rank() + 1)?;
        if backward {
            elements.reverse();
        }
        outputs.push(match steps {
            0 => control::stacked_none(cx, elements[0], axis),
            _ => control::stacked(cx, &elements, axis)?,
        });
    }
    Ok(outputs)
}

/// The results of a scan that is a recurrent layer.
fn layer(
    cx: &mut NodeContext<'_>,
    state: &[ValueId],
    inputs: &[Input],
    steps: usize,
) -> Result<Option<Vec<ValueId>>, OpError> {
    let element = |input: &Input| Element {
        value: input.value,
        axis: input.axis,
        start: if input.backward { steps as i64 - 1 } else { 0 },
        step: if input.backward { -1 } else { 1 },
    };
    let looped = Looped {
        is_loop: false,
        states: state,
        scanned: &inputs.iter().map(element).collect::<Vec<_>>(),
        trips: steps,
        may_end: false,
    };
    let Some(mut results) = rolled::recurrent(cx, &looped)? else {
        return Ok(None);
    };
    let stacks = &mut results[state.len()..];
    let backward = directions(cx, "scan_output_directions", stacks.len())?;
    let axes_out = axes(cx, "scan_output_axes", stacks.len())?;
    for ((stack, axis), backward) in stacks.iter_mut().zip(axes_out).zip(backward) {
        let shape = cx.value_ty(*stack).shape.clone();
        let axis = control::axis(axis, shape.len())?;
        if backward {
            let mut slice = Slice::along(&shape, 0, steps - 1, steps);
            slice.steps[0] = -1;
            *stack = cx.add(slice, &[*stack])?;
        }
        if axis != 0 {
            let mut perm: Vec<usize> = (1..shape.len()).collect();
            perm.insert(axis, 0);
            *stack = cx.add(Transpose { perm }, &[*stack])?;
        }
    }
    Ok(Some(results))
}

/// Scans each sample along its first dimension; where a sequence is shorter than the others, zeros follow.
fn over_batch(cx: &mut NodeContext<'_>, state: &[ValueId], inputs: &[ValueId]) -> Result<Vec<ValueId>, OpError> {
    let backward = directions(cx, "directions", inputs.len())?;
    let both: Vec<ValueId> = [state, inputs].concat();
    let batch = cx.value_ty(inputs[0]).shape.first().copied().unwrap_or(0);
    if let Some(odd) = both
        .iter()
        .map(|value| cx.value_ty(*value))
        .find(|ty| ty.shape.first() != Some(&batch))
    {
        return Err(op_error(format!("{odd} is no batch of {batch}")));
    }
    if inputs.iter().any(|input| cx.value_ty(*input).rank() < 2) || batch == 0 {
        return Err(op_error(
            "the scanned inputs must have a batch, of at least one, and a sequence",
        ));
    }
    let longest = cx.value_ty(inputs[0]).shape[1];
    let lengths = match cx.has(0) {
        true => cx.ints(0, "sequence_lens")?,
        false => vec![longest as i64; batch],
    };
    let mut samples: Vec<Vec<ValueId>> = vec![];
    for sample in 0..batch {
        let length = lengths.get(sample).and_then(|length| usize::try_from(*length).ok());
        let Some(length) = length.filter(|length| (1..=longest).contains(length)) else {
            return Err(op_error(format!(
                "`sequence_lens` is {lengths:?} for sequences of {longest}"
            )));
        };
        let state = state
            .iter()
            .map(|value| control::element(cx, *value, 0, sample))
            .collect::<Result<Vec<_>, _>>()?;
        let mut own = vec![];
        for (value, backward) in inputs.iter().zip(&backward) {
            let (value, backward) = (control::element(cx, *value, 0, sample)?, *backward);
            own.push(Input {
                value,
                axis: 0,
                backward,
            });
        }
        if steps(cx, &own)? != longest {
            return Err(op_error("the sequences differ in length"));
        }
        let mut scanned = scan(cx, &state, &own, length)?;
        for elements in scanned.elements.iter_mut() {
            if length < longest {
                let ty = cx.value_ty(elements[0]).clone();
                let zero = cx.scalar(ty.dtype, 0.0);
                let zeros = cx.add(Expand { shape: ty.shape }, &[zero])?;
                elements.resize(longest, zeros);
            }
            let stack = control::stacked(cx, elements, 0)?;
            scanned.state.push(stack);
        }
        samples.push(scanned.state);
    }
    let outputs = samples[0].len();
    let of_output = |i: usize| samples.iter().map(|sample| sample[i]).collect::<Vec<_>>();
    (0..outputs).map(|i| control::stacked(cx, &of_output(i), 0)).collect()
}

#[cfg(test)]
mod tests {
    use crate::front::proto::AttributeProto;
    use crate::front::testing::{Absent, Given, Known, int, ints, run, subgraph};
    use crate::ir::Tensor;

    /// Adds the element to the state, which it also gives as scan output.
    fn sum() -> AttributeProto {
        subgraph("body", &[("Add", &["s", "e"], &["t"])], &[], [&["s", "e"], &["t", "t"]])
    }

    #[test]
    fn axes_and_directions() {
        let x = Given(Tensor::f32(&[2, 3], &[1.0, 2.0, 3.0, 10.0, 20.0, 30.0]));
        let attributes = [
            sum(),
            int("num_scan_inputs", 1),
            ints("scan_input_axes", &[-1]),
            ints("scan_input_directions", &[1]),
            ints("scan_output_axes", &[1]),
            ints("scan_output_directions", &[1]),
        ];
        let y = run(11, "Scan", &attributes, &[Known(Tensor::f32(&[2], &[0.0; 2])), x], 2);
        let expected = [
            Tensor::f32(&[2], &[6.0, 60.0]),
            Tensor::f32(&[2, 3], &[6.0, 5.0, 3.0, 60.0, 50.0, 30.0]),
        ];
        assert_eq!(y, Ok(expected.to_vec()));
    }

    #[test]
    fn nothing_to_scan() {
        let x = Given(Tensor::f32(&[0, 2], &[]));
        let attributes = [sum(), int("num_scan_inputs", 1)];
        let y = run(16, "Scan", &attributes, &[Given(Tensor::f32(&[2], &[1.0, 2.0])), x], 2);
        assert_eq!(y, Ok(vec![Tensor::f32(&[2], &[1.0, 2.0]), Tensor::f32(&[0, 2], &[])]));
    }

    #[test]
    fn distances_to_many_points() {
        let nodes: &[(&str, &[&str], &[&str])] = &[
            ("Identity", &["s"], &["t"]),
            ("Sub", &["s", "e"], &["d"]),
            ("ReduceSumSquare", &["d"], &["q"]),
            ("Identity", &["q"], &["y"]),
        ];
        let mut body = subgraph("body", nodes, &[], [&["s", "e"], &["t", "y"]]);
        let sums = body.g.as_mut().map(|graph| &mut graph.node[2].attribute);
        sums.into_iter()
            .for_each(|sums| sums.extend([ints("axes", &[1]), int("keepdims", 0)]));
        // More points than iterations that would be written out.
        let points: Vec<f32> = (0..10_000).map(|i| i as f32).collect();
        let rows = || Tensor::f32(&[2, 2], &[0.0, 1.0, 2.0, 1.0]);
        let operands = [Given(rows()), Known(Tensor::f32(&[5000, 2], &points))];
        let y = run(16, "Scan", &[body, int("num_scan_inputs", 1)], &operands, 2).unwrap_or_default();
        assert_eq!((y[0].clone(), y[1].shape.clone()), (rows(), vec![5000, 2]));
        assert_eq!(y[1].to_f64()[..4], [0.0, 4.0, 8.0, 4.0]);
    }

    #[test]
    fn samples_of_opset_8() {
        let x = || Given(Tensor::f32(&[2, 3], &[1.0, 2.0, 3.0, 10.0, 20.0, 30.0]));
        let zeros = || Known(Tensor::f32(&[2], &[0.0; 2]));
        let attributes = [sum(), int("num_scan_inputs", 1), ints("directions", &[1])];
        let lengths = Known(Tensor::i64(&[2], &[3, 2]));
        let y = run(8, "Scan", &attributes, &[lengths, zeros(), x()], 2);
        let expected = [
            Tensor::f32(&[2], &[6.0, 30.0]),
            Tensor::f32(&[2, 3], &[3.0, 5.0, 6.0, 20.0, 30.0, 0.0]),
        ];
        assert_eq!(y, Ok(expected.to_vec()));
        let whole = run(8, "Scan", &attributes, &[Absent, zeros(), x()], 2);
        assert!(whole.is_ok_and(|y| y[0] == Tensor::f32(&[2], &[6.0, 60.0])));
    }
}
