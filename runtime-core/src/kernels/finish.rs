//! Where the sums of the matrix kernels begin, and what is applied to each.

use super::tile::{copy_some, load};
use crate::Element;
use crate::arch::{Arch, TallEnd};
use crate::function::Function;
use crate::numbers::{Floats, Integers, Numbers};
use crate::packed::Packed;
use crate::requantize::{Quantized, Requantize};
use core::marker::PhantomData;

/// What is applied to the sums of a kernel whose parameters hold an `F`.
pub(super) trait Finish<F: Copy>: Copy {
    /// The numbers summed.
    type Numbers: Numbers;
    /// Outputs.
    type Y: Element;
    /// Whether [`floats`](Self::floats) are there.
    const FLOATS: bool = false;
    /// Whether there are operands for so many channels and so many outputs.
    fn covers(self, channels: usize, outputs: usize) -> bool;
    /// What stands in for inputs outside of the image.
    fn outside(self, f: F) -> Input<Self, F>;
    /// The sums of the channels `channel..channel + len`, where `len <= N`, before any product.
    fn start<const N: usize>(self, channel: usize, len: usize) -> [Sum<Self, F>; N];
    /// The operands of a row of a depthwise convolution, if all are bytes.
    #[inline(always)]
    fn bytes<'a, W: Packed>(self, _: F, _: &'a [Input<Self, F>], _: &'a [W], _: &'a mut [Self::Y]) -> Option<Bytes<'a>>
    where
        Self: 'a,
    {
        None
    }
    /// The operands other than the weights, if all are floats.
    #[inline(always)]
    fn floats<'a>(self, _: &'a [Input<Self, F>], _: &'a mut [Self::Y]) -> Option<Singles<'a>>
    where
        Self: 'a,
    {
        None
    }
    /// What an instruction set is to apply to the sums, where [`floats`](Self::floats) are and that is all.
    #[inline(always)]
    fn tall<'a>(self, _: F) -> Option<TallEnd<'a>>
    where
        Self: 'a,
    {
        None
    }
    /// Completes `y[at..at + len]`, where [`floats`](Self::floats) are, from sums that are there.
    #[inline(always)]
    fn complete<A: Arch>(self, _: F, _: &mut [Self::Y], _: usize, _: usize) {}
    /// Writes `y[at..at + len]`, where `len <= N`, from the sums of the channels from `channel` on.
    fn store<A: Arch, const N: usize>(
        self,
        f: F,
        sums: [Sum<Self, F>; N],
        y: &mut [Self::Y],
        at: usize,
        channel: usize,
        len: usize,
    );
}

/// Operands that are bytes.
pub(super) struct Bytes<'a> {
    pub(super) x: &'a [i8],
    pub(super) w: &'a [i8],
    pub(super) bias: &'a [i32],
    pub(super) multipliers: &'a [i32],
    pub(super) requantize: Requantize,
    pub(super) y: &'a mut [i8],
}

/// Operands that are floats.
pub(super) struct Singles<'a> {
    pub(super) x: &'a [f32],
    pub(super) bias: &'a [f32],
    pub(super) y: &'a mut [f32],
}

/// Inputs of a kernel that ends in `E`.
pub(super) type Input<E, F> = <<E as Finish<F>>::Numbers as Numbers>::X;
/// Its weights, as they are multiplied.
pub(super) type Weight<E, F> = <<E as Finish<F>>::Numbers as Numbers>::W;
/// Its sums.
pub(super) type Sum<E, F> = <<E as Finish<F>>::Numbers as Numbers>::Sum;

/// A bias before, a residual and an activation after.
#[derive(Clone, Copy)]
pub(super) struct Activate<'a, R> {
    /// One number per channel.
    pub(super) bias: &'a [f32],
    /// Added before the activation.
    pub(super) residual: R,
}

impl<F: Function, R: Residual> Finish<F> for Activate<'_, R> {
    type Numbers = Floats;
    type Y = f32;
    const FLOATS: bool = true;

    #[inline(always)]
    fn covers(self, channels: usize, outputs: usize) -> bool {
        self.bias.len() >= channels && self.residual.covers(outputs)
    }

    #[inline(always)]
    fn outside(self, _: F) -> f32 {
        0.0
    }

    #[inline(always)]
    fn floats<'a>(self, x: &'a [f32], y: &'a mut [f32]) -> Option<Singles<'a>>
    where
        Self: 'a,
    {
        Some(Singles { x, bias: self.bias, y })
    }

    #[inline(always)]
    fn tall<'a>(self, f: F) -> Option<TallEnd<'a>>
    where
        Self: 'a,
    {
        let residual = self.residual.numbers();
        f.bounds().map(|bounds| TallEnd { residual, bounds })
    }

    #[inline(always)]
    fn complete<A: Arch>(self, f: F, y: &mut [f32], at: usize, len: usize) {
        if let Some(y) = y.get_mut(at..at + len) {
            self.residual.add_all(at, y);
            f.eval_in_place::<A>(y);
        }
    }

    #[inline(always)]
    fn start<const N: usize>(self, channel: usize, len: usize) -> [f32; N] {
        load(self.bias.get(channel..channel + len).unwrap_or(&[]), 0.0)
    }

    #[inline(always)]
    fn store<A: Arch, const N: usize>(self, f: F, sums: [f32; N], y: &mut [f32], at: usize, _: usize, len: usize) {
        let Some(y) = y.get_mut(at..at + len) else { return };
        let sums = self.residual.add(at, len, sums);
        // Straight to where they belong: changed in place, sums that are in memory would be stored under a mask, which
        // no load that follows gets before the store is done.
        match y.first_chunk_mut::<N>() {
            Some(y) => {
                for j in 0..N {
                    y[j] = f.eval::<A>(sums[j]);
                }
            }
            None => {
                let mut outputs = [0.0; N];
                for j in 0..N {
                    outputs[j] = f.eval::<A>(sums[j]);
                }
                copy_some::<_, N>(&outputs, y);
            }
        }
    }
}

