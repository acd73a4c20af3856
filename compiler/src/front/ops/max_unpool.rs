use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::reshaped;
use crate::front::shared::window;
use crate::ir::primitives::{Expand, Locate, Pad, PadMode, Scatter, Window, tensor_type};
use crate::ir::{OpError, TensorType, op_error};

/// Zeros with the elements of input 0 where the indices of input 1 say: what `MaxPool` leaves of an image.
pub(super) const MAX_UNPOOL: OperatorDef = OperatorDef {
    name: "MaxUnpool",
    domain: Domain::Onnx,
    versions: &[9, 11, 22],
    limits: "`output_shape` adds zeros at the ends, and must be known at compile time",
    read: |cx| {
        let ty = cx.ty(0)?;
        let image = unpooled(cx, &ty)?;
        let wanted = if cx.has(2) {
            cx.ints(2, "output_shape")?
        } else {
            image.shape.iter().map(|n| *n as i64).collect()
        };
        let (x, indices) = (cx.input(0)?, cx.input(1)?);
        if cx.ty(1)?.shape != ty.shape {
            return Err(op_error(format!("the indices {} do not fit {ty}", cx.ty(1)?)));
        }
        let zero = cx.scalar(ty.dtype, 0.0);
        let zeros = cx.add(
            Expand {
                shape: vec![image.len()],
            },
            &[zero],
        )?;
        let locate = Locate {
            dims: vec![ty.len()],
            strides: vec![0],
            axes: vec![image.len()],
            steps: vec![1],
        };
        let places = cx.add(locate, &[indices])?;
        let updates = reshaped(cx, x, &[ty.len()])?;
        let scatter = Scatter {
            inner: 1,
            reduction: None,
        };
        let y = cx.add(scatter, &[zeros, places, updates])?;
        let y = reshaped(cx, y, &image.shape)?;
        let added: Option<Vec<usize>> = image
            .shape
            .iter()
            .zip(&wanted)
            .map(|(n, wanted)| usize::try_from(*wanted).ok()?.checked_sub(*n))
            .collect();
        let Some(ends) = added.filter(|_| wanted.len() == ty.rank()) else {
            return Err(op_error(format!("output_shape is {wanted:?}")).help(format!(
                "supported: at least {:?}, which the windows cover",
                image.shape
            )));
        };
        let pad = Pad {
            begins: vec![0; ends.len()],
            ends,
            mode: PadMode::Constant,
        };
        Ok(vec![cx.add(pad, &[y, zero])?])
    },
};

/// The image that windows of this kernel, these strides and this padding cover.
fn unpooled(cx: &mut NodeContext<'_>, ty: &TensorType) -> Result<TensorType, OpError> {
    let kernel = window::kernel_shape(cx)?;
    let spatial = window::spatial(ty, &kernel)?;
    let rank = kernel.len();
    let window = Window {
        strides: window::sizes(cx, "strides", rank, 1, 1)?,
        dilations: vec![1; rank],
        pads: window::sizes(cx, "pads", 2 * rank, 0, 0)?,
        kernel,
    };
    window.check()?;
    let mut shape = ty.shape[..2].to_vec();
    for (axis, size) in spatial.iter().enumerate() {
        let full = size.saturating_sub(1) * window.strides[axis] + window.kernel[axis];
        let cut = window.pads[axis] + window.pads[rank + axis];
        let extent = full.checked_sub(cut);
        shape.push(extent.ok_or_else(|| op_error(format!("pads cut {cut} elements from an image of {full}")))?);
    }
    tensor_type(ty.dtype, shape)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, ints, run};
    use crate::ir::Tensor;

    #[test]
    fn indices_count_in_what_the_windows_cover() {
        let x = || Given(Tensor::f32(&[1, 1, 1, 2], &[5.0, 6.0]));
        let indices = || Given(Tensor::i64(&[1, 1, 1, 2], &[1, 7]));
        let window = [ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])];
        let y = run(22, "MaxUnpool", &window, &[x(), indices()], 1);
        let image = Tensor::f32(&[1, 1, 2, 4], &[0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 6.0]);
        assert_eq!(y, Ok(vec![image]));
        let shape = |dims: &[i64]| Known(Tensor::i64(&[4], dims));
        let wider = run(11, "MaxUnpool", &window, &[x(), indices(), shape(&[1, 1, 2, 5])], 1);
        let image = Tensor::f32(&[1, 1, 2, 5], &[0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 6.0, 0.0]);
        assert_eq!(wider, Ok(vec![image]));
        let narrower = run(11, "MaxUnpool", &window, &[x(), indices(), shape(&[1, 1, 2, 3])], 1);
        assert!(narrower.is_err_and(|e| e.contains("at least [1, 1, 2, 4]")));
    }
}
