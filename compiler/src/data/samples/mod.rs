//! Sets of samples, for calibration and evaluation: read one sample at a time, whatever the size of the file.
//!
//! | written as | holds |
//! |---|---|
//! | `FILE.npz` | one array an input, named like it (`\|` may stand for `/`); of a model with one input also an only array |
//! | `FILE.npz:KEY` | the array `KEY`, for a model with one input |
//! | `FILE.npz:INPUT=KEY,..` | the array `KEY` for `INPUT` |
//! | `FILE.npy` | one array, for a model with one input |
//! | a folder | `.npy` files, each one sample, in the order of their names; with several inputs a sub-folder of them named like each |
//!
//! Samples are stacked on the first axis. A sample may lack dimensions of 1 that the input has, or have more of them:
//! `[28, 28]`, `[1, 28, 28]` and `[1, 1, 28, 28]` are the same. Where an input's first dimension is a batch of several,
//! samples without it are taken as many at a time. Element types are those of the model, except for what `convert`
//! allows: other floats, and `i32` and `i64` for each other.

mod archive;
mod array;
mod convert;
mod find;
mod iter;
mod labels;
mod spec;

pub use iter::Iter;
pub use labels::Labels;
pub use spec::{Keys, Spec};

use crate::Error;
use crate::ir::TensorType;
use crate::ir::program::Port;
use array::ArrayFile;
use find::Found;

/// A set of samples for the inputs of one model.
#[derive(Clone, Debug)]
pub struct Samples {
    inputs: Vec<Source>,
    len: usize,
    rows: usize,
    notes: Vec<String>,
}

/// Where the samples of one input are.
#[derive(Clone, Debug)]
struct Source {
    input: String,
    ty: TensorType,
    feed: Feed,
}

/// Samples in one array, or each in a file.
#[derive(Clone, Debug)]
enum Feed {
    /// Stacked on the first axis; so many rows make a sample.
    Stacked { array: ArrayFile, rows: usize },
    /// One file each.
    Files(Vec<ArrayFile>),
}

impl Samples {
    /// Finds the samples that `spec` names (see the [module](self)) for `inputs`, and checks types and shapes of the
    /// arrays.
    ///
    /// # Errors
    /// If a file or array is missing or does not fit its input, or if there are no samples.
    pub fn open(spec: &str, inputs: &[Port]) -> Result<Self, Error> {
        Self::at(&Spec::parse(spec)?, inputs)
    }

    /// [`open`](Self::open) of what is taken apart already.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn at(spec: &Spec, inputs: &[Port]) -> Result<Self, Error> {
        let mut samples = Self {
            inputs: vec![],
            len: 0,
            rows: 1,
            notes: vec![],
        };
        for (port, found) in inputs.iter().zip(find::find(spec, inputs)?) {
            let ty = port.model_ty();
            let array = match &found {
                Found::Stacked(array) => array.clone(),
                Found::Files(files) => files[0].clone(),
            };
            let given = array.open()?.ty();
            let name = port.name.escape_debug();
            convert::check(given.dtype, ty.dtype)
                .map_err(|help| array.wrong(format!("it is {given} but input `{name}` is {ty}"), help))?;
            if convert::narrows(given.dtype, ty.dtype) {
                let note = format!("{}: {} is rounded to {}", array.label(), given.dtype, ty.dtype);
                samples.notes.push(note);
            }
            let (feed, len) = match found {
                Found::Stacked(array) => {
                    let (rows, len) = stacked(&array, &given, &port.name, &ty)?;
                    samples.rows = samples.rows.max(rows);
                    (Feed::Stacked { array, rows }, len)
                }
                Found::Files(files) => {
                    let len = files.len();
                    (Feed::Files(files), len)
                }
            };
            match samples.inputs.first() {
                Some(first) if len != samples.len => {
                    let (first, first_len) = (first.input.escape_debug(), samples.len);
                    let (short, lack) = if len < first_len {
                        (&name, first_len - len)
                    } else {
                        (&first, len - first_len)
                    };
                    let message = format!("there are {len} samples for `{name}` but {first_len} for `{first}`");
                    let help = format!("give every input as many samples; `{short}` lacks {lack}");
                    return Err(array.wrong(message, help));
                }
                _ => samples.len = len,
            }
            samples.inputs.push(Source {
                input: port.name.clone(),
                ty,
                feed,
            });
        }
        // A few bytes can tell of any number of such samples.
        if samples.inputs.iter().all(|source| source.ty.is_empty()) {
            return Err(Error::samples(
                "the inputs have no elements",
                "there is nothing to run the model on",
            ));
        }
        Ok(samples)
    }

    /// Only the first `count` samples, at least one, or all if there are fewer.
    pub fn first(mut self, count: usize) -> Self {
        self.len = self.len.min(count.max(1));
        self
    }

    /// Number of samples: of runs of the model.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none; never, as opening refuses that.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Rows of the arrays that one sample takes: 1, or the batch of the model's inputs.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Remarks for the user.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Reads the samples from the first: the tensors of each, of the inputs' exact types and in their order. After an
    /// error there are no more.
    pub fn iter(&self) -> Iter<'_> {
        Iter::new(self)
    }
}

impl<'a> IntoIterator for &'a Samples {
    type Item = Result<Vec<crate::ir::Tensor>, Error>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// How many rows of an array make a sample of an input, and how many samples there are.
fn stacked(array: &ArrayFile, given: &TensorType, input: &str, ty: &TensorType) -> Result<(usize, usize), Error> {
    let wanted = format!("input `{}` is {ty}", input.escape_debug());
    let help =
        "samples are stacked on the first axis, and each has the shape of the input; dimensions of 1 do not matter";
    let (count, row) = match given.shape.split_first() {
        None => return Err(array.wrong(format!("it is a single number but {wanted}"), help)),
        Some((0, _)) => return Err(array.wrong(format!("there are no samples in {given}"), "give some")),
        Some((count, row)) => (*count, row),
    };
    if agrees(row, &ty.shape) {
        return Ok((1, count));
    }
    match ty.shape.split_first() {
        Some((batch, rest)) if *batch > 1 && agrees(row, rest) => match count % batch {
            0 => Ok((*batch, count / batch)),
            over => Err(array.wrong(
                format!("its {count} samples do not fill batches, and {wanted}"),
                format!(
                    "give a multiple of {batch}, which is {} more, or compile the model for a batch of 1",
                    batch - over
                ),
            )),
        },
        _ => Err(array.wrong(format!("it is {given}, samples of shape {row:?}, but {wanted}"), help)),
    }
}

/// Whether shapes are equal, ignoring dimensions of 1.
fn agrees(given: &[usize], wanted: &[usize]) -> bool {
    let others = |shape: &[usize]| shape.iter().copied().filter(|d| *d != 1).collect::<Vec<_>>();
    others(given) == others(wanted)
}

#[cfg(test)]
mod tests;
