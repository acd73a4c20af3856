use super::cast::element_type;
use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::{Expand, Scatter};
use crate::ir::{Tensor, op_error};

/// Ones on diagonal `k` of a matrix as large as the input, zeros elsewhere.
pub(super) const EYE_LIKE: OperatorDef = OperatorDef {
    name: "EyeLike",
    domain: Domain::Onnx,
    versions: &[9, 22],
    limits: "",
    read: |cx| {
        let ty = cx.ty(0)?;
        let [rows, columns] = ty.shape[..] else {
            return Err(op_error(format!("the input is {ty}, it must be a matrix")));
        };
        let dtype = match cx.attributes.has("dtype") {
            true => element_type(cx.attributes.int("dtype", 0)?)?,
            false => ty.dtype,
        };
        let k = cx.attributes.int("k", 0)?;
        let place = |row: usize| {
            let column = k
                .checked_add(row as i64)
                .and_then(|column| usize::try_from(column).ok());
            let column = column.filter(|column| *column < columns)?;
            i32::try_from(row * columns + column).ok()
        };
        let first = usize::try_from(k.saturating_neg()).unwrap_or(0).min(rows);
        let places: Vec<i32> = (first..rows).map_while(place).collect();
        let places = Tensor::i32(&[places.len()], &places);
        let (zero, one) = (cx.scalar(dtype, 0.0), cx.scalar(dtype, 1.0));
        let zeros = cx.add(Expand { shape: ty.shape }, &[zero])?;
        let ones = cx.add(
            Expand {
                shape: places.shape.clone(),
            },
            &[one],
        )?;
        let places = cx.add_constant(places);
        let scatter = Scatter {
            inner: 1,
            reduction: None,
        };
        cx.add(scatter, &[zeros, places, ones]).map(|y| vec![y])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run};
    use crate::ir::Tensor;

    #[test]
    fn diagonals() {
        let x = || Given(Tensor::f32(&[2, 3], &[0.0; 6]));
        let eye = |k| run(9, "EyeLike", &[int("k", k), int("dtype", 6)], &[x()], 1);
        assert_eq!(eye(1), Ok(vec![Tensor::i32(&[2, 3], &[0, 1, 0, 0, 0, 1])]));
        assert_eq!(eye(-1), Ok(vec![Tensor::i32(&[2, 3], &[0, 0, 0, 1, 0, 0])]));
        for k in [i64::MAX, i64::MIN, 3, -2] {
            assert_eq!(eye(k), Ok(vec![Tensor::i32(&[2, 3], &[0; 6])]), "{k}");
        }
        assert!(run(9, "EyeLike", &[int("dtype", 8)], &[x()], 1).is_err_and(|e| e.contains("STRING")));
        assert!(run(9, "EyeLike", &[], &[Given(Tensor::f32(&[2], &[0.0; 2]))], 1).is_err());
    }
}
