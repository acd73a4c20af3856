//! Values of inputs that the user gives as numbers, such as a sample rate.

use super::Dimensions;
use super::dimensions::{inputs, tensor_type};
use crate::Error;
use crate::front::load::{self, Model};
use crate::front::proto::tensor_shape_proto::dimension::Value as Dim;
use crate::ir::{DType, Tensor};

/// All integers below this are read exactly; what is read as this may have been one more.
const EXACT: f64 = (1_u64 << 53) as f64;

/// `dimensions` with these values as tensors of the inputs' types.
///
/// # Errors
/// Numbers that the input cannot hold, or more or fewer of them than it has elements.
pub(super) fn as_tensors(model: &Model, dimensions: &Dimensions) -> Result<Dimensions, Error> {
    let mut result = dimensions.clone();
    for input in inputs(model) {
        let name = input.name();
        let Some(numbers) = dimensions.numbers.get(name) else {
            continue;
        };
        // An input of another kind is refused when its type is read.
        let Some((tensor, dtype)) = tensor_type(input).and_then(|t| Some((t, load::dtype(t.elem_type())?))) else {
            continue;
        };
        let sizes: Vec<Option<usize>> = match (dimensions.shapes.get(name), &tensor.shape) {
            (Some(shape), _) => shape.iter().copied().map(Some).collect(),
            (None, Some(shape)) => shape
                .dim
                .iter()
                .map(|dim| size(dim.value.as_ref(), dimensions))
                .collect(),
            (None, None) if numbers.len() == 1 => vec![],
            (None, None) => vec![None],
        };
        let shape = filled(&sizes, numbers.len()).ok_or_else(|| {
            Error::usage(
                format!(
                    "--bake gives input `{}` {} number{}, which is not its number of elements",
                    name.escape_debug(),
                    numbers.len(),
                    if numbers.len() == 1 { "" } else { "s" }
                ),
                format!("give one for each element, with commas, or a file: --bake {name}=FILE.npy"),
            )
        })?;
        let mut bytes = vec![];
        for number in numbers {
            let element = Tensor::scalar(dtype, *number);
            let is_float = matches!(dtype, DType::F16 | DType::Bf16 | DType::F32 | DType::F64);
            let held = element.scalar_f64();
            let fits = match is_float {
                true => number.is_infinite() || held.is_some_and(|held| !held.is_infinite()),
                false => number.abs() < EXACT && held == Some(*number),
            };
            if !fits {
                return Err(Error::usage(
                    format!("input `{}` is {dtype}, which cannot be {number}", name.escape_debug()),
                    format!(
                        "give a number that the type can hold; integers from 2^53 on are only read from a file: \
                         --bake {name}=FILE.npy"
                    ),
                ));
            }
            bytes.extend_from_slice(&element.bytes);
        }
        result.baked.insert(name.to_owned(), Tensor::new(dtype, shape, bytes));
    }
    Ok(result)
}

fn size(dim: Option<&Dim>, dimensions: &Dimensions) -> Option<usize> {
    match dim {
        Some(Dim::DimValue(size)) => usize::try_from(*size).ok(),
        Some(Dim::DimParam(name)) => dimensions.named.get(name).copied(),
        None => None,
    }
}

/// The sizes of `count` elements: one open dimension takes what is left, others are 1.
fn filled(sizes: &[Option<usize>], count: usize) -> Option<Vec<usize>> {
    let known = sizes
        .iter()
        .flatten()
        .try_fold(1_usize, |all, size| all.checked_mul(*size))?;
    let mut left = count.checked_div(known)?;
    let take = |size: &Option<usize>| size.unwrap_or_else(|| std::mem::replace(&mut left, 1));
    let shape: Vec<usize> = sizes.iter().map(take).collect();
    let is_exact = shape.iter().try_fold(1_usize, |all, size| all.checked_mul(*size)) == Some(count);
    is_exact.then_some(shape)
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn numbers_fill_the_open_dimension() {
        for (sizes, count, shape) in [
            (vec![], 1, Some(vec![])),
            (vec![Some(1)], 1, Some(vec![1])),
            (vec![None, Some(2)], 6, Some(vec![3, 2])),
            (vec![None, None], 1, Some(vec![1, 1])),
            (vec![Some(2), Some(3)], 6, Some(vec![2, 3])),
            (vec![], 2, None),
            (vec![Some(2)], 1, None),
            (vec![None, Some(2)], 5, None),
            (vec![Some(0)], 1, None),
        ] {
            assert_eq!(filled(&sizes, count), shape, "{sizes:?}, {count} numbers");
        }
    }
}
