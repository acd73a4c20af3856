use super::resample::{self, Method};
use super::{Domain, OperatorDef, resize};

/// Resizes by factors, an attribute before opset 9, an input since.
pub(super) const UPSAMPLE: OperatorDef = OperatorDef {
    name: "Upsample",
    domain: Domain::Onnx,
    versions: &[1, 7, 9, 10],
    limits: "scales must be constant",
    read: |cx| {
        let scales = match cx.attributes.floats("scales")? {
            Some(scales) => scales,
            None => resize::scales(cx, 1)?,
        };
        let interpolation = cx.attributes.choice("mode", &resize::SIMPLE_MODES)?;
        let ty = cx.ty(0)?;
        let axes: Vec<usize> = (0..ty.rank()).collect();
        let axes = resize::scaled(&ty, &axes, &scales)?;
        resample::add(cx, axes, Method::simple(interpolation))
    },
};
