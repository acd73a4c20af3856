//! What the windows made of cosines have in common.

use super::compose::{each, storable};
use super::normalization::cast;
use crate::front::load;
use crate::front::node::NodeContext;
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};
use runtime_core::function::Cos;
use std::f64::consts::TAU;

/// The element type that attribute `output_datatype` names, `f32` by default.
pub(in crate::front) fn output_datatype(cx: &mut NodeContext<'_>) -> Result<DType, OpError> {
    let number = cx.attributes.int("output_datatype", 1)?;
    let dtype = i32::try_from(number).ok().and_then(load::dtype);
    dtype
        .filter(|dtype| *dtype != DType::Bool)
        .ok_or_else(|| op_error(format!("output_datatype {number} is no supported type of numbers")))
}

/// Input `index`, an integer called `name` in ONNX, which decides a shape.
pub(in crate::front) fn known_size(cx: &NodeContext<'_>, index: usize, name: &str) -> Result<usize, OpError> {
    match cx.ints(index, name)?[..] {
        [size] => usize::try_from(size).map_err(|_| op_error(format!("`{name}` is {size}"))),
        ref other => Err(op_error(format!("`{name}` must be one integer, it is {other:?}"))),
    }
}

/// Reads a window: the sum of `coefficients[i] * cos(2 pi i n / N)`, where `N` is its size, or its size minus one
/// unless `periodic`.
pub(in crate::front) fn read(cx: &mut NodeContext<'_>, coefficients: [f64; 3]) -> Result<Vec<ValueId>, OpError> {
    let dtype = output_datatype(cx)?;
    let periodic = cx.attributes.flag("periodic", true)?;
    let size = known_size(cx, 0, "size")?;
    storable(&[size])?;
    let period = if periodic { size as f64 } else { size as f64 - 1.0 };
    let mut window = vec![0.0; size];
    for (i, coefficient) in coefficients.into_iter().enumerate() {
        let angles: Vec<f64> = (0..size).map(|n| TAU * (i * n) as f64 / period).collect();
        for (sum, cosine) in window.iter_mut().zip(each(Cos, &angles)?) {
            *sum += coefficient * cosine;
        }
    }
    let window = cx.add_constant(Tensor::f64(&[size], &window));
    Ok(vec![cast(cx, window, dtype)?])
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::Tensor;

    #[test]
    fn periodic_or_symmetric() {
        let size = || Known(Tensor::i64(&[], &[4]));
        let near = |attributes: &[_], expected: [f64; 4]| {
            let y = run(17, "HannWindow", attributes, &[size()], 1).unwrap().remove(0);
            assert!(y.to_f64().iter().zip(expected).all(|(y, e)| (y - e).abs() < 1e-6));
        };
        near(&[], [0.0, 0.5, 1.0, 0.5]);
        near(&[int("periodic", 0)], [0.0, 0.75, 0.75, 0.0]);
    }

    #[test]
    fn the_size_is_checked() {
        let window = |size: i64| run(17, "BlackmanWindow", &[], &[Known(Tensor::i64(&[], &[size]))], 1);
        assert!(window(0).is_ok());
        assert!(window(-1).is_err());
        assert!(window(i64::MAX).is_err());
        assert!(run(17, "HammingWindow", &[], &[Given(Tensor::i64(&[], &[4]))], 1).is_err());
    }
}
