//! What convolutions and pools have in common: windows, with automatic padding resolved.

use super::normalization::{cast, reshaped};
use crate::front::node::NodeContext;
use crate::ir::primitives::{Pool, Window};
use crate::ir::{DType, OpError, TensorType, ValueId, op_error};
use std::ops::Range;

/// Where padding comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::front) enum AutoPad {
    /// Attribute `pads`.
    NotSet,
    /// As much as makes one window for each stride, the odd element at the end.
    SameUpper,
    /// The same, the odd element at the beginning.
    SameLower,
    /// None.
    Valid,
}

impl AutoPad {
    /// Whether there is one window for each stride.
    pub(in crate::front) fn is_same(self) -> bool {
        matches!(self, Self::SameUpper | Self::SameLower)
    }
}

/// Reads `auto_pad`.
pub(in crate::front) fn auto_pad(cx: &mut NodeContext<'_>) -> Result<AutoPad, OpError> {
    let choices = [
        ("NOTSET", AutoPad::NotSet),
        ("SAME_UPPER", AutoPad::SameUpper),
        ("SAME_LOWER", AutoPad::SameLower),
        ("VALID", AutoPad::Valid),
    ];
    cx.attributes.choice("auto_pad", &choices)
}

/// Spatial extents of an image, which must be as many as the kernel has.
pub(in crate::front) fn spatial<'a>(x: &'a TensorType, kernel: &[usize]) -> Result<&'a [usize], OpError> {
    match x.shape.get(2..) {
        Some(spatial) if spatial.len() == kernel.len() && !kernel.is_empty() => Ok(spatial),
        _ => Err(op_error(format!(
            "the input {x} must have a batch, channels and {} spatial axes",
            kernel.len()
        ))),
    }
}

/// Reads attribute `name`, `count` numbers of at least `least`; `default` of each where it is absent.
pub(in crate::front) fn sizes(
    cx: &mut NodeContext<'_>,
    name: &'static str,
    count: usize,
    default: usize,
    least: usize,
) -> Result<Vec<usize>, OpError> {
    let Some(values) = cx.attributes.ints(name)? else {
        return Ok(vec![default; count]);
    };
    let fits = |v: i64| {
        usize::try_from(v)
            .ok()
            .filter(|v| *v >= least && *v <= i32::MAX as usize)
    };
    let sizes: Option<Vec<usize>> = values.iter().map(|v| fits(*v)).collect();
    sizes.filter(|sizes| sizes.len() == count).ok_or_else(|| {
        op_error(format!("attribute `{name}` is {values:?}"))
            .help(format!("supported: {count} numbers from {least} up, less than 2^31"))
    })
}

/// Reads `kernel_shape` of a pool.
pub(in crate::front) fn kernel_shape(cx: &mut NodeContext<'_>) -> Result<Vec<usize>, OpError> {
    let rank = cx.ty(0)?.rank().saturating_sub(2);
    if !cx.attributes.has("kernel_shape") {
        return Err(op_error("attribute `kernel_shape` is missing"));
    }
    sizes(cx, "kernel_shape", rank, 1, 1)
}

/// The kernel's extents as the weights (input `weights`) have them, which `kernel_shape` repeats if given.
pub(in crate::front) fn kernel_of_weights(cx: &mut NodeContext<'_>, weights: usize) -> Result<Vec<usize>, OpError> {
    let w = cx.ty(weights)?;
    let kernel = w.shape.get(2..).unwrap_or_default().to_vec();
    match cx.attributes.ints("kernel_shape")? {
        Some(given) if !given.iter().copied().eq(kernel.iter().map(|k| *k as i64)) => Err(op_error(format!(
            "kernel_shape {given:?} disagrees with the weights {w}"
        ))),
        _ => Ok(kernel),
    }
}

/// Reads strides, dilations and padding of a convolution or a pool over an image of these spatial extents.
pub(in crate::front) fn read(
    cx: &mut NodeContext<'_>,
    kernel: Vec<usize>,
    spatial: &[usize],
) -> Result<(Window, AutoPad), OpError> {
    let rank = kernel.len();
    let strides = sizes(cx, "strides", rank, 1, 1)?;
    let dilations = sizes(cx, "dilations", rank, 1, 1)?;
    let mut window = Window {
        kernel,
        strides,
        dilations,
        pads: vec![0; 2 * rank],
    };
    let auto = auto_pad(cx)?;
    match auto {
        AutoPad::NotSet => window.pads = sizes(cx, "pads", 2 * rank, 0, 0)?,
        AutoPad::Valid => cx.attributes.ignore("pads"),
        AutoPad::SameUpper | AutoPad::SameLower => {
            cx.attributes.ignore("pads");
            for (axis, size) in spatial.iter().enumerate() {
                let windows = size.div_ceil(window.strides[axis]);
                let covered = (windows.saturating_sub(1) * window.strides[axis]).saturating_add(window.span(axis));
                set_pads(&mut window, axis, covered.saturating_sub(*size), auto);
            }
        }
    }
    Ok((window, auto))
}

