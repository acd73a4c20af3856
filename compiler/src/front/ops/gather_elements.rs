use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::indexing::{Slices, elements, gathered};

/// Elements picked by index along `axis`, each from the line that the index itself stands on.
pub(super) const GATHER_ELEMENTS: OperatorDef = OperatorDef {
    name: "GatherElements",
    domain: Domain::Onnx,
    versions: &[11, 13],
    limits: "",
    read: |cx| {
        let axis = cx.attributes.int("axis", 0)?;
        let data = cx.ty(0)?;
        let axis = data.axis(axis)?;
        let places = elements(cx, &data, axis)?;
        gathered(cx, Slices { places, shape: vec![] })
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn indices_of_fewer_lines() {
        let x = || Given(Tensor::f32(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        let gather = |axis, indices| run(13, "GatherElements", &[int("axis", axis)], &[x(), indices], 1);
        let one = Tensor::i32(&[1, 3], &[2, -3, 1]);
        let picked = Ok(vec![Tensor::f32(&[1, 3], &[3.0, 1.0, 2.0])]);
        assert_eq!(gather(1, Given(one.clone())), picked);
        assert_eq!(gather(-1, Known(one.clone())), picked);
        assert!(gather(0, Known(one)).is_err_and(|e| e.contains("index 2 is outside")));
        assert!(gather(0, Given(Tensor::i64(&[1, 4], &[0; 4]))).is_err_and(|e| e.contains("do not fit")));
        assert!(gather(0, Given(Tensor::new(DType::I8, vec![1, 3], vec![0; 3]))).is_err());
        assert_eq!(
            gather(0, Given(Tensor::i64(&[0, 3], &[]))),
            Ok(vec![Tensor::f32(&[0, 3], &[])])
        );
    }
}