/// A bias before, and the sums rescaled after.
#[derive(Clone, Copy)]
pub(super) struct Rescale<'a, T, Y> {
    /// One number per channel, the correction for the input's zero point included.
    pub(super) bias: &'a [i32],
    /// Multiplier of each channel.
    pub(super) multiplier: &'a [i32],
    /// Inputs and outputs.
    pub(super) elements: PhantomData<(T, Y)>,
}

impl<T: Quantized, Y: Quantized> Finish<Requantize> for Rescale<'_, T, Y> {
    type Numbers = Integers<T>;
    type Y = Y;

    #[inline(always)]
    fn covers(self, channels: usize, _: usize) -> bool {
        self.bias.len() >= channels && self.multiplier.len() >= channels
    }

    #[inline(always)]
    fn outside(self, f: Requantize) -> T {
        T::narrow(f.outside)
    }

    #[inline(always)]
    fn bytes<'a, W: Packed>(self, requantize: Requantize, x: &'a [T], w: &'a [W], y: &'a mut [Y]) -> Option<Bytes<'a>>
    where
        Self: 'a,
    {
        Some(Bytes {
            x: T::as_bytes(x)?,
            w: W::as_bytes(w)?,
            bias: self.bias,
            multipliers: self.multiplier,
            requantize,
            y: Y::as_bytes_mut(y)?,
        })
    }

    #[inline(always)]
    fn start<const N: usize>(self, channel: usize, len: usize) -> [T::Sum; N] {
        load::<i32, N>(self.bias.get(channel..channel + len).unwrap_or(&[]), 0).map(T::bias)
    }

    #[inline(always)]
    fn store<A: Arch, const N: usize>(
        self,
        f: Requantize,
        sums: [T::Sum; N],
        y: &mut [Y],
        at: usize,
        channel: usize,
        len: usize,
    ) {
        let (Some(y), Some(multiplier)) = (y.get_mut(at..at + len), self.multiplier.get(channel..channel + len)) else {
            return;
        };
        let multiplier = load::<i32, N>(multiplier, 0);
        let outputs = T::requantize::<A, Y, N>(f, sums, multiplier);
        match y.first_chunk_mut() {
            Some(y) => *y = outputs,
            None => copy_some::<_, N>(&outputs, y),
        }
    }
}

/// The sums of 8-bit integers themselves.
#[derive(Clone, Copy)]
pub(super) struct Sums;

impl Finish<()> for Sums {
    type Numbers = Integers<i8>;
    type Y = i32;

    #[inline(always)]
    fn covers(self, _: usize, _: usize) -> bool {
        true
    }

    #[inline(always)]
    fn outside(self, _: ()) -> i8 {
        0
    }

    #[inline(always)]
    fn start<const N: usize>(self, _: usize, _: usize) -> [i32; N] {
        [0; N]
    }

    #[inline(always)]
    fn store<A: Arch, const N: usize>(self, _: (), sums: [i32; N], y: &mut [i32], at: usize, _: usize, len: usize) {
        let Some(y) = y.get_mut(at..at + len) else { return };
        match y.first_chunk_mut() {
            Some(y) => *y = sums,
            None => copy_some::<_, N>(&sums, y),
        }
    }
}

/// What is added to a sum before its activation: nothing, or a tensor of the output's shape.
pub(super) trait Residual: Copy {
    /// Whether there are `len` numbers.
    fn covers(self, len: usize) -> bool;
    /// Adds the numbers `at..at + len`, where `len <= N`.
    fn add<const N: usize>(self, at: usize, len: usize, sums: [f32; N]) -> [f32; N];
    /// Adds the numbers from `at` on to as many sums.
    fn add_all(self, at: usize, sums: &mut [f32]);
    /// All numbers, if there is something to add.
    fn numbers<'a>(self) -> Option<&'a [f32]>
    where
        Self: 'a;
}

/// No residual.
#[derive(Clone, Copy)]
pub(super) struct Nothing;

impl Residual for Nothing {
    #[inline(always)]
    fn covers(self, _: usize) -> bool {
        true
    }

    #[inline(always)]
    fn add<const N: usize>(self, _: usize, _: usize, sums: [f32; N]) -> [f32; N] {
        sums
    }

    #[inline(always)]
    fn add_all(self, _: usize, _: &mut [f32]) {}

    #[inline(always)]
    fn numbers<'a>(self) -> Option<&'a [f32]> {
        None
    }
}

impl Residual for &[f32] {
    #[inline(always)]
    fn covers(self, len: usize) -> bool {
        self.len() >= len
    }

    #[inline(always)]
    fn add<const N: usize>(self, at: usize, len: usize, mut sums: [f32; N]) -> [f32; N] {
        let Some(residual) = self.get(at..at + len) else {
            return sums;
        };
        let residual = load::<f32, N>(residual, 0.0);
        for j in 0..N {
            sums[j] += residual[j];
        }
        sums
    }

    #[inline(always)]
    fn add_all(self, at: usize, sums: &mut [f32]) {
        for (sum, residual) in sums.iter_mut().zip(self.get(at..).unwrap_or(&[])) {
            *sum += *residual;
        }
    }

    #[inline(always)]
    fn numbers<'a>(self) -> Option<&'a [f32]>
    where
        Self: 'a,
    {
        Some(self)
    }
}
