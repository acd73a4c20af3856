use super::array::OpenArray;
use super::{Feed, Samples, Source, agrees, convert};
use crate::Error;
use crate::ir::Tensor;

/// Samples as they are read; see [`Samples::iter`].
pub struct Iter<'a> {
    samples: &'a Samples,
    open: Vec<Option<OpenArray>>,
    next: usize,
}

impl<'a> Iter<'a> {
    pub(super) fn new(samples: &'a Samples) -> Self {
        Self {
            samples,
            open: samples.inputs.iter().map(|_| None).collect(),
            next: 0,
        }
    }
}

impl Iterator for Iter<'_> {
    type Item = Result<Vec<Tensor>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.samples.len {
            return None;
        }
        let sources = self.samples.inputs.iter().zip(&mut self.open);
        let sample = sources
            .map(|(source, open)| source.take(open, self.next))
            .collect::<Result<_, _>>();
        self.next = if sample.is_ok() {
            self.next + 1
        } else {
            self.samples.len
        };
        Some(sample)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.samples.len - self.next;
        (left.min(1), Some(left))
    }
}

impl Source {
    /// Sample `number`, the one after that read from `open`.
    fn take(&self, open: &mut Option<OpenArray>, number: usize) -> Result<Tensor, Error> {
        match &self.feed {
            Feed::Stacked { array, rows } => {
                let array = match open {
                    Some(array) => array,
                    None => open.insert(array.open()?),
                };
                let row = array.ty().shape[1..].to_vec();
                let shape: Vec<usize> = std::iter::once(*rows).chain(row).collect();
                let tensor = array.take(&shape)?;
                convert::convert(tensor, &self.ty).map_err(|(at, what)| {
                    let per_row = self.ty.len() / rows;
                    let index = index(at % per_row, &shape[1..]);
                    let message = format!("sample {} holds {what} at {index:?}", number * rows + at / per_row);
                    array.file.wrong(message, "remove or repair the sample")
                })
            }
            Feed::Files(files) => {
                let file = &files[number];
                let mut array = file.open()?;
                let ty = array.ty();
                let wanted = format!("it is {ty} but input `{}` is {}", self.input.escape_debug(), self.ty);
                convert::check(ty.dtype, self.ty.dtype).map_err(|help| file.wrong(&wanted, help))?;
                if !agrees(&ty.shape, &self.ty.shape) {
                    return Err(file.wrong(wanted, "each file is one sample; dimensions of 1 do not matter"));
                }
                convert::convert(array.take(&ty.shape)?, &self.ty).map_err(|(at, what)| {
                    let message = format!("it holds {what} at {:?}", index(at, &ty.shape));
                    file.wrong(message, "remove or repair the sample")
                })
            }
        }
    }
}

/// The indices of element `at` of a tensor of `shape`.
fn index(mut at: usize, shape: &[usize]) -> Vec<usize> {
    let mut indices: Vec<_> = shape
        .iter()
        .rev()
        .map(|extent| {
            let index = at % extent;
            at /= extent;
            index
        })
        .collect();
    indices.reverse();
    indices
}
