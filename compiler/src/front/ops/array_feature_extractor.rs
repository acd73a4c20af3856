use crate::front::node::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::ir::primitives::{Gather, Reshape};

/// Elements picked by index along the last dimension; of a vector, as a row.
pub(super) const ARRAY_FEATURE_EXTRACTOR: OperatorDef = OperatorDef {
    name: "ArrayFeatureExtractor",
    domain: Domain::Ml,
    versions: &[1],
    limits: "no strings",
    read: |cx| {
        let (ty, indices) = (cx.ty(0)?, cx.ty(1)?);
        let Some(last) = ty.rank().checked_sub(1) else {
            return Err(op_error("the input is a scalar, it must have a dimension to pick from"));
        };
        let (mut x, index) = (cx.input(0)?, cx.input(1)?);
        if last == 0 {
            x = cx.add(
                Reshape {
                    shape: vec![1, ty.len()],
                },
                &[x],
            )?;
        }
        let index = cx.add(
            Reshape {
                shape: vec![indices.len()],
            },
            &[index],
        )?;
        let axis = last.max(1);
        cx.add(Gather { axis }, &[x, index]).map(|y| vec![y])
    },
};
