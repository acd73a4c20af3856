use super::chunks::{blocks_mut, rows, rows_mut};
use super::reduce::Accumulate;
use super::tile::{Split, Windows};
use crate::arch::{Arch, Kernel};
use crate::unrolled::unrolled;
use crate::{Number, Param, Simd};

/// ONNX `MatMul` of two tensors of which neither is constant. Each batch is one product of row-major matrices.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "[usize; R]: serde::Serialize")))]
pub struct MatMul<const R: usize> {
    /// The output's leading dimensions.
    pub batch: [usize; R],
    /// Elements of `a` between neighbours along each of these; zero where `a` is broadcast.
    pub a_strides: [usize; R],
    /// Elements of `b` between neighbours along each of these; zero where `b` is broadcast.
    pub b_strides: [usize; R],
    /// Rows of `a` and of the output.
    pub m: usize,
    /// Columns of `a`, rows of `b`.
    pub k: usize,
    /// Columns of `b` and of the output.
    pub n: usize,
}

/// The batches of a product: where the matrices of each are in `a` and in `b`.
pub(super) struct Batches<const R: usize> {
    layer: MatMul<R>,
    index: [usize; R],
    next: Option<[usize; 2]>,
}

impl<const R: usize> Batches<R> {
    #[inline(always)]
    pub(super) fn new(layer: MatMul<R>) -> Self {
        let next = if layer.batch.contains(&0) { None } else { Some([0, 0]) };
        Self {
            layer,
            index: [0; R],
            next,
        }
    }
}

impl<const R: usize> Iterator for Batches<R> {
    type Item = [usize; 2];

    #[inline(always)]
    fn next(&mut self) -> Option<[usize; 2]> {
        let current = self.next?;
        let [mut a, mut b] = current;
        self.next = None;
        let MatMul {
            batch,
            a_strides,
            b_strides,
            ..
        } = self.layer;
        for axis in (0..R).rev() {
            let index = &mut self.index[axis];
            *index += 1;
            a = a.wrapping_add(a_strides[axis]);
            b = b.wrapping_add(b_strides[axis]);
            if *index < batch[axis] {
                self.next = Some([a, b]);
                break;
            }
            *index = 0;
            a = a.wrapping_sub(a_strides[axis].wrapping_mul(batch[axis]));
            b = b.wrapping_sub(b_strides[axis].wrapping_mul(batch[axis]));
        }
        Some(current)
    }
}

/// `len` elements from `at` on.
#[inline(always)]
pub(super) fn part<T>(from: &[T], at: usize, len: usize) -> Option<&[T]> {
    let part = from.get(at..).and_then(|from| from.get(..len));
    debug_assert!(part.is_some(), "mat_mul: an operand is too short");
    part
}

struct Tiled<'a, P, const R: usize> {
    layer: P,
    a: &'a [f32],
    b: &'a [f32],
    y: &'a mut [f32],
}

impl<'a, P: Param<MatMul<R>>, const R: usize> Kernel for Tiled<'a, P, R> {
    type Shared = Tiled<'a, MatMul<R>, R>;

    #[inline(always)]
    fn shared(self) -> Self::Shared {
        Tiled {
            layer: self.layer.get(),
            a: self.a,
            b: self.b,
            y: self.y,
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        let layer = self.layer.get();
        let MatMul { m, k, n, .. } = layer;
        let (a_len, b_len, y_len) = (m.saturating_mul(k), k.saturating_mul(n), m.saturating_mul(n));
        for ([a, b], y) in Batches::new(layer).zip(rows_mut(self.y, y_len)) {
            let (Some(a), Some(b)) = (part(self.a, a, a_len), part(self.b, b, b_len)) else {
                return;
            };
            let product = Product {
                a,
                a_stride: k,
                b,
                b_stride: n,
                k,
                n,
                y_stride: n,
            };
            product.run::<A>(m, y);
        }
    }
}

/// A product of two matrices, the distances between whose rows are given.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    pub(super) a: &'a [f32],
    pub(super) a_stride: usize,
    pub(super) b: &'a [f32],
    pub(super) b_stride: usize,
    /// Columns of `a`.
    pub(super) k: usize,
    /// Columns of `b`.
    pub(super) n: usize,
    pub(super) y_stride: usize,
}

