use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::indexing::{Slices, elements, reduction, scattered};

/// Puts elements at indices along `axis`, each into the line that the index itself stands on. Opsets 16 and 18 added
/// reductions.
pub(super) const SCATTER_ELEMENTS: OperatorDef = OperatorDef {
    name: "ScatterElements",
    domain: Domain::Onnx,
    versions: &[11, 13, 16, 18],
    limits: "",
    read: |cx| {
        let axis = cx.attributes.int("axis", 0)?;
        let data = cx.ty(0)?;
        let axis = data.axis(axis)?;
        let places = elements(cx, &data, axis)?;
        let reduction = reduction(cx)?;
        scattered(cx, Slices { places, shape: vec![] }, 2, reduction)
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run, text};
    use crate::ir::{DType, Tensor};

    fn scatter(opset: i64, reduction: &str, data: Tensor, updates: Tensor) -> Result<Vec<Tensor>, String> {
        let indices = Given(Tensor::i64(&[1, 3], &[0, -1, 1]));
        let attributes = [int("axis", 1), text("reduction", reduction)];
        run(
            opset,
            "ScatterElements",
            &attributes,
            &[Given(data), indices, Given(updates)],
            1,
        )
    }

    #[test]
    fn reductions() {
        let data = || Tensor::i32(&[1, 2], &[10, -3]);
        let updates = || Tensor::i32(&[1, 3], &[2, 5, -7]);
        let results = [
            ("none", [2, -7]),
            ("add", [12, -5]),
            ("mul", [20, 105]),
            ("max", [10, 5]),
            ("min", [2, -7]),
        ];
        for (reduction, result) in results {
            let y = scatter(18, reduction, data(), updates());
            assert_eq!(y, Ok(vec![Tensor::i32(&[1, 2], &result)]), "{reduction}");
        }
        assert!(scatter(16, "max", data(), updates()).is_err_and(|e| e.contains("supported: `none`, `add`, `mul`")));
        assert!(scatter(18, "add", data(), Tensor::i32(&[1, 2], &[0; 2])).is_err_and(|e| e.contains("[1, 3]")));
    }

    #[test]
    fn booleans() {
        let bools = |values: &[u8]| Tensor::new(DType::Bool, vec![1, values.len()], values.to_vec());
        for (reduction, result) in [("add", [1, 1]), ("mul", [0, 0]), ("none", [1, 0])] {
            let y = scatter(18, reduction, bools(&[0, 1]), bools(&[1, 1, 0]));
            assert_eq!(y, Ok(vec![bools(&result)]), "{reduction}");
        }
    }

    #[test]
    fn known_indices_are_checked() {
        let wrong = Known(Tensor::i64(&[1], &[3]));
        let x = || Given(Tensor::f32(&[3], &[0.0; 3]));
        let y = run(
            18,
            "ScatterElements",
            &[],
            &[x(), wrong, Given(Tensor::f32(&[1], &[1.0]))],
            1,
        );
        assert!(y.is_err_and(|e| e.contains("index 3 is outside an axis of 3")));
    }
}
