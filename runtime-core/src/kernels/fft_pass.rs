//! The steps of a Fourier transform.

use super::complex::{Complex, butterfly};
use crate::Float;

/// Elements that are handled side by side: a vector, where there are any.
const LANES: usize = if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
    8
} else {
    1
};

/// Real and imaginary parts of a transform.
pub(super) struct Parts<'a, T> {
    pub(super) re: &'a mut [T],
    pub(super) im: &'a mut [T],
}

impl<'a, T> Parts<'a, T> {
    /// From memory for two times `length` elements.
    #[inline(always)]
    pub(super) fn new(memory: &'a mut [T], length: usize) -> Option<Self> {
        let (re, rest) = memory.split_at_mut_checked(length)?;
        let im = rest.get_mut(..length)?;
        Some(Self { re, im })
    }
}

/// A step of a transform of `groups * radix * width` elements.
pub(super) struct Pass<'a, T> {
    pub(super) radix: usize,
    pub(super) groups: usize,
    pub(super) width: usize,
    /// For each output but the first, `width` real parts and as many imaginary ones, unless the width is 1.
    pub(super) twiddles: &'a [T],
    /// Where the radix has no butterfly, real and imaginary parts of its roots of one.
    pub(super) roots: &'a [T],
    pub(super) inverse: bool,
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

    /// The whole step.
    #[inline(always)]
    pub(super) fn run(&self, from: &Parts<'_, T>, to: &mut Parts<'_, T>) -> Option<()> {
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
