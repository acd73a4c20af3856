use super::tile::{Split, Windows};
use crate::arch::{Arch, Kernel};
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
struct Batches<const R: usize> {
    layer: MatMul<R>,
    index: [usize; R],
    next: Option<[usize; 2]>,
}

impl<const R: usize> Batches<R> {
    #[inline(always)]
    fn new(layer: MatMul<R>) -> Self {
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
        let axes = self
            .index
            .iter_mut()
            .zip(batch)
            .zip(a_strides.into_iter().zip(b_strides));
        for ((index, size), (a_stride, b_stride)) in axes.rev() {
            *index += 1;
            a = a.wrapping_add(a_stride);
            b = b.wrapping_add(b_stride);
            if *index < size {
                self.next = Some([a, b]);
                break;
            }
            *index = 0;
            a = a.wrapping_sub(a_stride.wrapping_mul(size));
            b = b.wrapping_sub(b_stride.wrapping_mul(size));
        }
        Some(current)
    }
}

/// `len` elements from `at` on.
#[inline(always)]
fn part<T>(from: &[T], at: usize, len: usize) -> Option<&[T]> {
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
        if y_len == 0 {
            return;
        }
        for ([a, b], y) in Batches::new(layer).zip(self.y.chunks_exact_mut(y_len)) {
            let (Some(a), Some(b)) = (part(self.a, a, a_len), part(self.b, b, b_len)) else {
                return;
            };
            let product = Product { a, b, k, n };
            if n >= 16 {
                product.columns::<A, 16>(m, y);
            } else if n >= 4 {
                product.columns::<A, 4>(m, y);
            } else {
                product.columns::<A, 1>(m, y);
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Product<'a> {
    a: &'a [f32],
    b: &'a [f32],
    k: usize,
    n: usize,
}

impl Product<'_> {
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
    fn tile<A: Arch, const M: usize, const N: usize>(self, row: usize, column: usize, y: &mut [f32]) {
        let Self { a, b, k, n } = self;
        let mut rows = [a; M];
        for (i, to) in rows.iter_mut().enumerate() {
            let Some(row) = a.get((row + i) * k..).and_then(|a| a.get(..k)) else {
                return;
            };
            *to = row;
        }
        let mut acc = [[0.0; N]; M];
        let mut b = b.get(column..).unwrap_or(&[]);
        for k in 0..k {
            let Some(lanes) = b.first_chunk::<N>() else { return };
            for (acc, row) in acc.iter_mut().zip(&rows) {
                let a = row[k];
                for (acc, b) in acc.iter_mut().zip(lanes) {
                    *acc = A::fma(a, *b, *acc);
                }
            }
            b = b.get(n..).unwrap_or(&[]);
        }
        for (i, acc) in acc.into_iter().enumerate() {
            let y = y
                .get_mut((row + i) * n + column..)
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

struct Plain<'a, P, T, const R: usize> {
    layer: P,
    a: &'a [T],
    b: &'a [T],
    y: &'a mut [T],
}

impl<'a, P: Param<MatMul<R>>, T: Number, const R: usize> Kernel for Plain<'a, P, T, R> {
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
        if y_len == 0 {
            return;
        }
        for ([a, b], y) in Batches::new(layer).zip(self.y.chunks_exact_mut(y_len)) {
            let (Some(a), Some(b)) = (part(self.a, a, a_len), part(self.b, b, b_len)) else {
                return;
            };
            for (row, y) in y.chunks_exact_mut(n).enumerate() {
                y.fill(T::ZERO);
                let Some(a) = a.get(row * k..(row + 1) * k) else { return };
                for (a, b) in a.iter().zip(b.chunks_exact(n)) {
                    for (y, b) in y.iter_mut().zip(b) {
                        *y = y.add(a.mul(*b));
                    }
                }
            }
        }
    }
}

/// ONNX `MatMul` of any type of number, with the shapes of [`mat_mul`]. Sums are kept in `T`; integers wrap.
#[inline(always)]
pub fn mat_mul_of<T: Number, P: Param<MatMul<R>>, const R: usize>(simd: Simd, layer: P, a: &[T], b: &[T], y: &mut [T]) {
    simd.run(Plain { layer, a, b, y });
}
