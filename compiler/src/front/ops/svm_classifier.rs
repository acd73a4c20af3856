use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::{binary, map, part, with_number};
use crate::front::shared::labels::{classes, labels};
use crate::front::shared::normalization::{cast, reshaped};
use crate::front::shared::scores::{Second, Transform, above, greatest, linear, rows};
use crate::front::shared::svm::Kernel;
use crate::ir::primitives::{BinaryOp, Concat, Gather, PairwiseCoupling, Reduce, ReduceOp, Select};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};
use runtime_core::function::Sigmoid;

/// A support vector machine for each pair of classes, or a linear function for each class where there are no support
/// vectors: the class with most votes, and scores or probabilities.
pub(super) const SVM_CLASSIFIER: OperatorDef = OperatorDef {
    name: "SVMClassifier",
    domain: Domain::Ml,
    versions: &[1],
    limits: "names of classes are a table in the emitted file; no `PROBIT` of one score for two classes",
    read: |cx| {
        let transform = Transform::read(cx)?;
        let kernel = Kernel::read(cx)?;
        let classes = classes(cx, "classlabels_ints", "classlabels_strings")?;
        let machine = Machine::read(cx, kernel, classes.len())?;
        let x = rows(cx)?;
        let (place, y) = if machine.sizes.is_empty() {
            machine.linear(cx, x, transform)?
        } else {
            machine.voted(cx, x, transform)?
        };
        let label = labels(cx, place, &classes)?;
        Ok(vec![label, y])
    },
};

struct Machine {
    kernel: Kernel,
    classes: usize,
    /// Support vectors of each class.
    sizes: Vec<usize>,
    vectors: Vec<f32>,
    coefficients: Vec<f32>,
    rho: Vec<f32>,
    /// For each pair what turns its score into a probability; empty for scores.
    probability: Vec<[f32; 2]>,
}

impl Machine {
    fn read(cx: &mut NodeContext<'_>, kernel: Kernel, classes: usize) -> Result<Self, OpError> {
        let sizes = cx.attributes.ints("vectors_per_class")?.unwrap_or_default();
        let sizes: Option<Vec<usize>> = sizes.iter().map(|size| usize::try_from(*size).ok()).collect();
        let sizes = sizes.ok_or_else(|| op_error("attribute `vectors_per_class` holds a negative number"))?;
        let mut floats = |name| cx.attributes.floats(name).map(Option::unwrap_or_default);
        let (a, b) = (floats("prob_a")?, floats("prob_b")?);
        let machine = Self {
            kernel,
            classes,
            vectors: floats("support_vectors")?,
            coefficients: floats("coefficients")?,
            rho: floats("rho")?,
            probability: a.iter().zip(&b).map(|(a, b)| [*a, *b]).collect(),
            sizes: if sizes.iter().all(|size| *size == 0) {
                vec![]
            } else {
                sizes
            },
        };
        let pairs = machine.pairs().count();
        let lens = [machine.rho.len(), a.len(), b.len()];
        if machine.sizes.is_empty() {
            if lens[0] == 0 || lens[1..] != [0, 0] {
                return Err(op_error(
                    "a machine without support vectors must have `rho` and no probabilities",
                ));
            }
        } else if machine.sizes.len() != classes || classes < 2 || !(lens == [pairs; 3] || lens == [pairs, 0, 0]) {
            return Err(op_error(format!(
                "{classes} classes of support vectors must be 2 or more, and `rho`, `prob_a` and `prob_b` must be for {pairs} pairs"
            )));
        }
        Ok(machine)
    }

