use super::resample::{self, Method};
use super::{Domain, OperatorDef, resize};
use crate::import::NodeContext;
use crate::ir::{OpError, op_error};

/// Resizes by factors: those of height and width, from opset 7 on one for each dimension, an input since opset 9.
/// Resizes by factors: attributes before opset 9, an input since.
pub(super) const UPSAMPLE: OperatorDef = OperatorDef {
    name: "Upsample",
    domain: Domain::Onnx,
    versions: &[1, 7, 9, 10],
    limits: "scales must be known at compile time",
    read: |cx| {
        let scales = match cx.opset() {
            ..7 => vec![
                1.0,
                1.0,
                cx.attributes.float("height_scale", 0.0)?,
                cx.attributes.float("width_scale", 0.0)?,
            ],
            7..9 => cx.attributes.floats("scales")?.unwrap_or_default(),
            _ => resize::scales(cx, 1)?,
        };
        let interpolation = match cx.opset() {
            ..7 => cx.attributes.choice("mode", &resize::OLDEST_MODES)?,
            _ => cx.attributes.choice("mode", &resize::SIMPLE_MODES)?,
        };
            ..7 => vec![1.0, 1.0, side(cx, "height_scale")?, side(cx, "width_scale")?],
            7 | 8 => cx.attributes.floats("scales")?.unwrap_or_default(),
        let mut modes = resize::SIMPLE_MODES;
        if cx.opset() < 7 {
            modes[1].0 = "bilinear";
        }
        let interpolation = cx.attributes.choice("mode", &modes)?;
        let ty = cx.ty(0)?;
        let axes: Vec<usize> = (0..ty.rank()).collect();
        let axes = resize::scaled(&ty, &axes, &scales)?;
        resample::add(cx, axes, Method::simple(interpolation))
    },
};

/// The factor of the height or the width, which version 1 has.
fn side(cx: &mut NodeContext<'_>, name: &'static str) -> Result<f32, OpError> {
    let factor = cx.attributes.float(name, 0.0)?;
    if factor == 0.0 {
        return Err(op_error(format!("attribute `{name}` is missing")));
    }
    Ok(factor)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Given, Known, float, floats, run};
    use crate::ir::Tensor;

    #[test]
    fn scales_move_from_attribute_to_input() {
        let x = || Given(Tensor::f32(&[1, 2], &[1.0, 2.0]));
        let twice = Ok(vec![Tensor::f32(&[1, 4], &[1.0, 1.0, 2.0, 2.0])]);
        let image = Given(Tensor::f32(&[1, 1, 1, 2], &[1.0, 2.0]));
        let factors = [float("height_scale", 1.0), float("width_scale", 2.0)];
        let oldest = run(1, "Upsample", &factors, &[image], 1);
        assert_eq!(oldest, Ok(vec![Tensor::f32(&[1, 1, 1, 4], &[1.0, 1.0, 2.0, 2.0])]));
        assert_eq!(run(7, "Upsample", &[floats("scales", &[1.0, 2.0])], &[x()], 1), twice);
        let scales = || Known(Tensor::f32(&[2], &[1.0, 2.0]));
        assert_eq!(run(9, "Upsample", &[], &[x(), scales()], 1), twice);
        let sides = [float("height_scale", 1.0), float("width_scale", 2.0)];
        let image = Given(Tensor::f32(&[1, 1, 1, 2], &[1.0, 2.0]));
        let wide = Tensor::f32(&[1, 1, 1, 4], &[1.0, 1.0, 2.0, 2.0]);
        assert_eq!(run(1, "Upsample", &sides, &[image], 1), Ok(vec![wide]));
        assert_eq!(run(10, "Resize", &[], &[x(), scales()], 1), twice);
        assert!(run(9, "Upsample", &[], &[x(), Given(Tensor::f32(&[2], &[1.0, 2.0]))], 1).is_err());
    }
}
