use super::resample::{self, Coordinates, Interpolation, Method, Nearest};
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
        let modes = [("nearest", Interpolation::Nearest(Nearest::Simple)), ("linear", Interpolation::Linear)];
        let interpolation = cx.attributes.choice("mode", &modes)?;
        let method =
            Method { interpolation, coordinates: Coordinates::Asymmetric, antialias: false, exclude_outside: false };
        let ty = cx.ty(0)?;
        let axes: Vec<usize> = (0..ty.rank()).collect();
        let axes = resize::scaled(&ty, &axes, &scales)?;
        resample::add(cx, axes, method)
    },
};
