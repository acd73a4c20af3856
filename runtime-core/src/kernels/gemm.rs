use super::finish::{Activate, Finish, Input, Nothing, Rescale, Weight};
use super::sum_order::block;
use super::tall;
use super::tile::{SHORT, Tile, cover};
use crate::arch::{Arch, Kernel};
use crate::function::Function;
use crate::numbers::Numbers;
use crate::pack::{PANEL, packed_gemm_len};
use crate::packed::Packed;
use crate::requantize::{Quantized, Requantize};
use crate::unrolled::unrolled;
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

/// A product that ends in `E`.
pub(super) struct Multiply<'a, P, F: Copy, E: Finish<F>, W> {
    pub(super) layer: P,
    pub(super) x: &'a [Input<E, F>],
    pub(super) w: &'a [W],
    pub(super) end: E,
    pub(super) y: &'a mut [E::Y],
}

/// Some rows by a panel.
struct Rows<'a, F: Copy, E: Finish<F>, W: Packed> {
    layer: Gemm<F>,
    x: &'a [Input<E, F>],
    w: &'a [W::Row],
    end: E,
    y: &'a mut [E::Y],
    /// The first row and the first column, and the columns of the panel.
    row: usize,
    column: usize,
    columns: usize,
}

impl<'a, P, F: Copy, E: Finish<F>, W> Kernel for Multiply<'a, P, F, E, W>
where
    P: Param<Gemm<F>>,
    W: Packed<Number = Weight<E, F>>,
{
    type Shared = Multiply<'a, Gemm<F>, F, E, W>;

    #[inline(always)]
    fn shared(self) -> Self::Shared {
        let Self { layer, x, w, end, y } = self;
        Multiply {
            layer: layer.get(),
            x,
            w,
            end,
            y,
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        let layer = self.layer.get();
        let Gemm { m, k, n, .. } = layer;
        let outputs = m.saturating_mul(n);
        let (Some(x), Some(w), Some(y), true) = (
            self.x.get(..m.saturating_mul(k)),
            self.w.get(..packed_gemm_len(k, n).div_ceil(W::COUNT)),
            self.y.get_mut(..outputs),
            self.end.covers(n, outputs),
        ) else {
            debug_assert!(false, "gemm: an operand is too short");
            return;
        };
        let w = W::rows(w);
        if A::MANY && E::FLOATS && (W::IS_F32 || W::IS_F16) {
            return tall::gemm::<A, F, E, W>(layer, x, w, self.end, y);
        }
        let block = block(m, k);
        let mut row = 0;
        while row < m {
            let rows = (m - row).min(block);
            let mut column = 0;
            while column < n {
                let columns = (n - column).min(PANEL);
                let panel = column / PANEL;
                let Some(w) = w.get(panel * k..(panel + 1) * k) else {
                    return;
                };
                let mut body: Rows<'_, F, E, W> = Rows {
                    layer,
                    x,
                    w,
                    end: self.end,
                    y: &mut *y,
                    row,
                    column,
                    columns,
                };
                cover::<A>(rows, columns, &mut body);
                column += PANEL;
            }
            row += rows;
        }
    }
}

impl<F: Copy, E: Finish<F>, W: Packed<Number = Weight<E, F>>> Tile for Rows<'_, F, E, W> {
    type Numbers = E::Numbers;

    #[inline(always)]
    fn tile<A: Arch, const M: usize, const N: usize, const LANE: usize>(&mut self, first: usize) {
        let Gemm { k, n, activation, .. } = self.layer;
        let row = self.row + first;
        let output = self.column + LANE;
        let len = self.columns.saturating_sub(LANE).min(N);
        let x = self.x;
        let mut rows = [x; M];
        unrolled!(i in 0..M {
            let at = (row + i) * k;
            let Some(row) = x.get(at..at + k) else { return };
            rows[i] = row;
        });
        let start = [self.end.start::<N>(output, len); M];
        let acc = E::Numbers::tile::<A, W, M, N, LANE>(start, rows, self.w);
        for (i, acc) in acc.into_iter().enumerate() {
            let at = (row + i) * n + output;
            self.end.store::<A, N>(activation, acc, self.y, at, output, len);
        }
    }
}

/// Runs a product of floats in the copy that is fastest for it, as [`conv2d`](super::conv2d()) does.
#[inline(always)]
fn run<P, F: Copy, E: Finish<F>, W>(simd: Simd, kernel: Multiply<'_, P, F, E, W>)
where
    P: Param<Gemm<F>>,
    W: Packed<Number = Weight<E, F>>,
{
    let Gemm { n, .. } = kernel.layer.get();
    if n > PANEL / 2 {
        simd.run_floats(kernel);
    } else {
        simd.run(kernel);
    }
}

/// ONNX `Gemm` with its activation: `x` is `[m, k]`, `bias` is `[n]`, `y` is `[m, n]`, and `w` is packed by
/// [`pack_gemm`](crate::pack::pack_gemm).
#[inline(always)]
pub fn gemm<P: Param<Gemm<F>>, F: Function, W: Packed<Number = f32>>(
    simd: Simd,
    layer: P,
    x: &[f32],
    w: &[W],
    bias: &[f32],
    y: &mut [f32],
) {
    let end = Activate {
        bias,
        residual: Nothing,
    };
    run(simd, Multiply { layer, x, w, end, y });
}

/// ONNX `Gemm` and `Add`: as [`gemm`], with `residual`, of the shape of `y`, added before the activation.
#[inline(always)]
pub fn gemm_add<P: Param<Gemm<F>>, F: Function, W: Packed<Number = f32>>(
    simd: Simd,
    layer: P,
    x: &[f32],
    w: &[W],
    bias: &[f32],
    residual: &[f32],
    y: &mut [f32],
) {
    let end = Activate { bias, residual };
    run(simd, Multiply { layer, x, w, end, y });
}

/// A quantised `Gemm` or ONNX `QLinearMatMul` by constant weights: as [`gemm`], with `bias` minus the products of the
/// input's zero point and the weights, and the multiplier of each column.
#[inline(always)]
pub fn qlinear_gemm<P: Param<Gemm<Requantize>>, T: Quantized, W: Packed<Number = i8>, Y: Quantized>(
    simd: Simd,
    layer: P,
    x: &[T],
    w: &[W],
    bias: &[i32],
    multiplier: &[i32],
    y: &mut [Y],
) {
    let end = Rescale {
        bias,
        multiplier,
        elements: PhantomData,
    };
    let short = layer.get().k < SHORT;
    let kernel = Multiply { layer, x, w, end, y };
    if short {
        simd.run_integers(kernel);
    } else {
        simd.run_long_integers(kernel);
    }
}