impl Product<'_> {
    /// The first `m` rows of the product.
    #[inline(always)]
    pub(super) fn run<A: Arch>(self, m: usize, y: &mut [f32]) {
        if self.n >= 16 {
            self.columns::<A, 16>(m, y);
        } else if self.n >= 4 {
            self.columns::<A, 4>(m, y);
        } else {
            self.columns::<A, 1>(m, y);
        }
    }

    /// All of the product, `N` columns at a time; the last tiles may overlap those before.
    #[inline(always)]
    fn columns<A: Arch, const N: usize>(self, m: usize, y: &mut [f32]) {
        for column in Windows::<N>::new(self.n) {
            for (row, rows) in Split::<6>::new(m) {
                match rows {
                    6 => self.tile::<A, 6, N>(row, column, y),
                    5 => self.tile::<A, 5, N>(row, column, y),
                    4 => self.tile::<A, 4, N>(row, column, y),
                    3 => self.tile::<A, 3, N>(row, column, y),
                    2 => self.tile::<A, 2, N>(row, column, y),
                    _ => self.tile::<A, 1, N>(row, column, y),
                }
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // By index, so that the bounds checks go.
    fn tile<A: Arch, const M: usize, const N: usize>(self, row: usize, column: usize, y: &mut [f32]) {
        let Self { a, b, k, .. } = self;
        let mut rows = [a; M];
        unrolled!(i in 0..M {
            let at = (row + i) * self.a_stride;
            let Some(row) = a.get(at..at + k) else { return };
            rows[i] = row;
        });
        let mut acc = [[0.0; N]; M];
        let mut b = b.get(column..).unwrap_or(&[]);
        for k in 0..k {
            let Some(lanes) = b.first_chunk::<N>() else { return };
            unrolled!(i in 0..M {
                let a = rows[i][k];
                for j in 0..N {
                    acc[i][j] = A::fma(a, lanes[j], acc[i][j]);
                }
            });
            b = b.get(self.b_stride..).unwrap_or(&[]);
        }
        for (i, acc) in acc.into_iter().enumerate() {
            let y = y
                .get_mut((row + i) * self.y_stride + column..)
                .and_then(|y| y.first_chunk_mut::<N>());
            let Some(y) = y else { return };
            *y = acc;
        }
    }
}

/// ONNX `MatMul` of `f32`: `a` holds matrices `[m, k]`, `b` matrices `[k, n]`, `y` is `[batch.., m, n]`.
#[inline(always)]
pub fn mat_mul<P: Param<MatMul<R>>, const R: usize>(simd: Simd, layer: P, a: &[f32], b: &[f32], y: &mut [f32]) {
    simd.run(Tiled { layer, a, b, y });
}

/// Columns whose sums are kept at a time.
const COLUMNS: usize = 16;

struct Plain<'a, P, T, const R: usize> {
    layer: P,
    a: &'a [T],
    b: &'a [T],
    y: &'a mut [T],
}

impl<'a, P: Param<MatMul<R>>, T: Accumulate, const R: usize> Kernel for Plain<'a, P, T, R> {
    type Shared = Plain<'a, MatMul<R>, T, R>;

    #[inline(always)]
    fn shared(self) -> Self::Shared {
        Plain {
            layer: self.layer.get(),
            a: self.a,
            b: self.b,
            y: self.y,
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        let layer = self.layer.get();
        let MatMul { m, k, n, .. } = layer;
        let (a_len, b_len, y_len) = (m.saturating_mul(k), k.saturating_mul(n), m.saturating_mul(n));
        for ([a, b], y) in Batches::new(layer).zip(rows_mut(self.y, y_len)) {
            let (Some(a), Some(b)) = (part(self.a, a, a_len), part(self.b, b, b_len)) else {
                return;
            };
            for (row, y) in rows_mut(y, n).enumerate() {
                let Some(a) = a.get(row * k..(row + 1) * k) else { return };
                for (block, y) in blocks_mut(y, COLUMNS).enumerate() {
                    let mut sums = [T::Total::ZERO; COLUMNS];
                    for (a, b) in a.iter().zip(rows(b, n)) {
                        let b = b.get(block * COLUMNS..).unwrap_or(&[]);
                        for (sum, b) in sums.iter_mut().zip(b) {
                            *sum = sum.add(a.widen().mul(b.widen()));
                        }
                    }
                    for (y, sum) in y.iter_mut().zip(sums) {
                        *y = T::narrow(sum);
                    }
                }
            }
        }
    }
}

/// ONNX `MatMul` of any type of number, with the shapes of [`mat_mul`]. Sums of the halves are kept in `f32`; integers
/// wrap.
#[inline(always)]
pub fn mat_mul_of<T: Accumulate, P: Param<MatMul<R>>, const R: usize>(
    simd: Simd,
    layer: P,
    a: &[T],
    b: &[T],
    y: &mut [T],
) {
    simd.run(Plain { layer, a, b, y });
}
