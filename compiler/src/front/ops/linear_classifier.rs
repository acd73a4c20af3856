use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::labels::{classes, labels};
use crate::front::shared::scores::{Second, Transform, above, greatest, linear, rows};
use crate::ir::{OpError, op_error};

/// A linear function of each row for each class, the class of the greatest, and what the scores are transformed to.
pub(super) const LINEAR_CLASSIFIER: OperatorDef = OperatorDef {
    name: "LinearClassifier",
    domain: Domain::Ml,
    versions: &[1],
    limits: "names of classes are a table in the emitted file; no `PROBIT` of one score for two classes",
    read: |cx| {
        // It tells how the coefficients were found.
        cx.attributes.ignore("multi_class");
        let transform = Transform::read(cx)?;
        let classes = classes(cx, "classlabels_ints", "classlabels_strings")?;
        let coefficients = cx.attributes.floats("coefficients")?.unwrap_or_default();
        let x = rows(cx)?;
        let intercepts = intercepts(cx, coefficients.len(), cx.value_ty(x).shape[1])?;
        let scores = linear(cx, x, &coefficients, &intercepts)?;
        let (place, second) = match (intercepts.len(), classes.len()) {
            (1, 2) => (above(cx, scores, 0.0)?, Second::Share),
            (scores_of_a_row, n) if scores_of_a_row == n && n > 1 => (greatest(cx, scores)?, Second::None),
            (n, named) => return Err(op_error(format!("{n} scores are computed for {named} classes"))),
        };
        let label = labels(cx, place, &classes)?;
        let y = transform.of_scores(cx, scores, second)?;
        Ok(vec![label, y])
    },
};

/// What is added to each score: zeros where they are not given.
fn intercepts(cx: &mut NodeContext<'_>, coefficients: usize, features: usize) -> Result<Vec<f32>, OpError> {
    let given = cx.attributes.floats("intercepts")?.unwrap_or_default();
    if given.is_empty() && features > 0 {
        return Ok(vec![0.0; coefficients / features]);
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, floats, ints, run, text, texts};
    use crate::ir::Tensor;

    #[test]
    fn one_score_for_two_classes() {
        let x = || Given(Tensor::f32(&[2, 1], &[0.25, -0.25]));
        let attributes = |transform| {
            [
                floats("coefficients", &[1.0]),
                floats("intercepts", &[0.0]),
                ints("classlabels_ints", &[7, -3]),
                text("post_transform", transform),
            ]
        };
        let shares = Ok(vec![
            Tensor::i64(&[2], &[-3, 7]),
            Tensor::f32(&[2, 2], &[0.75, 0.25, 1.25, -0.25]),
        ]);
        assert_eq!(run(1, "LinearClassifier", &attributes("NONE"), &[x()], 2), shares);
        let logistic = run(1, "LinearClassifier", &attributes("LOGISTIC"), &[x()], 2);
        let logistic = logistic.map(|y| y[1].to_f64()).unwrap_or_default();
        let expected = [0.437_823, 0.562_177, 0.562_177, 0.437_823];
        assert!(
            logistic
                .iter()
                .zip(expected)
                .all(|(y, expected)| (y - expected).abs() < 1e-5),
            "{logistic:?}"
        );
        let refused = run(1, "LinearClassifier", &attributes("PROBIT"), &[x()], 2);
        assert!(refused.is_err_and(|e| e.contains("PROBIT")));
    }

    #[test]
    fn names_become_places() {
        let x = || Given(Tensor::f32(&[1, 1], &[2.0]));
        let attributes = |names: &[&str]| [floats("coefficients", &[1.0, 3.0]), texts("classlabels_strings", names)];
        let y = run(1, "LinearClassifier", &attributes(&["no", "yes"]), &[x()], 2);
        assert_eq!(y, Ok(vec![Tensor::i64(&[1], &[1]), Tensor::f32(&[1, 2], &[2.0, 6.0])]));
        let y = run(1, "LinearClassifier", &attributes(&["a", "b", "c"]), &[x()], 2);
        assert!(y.is_err_and(|e| e.contains("2 scores are computed for 3 classes")));
        assert!(run(1, "LinearClassifier", &attributes(&[]), &[x()], 2).is_err_and(|e| e.contains("neither")));
    }
}
