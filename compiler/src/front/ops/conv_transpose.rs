use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::front::shared::window::{self, AutoPad};
use crate::ir::primitives::{ConvTranspose, Layout, Window};
use crate::ir::{OpError, op_error};
use runtime_core::function::Identity;

/// A transposed convolution over up to six spatial axes, with an optional bias.
pub(super) const CONV_TRANSPOSE: OperatorDef = OperatorDef {
    name: "ConvTranspose",
    domain: Domain::Onnx,
    versions: &[1, 11, 22],
    limits: "float16 and bfloat16 are computed in float32",
    read: |cx| {
        let x = cx.ty(0)?;
        let kernel = window::kernel_of_weights(cx, 1)?;
        let rank = kernel.len();
        let spatial = window::spatial(&x, &kernel)?;
        let groups = usize::try_from(cx.attributes.int("group", 1)?).unwrap_or(0);
        let output_padding = window::sizes(cx, "output_padding", rank, 0, 0)?;
        let output_shape = output_shape(cx, rank)?;
        let strides = window::sizes(cx, "strides", rank, 1, 1)?;
        let dilations = window::sizes(cx, "dilations", rank, 1, 1)?;
        let auto = window::auto_pad(cx)?;
        let mut window = Window {
            kernel,
            strides,
            dilations,
            pads: vec![0; 2 * rank],
        };
        window.check()?;
        let given = window::sizes(cx, "pads", 2 * rank, 0, 0)?;
        if auto == AutoPad::NotSet {
            window.pads = given;
        }
        let mut op = ConvTranspose {
            window,
            output_padding,
            groups,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        for (axis, size) in spatial.iter().enumerate() {
            let covered = size * op.window.strides[axis];
            match &output_shape {
                Some(shape) => fit(&mut op, axis, *size, shape[axis], auto),
                None if auto.is_same() => {
                    let wanted = covered.min(op.full(axis, *size));
                    fit(&mut op, axis, *size, wanted, auto);
                }
                None => {}
            }
        }
        let operands = window::floats(cx, 3)?;
        let y = cx.add(op, &operands)?;
        Ok(vec![cast(cx, y, x.dtype)?])
    },
};

/// Reads `output_shape`: spatial extents, which some exporters precede with batch and channels.
fn output_shape(cx: &mut NodeContext<'_>, rank: usize) -> Result<Option<Vec<usize>>, OpError> {
    let Some(given) = cx.attributes.ints("output_shape")? else {
        return Ok(None);
    };
    let spatial = if given.len() == rank + 2 {
        &given[2..]
    } else {
        &given[..]
    };
    let sizes: Option<Vec<usize>> = spatial
        .iter()
        .map(|v| usize::try_from(*v).ok().filter(|v| *v <= 1 << 24))
        .collect();
    match sizes {
        Some(sizes) if sizes.len() == rank => Ok(Some(sizes)),
        _ => Err(op_error(format!(
            "output_shape {given:?} must give one extent for each of {rank} spatial axes"
        ))),
    }
}

/// Chooses the padding that makes the output `wanted` long; where it would be negative, the output is padded instead.
fn fit(op: &mut ConvTranspose, axis: usize, size: usize, wanted: usize, auto: AutoPad) {
    let full = op.full(axis, size);
    window::set_pads(&mut op.window, axis, full.saturating_sub(wanted), auto);
    op.output_padding[axis] += wanted.saturating_sub(full);
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, ints, run, text};
    use crate::ir::Tensor;

    #[test]
    fn extents_of_the_output() {
        let of = |attributes: &[_]| {
            let x = Given(Tensor::f32(&[1, 1, 3], &[1.0, 2.0, 3.0]));
            let w = Known(Tensor::f32(&[1, 1, 3], &[1.0; 3]));
            run(11, "ConvTranspose", attributes, &[x, w], 1).map(|y| y[0].shape[2])
        };
        let shape = |more: &[_]| of(&[&[ints("strides", &[2])], more].concat());
        assert_eq!(shape(&[]), Ok(7));
        assert_eq!(shape(&[ints("pads", &[1, 1]), ints("output_padding", &[1])]), Ok(6));
        assert_eq!(shape(&[text("auto_pad", "SAME_UPPER")]), Ok(6));
        assert_eq!(shape(&[ints("output_shape", &[5])]), Ok(5));
        assert_eq!(shape(&[ints("output_shape", &[1, 1, 8])]), Ok(8));
        assert!(shape(&[ints("output_shape", &[5, 5])]).is_err_and(|e| e.contains("output_shape")));
        // Windows that leave gaps reach less far: padding only cuts off.
        assert_eq!(of(&[ints("strides", &[4]), text("auto_pad", "SAME_LOWER")]), Ok(11));
    }

    #[test]
    fn weights_known_at_run_time() {
        let x = || Given(Tensor::f32(&[1, 2, 2], &[1.0, 2.0, 3.0, 4.0]));
        let w = || Tensor::f32(&[2, 1, 2], &[1.0, 10.0, 100.0, 1000.0]);
        let bias = || Known(Tensor::f32(&[2], &[0.5, 0.0]));
        let attributes = [int("group", 2), ints("strides", &[2])];
        let known = run(22, "ConvTranspose", &attributes, &[x(), Known(w()), bias()], 1);
        let expected = [1.5, 10.5, 2.5, 20.5, 300.0, 3000.0, 400.0, 4000.0];
        assert_eq!(known, Ok(vec![Tensor::f32(&[1, 2, 4], &expected)]));
        let given = run(22, "ConvTranspose", &attributes, &[x(), Given(w()), bias()], 1);
        assert_eq!(given, known);
    }
}
