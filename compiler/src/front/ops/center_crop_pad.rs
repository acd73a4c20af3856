use crate::front::node::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::ir::primitives::{Pad, PadMode, Slice};

/// The middle of a tensor, or the tensor in the middle of zeros, along each of `axes`.
pub(super) const CENTER_CROP_PAD: OperatorDef = OperatorDef {
    name: "CenterCropPad",
    domain: Domain::Onnx,
    versions: &[18],
    limits: "`shape` must be known at compile time",
    read: |cx| {
        let (ty, wanted) = (cx.ty(0)?, cx.ints(1, "shape")?);
        let axes = match cx.attributes.ints("axes")? {
            Some(axes) => ty.axes(&axes)?,
            None => (0..ty.rank()).collect(),
        };
        let extents: Option<Vec<usize>> = wanted.iter().map(|extent| usize::try_from(*extent).ok()).collect();
        let extents = extents.filter(|extents| extents.len() == axes.len());
        let extents = extents.ok_or_else(|| op_error(format!("`shape` is {wanted:?} for axes {axes:?} of {ty}")))?;
        let zeros = vec![0; ty.rank()];
        let mut slice = Slice {
            starts: zeros.clone(),
            steps: vec![1; ty.rank()],
            lens: ty.shape.clone(),
        };
        let mut pad = Pad {
            begins: zeros.clone(),
            ends: zeros.clone(),
            mode: PadMode::Constant,
        };
        for (axis, wanted) in axes.into_iter().zip(extents) {
            let extent = ty.shape[axis];
            slice.lens[axis] = extent.min(wanted);
            slice.starts[axis] = extent.saturating_sub(wanted) / 2;
            let added = wanted.saturating_sub(extent);
            (pad.begins[axis], pad.ends[axis]) = (added / 2, added.div_ceil(2));
        }
        let mut x = cx.input(0)?;
        if !slice.is_whole(&ty.shape) {
            x = cx.add(slice, &[x])?;
        }
        if pad.begins != zeros || pad.ends != zeros {
            let zero = cx.scalar(ty.dtype, 0.0);
            x = cx.add(pad, &[x, zero])?;
        }
        Ok(vec![x])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, ints, run};
    use crate::ir::Tensor;

    #[test]
    fn odd_differences() {
        let x = || Given(Tensor::i32(&[2, 4], &[1, 2, 3, 4, 5, 6, 7, 8]));
        let crop = |axes: &[i64], shape: &[i64]| {
            let shape = Known(Tensor::i64(&[shape.len()], shape));
            run(18, "CenterCropPad", &[ints("axes", axes)], &[x(), shape], 1)
        };
        assert_eq!(crop(&[-1], &[1]), Ok(vec![Tensor::i32(&[2, 1], &[2, 6])]));
        assert_eq!(
            crop(&[1, 0], &[2, 3]),
            Ok(vec![Tensor::i32(&[3, 2], &[2, 3, 6, 7, 0, 0])])
        );
        for (axes, shape) in [(&[0][..], &[1, 1][..]), (&[0, 0], &[1, 1]), (&[0], &[-1])] {
            assert!(crop(axes, shape).is_err(), "{axes:?} {shape:?}");
        }
    }
}
