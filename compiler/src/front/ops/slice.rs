use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::ir::primitives::Slice;
use crate::ir::{OpError, op_error};

/// Elements from `starts` to `ends` along `axes`, in `steps`. Attributes, without steps, before opset 10.
pub(super) const SLICE: OperatorDef = OperatorDef {
    name: "Slice",
    domain: Domain::Onnx,
    versions: &[1, 10, 11, 13],
    limits: "all operands but the data must be known at compile time",
    read: |cx| {
        let ty = cx.ty(0)?;
        let starts = required(cx, 1, "starts")?;
        let ends = required(cx, 2, "ends")?;
        let axes = match cx.ints_of(3, "axes")? {
            Some(axes) => ty.axes(&axes)?,
            None => (0..starts.len()).collect(),
        };
        let steps = if cx.has(4) {
            cx.ints(4, "steps")?
        } else {
            vec![1; starts.len()]
        };
        if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] || starts.len() > ty.rank() {
            return Err(op_error(format!(
                "{} starts, {} ends, {} axes and {} steps do not slice {ty}",
                starts.len(),
                ends.len(),
                axes.len(),
                steps.len()
            )));
        }
        let whole = vec![0; ty.rank()];
        let mut slice = Slice {
            starts: whole,
            steps: vec![1; ty.rank()],
            lens: ty.shape.clone(),
        };
        for (i, axis) in axes.into_iter().enumerate() {
            let (start, step, len) = resolve(ty.shape[axis], starts[i], ends[i], steps[i])?;
            (slice.starts[axis], slice.steps[axis], slice.lens[axis]) = (start, step, len);
        }
        if slice.is_whole(&ty.shape) {
            return Ok(vec![cx.input(0)?]);
        }
        cx.op(slice, &[0])
    },
};

fn required(cx: &mut NodeContext<'_>, index: usize, name: &'static str) -> Result<Vec<i64>, OpError> {
    cx.ints_of(index, name)?
        .ok_or_else(|| op_error(format!("`{name}` is missing")))
}

/// First element, step and number of elements of a dimension: as Python slices, but backwards from before the first
/// element is from the first.
fn resolve(dim: usize, start: i64, end: i64, step: i64) -> Result<(usize, isize, usize), OpError> {
    let dim = dim as i64;
    let from_front = |at: i64| if at < 0 { at.saturating_add(dim) } else { at };
    let (start, end) = (from_front(start), from_front(end));
    let (start, end) = match step {
        0 => return Err(op_error("a step is 0")),
        _ if dim == 0 => (0, 0),
        1.. => (start.clamp(0, dim), end.clamp(0, dim)),
        _ => (start.min(dim - 1).max(0), end.min(dim - 1).max(-1)),
    };
    let way = if step > 0 { end - start } else { start - end };
    let len = u64::try_from(way).unwrap_or(0).div_ceil(step.unsigned_abs()) as usize;
    // A step past the end is never taken.
    let step = if len <= 1 { 1 } else { step as isize };
    Ok((if len == 0 { 0 } else { start as usize }, step, len))
}

#[cfg(test)]
mod tests {
    use super::resolve;
    use crate::front::testing::{Given, Known, ints, run};
    use crate::ir::Tensor;

    #[test]
    fn as_python_slices() {
        assert_eq!(resolve(10, 1, 8, 3), Ok((1, 3, 3)));
        assert_eq!(resolve(10, -1, i64::MIN, -1), Ok((9, -1, 10)));
        assert_eq!(resolve(10, 8, -11, -3), Ok((8, -3, 3)));
        assert_eq!(resolve(10, 0, i64::MAX, i64::MAX), Ok((0, 1, 1)));
        assert_eq!(resolve(10, 9, 0, i64::MIN), Ok((9, 1, 1)));
        assert_eq!(resolve(10, 20, 30, 1), Ok((0, 1, 0)));
        // Python begins before the first element and takes none.
        assert_eq!(resolve(10, -30, -20, -1), Ok((0, 1, 1)));
        assert_eq!(resolve(10, -30, 2, 1), Ok((0, 1, 2)));
        assert_eq!(resolve(0, 0, i64::MAX, -1), Ok((0, 1, 0)));
        assert!(resolve(10, 0, 1, 0).is_err());
    }

    #[test]
    fn operands_move_from_attributes_to_inputs() {
        let x = || Given(Tensor::f32(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        let attributes = [ints("starts", &[1]), ints("ends", &[i64::MAX]), ints("axes", &[1])];
        let known = |v: i64| Known(Tensor::i64(&[1], &[v]));
        let old = run(9, "Slice", &attributes, &[x()], 1);
        let new = run(10, "Slice", &[], &[x(), known(1), known(9), known(-1)], 1);
        assert_eq!(old, Ok(vec![Tensor::f32(&[2, 2], &[2.0, 3.0, 5.0, 6.0])]));
        assert_eq!(new, old);
        let back = run(
            13,
            "Slice",
            &[],
            &[x(), known(-1), known(i64::MIN), known(1), known(-2)],
            1,
        );
        assert_eq!(back, Ok(vec![Tensor::f32(&[2, 2], &[3.0, 1.0, 6.0, 4.0])]));
        let unknown = run(13, "Slice", &[], &[x(), Given(Tensor::i64(&[1], &[1])), known(2)], 1);
        assert!(unknown.is_err_and(|e| e.contains("`starts`") && e.contains("must be known at compile time")));
    }
}
