//! Layers over any number of axes, whose operands have a stride for each: the outermost axis of more than one element is
//! divided.

use super::{Part, Partial, count_of, elements, is_within};
use crate::kernels::{Binary, Constant, MatMul, Pad, QlinearBinary, QlinearMatMul, Select, Strided};
use core::ops::Range;

/// The axis that is divided: the outermost one with more than one element, or else the last.
fn divided(dims: &[usize]) -> Option<usize> {
    let last = dims.len().checked_sub(1)?;
    Some(dims.iter().position(|dim| *dim != 1).unwrap_or(last))
}

/// Elements of the output in a step along the axis that is divided.
fn row(dims: &[usize]) -> Option<usize> {
    let (_, inner) = dims.split_at_checked(divided(dims)? + 1)?;
    Some(inner.iter().product())
}

/// The elements of an operand that are read, from the first one on: one more than the farthest.
fn reach<const R: usize>(dims: [usize; R], strides: [usize; R]) -> usize {
    let farthest = dims
        .iter()
        .zip(strides)
        .map(|(dim, stride)| dim.saturating_sub(1) * stride);
    farthest.sum::<usize>() + 1
}

/// The extents of a part, and where each operand begins.
struct Divided<const R: usize, const N: usize> {
    dims: [usize; R],
    starts: [usize; N],
    output: Range<usize>,
}

fn divide<const R: usize, const N: usize>(
    rows: &Range<usize>,
    mut dims: [usize; R],
    strides: [[usize; R]; N],
) -> Option<Divided<R, N>> {
    let axis = divided(&dims)?;
    let output = elements(rows, row(&dims)?);
    let extent = dims.get_mut(axis)?;
    if !is_within(rows, *extent) {
        return None;
    }
    *extent = count_of(rows);
    let starts = strides.map(|strides| rows.start * strides.get(axis).copied().unwrap_or(0));
    Some(Divided { dims, starts, output })
}

/// Implements [`Partial`] for a layer with these strides for its operands.
macro_rules! strided {
    ($layer:ident [$($generic:ident),*], $n:literal, $($strides:ident),*) => {
        impl<$($generic: Copy,)* const R: usize> Partial<$n> for $layer<$($generic,)* R> {
            fn row(&self) -> Option<usize> {
                row(&self.dims)
            }

            fn part(&self, rows: Range<usize>) -> Option<Part<Self, $n>> {
                let strides = [$(self.$strides),*];
                let Divided { dims, starts, output } = divide(&rows, self.dims, strides)?;
                let mut operands = starts.into_iter().zip(strides);
                let inputs = [(); $n].map(|()| {
                    let (start, strides) = operands.next().unwrap_or((0, [0; R]));
                    start..start + reach(dims, strides)
                });
                Some(Part { layer: Self { dims, ..*self }, inputs, output })
            }
        }
    };
}
strided!(Binary [Op, F], 2, a_strides, b_strides);
strided!(QlinearBinary[Op], 2, a_strides, b_strides);
strided!(Select [], 3, condition_strides, a_strides, b_strides);

impl<const R: usize> Partial<1> for Strided<R> {
    fn row(&self) -> Option<usize> {
        row(&self.dims)
    }

    fn part(&self, rows: Range<usize>) -> Option<Part<Self, 1>> {
        let Divided { dims, output, .. } = divide(&rows, self.dims, [[0; R]; 0])?;
        let axis = divided(&self.dims)?;
        let start = isize::try_from(rows.start)
            .ok()?
            .checked_mul(*self.strides.get(axis)?)?;
        let first = isize::try_from(self.offset).ok()?.checked_add(start)?;
        // What is read lies between the farthest steps backwards and forwards.
        let (mut least, mut greatest) = (first, first);
        for (dim, stride) in dims.iter().zip(self.strides) {
            let farthest = isize::try_from(dim.saturating_sub(1)).ok()?.checked_mul(stride)?;
            least += farthest.min(0);
            greatest += farthest.max(0);
        }
        let least = usize::try_from(least).ok()?;
        let layer = Self {
            dims,
            offset: usize::try_from(first).ok()?.checked_sub(least)?,
            ..*self
        };
        let read = least..usize::try_from(greatest).ok()?.checked_add(1)?;
        Some(Part {
            layer,
            inputs: [read],
            output,
        })
    }
}

/// Other modes than a constant read elements far from where they write.
impl<const R: usize> Partial<1> for Pad<Constant, R> {
    fn row(&self) -> Option<usize> {
        row(&self.output)
    }

    fn part(&self, rows: Range<usize>) -> Option<Part<Self, 1>> {
        let Divided { dims, output, .. } = divide(&rows, self.output, [[0; R]; 0])?;
        let axis = divided(&self.output)?;
        let mut layer = Self { output: dims, ..*self };
        let extent = layer.input.get_mut(axis)?;
        let begin = layer.begins.get_mut(axis)?;
        // Outer axes of one output must be one input.
        if self
            .input
            .iter()
            .zip(self.begins)
            .take(axis)
            .any(|(dim, begin)| *dim != 1 || begin != 0)
        {
            return None;
        }
        let inside = |row: usize| {
            let place = isize::try_from(row).unwrap_or(isize::MAX).saturating_sub(*begin);
            usize::try_from(place).unwrap_or(0).min(*extent)
        };
        let inputs = inside(rows.start)..inside(rows.end);
        let skipped = isize::try_from(inputs.start).ok()?;
        *begin = begin
            .checked_sub(isize::try_from(rows.start).ok()?)?
            .checked_add(skipped)?;
        *extent = count_of(&inputs);
        let inner: usize = self.input.iter().skip(axis + 1).product();
        Some(Part {
            layer,
            inputs: [elements(&inputs, inner)],
            output,
        })
    }
}

/// Implements [`Partial`] for a product of two batches of matrices: the rows of the only product, or the batch, are divided.
macro_rules! mat_mul {
    ($layer:ident) => {
        impl<const R: usize> Partial<2> for $layer<R> {
            fn row(&self) -> Option<usize> {
                if self.batch.iter().all(|dim| *dim == 1) {
                    return Some(self.n);
                }
                Some(row(&self.batch)? * self.m * self.n)
            }

            fn part(&self, rows: Range<usize>) -> Option<Part<Self, 2>> {
                let (a_len, b_len) = (self.m * self.k, self.k * self.n);
                if self.batch.iter().all(|dim| *dim == 1) {
                    if !is_within(&rows, self.m) {
                        return None;
                    }
                    return Some(Part {
                        layer: Self {
                            m: count_of(&rows),
                            ..*self
                        },
                        inputs: [elements(&rows, self.k), 0..b_len],
                        output: elements(&rows, self.n),
                    });
                }
                let strides = [self.a_strides, self.b_strides];
                let Divided {
                    dims,
                    starts: [a, b],
                    output,
                } = divide(&rows, self.batch, strides)?;
                let [a_reach, b_reach] = strides.map(|strides| reach(dims, strides) - 1);
                let len = self.m * self.n;
                Some(Part {
                    layer: Self { batch: dims, ..*self },
                    inputs: [a..a + a_reach + a_len, b..b + b_reach + b_len],
                    output: output.start * len..output.end * len,
                })
            }
        }
    };
}
mat_mul!(MatMul);
mat_mul!(QlinearMatMul);
