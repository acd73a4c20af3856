use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::scores::{Second, Transform, linear, rows};
use crate::ir::op_error;

/// A linear function of each row for each target.
pub(super) const LINEAR_REGRESSOR: OperatorDef = OperatorDef {
    name: "LinearRegressor",
    domain: Domain::Ml,
    versions: &[1],
    limits: "",
    read: |cx| {
        let transform = Transform::read(cx)?;
        let targets = cx.attributes.int("targets", 1)?;
        let coefficients = cx.attributes.floats("coefficients")?.unwrap_or_default();
        let intercepts = cx.attributes.floats("intercepts")?.unwrap_or_default();
        let targets = usize::try_from(targets)
            .ok()
            .filter(|n| (1..=coefficients.len()).contains(n));
        let targets =
            targets.ok_or_else(|| op_error("attribute `targets` must be 1 or more, with coefficients for each"))?;
        let intercepts = match intercepts.len() {
            0 => vec![0.0; targets],
            n if n == targets => intercepts,
            n => return Err(op_error(format!("{n} intercepts are given for {targets} targets"))),
        };
        let x = rows(cx)?;
        let y = linear(cx, x, &coefficients, &intercepts)?;
        transform.of_scores(cx, y, Second::None).map(|y| vec![y])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, floats, int, run};
    use crate::ir::Tensor;

    #[test]
    fn targets_and_intercepts() {
        let x = || Given(Tensor::f32(&[1, 2], &[1.0, 2.0]));
        let coefficients = floats("coefficients", &[1.0, 10.0, 0.5, -1.0]);
        let y = |intercepts: &[f32], targets| {
            let attributes = [
                coefficients.clone(),
                floats("intercepts", intercepts),
                int("targets", targets),
            ];
            run(1, "LinearRegressor", &attributes, &[x()], 1)
        };
        assert_eq!(y(&[0.5, 1.0], 2), Ok(vec![Tensor::f32(&[1, 2], &[21.5, -0.5])]));
        assert_eq!(y(&[], 2), Ok(vec![Tensor::f32(&[1, 2], &[21.0, -1.5])]));
        assert!(y(&[1.0], 2).is_err_and(|e| e.contains("1 intercepts")));
        assert!(y(&[], 0).is_err_and(|e| e.contains("targets")));
        assert!(y(&[], 3).is_err_and(|e| e.contains("4 coefficients")));
    }
}
