use crate::Error;
use crate::ir::Tensor;
use crate::program::Port;
use crate::samples::{Labels, Samples};

/// How an output tells classes: a score for each class, in one row a labelled sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classes {
    /// Rows of the output of one run.
    pub rows: usize,
    /// Scores in a row.
    pub count: usize,
}

impl Classes {
    /// What `output` tells of `rows` samples a run; `None` if it is no list of scores: has fewer than two of them a sample, or
    /// several dimensions.
    pub fn of(output: &Port, rows: usize) -> Option<Self> {
        let shape = &output.ty.shape;
        let own = match rows {
            1 => &shape[..],
            _ => shape.strip_prefix(&[rows])?,
        };
        let long: Vec<_> = own.iter().copied().filter(|d| *d != 1).collect();
        match long[..] {
            [count] if count > 1 => Some(Self { rows, count }),
            _ => None,
        }
    }

    /// The class of the highest score in each row, the first where several are equal.
    pub fn best(&self, output: &Tensor) -> Vec<usize> {
        let scores = output.to_f64();
        let best = |row: &[f64]| (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best });
        scores.chunks_exact(self.count).map(best).collect()
    }

    /// Checks that there is a label for each sample, of a class that `output` has.
    ///
    /// # Errors
    /// If there is not.
    pub fn check(&self, labels: &Labels, samples: &Samples, output: &str) -> Result<(), Error> {
        let rows = samples.len() * self.rows;
        if labels.len() != rows {
            let message = format!("there are {} labels for {rows} samples", labels.len());
            return Err(Error::samples(
                message,
                "name the labels of these samples with --labels KEY",
            ));
        }
        match labels.classes().iter().position(|class| *class >= self.count) {
            None => Ok(()),
            Some(at) => Err(Error::samples(
                format!(
                    "label {at} is class {} but output `{}` has {} classes",
                    labels.classes()[at],
                    output.escape_debug(),
                    self.count
                ),
                "classes are numbered from 0; --output names another output",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{DType, TensorType};
    use crate::program::{BufferId, View};

    fn classes(shape: &[usize], rows: usize) -> Option<(usize, usize)> {
        let port = Port {
            name: "y".into(),
            ty: TensorType::new(DType::F32, shape),
            view: View {
                buffer: BufferId(0),
                offset: 0,
                len: 0,
            },
        };
        Classes::of(&port, rows).map(|c| (c.rows, c.count))
    }

    #[test]
    fn lists_of_scores_tell_classes() {
        assert_eq!(classes(&[1, 10], 1), Some((1, 10)));
        assert_eq!(classes(&[10, 1, 1], 1), Some((1, 10)));
        assert_eq!(classes(&[4, 10], 4), Some((4, 10)));
        assert_eq!(classes(&[4, 10], 1), None);
        assert_eq!(classes(&[10], 4), None);
        assert_eq!((classes(&[1, 1], 1), classes(&[], 1)), (None, None));
    }

    #[test]
    fn the_first_of_equal_scores_wins() {
        let classes = Classes { rows: 2, count: 3 };
        let output = Tensor::f32(&[2, 3], &[-3.0, -1.0, -1.0, 5.0, 0.0, 5.0]);
        assert_eq!(classes.best(&output), [1, 0]);
    }
}
