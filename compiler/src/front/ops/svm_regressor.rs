use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::with_number;
use crate::front::shared::scores::{Transform, linear, rows};
use crate::front::shared::svm::Kernel;
use crate::ir::primitives::{BinaryOp, Select};
use crate::ir::{DType, op_error};

/// A sum of kernels, one for each support vector, or a linear function where there are none; of one class, its sign.
pub(super) const SVM_REGRESSOR: OperatorDef = OperatorDef {
    name: "SVMRegressor",
    domain: Domain::Ml,
    versions: &[1],
    limits: "`post_transform` must be `NONE`",
    read: |cx| {
        if Transform::read(cx)? != Transform::None {
            return Err(op_error("attribute `post_transform` is not `NONE`")
                .help("ONNX Runtime does not apply it here: remove it, or apply it in a node of its own"));
        }
        let kernel = Kernel::read(cx)?;
        let count = cx.attributes.int("n_supports", 0)?;
        let count = usize::try_from(count).map_err(|_| op_error(format!("attribute `n_supports` is {count}")))?;
        let coefficients = cx.attributes.floats("coefficients")?.unwrap_or_default();
        let vectors = cx.attributes.floats("support_vectors")?.unwrap_or_default();
        let rho = cx.attributes.floats("rho")?.unwrap_or_default();
        let [rho] = rho[..] else {
            return Err(op_error(format!(
                "attribute `rho` has {} numbers, it must have one",
                rho.len()
            )));
        };
        let one_class = cx.attributes.int("one_class", 0)? != 0;
        let x = rows(cx)?;
        let x = if count == 0 {
            x
        } else {
            kernel.of_vectors(cx, x, &vectors, count)?
        };
        let y = linear(cx, x, &coefficients, &[rho])?;
        if !one_class {
            return Ok(vec![y]);
        }
        let inside = with_number(cx, BinaryOp::Greater, y, 0.0)?;
        let [yes, no] = [1.0, -1.0].map(|sign| cx.scalar(DType::F32, sign));
        cx.add(Select, &[inside, yes, no]).map(|y| vec![y])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::proto::AttributeProto;
    use crate::front::testing::{Given, floats, int, run, text};
    use crate::ir::Tensor;

    fn attributes(kernel: &str, degree: f32, one_class: i64) -> Vec<AttributeProto> {
        vec![
            text("kernel_type", kernel),
            floats("kernel_params", &[0.5, 1.0, degree]),
            floats("support_vectors", &[1.0, 0.0, 0.0, 2.0]),
            floats("coefficients", &[2.0, -1.0]),
            floats("rho", &[0.25]),
            int("n_supports", 2),
            int("one_class", one_class),
        ]
    }

    #[test]
    fn kernels() {
        let y = |kernel, degree, one_class| {
            let x = Given(Tensor::f32(&[1, 2], &[1.0, 2.0]));
            let y = run(1, "SVMRegressor", &attributes(kernel, degree, one_class), &[x], 1);
            y.map(|y| y[0].to_f64()[0])
        };
        // Products with the vectors are 1 and 4, squared distances 4 and 1.
        assert_eq!(y("LINEAR", 0.0, 0), Ok(2.0 - 4.0 + 0.25));
        assert_eq!(y("POLY", 2.0, 0), Ok(2.0 * 1.5 * 1.5 - 9.0 + 0.25));
        assert_eq!(y("POLY", 3.0, 0), Ok(2.0 * 1.5 * 1.5 * 1.5 - 27.0 + 0.25));
        let near = |y: Result<f64, String>, expected: f64| y.is_ok_and(|y| (y - expected).abs() < 1e-5);
        assert!(near(
            y("POLY", 1.5, 0),
            2.0 * 1.5f64.powf(1.5) - 3.0f64.powf(1.5) + 0.25
        ));
        assert!(near(y("RBF", 0.0, 0), 2.0 * (-2.0f64).exp() - (-0.5f64).exp() + 0.25));
        assert!(near(y("SIGMOID", 0.0, 0), 2.0 * 1.5f64.tanh() - 3.0f64.tanh() + 0.25));
        assert_eq!(y("LINEAR", 0.0, 1), Ok(-1.0));
        assert!(y("COSINE", 0.0, 0).is_err_and(|e| e.contains("kernel_type")));
    }

    #[test]
    fn without_support_vectors() {
        let linear = [
            floats("coefficients", &[1.0, 0.5]),
            floats("rho", &[-3.0]),
            int("one_class", 1),
        ];
        let x = || Given(Tensor::f32(&[2, 2], &[1.0, 2.0, 3.0, 2.0]));
        let y = run(1, "SVMRegressor", &linear, &[x()], 1);
        assert_eq!(y, Ok(vec![Tensor::f32(&[2, 1], &[-1.0, 1.0])]));
        assert!(run(1, "SVMRegressor", &linear[..1], &[x()], 1).is_err_and(|e| e.contains("rho")));
    }
}