/// Adds a pool. Over more than two spatial axes it is a pool over the last two, then one over those before: windows are
/// boxes, so greatest elements and means may be taken one axis after another.
pub(in crate::front) fn add_pool(cx: &mut NodeContext<'_>, pool: Pool, x: ValueId) -> Result<ValueId, OpError> {
    let rank = pool.window.rank();
    if rank <= 2 {
        return cx.add(pool, &[x]);
    }
    let shape = cx.value_ty(x).shape.clone();
    let (outer, image) = shape.split_at(rank);
    let x = reshaped(cx, x, &[outer[0], outer[1..].iter().product(), image[0], image[1]])?;
    let x = cx.add(
        Pool {
            window: part(&pool.window, rank - 2..rank),
            ..pool.clone()
        },
        &[x],
    )?;
    let pooled = cx.value_ty(x).shape[2..].to_vec();
    let x = reshaped(cx, x, &[outer, &[pooled.iter().product()]].concat())?;
    let mut window = part(&pool.window, 0..rank - 2);
    for steps in [&mut window.kernel, &mut window.strides, &mut window.dilations] {
        steps.push(1);
    }
    window.pads.insert(rank - 2, 0);
    window.pads.push(0);
    let x = add_pool(cx, Pool { window, ..pool }, x)?;
    let mut shape = cx.value_ty(x).shape.clone();
    shape.splice(rank.., pooled);
    reshaped(cx, x, &shape)
}

/// Some of a window's axes.
fn part(window: &Window, axes: Range<usize>) -> Window {
    let (begins, ends) = window.pads.split_at(window.rank());
    Window {
        kernel: window.kernel[axes.clone()].to_vec(),
        strides: window.strides[axes.clone()].to_vec(),
        dilations: window.dilations[axes.clone()].to_vec(),
        pads: [&begins[axes.clone()], &ends[axes]].concat(),
    }
}

/// Divides `total` elements of padding between both ends of an axis.
pub(in crate::front) fn set_pads(window: &mut Window, axis: usize, total: usize, auto: AutoPad) {
    let rank = window.rank();
    let (less, more) = (total / 2, total - total / 2);
    let (begin, end) = if auto == AutoPad::SameUpper {
        (less, more)
    } else {
        (more, less)
    };
    (window.pads[axis], window.pads[rank + axis]) = (begin, end);
}

/// The first `count` inputs that are present, in the type to compute in: `f64` as it is, the halves as `f32`.
pub(in crate::front) fn floats(cx: &mut NodeContext<'_>, count: usize) -> Result<Vec<ValueId>, OpError> {
    let mut values = vec![];
    for index in 0..count.min(cx.input_count()) {
        if index >= 2 && !cx.has(index) {
            continue;
        }
        let value = cx.input(index)?;
        values.push(in_float(cx, value)?);
    }
    Ok(values)
}

/// A value in the type to compute in: `f64` as it is, the halves as `f32`.
pub(in crate::front) fn in_float(cx: &mut NodeContext<'_>, value: ValueId) -> Result<ValueId, OpError> {
    match cx.value_ty(value).dtype {
        DType::F64 => Ok(value),
        DType::F32 | DType::F16 | DType::Bf16 => cast(cx, value, DType::F32),
        other => Err(op_error(format!("element type {other} is not supported"))
            .help("supported: float32, float64, float16, bfloat16")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_padding_goes_to_the_named_end() {
        let mut window = Window {
            kernel: vec![2],
            strides: vec![1],
            dilations: vec![1],
            pads: vec![0, 0],
        };
        set_pads(&mut window, 0, 3, AutoPad::SameUpper);
        assert_eq!(window.pads, [1, 2]);
        set_pads(&mut window, 0, 3, AutoPad::SameLower);
        assert_eq!(window.pads, [2, 1]);
    }
}
