//! Element types of samples made those of a model, where no meaning is lost.

use crate::ir::{DType, Tensor, TensorType};
use runtime_core::{bf16, f16};

/// Why values cannot be taken as they are, as help for the user.
///
/// Allowed are: the same type; a float as any other float, rounded once to the nearest; `i32` and `i64` as each other,
/// where values fit. Integers are not taken as floats, because nothing tells how they are to be scaled, and
/// floats not as integers.
pub(super) fn check(given: DType, wanted: DType) -> Result<(), String> {
    let index = |d| matches!(d, DType::I32 | DType::I64);
    match (given, wanted) {
        _ if given == wanted || (given.is_float() && wanted.is_float()) || (index(given) && index(wanted)) => Ok(()),
        _ if given.is_integer() && wanted.is_float() => Err(format!(
            "scale them as the model was trained with, and store them as {}",
            numpy_name(wanted)
        )),
        _ if given.is_float() && wanted.is_integer() => Err(format!(
            "quantise them with the scale and zero point of the input, and store them as {}",
            numpy_name(wanted)
        )),
        _ => Err(format!("store them as {}", numpy_name(wanted))),
    }
}

/// Whether `wanted` holds fewer digits than `given`: worth a note.
pub(super) fn narrows(given: DType, wanted: DType) -> bool {
    given.is_float() && wanted.is_float() && given.size() > wanted.size()
}

/// `tensor` with the elements of `ty` and its shape; [`check`] has allowed it.
///
/// # Errors
/// With the index of the first value that does not fit or is not a number, and what is wrong with it. Infinite ones are
/// masks, which those judge who know what reads them.
pub(super) fn convert(tensor: Tensor, ty: &TensorType) -> Result<Tensor, (usize, String)> {
    let given = tensor.dtype;
    let converted = if given == ty.dtype {
        tensor.reshaped(&ty.shape)
    } else if let Some(values) = tensor.to_i64().filter(|_| !ty.dtype.is_float()) {
        let too_large = |value: &i64| ty.dtype == DType::I32 && i32::try_from(*value).is_err();
        if let Some(at) = values.iter().position(too_large) {
            return Err((at, format!("{} does not fit {}", values[at], ty.dtype)));
        }
        match ty.dtype {
            DType::I32 => Tensor::i32(&ty.shape, &values.iter().map(|v| *v as i32).collect::<Vec<_>>()),
            _ => Tensor::i64(&ty.shape, &values),
        }
    } else {
        floats(ty, &tensor.to_f64())
    };
    if !ty.dtype.is_float() {
        return Ok(converted);
    }
    let given = tensor.to_f64();
    let is_wrong = |(now, given): (&f64, &f64)| now.is_nan() || now.is_infinite() && given.is_finite();
    match converted.to_f64().iter().zip(&given).position(is_wrong) {
        None => Ok(converted),
        Some(at) => {
            let what = match given[at] {
                v if v.is_nan() => "NaN".to_owned(),
                v => format!("{v:e}, beyond the range of {}", ty.dtype),
            };
            Err((at, what))
        }
    }
}

fn floats(ty: &TensorType, values: &[f64]) -> Tensor {
    let bytes = match ty.dtype {
        DType::F16 => values.iter().flat_map(|v| f16::from_f64(*v).to_le_bytes()).collect(),
        DType::Bf16 => values.iter().flat_map(|v| bf16::from_f64(*v).to_le_bytes()).collect(),
        DType::F32 => values.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect(),
        _ => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
    };
    Tensor::new(ty.dtype, ty.shape.clone(), bytes)
}

/// What NumPy calls a type, or the one to store what it has no name for.
fn numpy_name(dtype: DType) -> &'static str {
    match dtype {
        DType::F16 => "float16",
        DType::F32 | DType::Bf16 => "float32",
        DType::F64 => "float64",
        DType::I8 => "int8",
        DType::I16 => "int16",
        DType::I32 => "int32",
        DType::I64 => "int64",
        DType::U8 => "uint8",
        DType::U16 => "uint16",
        DType::U32 => "uint32",
        DType::U64 => "uint64",
        DType::Bool => "bool",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meaning_is_kept() {
        assert!(check(DType::F64, DType::F32).is_ok() && narrows(DType::F64, DType::F32));
        assert!(check(DType::F16, DType::F32).is_ok() && !narrows(DType::F16, DType::F32));
        assert!(check(DType::I64, DType::I32).is_ok() && check(DType::I32, DType::I64).is_ok());
        assert!(check(DType::U8, DType::F32).unwrap_err().contains("scale them"));
        assert!(check(DType::F32, DType::I8).unwrap_err().contains("zero point"));
        for (given, wanted) in [
            (DType::U8, DType::I8),
            (DType::I16, DType::I8),
            (DType::Bool, DType::F32),
        ] {
            assert!(check(given, wanted).is_err(), "{given} as {wanted}");
        }
    }

    #[test]
    fn values_that_do_not_fit_are_found() {
        let ty = |dtype| TensorType::new(dtype, [2]);
        let wrong = |tensor, dtype| convert(tensor, &ty(dtype)).unwrap_err();
        assert_eq!(wrong(Tensor::i64(&[2], &[1, 1 << 31]), DType::I32).0, 1);
        assert_eq!(
            wrong(Tensor::f32(&[2], &[1.0, f32::NAN]), DType::F32),
            (1, "NaN".into())
        );
        // A mask.
        assert_eq!(
            convert(Tensor::f32(&[2], &[f32::NEG_INFINITY, 0.0]), &ty(DType::F64)),
            Ok(Tensor::f64(&[2], &[f64::NEG_INFINITY, 0.0]))
        );
        assert!(wrong(Tensor::f64(&[2], &[0.0, 1e39]), DType::F32).1.contains("range"));
        assert_eq!(
            convert(Tensor::f64(&[2], &[0.1, 2.0]), &ty(DType::F32)),
            Ok(Tensor::f32(&[2], &[0.1, 2.0]))
        );
        assert_eq!(
            convert(Tensor::i32(&[2], &[-1, 2]), &ty(DType::I64)),
            Ok(Tensor::i64(&[2], &[-1, 2]))
        );
    }
}
