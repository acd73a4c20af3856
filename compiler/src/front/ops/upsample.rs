use super::resize;
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::resample::{self, Method};

/// Resizes by factors: those of height and width, from opset 7 on one for each dimension, an input since opset 9.
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
        let ty = cx.ty(0)?;
        let axes: Vec<usize> = (0..ty.rank()).collect();
        let axes = resize::scaled(&ty, &axes, &scales)?;
        resample::add(cx, axes, Method::simple(interpolation))
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, float, floats, run};
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
        assert_eq!(run(10, "Resize", &[], &[x(), scales()], 1), twice);
        assert!(run(9, "Upsample", &[], &[x(), Given(Tensor::f32(&[2], &[1.0, 2.0]))], 1).is_err());
    }
}
