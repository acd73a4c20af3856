use super::body::{Body, compute};
use super::fft_pass::{Parts, Pass};
use crate::arch::Arch;
use crate::{Float, Number, Param, Simd};

/// The most factors of a length.
pub const MAX_FACTORS: usize = 14;

/// ONNX `DFT` and `STFT`: the discrete Fourier transform along one axis. Elements are real numbers, or pairs of a real
/// and an imaginary part.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Fft {
    /// Product of the sizes of the axes before the transformed one.
    pub outer: usize,
    /// Elements of the input along the axis; what a transform lacks are zeros, what is too much is not read.
    pub axis: usize,
    /// Product of the sizes of the axes after it, without that of the parts.
    pub inner: usize,
    /// Parts of an element of the input: 1 or 2.
    pub parts: usize,
    /// Whether the input is the first half of a spectrum, which the other half mirrors.
    pub half: bool,
    /// Elements of a transform.
    pub length: usize,
    /// Whether neighbours of a real signal, of an even number of elements, are the parts of one complex element: a
    /// transform of half the length.
    pub packed: bool,
    /// Elements of the output along the axis: the first ones of a transform.
    pub bins: usize,
    /// Parts of an element of the output: 1 or 2.
    pub y_parts: usize,
    /// Whether frequencies become a signal, which divides by the length.
    pub inverse: bool,
    /// Factors of the length, or of half of it where elements are packed, with ones after the last.
    pub factors: [usize; MAX_FACTORS],
}

impl Fft {
    /// Whether a transform of `radix` elements takes a butterfly, not a table of roots.
    pub const fn has_butterfly(radix: usize) -> bool {
        matches!(radix, 2..=5)
    }

    /// Complex elements that are transformed.
    pub const fn size(&self) -> usize {
        if self.packed { self.length / 2 } else { self.length }
    }

    /// Fills a transform with its input, which starts at element `start`.
    #[inline(always)]
    fn gather<T: Number>(self, x: &[T], start: usize, to: &mut Parts<'_, T>) {
        let step = self.inner * self.parts;
        let present = self.axis.min(self.length);
        let at = |place: usize, part: usize| {
            let value = x.get(start + place * step + part).filter(|_| place < present);
            value.copied().unwrap_or(T::ZERO)
        };
        for (i, (re, im)) in to.re.iter_mut().zip(to.im.iter_mut()).enumerate() {
            (*re, *im) = if self.packed {
                (at(2 * i, 0), at(2 * i + 1, 0))
            } else if self.half && i > self.length / 2 {
                (at(self.length - i, 0), at(self.length - i, 1).neg())
            } else if self.parts == 2 {
                (at(i, 0), at(i, 1))
            } else {
                (at(i, 0), T::ZERO)
            };
        }
    }

    /// Bin `i` of a real signal from the transform of its packed elements. `turns` holds the real and the imaginary
    /// parts of the first half of the roots of one.
    #[inline(always)]
    fn unpacked<T: Float>(self, (re, im): (&[T], &[T]), turns: &[T], i: usize) -> Option<(T, T)> {
        let half = self.length / 2;
        let mirrored = i > half;
        let i = if mirrored { self.length - i } else { i };
        let (near, far) = if i == 0 || i == half { (0, 0) } else { (i, half - i) };
        let (a, b) = ((*re.get(near)?, *im.get(near)?), (*re.get(far)?, *im.get(far)?));
        let by_two = T::from_f64(0.5);
        let even = (a.0.add(b.0).mul(by_two), a.1.sub(b.1).mul(by_two));
        let odd = (a.1.add(b.1).mul(by_two), b.0.sub(a.0).mul(by_two));
        let (cos, sin) = if i == half {
            (T::ONE.neg(), T::ZERO)
        } else {
            (*turns.get(i)?, *turns.get(half + i)?)
        };
        let real = even.0.add(cos.mul(odd.0).sub(sin.mul(odd.1)));
        let imaginary = even.1.add(cos.mul(odd.1).add(sin.mul(odd.0)));
        Some((real, if mirrored { imaginary.neg() } else { imaginary }))
    }

