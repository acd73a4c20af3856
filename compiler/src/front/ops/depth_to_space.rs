use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::ir::primitives::{Reshape, Transpose};
use crate::ir::{OpError, op_error};

/// Moves channels into blocks of `blocksize` by `blocksize`. Opset 11 added `mode`, before it was `DCR`.
pub(super) const DEPTH_TO_SPACE: OperatorDef = OperatorDef {
    name: "DepthToSpace",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 28],
    limits: "",
    read: |cx| {
        let (b, [n, c, h, w]) = block(cx)?;
        let column_first = cx.attributes.choice("mode", &[("DCR", false), ("CRD", true)])?;
        let depth = c / (b * b);
        if depth * b * b != c {
            return Err(op_error(format!(
                "{c} channels do not divide into blocks of {b} by {b}"
            )));
        }
        let (split, perm) = if column_first {
            (vec![n, depth, b, b, h, w], vec![0, 1, 4, 2, 5, 3])
        } else {
            (vec![n, b, b, depth, h, w], vec![0, 3, 4, 1, 5, 2])
        };
        let x = cx.add(Reshape { shape: split }, &[cx.input(0)?])?;
        let x = cx.add(Transpose { perm }, &[x])?;
        Ok(vec![cx.add(
            Reshape {
                shape: vec![n, depth, h * b, w * b],
            },
            &[x],
        )?])
    },
};

/// The block size and the extents of an image.
pub(super) fn block(cx: &mut NodeContext<'_>) -> Result<(usize, [usize; 4]), OpError> {
    let ty = cx.ty(0)?;
    let size = cx.attributes.required_int("blocksize")?;
    let shape = <[usize; 4]>::try_from(ty.shape.as_slice())
        .map_err(|_| op_error(format!("the input must have 4 dimensions, it is {ty}")))?;
    match usize::try_from(size) {
        Ok(size) if (1..=1 << 16).contains(&size) => Ok((size, shape)),
        _ => Err(op_error(format!("attribute `blocksize` is {size}"))),
    }
}
