use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::ir::primitives::{Pad, PadMode, Slice};
use crate::ir::{OpError, ValueId, op_error};

/// Surrounds a tensor with elements, or cuts some off where `pads` is negative. Pads and value are attributes before
/// opset 11; 18 added `axes` and 19 the mode `wrap`.
pub(super) const PAD: OperatorDef = OperatorDef {
    name: "Pad",
    domain: Domain::Onnx,
    versions: &[1, 2, 11, 13, 18, 19, 21, 23, 24, 25],
    limits: "`pads` and `axes` must be known at compile time",
    read: |cx| {
        let mode = cx.attributes.choice(
            "mode",
            &[
                ("constant", PadMode::Constant),
                ("reflect", PadMode::Reflect),
                ("edge", PadMode::Edge),
                ("wrap", PadMode::Wrap),
            ],
        )?;
        let name = if cx.opset() < 2 { "paddings" } else { "pads" };
        let pads = cx
            .ints_of(1, name)?
            .ok_or_else(|| op_error(format!("`{name}` is missing")))?;
        let axes = if cx.has(3) { Some(cx.ints(3, "axes")?) } else { None };
        let value = if cx.opset() < 11 {
            Some(cx.attributes.float("value", 0.0)?)
        } else {
            None
        };
        let (begins, ends) = resolve(&cx.ty(0)?, &pads, axes.as_deref())?;
        let x = cropped(cx, &begins, &ends)?;
        let added = |pads: Vec<i64>| pads.into_iter().map(|pad| pad.max(0) as usize).collect::<Vec<_>>();
        let pad = Pad {
            begins: added(begins),
            ends: added(ends),
            mode,
        };
        if pad.begins.iter().chain(&pad.ends).all(|pad| *pad == 0) {
            return Ok(vec![x]);
        }
        if mode != PadMode::Constant {
            return Ok(vec![cx.add(pad, &[x])?]);
        }
        let dtype = cx.ty(0)?.dtype;
        let value = if cx.has(2) {
            cx.input(2)?
        } else {
            cx.scalar(dtype, value.unwrap_or(0.0).into())
        };
        Ok(vec![cx.add(pad, &[x, value])?])
    },
};

/// Elements to add before and after each dimension.
fn resolve(ty: &crate::ir::TensorType, pads: &[i64], axes: Option<&[i64]>) -> Result<(Vec<i64>, Vec<i64>), OpError> {
    let axes = axes.map_or_else(|| Ok((0..ty.rank()).collect()), |axes| ty.axes(axes))?;
    if pads.len() != 2 * axes.len() {
        return Err(
            op_error(format!("`pads` holds {} numbers for {} axes", pads.len(), axes.len()))
                .help("give a begin for every axis, then an end for every axis"),
        );
    }
    let (mut begins, mut ends) = (vec![0; ty.rank()], vec![0; ty.rank()]);
    for (i, axis) in axes.iter().enumerate() {
        (begins[*axis], ends[*axis]) = (pads[i], pads[axes.len() + i]);
    }
    Ok((begins, ends))
}

/// The input without what negative pads cut off.
fn cropped(cx: &mut NodeContext<'_>, begins: &[i64], ends: &[i64]) -> Result<ValueId, OpError> {
    let (x, ty) = (cx.input(0)?, cx.ty(0)?);
    if begins.iter().chain(ends).all(|pad| *pad >= 0) {
        return Ok(x);
    }
    let mut slice = Slice {
        starts: vec![0; ty.rank()],
        steps: vec![1; ty.rank()],
        lens: vec![],
    };
    for (axis, dim) in ty.shape.iter().enumerate() {
        let [start, cut] = [begins, ends].map(|pads| {
            if pads[axis] < 0 {
                pads[axis].unsigned_abs() as usize
            } else {
                0
            }
        });
        let len = dim.checked_sub(start).and_then(|left| left.checked_sub(cut));
        slice.starts[axis] = start;
        slice
            .lens
            .push(len.ok_or_else(|| op_error(format!("`pads` cuts more off axis {axis} than {ty} has")))?);
    }
    cx.add(slice, &[x])
}

#[cfg(test)]
mod tests {
    use super::resolve;
    use crate::front::testing::{Absent, Given, Known, float, ints, run, text};
    use crate::ir::Tensor;
    use crate::ir::{DType, TensorType};

    #[test]
    fn pads_of_axes() {
        let ty = TensorType::new(DType::F32, [2, 3, 4]);
        assert_eq!(
            resolve(&ty, &[0, 1, 2, 3, 4, -5], None),
            Ok((vec![0, 1, 2], vec![3, 4, -5]))
        );
        assert_eq!(
            resolve(&ty, &[1, 2, 3, 4], Some(&[-1, 0])),
            Ok((vec![2, 0, 1], vec![4, 0, 3]))
        );
        assert!(resolve(&ty, &[1, 2], None).is_err());
        assert!(resolve(&ty, &[1, 2, 3, 4], Some(&[0, -3])).is_err(), "an axis twice");
    }

    #[test]
    fn pads_move_from_attributes_to_inputs() {
        let x = || Given(Tensor::f32(&[3], &[1.0, 2.0, 3.0]));
        let pads = |begin, end| Known(Tensor::i64(&[2], &[begin, end]));
        let old = run(9, "Pad", &[ints("pads", &[2, -1]), float("value", 7.0)], &[x()], 1);
        let new = run(11, "Pad", &[], &[x(), pads(2, -1), Given(Tensor::f32(&[], &[7.0]))], 1);
        assert_eq!(old, Ok(vec![Tensor::f32(&[4], &[7.0, 7.0, 1.0, 2.0])]));
        let oldest = run(1, "Pad", &[ints("paddings", &[2, -1]), float("value", 7.0)], &[x()], 1);
        assert_eq!(oldest, old);
        assert_eq!(new, old);
        let axes = Known(Tensor::i64(&[1], &[-1]));
        let edge = run(18, "Pad", &[text("mode", "edge")], &[x(), pads(1, 1), Absent, axes], 1);
        assert_eq!(edge, Ok(vec![Tensor::f32(&[5], &[1.0, 1.0, 2.0, 3.0, 3.0])]));
        let cropped = run(19, "Pad", &[text("mode", "wrap")], &[x(), pads(-1, 3)], 1);
        assert_eq!(cropped, Ok(vec![Tensor::f32(&[5], &[2.0, 3.0, 2.0, 3.0, 2.0])]));
        assert!(run(11, "Pad", &[], &[x(), pads(-2, -2)], 1).is_err_and(|e| e.contains("cuts more")));
        assert!(run(11, "Pad", &[text("mode", "mirror")], &[x(), pads(1, 1)], 1).is_err_and(|e| e.contains("mirror")));
    }
}
