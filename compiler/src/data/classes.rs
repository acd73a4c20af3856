use crate::Error;
use crate::data::samples::Labels;
use crate::ir::Tensor;
use crate::ir::program::Port;

/// How an output tells classes: a score for each class, in one row a labelled sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classes {
    /// Rows of the output of one run.
    pub rows: usize,
    /// Scores in a row.
    pub count: usize,
}

impl Classes {
    /// What `output` tells of `rows` samples per run; `None` if it is no list of scores: has fewer than two of them per
    /// sample, or several dimensions.
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
        self.best_of(&output.to_f64())
    }

    /// [`best`](Self::best) of an output's elements.
    pub fn best_of(&self, scores: &[f64]) -> Vec<usize> {
        let best = |row: &[f64]| (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best });
        scores.chunks_exact(self.count).map(best).collect()
    }

    /// Checks that labels are of classes that `output` has.
    ///
    /// # Errors
    /// If one is not.
    pub fn check(&self, labels: &Labels, output: &str) -> Result<(), Error> {
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
    use crate::ir::program::{BufferId, View};
    use crate::ir::{DType, TensorType};

    fn classes(shape: &[usize], rows: usize) -> Option<(usize, usize)> {
        let port = Port {
            name: "y".into(),
            ty: TensorType::new(DType::F32, shape),
            view: View {
                buffer: BufferId(0),
                offset: 0,
                len: 0,
            },
            channels_last: false,
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
