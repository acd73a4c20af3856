use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::Slice;
use crate::ir::{OpError, op_error};

/// Parts along `axis` of the sizes `split`, or of equal sizes. The sizes are an attribute before opset 13 (in opset 1
/// also numbers of the input's type); from 18 on `num_outputs` gives equal sizes except for a smaller last one.
pub(super) const SPLIT: OperatorDef = OperatorDef {
    name: "Split",
    domain: Domain::Onnx,
    versions: &[1, 2, 11, 13, 18],
    limits: "`split` must be known at compile time",
    read: |cx| {
        let shape = cx.ty(0)?.shape;
        let axis = cx.attributes.int("axis", 0)?;
        let axis = cx.ty(0)?.axis(axis)?;
        let count = cx.output_count();
        if cx.attributes.has("num_outputs") && cx.attributes.int("num_outputs", 0)? != count as i64 {
            return Err(op_error(format!(
                "attribute `num_outputs` is not the number of outputs, {count}"
            )));
        }
        let sizes = if cx.opset() < 2 && cx.has(1) {
            Some(
                cx.known(1, "split")?
                    .to_f64()
                    .into_iter()
                    .map(|size| size as i64)
                    .collect(),
            )
        } else {
            cx.ints_of(1, "split")?
        };
        let sizes = match sizes {
            Some(sizes) => given(shape[axis], count, &sizes)?,
            None => equal(shape[axis], count, cx.opset() >= 18)?,
        };
        if sizes.len() == 1 {
            return Ok(vec![cx.input(0)?]);
        }
        let mut start = 0;
        let mut parts = vec![];
        for len in sizes {
            parts.push(cx.add(Slice::along(&shape, axis, start, len), &[cx.input(0)?])?);
            start += len;
        }
        Ok(parts)
    },
};

fn given(dim: usize, count: usize, sizes: &[i64]) -> Result<Vec<usize>, OpError> {
    let parts: Option<Vec<usize>> = sizes.iter().map(|size| usize::try_from(*size).ok()).collect();
    let sum = |parts: &[usize]| parts.iter().try_fold(0usize, |sum, part| sum.checked_add(*part));
    match parts {
        Some(parts) if parts.len() == count && sum(&parts) == Some(dim) => Ok(parts),
        _ => Err(op_error(format!(
            "`split` is {sizes:?}, which does not part {dim} among {count} outputs"
        ))),
    }
}

fn equal(dim: usize, count: usize, smaller_last: bool) -> Result<Vec<usize>, OpError> {
    let size = dim.div_ceil(count.max(1));
    let last = size
        .checked_mul(count.saturating_sub(1))
        .and_then(|before| dim.checked_sub(before));
    match last {
        Some(last) if count > 0 && (last == size || smaller_last) => {
            let mut sizes = vec![size; count];
            sizes[count - 1] = last;
            Ok(sizes)
        }
        _ => Err(op_error(format!("{dim} cannot be split into {count} equal parts")).help("give the sizes in `split`")),
    }
}

#[cfg(test)]
mod tests {
    use super::{equal, given};
    use crate::front::testing::{Given, Known, int, ints, run};
    use crate::ir::Tensor;

    #[test]
    fn sizes() {
        assert_eq!(equal(6, 3, false), Ok(vec![2, 2, 2]));
        assert_eq!(equal(7, 4, true), Ok(vec![2, 2, 2, 1]));
        assert!(equal(7, 4, false).is_err(), "before opset 18 parts are equal");
        assert!(equal(5, 4, true).is_err(), "the last part would be negative");
        assert_eq!(given(5, 2, &[5, 0]), Ok(vec![5, 0]));
        for wrong in [&[5][..], &[2, 2], &[6, -1], &[i64::MAX, i64::MAX]] {
            assert!(given(5, 2, wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn sizes_move_from_attribute_to_input() {
        let x = || Given(Tensor::f32(&[3], &[1.0, 2.0, 3.0]));
        let old = run(11, "Split", &[ints("split", &[1, 2])], &[x()], 2);
        let oldest = run(1, "Split", &[], &[x(), Known(Tensor::f32(&[2], &[1.0, 2.0]))], 2);
        assert_eq!(oldest, old);
        let new = run(13, "Split", &[], &[x(), Known(Tensor::i64(&[2], &[1, 2]))], 2);
        assert_eq!(old, Ok(vec![Tensor::f32(&[1], &[1.0]), Tensor::f32(&[2], &[2.0, 3.0])]));
        assert_eq!(new, old);
        assert!(run(13, "Split", &[], &[x()], 2).is_err_and(|e| e.contains("equal parts")));
        let newest = run(18, "Split", &[int("num_outputs", 2)], &[x()], 2);
        assert_eq!(
            newest,
            Ok(vec![Tensor::f32(&[2], &[1.0, 2.0]), Tensor::f32(&[1], &[3.0])])
        );
    }
}
