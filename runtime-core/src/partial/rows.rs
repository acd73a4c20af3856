//! Layers whose rows are computed each for itself: products of matrices, and what runs over an outer axis.

use super::{Part, Partial, count_of, elements, is_within};
use crate::kernels::{
    Concat, DequantizeLinear, Gemm, IntegerGemm, LayerNormalization, QlinearLogSoftmax, QlinearResize, QlinearSoftmax,
    QuantizeLinear, Resize, RmsNormalization, ScaleShift, ScaledGemm, Softmax,
};
use core::ops::Range;

/// Implements [`Partial`] for a layer with a field for the number of rows, given the elements of a row of the input and of
/// the output.
macro_rules! rows {
    ($($layer:ident $(<$f:ident>)?, $count:ident, |$this:ident| ($x:expr, $y:expr);)*) => {$(
        impl $(<$f: Copy>)? Partial<1> for $layer $(<$f>)? {
            fn row(&self) -> Option<usize> {
                let $this = self;
                Some($y)
            }

            fn part(&self, rows: Range<usize>) -> Option<Part<Self, 1>> {
                if !is_within(&rows, self.$count) {
                    return None;
                }
                let $this = self;
                Some(Part {
                    layer: Self { $count: count_of(&rows), ..*self },
                    inputs: [elements(&rows, $x)],
                    output: elements(&rows, $y),
                })
            }
        }
    )*};
}
rows! {
    IntegerGemm, m, |gemm| (gemm.k, gemm.n);
    Concat, outer, |concat| (concat.inner_x, concat.inner_y);
    ScaleShift<F>, outer, |layer| (layer.channels * layer.inner, layer.channels * layer.inner);
    Softmax, outer, |softmax| (softmax.axis * softmax.inner, softmax.axis * softmax.inner);
    QlinearSoftmax, outer, |softmax| (softmax.axis * softmax.inner, softmax.axis * softmax.inner);
    QlinearLogSoftmax, outer, |softmax| (softmax.axis * softmax.inner, softmax.axis * softmax.inner);
    LayerNormalization, outer, |layer| (layer.inner, layer.inner);
    RmsNormalization, outer, |layer| (layer.inner, layer.inner);
    Resize, outer, |resize| (resize.input * resize.inner, resize.output * resize.inner);
    QlinearResize, outer, |resize| (
        resize.input[0] * resize.between * resize.input[1] * resize.inner,
        resize.output[0] * resize.between * resize.output[1] * resize.inner
    );
}

/// With one scale for all, each element is a row.
macro_rules! scaled {
    ($($layer:ident),*) => {$(
        impl Partial<1> for $layer {
            fn row(&self) -> Option<usize> {
                Some(if self.channels == 1 { 1 } else { self.channels * self.inner })
            }

            fn part(&self, rows: Range<usize>) -> Option<Part<Self, 1>> {
                let count = if self.channels == 1 { self.outer * self.inner } else { self.outer };
                if !is_within(&rows, count) {
                    return None;
                }
                let layer = if self.channels == 1 {
                    Self { outer: 1, channels: 1, inner: count_of(&rows) }
                } else {
                    Self { outer: count_of(&rows), ..*self }
                };
                let elements = elements(&rows, self.row()?);
                Some(Part { layer, inputs: [elements.clone()], output: elements })
            }
        }
    )*};
}
scaled!(QuantizeLinear, DequantizeLinear);

/// A single row is packed and added up in another way than several: a part has one only if the product has.
macro_rules! products {
    ($($layer:ident $(<$f:ident>)?),*) => {$(
        impl $(<$f: Copy>)? Partial<1> for $layer $(<$f>)? {
            fn row(&self) -> Option<usize> {
                Some(self.n)
            }

            fn part(&self, rows: Range<usize>) -> Option<Part<Self, 1>> {
                if !is_within(&rows, self.m) || count_of(&rows) == 1 && self.m > 1 {
                    return None;
                }
                Some(Part {
                    layer: Self { m: count_of(&rows), ..*self },
                    inputs: [elements(&rows, self.k)],
                    output: elements(&rows, self.n),
                })
            }
        }
    )*};
}
products!(Gemm<F>, ScaledGemm);