    /// Writes a transform as the outputs from element `start` on.
    #[inline(always)]
    fn scatter<T: Float>(self, from: &Parts<'_, T>, turns: &[T], y: &mut [T], start: usize) -> Option<()> {
        let step = self.inner * self.y_parts;
        let scale = T::from_f64(if self.inverse { 1.0 / self.length as f64 } else { 1.0 });
        let (re, im): (&[T], &[T]) = (from.re, from.im);
        for i in 0..self.bins {
            let (real, imaginary) = if self.packed {
                self.unpacked((re, im), turns, i)?
            } else {
                (*re.get(i)?, *im.get(i)?)
            };
            let y = y.get_mut(start + i * step..)?.get_mut(..self.y_parts)?;
            for (y, part) in y.iter_mut().zip([real, imaginary]) {
                *y = part.mul(scale);
            }
        }
        Some(())
    }

    /// Transforms `a`; gives the result, in either of the two, and what is left of the tables.
    #[inline(always)]
    fn transform<'a, 't, T: Float>(
        self,
        mut tables: &'t [T],
        a: Parts<'a, T>,
        b: Parts<'a, T>,
    ) -> Option<(Parts<'a, T>, &'t [T])> {
        let (mut from, mut to) = (a, b);
        let mut groups = 1;
        for radix in self.factors.into_iter().take_while(|radix| *radix > 1) {
            let width = self.size().checked_div(groups * radix)?;
            let own = if width > 1 { (radix - 1) * 2 * width } else { 0 };
            let (twiddles, rest) = tables.split_at_checked(own)?;
            let own = if Self::has_butterfly(radix) { 0 } else { 2 * radix };
            let (roots, rest) = rest.split_at_checked(own)?;
            tables = rest;
            let pass = Pass {
                radix,
                groups,
                width,
                twiddles,
                roots,
                inverse: self.inverse,
            };
            pass.run(&from, &mut to)?;
            groups *= radix;
            core::mem::swap(&mut from, &mut to);
        }
        Some((from, tables))
    }

    /// One transform, whose input starts at element `start` of `x` and whose output at element `y_start` of `y`.
    #[inline(always)]
    fn one<T: Float>(self, o: &mut Operands<'_, T>, start: usize, y_start: usize) -> Option<()> {
        let (a, b) = o.scratch.split_at_mut_checked(2 * self.size())?;
        let (mut from, to) = (Parts::new(a, self.size())?, Parts::new(b, self.size())?);
        self.gather(o.x, start, &mut from);
        let (result, turns) = self.transform(o.tables, from, to)?;
        self.scatter(&result, turns, o.y, y_start)
    }
}

struct Operands<'a, T> {
    x: &'a [T],
    tables: &'a [T],
    y: &'a mut [T],
    scratch: &'a mut [T],
}

impl<'a, T: Float> Body<Operands<'a, T>> for Fft {
    #[inline(always)]
    fn body<A: Arch>(self, mut operands: Operands<'a, T>) {
        for outer in 0..self.outer {
            for inner in 0..self.inner {
                let start = (outer * self.axis * self.inner + inner) * self.parts;
                let y_start = (outer * self.bins * self.inner + inner) * self.y_parts;
                if self.one(&mut operands, start, y_start).is_none() {
                    debug_assert!(false, "fft: an operand is too short");
                    return;
                }
            }
        }
    }
}

/// The Fourier transform of `x` along the axis. `tables` holds, for each factor, the turns of its outputs and, for one
/// without a butterfly, its roots of one; then the turns of packed elements. `scratch` holds four times
/// [`Fft::size`] elements that the call works in.
#[inline(always)]
pub fn fft<P: Param<Fft>, T: Float>(simd: Simd, layer: P, x: &[T], tables: &[T], y: &mut [T], scratch: &mut [T]) {
    compute(simd, layer, Operands { x, tables, y, scratch })
}
