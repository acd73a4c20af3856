use crate::front::node::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::ir::primitives::TopK;

/// The greatest elements along `axis` and their places, or the least ones, sorted even where that is not asked for. `k`
/// is an attribute before opset 10.
pub(super) const TOP_K: OperatorDef = OperatorDef {
    name: "TopK",
    domain: Domain::Onnx,
    versions: &[1, 10, 11, 24],
    limits: "`k` must be known at compile time",
    read: |cx| {
        let axis = cx.attributes.int("axis", -1)?;
        let axis = cx.ty(0)?.axis(axis)?;
        let largest = cx.attributes.flag("largest", true)?;
        cx.attributes.flag("sorted", true)?;
        let k = if cx.opset() < 10 {
            vec![cx.attributes.required_int("k")?]
        } else {
            cx.ints(1, "K")?
        };
        let [k] = k[..] else {
            return Err(op_error(format!("input `K` is {k:?}, it must be one number")));
        };
        let k = usize::try_from(k).map_err(|_| op_error(format!("{k} elements are sought")))?;
        cx.op(TopK { axis, k, largest }, &[0])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::Tensor;

    #[test]
    fn order() {
        let x = || Given(Tensor::f32(&[6], &[1.0, f32::NAN, 3.0, -0.0, 0.0, 3.0]));
        let top = |k, largest| {
            run(
                11,
                "TopK",
                &[int("largest", largest)],
                &[x(), Known(Tensor::i64(&[1], &[k]))],
                2,
            )
        };
        let places = |k, largest| top(k, largest).map(|y| y[1].to_i64().unwrap_or_default());
        assert_eq!(places(6, 1), Ok(vec![1, 2, 5, 0, 3, 4]));
        assert_eq!(places(6, 0), Ok(vec![3, 4, 0, 2, 5, 1]));
        assert_eq!(places(3, 0), Ok(vec![3, 4, 0]));
        assert_eq!(places(0, 1), Ok(vec![]));
        assert!(top(7, 1).is_err_and(|e| e.contains("has no 7 elements")));
        assert!(top(-1, 1).is_err());
    }

    #[test]
    fn k_moves_from_attribute_to_input() {
        let x = || Given(Tensor::f32(&[3, 2], &[1.0, 6.0, 3.0, 4.0, 5.0, 2.0]));
        let attributes = [int("k", 2), int("axis", 0)];
        let old = run(1, "TopK", &attributes, &[x()], 2);
        let new = run(10, "TopK", &attributes[1..], &[x(), Known(Tensor::i64(&[1], &[2]))], 2);
        let (values, places) = (
            Tensor::f32(&[2, 2], &[5.0, 6.0, 3.0, 4.0]),
            Tensor::i64(&[2, 2], &[2, 0, 1, 1]),
        );
        assert_eq!(old, Ok(vec![values, places]));
        assert_eq!(new, old);
    }
}
