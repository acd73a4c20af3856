use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::{binary, reduce, with_number};
use crate::front::shared::normalization::reshaped;
use crate::front::shared::scores::rows;
use crate::ir::primitives::{BinaryOp, ReduceOp, Select};

/// Each row divided by its greatest element, its sum of absolute values, or its length; a row where that is zero stays.
pub(super) const NORMALIZER: OperatorDef = OperatorDef {
    name: "Normalizer",
    domain: Domain::Ml,
    versions: &[1],
    limits: "",
    read: |cx| {
        let norms = [("MAX", ReduceOp::Max), ("L1", ReduceOp::L1), ("L2", ReduceOp::L2)];
        let norm = cx.attributes.choice("norm", &norms)?;
        let shape = cx.ty(0)?.shape;
        let x = rows(cx)?;
        let norm = reduce(cx, norm, x, vec![1])?;
        let dtype = cx.value_ty(x).dtype;
        let zero = with_number(cx, BinaryOp::Equal, norm, 0.0)?;
        let one = cx.scalar(dtype, 1.0);
        let norm = cx.add(Select, &[zero, one, norm])?;
        let y = binary(cx, BinaryOp::Div, x, norm)?;
        reshaped(cx, y, &shape).map(|y| vec![y])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, run, text};
    use crate::ir::Tensor;

    #[test]
    fn norms() {
        let y = |norm, x: Tensor| run(1, "Normalizer", &[text("norm", norm)], &[Given(x)], 1);
        let x = || Tensor::f32(&[2, 2], &[-3.0, 4.0, 0.0, 0.0]);
        let rows = |first: [f32; 2]| Ok(vec![Tensor::f32(&[2, 2], &[first[0], first[1], 0.0, 0.0])]);
        assert_eq!(y("MAX", x()), rows([-0.75, 1.0]));
        assert_eq!(y("L1", x()), rows([-3.0 / 7.0, 4.0 / 7.0]));
        assert_eq!(y("L2", x()), rows([-0.6, 0.8]));
        assert_eq!(
            y("L1", Tensor::i64(&[2], &[1, 3])),
            Ok(vec![Tensor::f32(&[2], &[0.25, 0.75])])
        );
        assert!(y("L3", x()).is_err());
    }
}
