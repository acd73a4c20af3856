use super::finish::{Activate, Finish, Input, Nothing, Rescale, Weight};
use crate::arch::{Arch, Kernel};
use crate::function::Function;
use crate::numbers::Numbers;
use crate::pack::PANEL;
use crate::requantize::{Quantized, Requantize};
use crate::{Param, Simd};
use core::marker::PhantomData;

/// A row by constant weights most of which are zero: as [`Gemm`](super::Gemm) of one row, without the products that are
/// zero.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SparseGemm<F> {
    /// Numbers of the input.
    pub k: usize,
    /// Numbers of the output.
    pub n: usize,
    /// Applied to every output.
    pub activation: F,
}

impl<F> SparseGemm<F> {
    /// The same layer with another activation.
    pub fn with_activation<G>(self, activation: G) -> SparseGemm<G> {
        SparseGemm {
            k: self.k,
            n: self.n,
            activation,
        }
    }
}

struct Multiply<'a, P, F: Copy, E: Finish<F>> {
    layer: P,
    x: &'a [Input<E, F>],
    places: &'a [u16],
    w: &'a [Weight<E, F>],
    end: E,
    y: &'a mut [E::Y],
}

impl<'a, P: Param<SparseGemm<F>>, F: Copy, E: Finish<F>> Kernel for Multiply<'a, P, F, E> {
    type Shared = Multiply<'a, SparseGemm<F>, F, E>;

    #[inline(always)]
    fn shared(self) -> Self::Shared {
        let Self {
            layer,
            x,
            places,
            w,
            end,
            y,
        } = self;
        Multiply {
            layer: layer.get(),
            x,
            places,
            w,
            end,
            y,
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        let SparseGemm { k, n, activation } = self.layer.get();
        let panels = n.div_ceil(PANEL);
        let (Some(x), Some(places), Some(y), true) = (
            self.x.get(..k),
            self.places.get(..panels.saturating_mul(k)),
            self.y.get_mut(..n),
            self.end.covers(n, n),
        ) else {
            debug_assert!(false, "sparse_gemm: an operand is too short");
            return;
        };
        let mut w = self.w;
        for panel in 0..panels {
            let column = panel * PANEL;
            let columns = (n - column).min(PANEL);
            let Some(places) = places.get(panel * k..(panel + 1) * k) else {
                return;
            };
            let start = self.end.start::<PANEL>(column, columns);
            let (sums, rest) = if A::NARROW {
                dot::<A, E::Numbers, 1>(start, x, places, w)
            } else {
                dot::<A, E::Numbers, 4>(start, x, places, w)
            };
            w = rest;
            self.end.store::<A, PANEL>(activation, sums, y, column, column, columns);
        }
    }
}

/// A panel's sums, in the order in which the dense product adds up one row, in as many parts, and the weights after
/// those of the panel.
#[inline(always)]
fn dot<'a, A: Arch, T: Numbers, const PARTS: usize>(
    start: [T::Sum; PANEL],
    x: &[T::X],
    places: &[u16],
    mut w: &'a [T::W],
) -> ([T::Sum; PANEL], &'a [T::W]) {
    let mut sums = [[T::ZERO; PANEL]; PARTS];
    sums[0] = start;
    // What is left over of the parts is added to the first.
    let whole = x.len() / PARTS * PARTS;
    for (index, (x, places)) in x.iter().zip(places).enumerate() {
        let part = if index < whole { index % PARTS } else { 0 };
        let Some(sums) = sums.get_mut(part) else { break };
        let mut left = *places;
        while left != 0 {
            let column = left.trailing_zeros() as usize % PANEL;
            left &= left - 1;
            let (Some((first, rest)), Some(sum)) = (w.split_first(), sums.get_mut(column)) else {
                break;
            };
            w = rest;
            *sum = T::mac::<A>(*x, *first, *sum);
        }
    }
    let mut total = sums[0];
    if PARTS == 4 {
        for j in 0..PANEL {
            let [a, b, c] = [sums[1 % PARTS][j], sums[2 % PARTS][j], sums[3 % PARTS][j]];
            total[j] = T::add(total[j], T::add(a, T::add(b, c)));
        }
    }
    (total, w)
}

/// ONNX `Gemm` and `MatMul` of one row by constant weights, with an activation: `x` is `[k]`, `bias` and `y` are `[n]`.
/// `places` is `[ceil(n / 16), k]`: bit `j` tells of a weight in column `j` of the panel that is not
/// zero. `w` are these weights, in this order.
#[inline(always)]
pub fn sparse_gemm<P: Param<SparseGemm<F>>, F: Function>(
    simd: Simd,
    layer: P,
    x: &[f32],
    places: &[u16],
    w: &[f32],
    bias: &[f32],
    y: &mut [f32],
) {
    let end = Activate {
        bias,
        residual: Nothing,
    };
    simd.run(Multiply {
        layer,
        x,
        places,
        w,
        end,
        y,
    });
}

/// The same in integers: as [`qlinear_gemm`](super::qlinear_gemm).
#[inline(always)]
pub fn qlinear_sparse_gemm<P: Param<SparseGemm<Requantize>>, T: Quantized, Y: Quantized>(
    simd: Simd,
    layer: P,
    x: &[T],
    places: &[u16],
    w: &[i8],
    bias: &[i32],
    multiplier: &[i32],
    y: &mut [Y],
) {
    let end = Rescale {
        bias,
        multiplier,
        elements: PhantomData,
    };
    simd.run(Multiply {
        layer,
        x,
        places,
        w,
        end,
        y,
    });
}
