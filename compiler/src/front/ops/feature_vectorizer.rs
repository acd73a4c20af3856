use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::part;
use crate::front::shared::normalization::{cast, reshaped};
use crate::ir::primitives::{Concat, Expand};
use crate::ir::{DType, op_error};

/// The features of all inputs side by side, in floats: of each input as many as it declares, with zeros where it has
/// fewer.
pub(super) const FEATURE_VECTORIZER: OperatorDef = OperatorDef {
    name: "FeatureVectorizer",
    domain: Domain::Ml,
    versions: &[1],
    limits: "",
    read: |cx| {
        let sizes = cx.attributes.ints("inputdimensions")?.unwrap_or_default();
        if sizes.len() != cx.input_count() || sizes.is_empty() {
            return Err(op_error(format!(
                "attribute `inputdimensions` has {} sizes for {} inputs",
                sizes.len(),
                cx.input_count()
            )));
        }
        let mut parts = vec![];
        for (index, size) in sizes.iter().enumerate() {
            let (ty, x) = (cx.ty(index)?, cx.input(index)?);
            let (rows, features) = match ty.shape[..] {
                [features] => (1, features),
                [rows, ref rest @ ..] => (rows, rest.iter().product()),
                [] => {
                    return Err(op_error(format!(
                        "input {index} is a number, it must be rows of features"
                    )));
                }
            };
            let size = usize::try_from(*size).map_err(|_| op_error(format!("input {index} has {size} features")))?;
            let x = reshaped(cx, x, &[rows, features])?;
            let x = part(cx, x, 1, 0, size.min(features))?;
            parts.push(cast(cx, x, DType::F32)?);
            if size > features {
                let zero = cx.scalar(DType::F32, 0.0);
                let shape = vec![rows, size - features];
                parts.push(cx.add(Expand { shape }, &[zero])?);
            }
        }
        cx.add(Concat { axis: 1 }, &parts).map(|y| vec![y])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, ints, run};
    use crate::ir::Tensor;

    #[test]
    fn inputs_are_cut_and_filled() {
        let x = || Given(Tensor::f32(&[2, 2], &[1.0, 2.0, 3.0, 4.0]));
        let n = || Given(Tensor::i64(&[2, 1], &[5, 6]));
        let y = |sizes: &[i64]| {
            run(
                1,
                "FeatureVectorizer",
                &[ints("inputdimensions", sizes)],
                &[x(), n()],
                1,
            )
        };
        assert_eq!(
            y(&[2, 1]),
            Ok(vec![Tensor::f32(&[2, 3], &[1.0, 2.0, 5.0, 3.0, 4.0, 6.0])])
        );
        assert_eq!(
            y(&[1, 2]),
            Ok(vec![Tensor::f32(&[2, 3], &[1.0, 5.0, 0.0, 3.0, 6.0, 0.0])])
        );
        assert!(y(&[2]).is_err_and(|e| e.contains("1 sizes for 2 inputs")));
        assert!(y(&[2, -1]).is_err_and(|e| e.contains("-1 features")));
    }
}
