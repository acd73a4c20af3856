use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::resample::{self, Axis, Coordinates, Interpolation, Method, Nearest};
use crate::ir::{OpError, Tensor, TensorType, op_error};

/// Resizes by factors or to sizes, nearest, linear or cubic.
pub(super) const RESIZE: OperatorDef = OperatorDef {
    name: "Resize",
    domain: Domain::Onnx,
    versions: &[10, 11, 13, 18, 19],
    limits: "scales, sizes and roi must be known at compile time; 64-bit integers are resized in float64; with \
             `align_corners` and scales, corners are those of the size before it is rounded down, as ONNX defines it (ONNX \
             Runtime takes the rounded size)",
    read: |cx| {
        let ty = cx.ty(0)?;
        if cx.opset() < 11 {
            let interpolation = cx.attributes.choice("mode", &SIMPLE_MODES)?;
            let scales = scales(cx, 1)?;
            let axes = scaled(&ty, &(0..ty.rank()).collect::<Vec<_>>(), &scales)?;
            return resample::add(cx, axes, Method::simple(interpolation));
        }
        let method = method(cx)?;
        let named = match cx.attributes.ints("axes")? {
            Some(axes) => ty.axes(&axes)?,
            None => (0..ty.rank()).collect(),
        };
        let policy = cx.attributes.choice(
            "keep_aspect_ratio_policy",
            &[
                ("stretch", Policy::Stretch),
                ("not_larger", Policy::NotLarger),
                ("not_smaller", Policy::NotSmaller),
            ],
        )?;
        let given = |index: usize| cx.has(index) && cx.ty(index).is_ok_and(|ty| !ty.is_empty());
        let mut axes = match (given(2), given(3)) {
            (true, false) => scaled(&ty, &named, &scales(cx, 2)?)?,
            (false, true) => sized(&ty, &named, &cx.ints(3, "sizes")?, policy)?,
            _ => return Err(op_error("exactly one of the inputs `scales` and `sizes` must be given")),
        };
        if method.coordinates == Coordinates::TfCropAndResize {
            let roi = floats(cx, 1, "roi")?;
            if roi.len() != 2 * axes.len() {
                return Err(op_error(format!(
                    "input `roi` has {} numbers for {} axes",
                    roi.len(),
                    axes.len()
                )));
            }
            let (starts, ends) = roi.split_at(axes.len());
            for (axis, (start, end)) in axes.iter_mut().zip(starts.iter().zip(ends)) {
                axis.region = (*start, *end);
            }
        }
        resample::add(cx, axes, method)
    },
};

/// Modes of Upsample, and of Resize before opset 11.
pub(super) const SIMPLE_MODES: [(&str, Interpolation); 2] = [
    ("nearest", Interpolation::Nearest(Nearest::Simple)),
    ("linear", Interpolation::Linear),
];

/// Modes of Upsample before opset 7.
pub(super) const OLDEST_MODES: [(&str, Interpolation); 2] = [
    ("nearest", Interpolation::Nearest(Nearest::Simple)),
    ("bilinear", Interpolation::Linear),
];

#[derive(Clone, Copy)]
enum Policy {
    Stretch,
    NotLarger,
    NotSmaller,
}

fn method(cx: &mut NodeContext<'_>) -> Result<Method, OpError> {
    let attributes = &mut cx.attributes;
    let nearest = attributes.choice(
        "nearest_mode",
        &[
            ("round_prefer_floor", Nearest::RoundPreferFloor),
            ("round_prefer_ceil", Nearest::RoundPreferCeil),
            ("floor", Nearest::Floor),
            ("ceil", Nearest::Ceil),
        ],
    )?;
    let a = f64::from(attributes.float("cubic_coeff_a", -0.75)?);
    let modes = [
        ("nearest", Interpolation::Nearest(nearest)),
        ("linear", Interpolation::Linear),
        ("cubic", Interpolation::Cubic { a }),
    ];
    let interpolation = attributes.choice("mode", &modes)?;
    let coordinates = attributes.choice(
        "coordinate_transformation_mode",
        &[
            ("half_pixel", Coordinates::HalfPixel),
            ("half_pixel_symmetric", Coordinates::HalfPixelSymmetric),
            ("pytorch_half_pixel", Coordinates::PytorchHalfPixel),
            ("align_corners", Coordinates::AlignCorners),
            ("asymmetric", Coordinates::Asymmetric),
            ("tf_half_pixel_for_nn", Coordinates::TfHalfPixelForNearest),
            ("tf_crop_and_resize", Coordinates::TfCropAndResize),
        ],
    )?;
    let antialias = attributes.flag("antialias", false)?;
    let exclude_outside = attributes.flag("exclude_outside", false)?;
    let outside = attributes.float("extrapolation_value", 0.0)?;
    Ok(Method {
        interpolation,
        coordinates,
        antialias,
        exclude_outside,
        outside,
    })
}

fn floats(cx: &NodeContext<'_>, index: usize, name: &str) -> Result<Vec<f32>, OpError> {
    let values = cx.known(index, name).map(Tensor::to_f64)?;
    Ok(values.into_iter().map(|v| v as f32).collect())
}

/// Input `index`, the factors.
pub(super) fn scales(cx: &NodeContext<'_>, index: usize) -> Result<Vec<f32>, OpError> {
    floats(cx, index, "scales")
}

/// The whole number that this is apart from rounding, if it is one.
fn whole(length: f32) -> f32 {
    let nearest = length.round();
    if (length - nearest).abs() <= length * 2.0 * f32::EPSILON {
        nearest
    } else {
        length
    }
}

/// Axes resized by factors.
pub(super) fn scaled(ty: &TensorType, axes: &[usize], scales: &[f32]) -> Result<Vec<Axis>, OpError> {
    if axes.len() != scales.len() {
        return Err(op_error(format!("{} scales for {} axes", scales.len(), axes.len())));
    }
    if let Some(scale) = scales.iter().find(|s| !(s.is_finite() && **s > 0.0)) {
        return Err(op_error(format!("a scale is {scale}, it must be positive")));
    }
    let axes = axes.iter().zip(scales).map(|(axis, scale)| {
        let input = ty.shape[*axis];
        let length = input as f32 * scale;
        Axis {
            axis: *axis,
            input,
            output: length.floor() as usize,
            length: whole(length),
            scale: *scale,
            region: (0.0, 1.0),
        }
    });
    Ok(axes.collect())
}

fn sized(ty: &TensorType, axes: &[usize], sizes: &[i64], policy: Policy) -> Result<Vec<Axis>, OpError> {
    if axes.len() != sizes.len() {
        return Err(op_error(format!("{} sizes for {} axes", sizes.len(), axes.len())));
    }
    if let Some(size) = sizes.iter().find(|s| **s < 0) {
        return Err(op_error(format!("a size is {size}")));
    }
    let scale_of = |(axis, size): (&usize, &i64)| *size as f32 / ty.shape[*axis] as f32;
    let factors = axes.iter().zip(sizes).map(scale_of);
    let common = match policy {
        Policy::Stretch => None,
        Policy::NotLarger => factors.reduce(f32::min),
        Policy::NotSmaller => factors.reduce(f32::max),
    };
    let axes = axes.iter().zip(sizes).map(|(axis, size)| {
        let input = ty.shape[*axis];
        let output = common.map_or(*size as usize, |scale| (scale * input as f32 + 0.5).floor() as usize);
        let scale = common.unwrap_or_else(|| scale_of((axis, size)));
        Axis {
            axis: *axis,
            input,
            output,
            length: output as f32,
            scale,
            region: (0.0, 1.0),
        }
    });
    Ok(axes.collect())
}
