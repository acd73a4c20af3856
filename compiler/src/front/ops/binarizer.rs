use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::ir::DType;
use crate::ir::primitives::{Binary, BinaryOp};

/// 1 where greater than the threshold, else 0. Integers are compared as doubles.
pub(super) const BINARIZER: OperatorDef = OperatorDef {
    name: "Binarizer",
    domain: Domain::Ml,
    versions: &[1],
    limits: "",
    read: |cx| {
        let threshold = cx.attributes.float("threshold", 0.0)?;
        let (x, dtype) = (cx.input(0)?, cx.ty(0)?.dtype);
        let compared = if dtype.is_float() { dtype } else { DType::F64 };
        let x = cast(cx, x, compared)?;
        let threshold = cx.scalar(compared, threshold.into());
        let y = cx.add(Binary::from(BinaryOp::Greater), &[x, threshold])?;
        cast(cx, y, dtype).map(|y| vec![y])
    },
};
