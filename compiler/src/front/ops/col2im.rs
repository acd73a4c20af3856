use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::front::shared::window;
use crate::ir::primitives::{Col2Im, Window};
use crate::ir::{DType, OpError, op_error};

/// Images from their blocks, which are added up where they overlap.
pub(super) const COL2IM: OperatorDef = OperatorDef {
    name: "Col2Im",
    domain: Domain::Onnx,
    versions: &[18],
    limits: "float16 and bfloat16 are added up in float32",
    read: |cx| {
        let (image, kernel) = (extents(cx, 1, "image_shape")?, extents(cx, 2, "block_shape")?);
        let rank = kernel.len();
        let window = Window {
            strides: window::sizes(cx, "strides", rank, 1, 1)?,
            dilations: window::sizes(cx, "dilations", rank, 1, 1)?,
            pads: window::sizes(cx, "pads", 2 * rank, 0, 0)?,
            kernel,
        };
        let (x, dtype) = (cx.input(0)?, cx.ty(0)?.dtype);
        // Sums of integers wrap alike in every type; one of booleans is whether any of them is true.
        let sums = match dtype {
            DType::F64 => DType::F64,
            dtype if dtype.is_float() => DType::F32,
            _ => DType::I64,
        };
        let x = cast(cx, x, sums)?;
        let y = cx.add(Col2Im { window, image }, &[x])?;
        Ok(vec![cast(cx, y, dtype)?])
    },
};

/// Positive integers of an input.
fn extents(cx: &NodeContext<'_>, index: usize, name: &str) -> Result<Vec<usize>, OpError> {
    let values = cx.ints(index, name)?;
    let extents: Option<Vec<usize>> = values
        .iter()
        .map(|v| usize::try_from(*v).ok().filter(|v| (1..=i32::MAX as usize).contains(v)))
        .collect();
    extents.ok_or_else(|| {
        op_error(format!("input `{name}` is {values:?}")).help("supported: numbers from 1 up, less than 2^31")
    })
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, ints, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn blocks_of_any_type() {
        let shape = |dims: &[i64]| Known(Tensor::i64(&[dims.len()], dims));
        let blocks = |x: Tensor| run(18, "Col2Im", &[], &[Given(x), shape(&[3]), shape(&[2])], 1);
        let x = Tensor::f32(&[1, 2, 2], &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(blocks(x), Ok(vec![Tensor::f32(&[1, 1, 3], &[1.0, 5.0, 4.0])]));
        let x = Tensor::new(DType::U8, vec![1, 2, 2], vec![1, 200, 100, 4]);
        assert_eq!(
            blocks(x),
            Ok(vec![Tensor::new(DType::U8, vec![1, 1, 3], vec![1, 44, 4])])
        );
        let x = Tensor::new(DType::Bool, vec![1, 2, 2], vec![0, 1, 1, 0]);
        assert_eq!(
            blocks(x),
            Ok(vec![Tensor::new(DType::Bool, vec![1, 1, 3], vec![0, 1, 0])])
        );
        let x = || Given(Tensor::f32(&[1, 2, 3], &[0.0; 6]));
        let many = run(18, "Col2Im", &[], &[x(), shape(&[3]), shape(&[2])], 1);
        assert!(many.is_err_and(|e| e.contains("[2] blocks")));
        let strided = run(
            18,
            "Col2Im",
            &[ints("strides", &[2])],
            &[x(), shape(&[6]), shape(&[2])],
            1,
        );
        assert_eq!(strided, Ok(vec![Tensor::f32(&[1, 1, 6], &[0.0; 6])]));
    }
}
