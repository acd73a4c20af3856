use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::indexing::{Slices, numbers, scattered};
use crate::ir::primitives::{Binary, BinaryOp, Expand, Locate, Reshape, row_major_strides};
use crate::ir::{DType, OpError, Tensor, TensorType, ValueId, op_error};

/// Writes rows into a cache along `axis`, for each batch from another index on.
pub(super) const TENSOR_SCATTER: OperatorDef = OperatorDef {
    name: "TensorScatter",
    domain: Domain::Onnx,
    versions: &[24],
    limits: "",
    read: |cx| {
        let (cache, update) = (cx.ty(0)?, cx.ty(1)?);
        let axis = cx.attributes.int("axis", -2)?;
        let axis = cache.axis(axis)?;
        let circular = cx.attributes.choice("mode", &[("linear", false), ("circular", true)])?;
        let fits = |(i, (size, written)): (usize, (&usize, &usize))| written == size || i == axis && written < size;
        let mut sizes = cache.shape.iter().zip(&update.shape).enumerate();
        if axis == 0 || cache.rank() != update.rank() || !sizes.all(fits) {
            return Err(op_error(format!(
                "{update} does not fit into {cache} along axis {axis}"
            )));
        }
        let places = places(cx, &cache, &update.shape[..=axis], circular)?;
        let slices = Slices {
            places,
            shape: cache.shape[axis + 1..].to_vec(),
        };
        scattered(cx, slices, 1, None)
    },
};

/// Which row of the cache each written row is, given the shape of the written rows.
fn places(cx: &mut NodeContext<'_>, cache: &TensorType, written: &[usize], circular: bool) -> Result<ValueId, OpError> {
    let axis = written.len() - 1;
    let (rows, batches) = (written[axis], written[0]);
    let mut index = cx.add_constant(Tensor::i64(&[rows], &numbers(rows, 1)?));
    let mut aligned = vec![1; written.len()];
    if cx.has(2) {
        if cx.ty(2)?.shape != [batches] {
            return Err(op_error(format!(
                "`write_indices` is {}, it must be [{batches}]",
                cx.ty(2)?
            )));
        }
        aligned[0] = batches;
        let first = cx.input(2)?;
        let first = cx.add(Reshape { shape: aligned }, &[first])?;
        index = cx.add(Binary::from(BinaryOp::Add), &[first, index])?;
    }
    if circular {
        let size = cx.scalar(DType::I64, cache.shape[axis] as f64);
        index = cx.add(Binary::from(BinaryOp::Mod), &[index, size])?;
    }
    let index = cx.add(
        Expand {
            shape: written.to_vec(),
        },
        &[index],
    )?;
    let mut strides = row_major_strides(&cache.shape[..=axis]);
    strides[axis] = 0;
    let locate = Locate {
        dims: written.to_vec(),
        strides,
        axes: vec![cache.shape[axis]],
        steps: vec![1],
    };
    cx.add(locate, &[index])
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run, text};
    use crate::ir::Tensor;

    #[test]
    fn linear_and_circular() {
        let cache = || Given(Tensor::f32(&[2, 3, 1], &[0.0; 6]));
        let update = || Given(Tensor::f32(&[2, 2, 1], &[1.0, 2.0, 3.0, 4.0]));
        let first = || Given(Tensor::i64(&[2], &[1, 2]));
        let circular = run(
            24,
            "TensorScatter",
            &[text("mode", "circular")],
            &[cache(), update(), first()],
            1,
        );
        assert_eq!(
            circular,
            Ok(vec![Tensor::f32(&[2, 3, 1], &[0.0, 1.0, 2.0, 4.0, 0.0, 3.0])])
        );
        let prefill = run(24, "TensorScatter", &[int("axis", 1)], &[cache(), update()], 1);
        assert_eq!(
            prefill,
            Ok(vec![Tensor::f32(&[2, 3, 1], &[1.0, 2.0, 0.0, 3.0, 4.0, 0.0])])
        );
        for axis in [0, 2] {
            let wrong = run(
                24,
                "TensorScatter",
                &[int("axis", axis)],
                &[cache(), update(), first()],
                1,
            );
            assert!(wrong.is_err_and(|e| e.contains("does not fit")), "{axis}");
        }
    }
}
