use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::indexing::numbers;
use crate::front::shared::normalization::cast;
use crate::ir::primitives::{Binary, BinaryOp, Reshape, Slice};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};

/// Locations for `GridSample`: those of the elements of an image, transformed by a matrix.
pub(super) const AFFINE_GRID: OperatorDef = OperatorDef {
    name: "AffineGrid",
    domain: Domain::Onnx,
    versions: &[20],
    limits: "`size` must be known at compile time",
    read: |cx| {
        let align_corners = cx.attributes.flag("align_corners", false)?;
        let (ty, size) = (cx.ty(0)?, cx.ints(1, "size")?);
        let extents: Option<Vec<usize>> = size.iter().map(|extent| usize::try_from(*extent).ok()).collect();
        let fits = |spatial: &[usize]| ty.shape[1..] == [spatial.len(), spatial.len() + 1];
        let spatial = match extents.as_deref() {
            Some([n, _, spatial @ ..]) if [2, 3].contains(&spatial.len()) && ty.shape.first() == Some(n) => spatial,
            _ => &[],
        };
        if spatial.is_empty() || ty.rank() != 3 || !fits(spatial) || !ty.dtype.is_float() {
            return Err(op_error(format!("matrices {ty} do not fit images of {size:?}"))
                .help("supported: [N, 2, 3] for images [N, C, H, W], [N, 3, 4] for images [N, C, D, H, W]"));
        }
        let computed = if ty.dtype == DType::F64 { DType::F64 } else { DType::F32 };
        let theta = cx.input(0)?;
        let theta = cast(cx, theta, computed)?;
        let axes = spatial.len();
        let mut y = column(cx, theta, axes)?;
        for (axis, len) in spatial.iter().enumerate() {
            let mut aligned = vec![1; axes + 2];
            aligned[axis + 1] = *len;
            let along = coordinates(computed, aligned, align_corners)?;
            let along = cx.add_constant(along);
            // Columns begin with the innermost axis.
            let factor = column(cx, theta, axes - 1 - axis)?;
            let term = cx.add(Binary::from(BinaryOp::Mul), &[factor, along])?;
            y = cx.add(Binary::from(BinaryOp::Add), &[y, term])?;
        }
        cast(cx, y, ty.dtype).map(|y| vec![y])
    },
};

/// Column `index` of all matrices, `[N, 1, .., axes]`.
fn column(cx: &mut NodeContext<'_>, theta: ValueId, index: usize) -> Result<ValueId, OpError> {
    let shape = cx.value_ty(theta).shape.clone();
    let column = cx.add(Slice::along(&shape, 2, index, 1), &[theta])?;
    let mut aligned = vec![1; shape[1] + 2];
    (aligned[0], aligned[shape[1] + 1]) = (shape[0], shape[1]);
    cx.add(Reshape { shape: aligned }, &[column])
}

/// Where the elements of an axis lie between -1 and 1; all but one of the dimensions are 1.
fn coordinates(dtype: DType, shape: Vec<usize>, align_corners: bool) -> Result<Tensor, OpError> {
    let twice = numbers(shape.iter().copied().fold(1, usize::saturating_mul), 2)?;
    let n = twice.len() as f64;
    let at = |twice: i64| match align_corners {
        // A single pixel is the first corner, as in ONNX's reference evaluator; other runtimes differ.
        true => twice as f64 / (n - 1.0).max(1.0) - 1.0,
        false => (twice as f64 + 1.0) / n - 1.0,
    };
    let bytes = twice
        .into_iter()
        .flat_map(|i| Tensor::scalar(dtype, at(i)).bytes.to_vec());
    Ok(Tensor::new(dtype, shape, bytes.collect()))
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::Tensor;

    #[test]
    fn corners() {
        let theta = || Given(Tensor::f32(&[1, 2, 3], &[1.0, 0.0, 0.5, 0.0, 2.0, 0.0]));
        let size = |size: &[i64]| Known(Tensor::i64(&[size.len()], size));
        let grid = |align, dims: &[i64]| {
            run(
                20,
                "AffineGrid",
                &[int("align_corners", align)],
                &[theta(), size(dims)],
                1,
            )
        };
        let edges = grid(0, &[1, 3, 1, 2]);
        assert_eq!(edges, Ok(vec![Tensor::f32(&[1, 1, 2, 2], &[0.0, 0.0, 1.0, 0.0])]));
        let centers = grid(1, &[1, 3, 2, 2]);
        let expected = [-0.5, -2.0, 1.5, -2.0, -0.5, 2.0, 1.5, 2.0];
        assert_eq!(centers, Ok(vec![Tensor::f32(&[1, 2, 2, 2], &expected)]));
        for wrong in [&[2, 1, 1, 1][..], &[1, 1, 1], &[1, 1, 1, 1, 1], &[1, 1, -1, 1], &[]] {
            assert!(grid(0, wrong).is_err_and(|e| e.contains("do not fit")), "{wrong:?}");
        }
    }
}
