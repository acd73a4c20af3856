//! Reference inputs and outputs: arrays `inK:NAME` and `outK:NAME`, K = 0, 1, 2 ..

use super::HarnessError;
use crate::data::npz::Arrays;
use crate::ir::{DType, Tensor};
use std::collections::BTreeMap;

/// One inference: inputs and what should come out, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    /// The inputs.
    pub inputs: Arrays,
    /// The outputs.
    pub outputs: Arrays,
}

/// The cases among `arrays`, in order; arrays with other names are left alone.
///
/// # Errors
/// If there are none, if one has no inputs or no outputs, or if shapes differ between cases.
pub fn cases(arrays: Arrays) -> Result<Vec<Case>, HarnessError> {
    let mut cases: BTreeMap<usize, Case> = BTreeMap::new();
    for (key, tensor) in arrays {
        let Some((head, name)) = key.split_once(':') else {
            continue;
        };
        let (number, is_input) = match (head.strip_prefix("in"), head.strip_prefix("out")) {
            (Some(number), _) => (number, true),
            (_, Some(number)) => (number, false),
            _ => continue,
        };
        let Ok(number) = number.parse() else { continue };
        let case = cases.entry(number).or_default();
        let side = if is_input { &mut case.inputs } else { &mut case.outputs };
        side.insert(name.to_owned(), tensor);
    }
    let keys = "arrays are named in0:INPUT and out0:OUTPUT, in1:.. and so on";
    let Some(first) = cases.values().next() else {
        return Err(HarnessError::new("there are no reference arrays").help(keys));
    };
    for (number, case) in &cases {
        if case.outputs.is_empty() {
            return Err(HarnessError::new(format!("case {number} has no outputs")).help(keys));
        }
        let differs = |(name, tensor): (&String, &Tensor)| {
            first
                .inputs
                .get(name)
                .is_none_or(|t| t.shape != tensor.shape)
                .then(|| name.clone())
        };
        if let Some(name) = case.inputs.iter().find_map(differs) {
            let message = format!(
                "input `{}` of case {number} is not like that of the first",
                name.escape_debug()
            );
            return Err(
                HarnessError::new(message).help("shapes are fixed at compile time: put other shapes into another file")
            );
        }
    }
    Ok(cases.into_values().collect())
}

/// `tensor` as an element type of the model: as it is, or float32 narrowed to bfloat16, which NumPy has not.
///
/// # Errors
/// If it is of any other type.
pub fn conform(name: &str, tensor: &Tensor, dtype: DType) -> Result<Tensor, HarnessError> {
    match (tensor.dtype, dtype) {
        (given, wanted) if given == wanted => Ok(tensor.clone()),
        (DType::F32, DType::Bf16) => {
            let narrow = |v: f64| runtime_core::bf16::from_f64(v).to_le_bytes();
            Ok(Tensor::new(
                dtype,
                tensor.shape.clone(),
                tensor.to_f64().into_iter().flat_map(narrow).collect(),
            ))
        }
        (given, wanted) => Err(
            HarnessError::new(format!("array `{}` is {given}", name.escape_debug())).help(format!(
                "the model has {wanted} there: give it that type with .astype(..)"
            )),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrays(names: &[(&str, usize)]) -> Arrays {
        names
            .iter()
            .map(|(name, len)| ((*name).to_owned(), Tensor::f32(&[*len], &vec![0.0; *len])))
            .collect()
    }

    #[test]
    fn keys_tell_case_and_name() {
        let found = cases(arrays(&[
            ("in0:a:0", 2),
            ("out0:y", 1),
            ("in1:a:0", 2),
            ("out1:y", 1),
            ("presoftmax0:z", 1),
        ]));
        let found = found.unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].inputs.keys().collect::<Vec<_>>(), ["a:0"]);
        assert_eq!(found[1].outputs.keys().collect::<Vec<_>>(), ["y"]);
    }

    #[test]
    fn cases_must_be_alike() {
        assert!(cases(arrays(&[("x", 1)])).unwrap_err().message.contains("no reference"));
        assert!(
            cases(arrays(&[("in0:x", 1)]))
                .unwrap_err()
                .message
                .contains("no outputs")
        );
        let differ = cases(arrays(&[("in0:x", 1), ("out0:y", 1), ("in1:x", 2), ("out1:y", 1)]));
        assert!(differ.unwrap_err().message.contains("case 1"));
    }
}
