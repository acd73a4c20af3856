use super::non_zero::found;
use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::{Gather, Reshape};
use crate::ir::{Tensor, op_error};

/// The slices along `axis`, or the elements, for which the condition holds.
pub(super) const COMPRESS: OperatorDef = OperatorDef {
    name: "Compress",
    domain: Domain::Onnx,
    versions: &[9, 11, 28],
    limits: "`condition` must be known at compile time",
    read: |cx| {
        let (mut x, mut ty) = (cx.input(0)?, cx.ty(0)?);
        let axis = if cx.attributes.has("axis") {
            ty.axis(cx.attributes.int("axis", 0)?)?
        } else {
            ty = ty.with_shape(vec![ty.len()]);
            x = cx.add(
                Reshape {
                    shape: ty.shape.clone(),
                },
                &[x],
            )?;
            0
        };
        let found = found(cx, 1, "condition")?;
        if found.last().is_some_and(|last| *last >= ty.shape[axis]) {
            return Err(op_error(format!(
                "the condition selects more than axis {axis} of {ty} has"
            )));
        }
        let indices: Vec<i64> = found.into_iter().map(|i| i as i64).collect();
        let indices = cx.add_constant(Tensor::i64(&[indices.len()], &indices));
        cx.add(Gather { axis }, &[x, indices]).map(|y| vec![y])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn known_conditions() {
        let x = || Given(Tensor::i32(&[2, 2], &[1, 2, 3, 4]));
        let condition = |values: &[u8]| Tensor::new(DType::Bool, vec![values.len()], values.to_vec());
        let flat = run(11, "Compress", &[], &[x(), Known(condition(&[0, 1, 1]))], 1);
        assert_eq!(flat, Ok(vec![Tensor::i32(&[2], &[2, 3])]));
        let columns = run(11, "Compress", &[int("axis", -1)], &[x(), Known(condition(&[0, 1]))], 1);
        assert_eq!(columns, Ok(vec![Tensor::i32(&[2, 1], &[2, 4])]));
        let unknown = run(11, "Compress", &[], &[x(), Given(condition(&[1]))], 1);
        assert!(unknown.is_err_and(|e| e.contains("depends on data") && e.contains("--bake x1=NUMBER")));
        assert!(run(11, "Compress", &[], &[x(), Known(condition(&[1; 5]))], 1).is_err_and(|e| e.contains("more than")));
    }
}