    /// The pairs of classes, in the order of their scores.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.classes).flat_map(|i| (i + 1..self.classes).map(move |j| (i, j)))
    }

    /// The places and the scores of a linear function for each class.
    fn linear(
        &self,
        cx: &mut NodeContext<'_>,
        x: ValueId,
        transform: Transform,
    ) -> Result<(ValueId, ValueId), OpError> {
        let scores = linear(cx, x, &self.coefficients, &vec![self.rho[0]; self.classes])?;
        let mut place = greatest(cx, scores)?;
        if self.classes == 2 {
            // Two classes are compared with a bound first, which is 0.5 where no coefficient is negative.
            let most = reduced(cx, ReduceOp::Max, scores)?;
            let second = if self.coefficients.iter().all(|c| *c >= 0.0) {
                with_number(cx, BinaryOp::GreaterOrEqual, most, 0.5)?
            } else {
                with_number(cx, BinaryOp::Greater, most, 0.0)?
            };
            let one = cx.scalar(DType::I64, 1.0);
            place = cx.add(Select, &[second, one, place])?;
        }
        Ok((place, transform.of_scores(cx, scores, Second::None)?))
    }

    /// The places with most votes, and the scores of the pairs or the probabilities of the classes.
    fn voted(&self, cx: &mut NodeContext<'_>, x: ValueId, transform: Transform) -> Result<(ValueId, ValueId), OpError> {
        let scores = self.scores(cx, x)?;
        let place = self.place(cx, scores)?;
        let y = if !self.probability.is_empty() {
            let p = self.probabilities(cx, scores)?;
            transform.of_rows(cx, p)?
        } else if self.classes > 2 {
            transform.of_rows(cx, scores)?
        } else {
            let second = if transform == Transform::None {
                Second::Sign
            } else {
                Second::Share
            };
            transform.of_scores(cx, scores, second)?
        };
        Ok((place, y))
    }

    /// The score of each pair: positive for the first of its classes.
    fn scores(&self, cx: &mut NodeContext<'_>, x: ValueId) -> Result<ValueId, OpError> {
        let (others, count) = (self.classes - 1, self.sizes.iter().sum::<usize>());
        if others.checked_mul(count) != Some(self.coefficients.len()) {
            return Err(op_error(format!(
                "{} coefficients are given for {count} support vectors of {} classes",
                self.coefficients.len(),
                self.classes
            )));
        }
        let kernels = self.kernel.of_vectors(cx, x, &self.vectors, count)?;
        if self.classes == 2 {
            return linear(cx, kernels, &self.coefficients, &self.rho);
        }
        // The vectors of each class against each other class: column `i * others + row`.
        let (mut sums, mut start) = (vec![], 0);
        for size in &self.sizes {
            let own = part(cx, kernels, 1, start, *size)?;
            let weights = self
                .coefficients
                .chunks(count)
                .flat_map(|row| &row[start..start + size]);
            let weights: Vec<f32> = weights.copied().collect();
            if *size == 0 {
                return Err(op_error("a class has no support vectors"));
            }
            sums.push(linear(cx, own, &weights, &vec![0.0; others])?);
            start += size;
        }
        let sums = cx.add(Concat { axis: 1 }, &sums)?;
        let firsts: Vec<i64> = self.pairs().map(|(i, j)| (i * others + j - 1) as i64).collect();
        let seconds: Vec<i64> = self.pairs().map(|(i, j)| (j * others + i) as i64).collect();
        let [first, second] = [firsts, seconds].map(|places| cx.add_constant(Tensor::i64(&[places.len()], &places)));
        let first = cx.add(Gather { axis: 1 }, &[sums, first])?;
        let second = cx.add(Gather { axis: 1 }, &[sums, second])?;
        let both = binary(cx, BinaryOp::Add, first, second)?;
        let rho = cx.add_constant(Tensor::f32(&[self.rho.len()], &self.rho));
        binary(cx, BinaryOp::Add, both, rho)
    }

    /// The class with most votes, the first of equal ones.
    fn place(&self, cx: &mut NodeContext<'_>, scores: ValueId) -> Result<ValueId, OpError> {
        if self.classes == 2 {
            let first = above(cx, scores, 0.0)?;
            let one = cx.scalar(DType::I64, 1.0);
            return binary(cx, BinaryOp::Sub, one, first);
        }
        let won = with_number(cx, BinaryOp::Greater, scores, 0.0)?;
        let won = cast(cx, won, DType::F32)?;
        // A vote goes to the first class where the pair is won, else to the second.
        let rows = (0..self.classes).flat_map(|class| {
            self.pairs().map(move |(i, j)| match class {
                _ if class == i => 1.0,
                _ if class == j => -1.0,
                _ => 0.0,
            })
        });
        let lost: Vec<f32> = (0..self.classes).map(|class| class as f32).collect();
        let votes = linear(cx, won, &rows.collect::<Vec<_>>(), &lost)?;
        greatest(cx, votes)
    }

    /// The probability of each class.
    fn probabilities(&self, cx: &mut NodeContext<'_>, scores: ValueId) -> Result<ValueId, OpError> {
        let constant = |cx: &mut NodeContext<'_>, part: usize| {
            let values: Vec<f32> = self.probability.iter().map(|pair| -pair[part]).collect();
            cx.add_constant(Tensor::f32(&[values.len()], &values))
        };
        let (a, b) = (constant(cx, 0), constant(cx, 1));
        let y = binary(cx, BinaryOp::Mul, scores, a)?;
        let y = binary(cx, BinaryOp::Add, y, b)?;
        let p = map(cx, Sigmoid, y)?;
        let p = with_number(cx, BinaryOp::Max, p, 1e-7)?;
        let p = with_number(cx, BinaryOp::Min, p, 1.0 - 1e-7)?;
        let classes = self.classes;
        cx.add(PairwiseCoupling { classes }, &[p])
    }
}

