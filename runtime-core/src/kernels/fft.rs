use super::body::{Body, compute};
use super::fft_lanes::{Complex, butterfly};
use super::walk::line;
use crate::arch::Arch;
use crate::{Float, Param, Simd};

/// The most factors of a length.
pub const MAX_FACTORS: usize = 14;

/// Elements that are handled side by side.
const LANES: usize = 8;

/// ONNX `DFT` and `STFT`: the discrete Fourier transform along one axis. Elements are real numbers or pairs of a real
/// and an imaginary part.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Fft {
    /// Product of the sizes of the axes before the transformed one.
    pub outer: usize,
    /// Elements of the input along the axis: those that a transform lacks are zeros, others are not read.
    pub axis: usize,
    /// Product of the sizes of the axes after it, without that of the parts.
    pub inner: usize,
    /// Parts of an input: 1 or 2.
    pub parts: usize,
    /// Whether the input is the first half of a spectrum whose other half mirrors it.
    pub half: bool,
    /// Elements of a transform.
    pub length: usize,
    /// Elements of the output along the axis, the first ones of the transform.
    pub bins: usize,
    /// Parts of an output: 1 or 2.
    pub y_parts: usize,
    /// Whether frequencies become a signal, which divides by the length.
    pub inverse: bool,
    /// Factors of the length, ones after the last.
    pub factors: [usize; MAX_FACTORS],
}

/// Real and imaginary parts.
struct Parts<'a, T> {
    re: &'a mut [T],
    im: &'a mut [T],
}

/// One factor of the length: `groups * radix * width` elements.
#[derive(Clone, Copy)]
struct Pass<'a, T> {
    radix: usize,
    /// Product of the factors before.
    groups: usize,
    /// Product of the factors behind.
    width: usize,
    /// For each output but the first, `width` real parts and as many imaginary ones.
    twiddles: &'a [T],
    /// The powers of the first root of one, for a radix without a butterfly.
    roots: &'a [T],
    inverse: bool,
}

impl<T: Float> Pass<'_, T> {
    #[inline(always)]
    fn twiddle<const L: usize>(&self, output: usize, at: usize) -> Option<Complex<T, L>> {
        if self.width == 1 {
            return Some(Complex::ONE);
        }
        let start = (output * 2).checked_sub(2)? * self.width + at;
        Complex::load(self.twiddles.get(start..)?, self.twiddles.get(start + self.width..)?)
    }

    /// The elements `at..at + L` of every output of a group, by a butterfly of `R` inputs.
    #[inline(always)]
    fn fixed<const R: usize, const L: usize>(&self, from: &Parts<'_, T>, to: &mut Parts<'_, T>, group: usize, at: usize) -> Option<()> {
        let mut values = [Complex::<T, L>::ONE; R];
        for (i, value) in values.iter_mut().enumerate() {
            let start = self.width * (i + R * group) + at;
            *value = Complex::load(from.re.get(start..)?, from.im.get(start..)?)?;
        }
        for (i, value) in butterfly(values, self.inverse).into_iter().enumerate() {
            let value = if i > 0 && self.width > 1 { value.mul(self.twiddle(i, at)?) } else { value };
            let start = self.width * (group + self.groups * i) + at;
            value.store(to.re.get_mut(start..)?, to.im.get_mut(start..)?)?;
        }
        Some(())
    }

    /// The same for any radix, by the definition.
    #[inline(always)]
    fn any<const L: usize>(&self, from: &Parts<'_, T>, to: &mut Parts<'_, T>, group: usize, at: usize) -> Option<()> {
        for output in 0..self.radix {
            let mut sum = Complex::<T, L>::ZERO;
            let mut power = 0;
            for i in 0..self.radix {
                let start = self.width * (i + self.radix * group) + at;
                let value = Complex::<T, L>::load(from.re.get(start..)?, from.im.get(start..)?)?;
                let root = Complex::all(*self.roots.get(power)?, *self.roots.get(self.radix + power)?);
                sum = sum.add(value.mul(root));
                power += output;
                power -= if power >= self.radix { self.radix } else { 0 };
            }
            let sum = if output > 0 && self.width > 1 { sum.mul(self.twiddle(output, at)?) } else { sum };
            let start = self.width * (group + self.groups * output) + at;
            sum.store(to.re.get_mut(start..)?, to.im.get_mut(start..)?)?;
        }
        Some(())
    }

    #[inline(always)]
    fn block<const L: usize>(&self, from: &Parts<'_, T>, to: &mut Parts<'_, T>, group: usize, at: usize) -> Option<()> {
        match self.radix {
            2 => self.fixed::<2, L>(from, to, group, at),
            3 => self.fixed::<3, L>(from, to, group, at),
            4 => self.fixed::<4, L>(from, to, group, at),
            5 => self.fixed::<5, L>(from, to, group, at),
            _ => self.any::<L>(from, to, group, at),
        }
    }

    #[inline(always)]
    fn run(&self, from: &Parts<'_, T>, to: &mut Parts<'_, T>) -> Option<()> {
        for group in 0..self.groups {
            let mut at = 0;
            while at + LANES <= self.width {
                self.block::<LANES>(from, to, group, at)?;
                at += LANES;
            }
            while at < self.width {
                self.block::<1>(from, to, group, at)?;
                at += 1;
            }
        }
        Some(())
    }
}
