use super::mat_mul_integer::{product, scaled};
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::heads::{Masks, Settings};
use crate::front::shared::joint_attention::{attend, outputs};
use crate::front::shared::normalization::reshaped;
use crate::ir::DType;
use crate::ir::primitives::{Binary, BinaryOp};

/// Attention of tokens to one another, with the product of 8-bit integers that makes queries, keys and values of them.
pub(super) const Q_ATTENTION: OperatorDef = OperatorDef {
    name: "QAttention",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "masks of 3 batch + 2 and of 4 dimensions, rotary embedding, shared buffers; floats are float32",
    read: |cx| {
        let settings = Settings::read(cx)?;
        let product = product(cx, [0, 1], [6, 7])?;
        let (a, b) = (product.parameter(cx, 3, 0)?, product.parameter(cx, 4, 1)?);
        let scale = cx.add(Binary::from(BinaryOp::Mul), &[a, b])?;
        let joint = scaled(cx, product.value, scale, 2)?;
        let joint = reshaped(cx, joint, &product.shape)?;
        let third = product.shape.last().map_or(0, |width| width / 3);
        let masks = Masks {
            padding: cx.has(5).then_some(5),
            bias: None,
        };
        let found = attend(cx, &settings, joint, [third; 3], &masks, 8)?;
        outputs(cx, found, DType::F32)
    },
};
