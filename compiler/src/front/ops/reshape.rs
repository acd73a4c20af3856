use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::Reshape;
use crate::ir::{OpError, op_error};

/// The same elements with another shape: a 0 keeps a dimension (unless `allowzero`), a -1 takes what is left.
/// The shape is an attribute before opset 5.
pub(super) const RESHAPE: OperatorDef = OperatorDef {
    name: "Reshape",
    domain: Domain::Onnx,
    versions: &[1, 5, 13, 14, 19, 21, 23, 24, 25],
    limits: "`shape` must be known at compile time",
    read: |cx| {
        let keep_zeros = cx.attributes.flag("allowzero", false)?;
        let shape = cx.ints_of(1, "shape")?.ok_or_else(|| op_error("`shape` is missing"))?;
        let shape = resolve(&cx.ty(0)?.shape, &shape, keep_zeros)?;
        cx.op(Reshape { shape }, &[0])
    },
};

fn resolve(from: &[usize], shape: &[i64], keep_zeros: bool) -> Result<Vec<usize>, OpError> {
    let mut dims = vec![];
    let mut open = None;
    for (axis, dim) in shape.iter().enumerate() {
        dims.push(match *dim {
            -1 if open.replace(axis).is_some() => return Err(op_error(format!("{shape:?} has more than one -1"))),
            -1 => 1,
            0 if !keep_zeros => *from.get(axis).ok_or_else(|| {
                op_error(format!(
                    "dimension {axis} of {shape:?} is 0 but the input has {}",
                    from.len()
                ))
            })?,
            _ => usize::try_from(*dim).map_err(|_| op_error(format!("{shape:?} has a negative dimension")))?,
        });
    }
    let known = dims.iter().try_fold(1usize, |len, dim| len.checked_mul(*dim));
    let known = known.ok_or_else(|| op_error(format!("{shape:?} has too many elements")))?;
    if let Some(axis) = open {
        let len: usize = from.iter().product();
        dims[axis] = match len.checked_rem(known) {
            Some(0) => len / known,
            _ => {
                return Err(op_error(format!(
                    "no size in place of -1 gives {shape:?} the {len} elements of {from:?}"
                )));
            }
        };
    }
    Ok(dims)
}

#[cfg(test)]
mod tests {
    use super::resolve;
    use crate::front::testing::{Given, Known, ints, run};
    use crate::ir::Tensor;

    #[test]
    fn the_shape_was_an_attribute() {
        let x = || Given(Tensor::f32(&[2, 2], &[1.0, 2.0, 3.0, 4.0]));
        let flat = Ok(vec![Tensor::f32(&[4], &[1.0, 2.0, 3.0, 4.0])]);
        assert_eq!(run(1, "Reshape", &[ints("shape", &[-1])], &[x()], 1), flat);
        assert_eq!(run(5, "Reshape", &[], &[x(), Known(Tensor::i64(&[1], &[4]))], 1), flat);
    }

    #[test]
    fn zeros_and_minus_one() {
        assert_eq!(resolve(&[2, 3, 4], &[0, -1], false), Ok(vec![2, 12]));
        assert_eq!(resolve(&[2, 3, 4], &[24], false), Ok(vec![24]));
        assert_eq!(resolve(&[0, 3], &[3, 0], true), Ok(vec![3, 0]));
        assert_eq!(resolve(&[], &[-1], false), Ok(vec![1]));
        for wrong in [&[-1, -1][..], &[5, -1], &[-2], &[24, 1, 1, 0], &[i64::MAX, i64::MAX]] {
            assert!(resolve(&[2, 3, 4], wrong, false).is_err(), "{wrong:?}");
        }
        assert!(resolve(&[0, 3], &[0, -1], true).is_err(), "any size would do");
    }
}
