use super::archive::Archive;
use super::array::{ArrayFile, OpenArray};
use super::{Keys, Spec};
use crate::Error;

/// The classes of labelled samples, in the order of the samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    classes: Vec<usize>,
}

impl Labels {
    /// Reads an array: integers `[N]` or `[N, 1]`, or `[N, C]` with a single 1 in each row among zeros. `spec` is an
    /// `.npz` file with one key, or an `.npy` file. Gives `None` if the archive has no such array.
    ///
    /// # Errors
    /// If the file cannot be read, or the array holds something else, such as negative numbers or fractions.
    pub fn read(spec: &Spec) -> Result<Option<Self>, Error> {
        let array = match &spec.keys {
            Keys::One(key) => Archive::open(&spec.path)?.get(key),
            _ => Some(ArrayFile::npy(&spec.path)),
        };
        let Some(array) = array else {
            return Ok(None);
        };
        let mut array = array.open()?;
        let ty = array.ty();
        let mut sizes = ty.shape.iter().skip(1);
        let row = sizes.try_fold(1_usize, |row, size| row.checked_mul(*size));
        let (Some(count), true) = (ty.shape.first().copied(), ty.rank() <= 2 || row == Some(1)) else {
            return Err(not_labels(&array));
        };
        if row == Some(1) && !ty.dtype.is_integer() {
            return Err(not_labels(&array));
        }
        let mut classes = vec![];
        for number in 0..count {
            let values = array.take(&ty.shape[1..])?.to_f64();
            let class = match &values[..] {
                [class] => Some(*class).filter(|c| *c >= 0.0).map(|c| c as usize),
                row => one_hot(row),
            };
            let what = || array.file.wrong(format!("label {number} is not a class"), HELP);
            classes.push(class.ok_or_else(what)?);
        }
        Ok(Some(Self { classes }))
    }

    /// Only the first `count` labels, or all if there are fewer.
    pub fn first(mut self, count: usize) -> Self {
        self.classes.truncate(count);
        self
    }

    /// Number of labels.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// The classes, from 0.
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }
}

const HELP: &str = "labels are integers from 0, [N] or [N, 1], or rows [N, C] with a single 1 among zeros";

fn not_labels(array: &OpenArray) -> Error {
    array
        .file
        .wrong(format!("{} are not labels of classes", array.ty()), HELP)
}

fn one_hot(row: &[f64]) -> Option<usize> {
    let ones = row.iter().filter(|v| **v == 1.0).count();
    let zeros = row.iter().filter(|v| **v == 0.0).count();
    let class = row.iter().position(|v| *v == 1.0);
    class.filter(|_| ones == 1 && ones + zeros == row.len())
}