/// The elements of each row combined, as `[rows]`.
fn reduced(cx: &mut NodeContext<'_>, op: ReduceOp, x: ValueId) -> Result<ValueId, OpError> {
    let rows = cx.value_ty(x).shape[0];
    let y = cx.add(Reduce { op, axes: vec![1] }, &[x])?;
    reshaped(cx, y, &[rows])
}

#[cfg(test)]
mod tests {
    use crate::front::proto::AttributeProto;
    use crate::front::testing::{Given, floats, ints, run, text, texts};
    use crate::ir::Tensor;

    fn linear_kernel(classes: &[i64], coefficients: &[f32], rho: &[f32]) -> Vec<AttributeProto> {
        let vectors: Vec<f32> = (0..classes.len()).map(|i| i as f32 + 1.0).collect();
        vec![
            text("kernel_type", "LINEAR"),
            floats("kernel_params", &[0.0, 0.0, 0.0]),
            ints("classlabels_ints", classes),
            ints("vectors_per_class", &vec![1; classes.len()]),
            floats("support_vectors", &vectors),
            floats("coefficients", coefficients),
            floats("rho", rho),
        ]
    }

    #[test]
    fn two_classes() {
        let x = || Given(Tensor::f32(&[2, 1], &[1.0, -1.0]));
        let mut attributes = linear_kernel(&[4, 9], &[1.0, 0.5], &[0.0]);
        let y = run(1, "SVMClassifier", &attributes, &[x()], 2);
        let scores = Tensor::f32(&[2, 2], &[-2.0, 2.0, 2.0, -2.0]);
        assert_eq!(y, Ok(vec![Tensor::i64(&[2], &[4, 9]), scores]));
        attributes.push(text("post_transform", "SOFTMAX"));
        let y = run(1, "SVMClassifier", &attributes, &[x()], 2);
        let scores = Tensor::f32(&[2, 2], &[-1.0, 2.0, 3.0, -2.0]);
        assert_eq!(y, Ok(vec![Tensor::i64(&[2], &[4, 9]), scores]));
    }

    #[test]
    fn votes_of_three_classes() {
        // Kernels are 1, 2 and 3. Pairs: (0, 1) 1 * 1 + 2 * -1 + 0.5, (0, 2) 1 * 2 + 3 * -1, (1, 2) 2 * 3 + 3 * -1.
        let attributes = linear_kernel(&[0, 1, 2], &[1.0, -1.0, -1.0, 2.0, 3.0, -1.0], &[0.5, 0.0, 0.0]);
        let x = Given(Tensor::f32(&[1, 1], &[1.0]));
        let y = run(1, "SVMClassifier", &attributes, &[x], 2);
        let scores = Tensor::f32(&[1, 3], &[-0.5, -1.0, 3.0]);
        assert_eq!(y, Ok(vec![Tensor::i64(&[1], &[1]), scores]));
    }

    #[test]
    fn a_linear_function_for_each_class() {
        let attributes = |coefficients: &[f32]| {
            [
                texts("classlabels_strings", &["a", "b"]),
                floats("coefficients", coefficients),
                floats("rho", &[-0.5]),
            ]
        };
        let y = |coefficients: &[f32]| {
            let x = Given(Tensor::f32(&[2, 1], &[0.8, 0.2]));
            run(1, "SVMClassifier", &attributes(coefficients), &[x], 1).map(|y| y[0].to_i64())
        };
        assert_eq!(y(&[2.0, 1.0]), Ok(Some(vec![1, 0])));
        assert_eq!(y(&[2.0, -1.0]), Ok(Some(vec![1, 0])));
        assert!(y(&[1.0, 2.0, 3.0]).is_err_and(|e| e.contains("3 coefficients")));
    }
}
