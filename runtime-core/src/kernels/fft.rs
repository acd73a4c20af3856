use super::body::{Body, compute};
use super::complex::{Complex, butterfly};
use crate::arch::Arch;
use crate::{Float, Number, Param, Simd};

/// The most factors of a length.
pub const MAX_FACTORS: usize = 14;

/// Elements that are handled side by side: a vector, where there are any.
const LANES: usize = if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
    8
} else {
    1
};

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

/// Real and imaginary parts of a transform.
struct Parts<'a, T> {
    re: &'a mut [T],
    im: &'a mut [T],
}

impl<'a, T> Parts<'a, T> {
    /// From memory for two times `length` elements.
    #[inline(always)]
    fn new(memory: &'a mut [T], length: usize) -> Option<Self> {
        let (re, rest) = memory.split_at_mut_checked(length)?;
        let im = rest.get_mut(..length)?;
        Some(Self { re, im })
    }
}

/// A step of a transform of `groups * radix * width` elements.
struct Pass<'a, T> {
    radix: usize,
    groups: usize,
    width: usize,
    /// For each output but the first, `width` real parts and as many imaginary ones, unless the width is 1.
    twiddles: &'a [T],
    /// Where the radix has no butterfly, real and imaginary parts of its roots of one.
    roots: &'a [T],
    inverse: bool,
}

impl<T: Float> Pass<'_, T> {
    /// Elements `at..` of input `i` of a group.
    #[inline(always)]
    fn load<const L: usize>(&self, from: &Parts<'_, T>, group: usize, i: usize, at: usize) -> Option<Complex<T, L>> {
        let start = self.width * (i + self.radix * group) + at;
        let (re, im): (&[T], &[T]) = (from.re, from.im);
        Complex::load(re.get(start..)?, im.get(start..)?)
    }

    /// Turns output `i` of a group and stores it at elements `at..`.
    #[inline(always)]
    fn store<const L: usize>(
        &self,
        value: Complex<T, L>,
        to: &mut Parts<'_, T>,
        group: usize,
        i: usize,
        at: usize,
    ) -> Option<()> {
        let start = self.width * (group + self.groups * i) + at;
        let (re, im) = (to.re.get_mut(start..)?, to.im.get_mut(start..)?);
        if i == 0 || self.width == 1 {
            return value.store(re, im);
        }
        let start = (i - 1) * 2 * self.width + at;
        let twiddle = Complex::load(self.twiddles.get(start..)?, self.twiddles.get(start + self.width..)?)?;
        value.mul(twiddle).store(re, im)
    }

    /// Elements `at..at + L` of a group, by a butterfly of `R` inputs.
    #[inline(always)]
    fn fixed<const R: usize, const L: usize>(
        &self,
        from: &Parts<'_, T>,
        to: &mut Parts<'_, T>,
        group: usize,
        at: usize,
    ) -> Option<()> {
        let mut values = [Complex::<T, L>::ZERO; R];
        for (i, value) in values.iter_mut().enumerate() {
            *value = self.load(from, group, i, at)?;
        }
        for (i, value) in butterfly(values, self.inverse).into_iter().enumerate() {
            self.store(value, to, group, i, at)?;
        }
        Some(())
    }

    /// The same for any radix, by the definition.
    #[inline(always)]
    fn any<const L: usize>(&self, from: &Parts<'_, T>, to: &mut Parts<'_, T>, group: usize, at: usize) -> Option<()> {
        let (re, im) = self.roots.split_at_checked(self.radix)?;
        for output in 0..self.radix {
            let mut sum = Complex::<T, L>::ZERO;
            let mut power = 0;
            for i in 0..self.radix {
                let root = Complex::all(*re.get(power)?, *im.get(power)?);
                sum = sum.add(self.load(from, group, i, at)?.mul(root));
                power += output;
                power -= if power >= self.radix { self.radix } else { 0 };
            }
            self.store(sum, to, group, output, at)?;
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
            while LANES > 1 && at < self.width {
                self.block::<1>(from, to, group, at)?;
                at += 1;
            }
        }
        Some(())
    }
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
