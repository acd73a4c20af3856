use super::tile::{Nothing, Residual, Tile, cover, dot, load, store, unrolled};
use crate::arch::{Arch, Kernel};
use crate::function::Function;
use crate::pack::{PANEL, packed_gemm_len};
use crate::{Param, Simd};
use core::marker::PhantomData;

/// ONNX `Gemm` and `MatMul` by constant weights, and `Conv` with a 1x1 kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Gemm<F> {
    /// Rows of the input and of the output.
    pub m: usize,
    /// Columns of the input.
    pub k: usize,
    /// Columns of the output.
    pub n: usize,
    /// Applied to every output.
    pub activation: F,
}

impl<F> Gemm<F> {
    /// The same layer with another activation.
    pub fn with_activation<G>(self, activation: G) -> Gemm<G> {
        Gemm {
            m: self.m,
            k: self.k,
            n: self.n,
            activation,
        }
    }
}

struct Multiply<'a, P, F, R> {
    layer: P,
    x: &'a [f32],
    w: &'a [f32],
    bias: &'a [f32],
    residual: R,
    y: &'a mut [f32],
    function: PhantomData<F>,
}

/// Some rows by one panel.
struct Rows<'a, F, R> {
    layer: Gemm<F>,
    x: &'a [f32],
    w: &'a [[f32; PANEL]],
    bias: &'a [f32],
    residual: R,
    y: &'a mut [f32],
    /// The first row and the first column.
    row: usize,
    column: usize,
}

impl<'a, P: Param<Gemm<F>>, F: Function, R: Residual> Kernel for Multiply<'a, P, F, R> {
    type Shared = Multiply<'a, Gemm<F>, F, R>;

    #[inline(always)]
    fn shared(self) -> Self::Shared {
        let Self {
            layer,
            x,
            w,
            bias,
            residual,
            y,
            function,
        } = self;
        Multiply {
            layer: layer.get(),
            x,
            w,
            bias,
            residual,
            y,
            function,
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        let layer = self.layer.get();
        let Gemm { m, k, n, .. } = layer;
        let outputs = m.saturating_mul(n);
        let (Some(x), Some(w), Some(bias), Some(y), true) = (
            self.x.get(..m.saturating_mul(k)),
            self.w.get(..packed_gemm_len(k, n)),
            self.bias.get(..n),
            self.y.get_mut(..outputs),
            self.residual.covers(outputs),
        ) else {
            debug_assert!(false, "gemm: an operand is too short");
            return;
        };
        let w = w.as_chunks::<PANEL>().0;
        // Rows whose inputs stay in the caches while all panels pass by.
        let most = 4096_usize.checked_div(k).unwrap_or(1).max(32);
        let block = m.div_ceil(m.div_ceil(most).max(1));
        let mut row = 0;
        while row < m {
            let rows = (m - row).min(block);
            for panel in 0..n.div_ceil(PANEL) {
                let column = panel * PANEL;
                let columns = (n - column).min(PANEL);
                let Some(w) = w.get(panel * k..(panel + 1) * k) else {
                    return;
                };
                let Some(bias) = bias.get(column..column + columns) else {
                    return;
                };
                let mut body = Rows {
                    layer,
                    x,
                    w,
                    bias,
                    residual: self.residual,
                    y: &mut *y,
                    row,
                    column,
                };
                cover::<A>(rows, columns, &mut body);
            }
            row += rows;
        }
    }
}

impl<F: Function, R: Residual> Tile for Rows<'_, F, R> {
    #[inline(always)]
    fn tile<A: Arch, const M: usize, const N: usize, const LANE: usize>(&mut self, first: usize) {
        let Gemm { k, n, activation, .. } = self.layer;
        let row = self.row + first;
        let Some(bias) = self.bias.get(LANE..) else { return };
        let x = self.x;
        let mut rows = [x; M];
        unrolled!(i in 0..M {
            let at = (row + i) * k;
            let Some(row) = x.get(at..at + k) else { return };
            rows[i] = row;
        });
        let acc = dot::<A, M, N, LANE>([load::<N>(bias); M], rows, self.w);
        let len = bias.len().min(N);
        for (i, acc) in acc.into_iter().enumerate() {
            let at = (row + i) * n + self.column + LANE;
            store::<A, F, N>(acc, self.residual, activation, self.y, at, len);
        }
    }
}

/// ONNX `Gemm` with its activation: `x` is `[m, k]`, `bias` is `[n]`, `y` is `[m, n]`, and `w` is packed by
/// [`pack_gemm`](crate::pack::pack_gemm).
#[inline(always)]
pub fn gemm<P: Param<Gemm<F>>, F: Function>(simd: Simd, layer: P, x: &[f32], w: &[f32], bias: &[f32], y: &mut [f32]) {
    simd.run(Multiply {
        layer,
        x,
        w,
        bias,
        residual: Nothing,
        y,
        function: PhantomData,
    });
}

/// ONNX `Gemm` and `Add`: as [`gemm`], with `residual`, of the shape of `y`, added before the activation.
#[inline(always)]
pub fn gemm_add<P: Param<Gemm<F>>, F: Function>(
    simd: Simd,
    layer: P,
    x: &[f32],
    w: &[f32],
    bias: &[f32],
    residual: &[f32],
    y: &mut [f32],
) {
    simd.run(Multiply {
        layer,
        x,
        w,
        bias,
        residual,
        y,
        function: PhantomData,
    });
}
