//! Complex numbers side by side, and the smallest Fourier transforms.

use crate::{Float, Number};

/// `L` complex numbers.
#[derive(Clone, Copy)]
pub(super) struct Complex<T, const L: usize> {
    re: [T; L],
    im: [T; L],
}

impl<T: Float, const L: usize> Complex<T, L> {
    pub(super) const ZERO: Self = Self {
        re: [T::ZERO; L],
        im: [T::ZERO; L],
    };

    #[inline(always)]
    pub(super) fn all(re: T, im: T) -> Self {
        Self {
            re: [re; L],
            im: [im; L],
        }
    }

    /// The first numbers of these parts.
    #[inline(always)]
    pub(super) fn load(re: &[T], im: &[T]) -> Option<Self> {
        let (re, im) = (*re.first_chunk()?, *im.first_chunk()?);
        Some(Self { re, im })
    }

    #[inline(always)]
    pub(super) fn store(self, re: &mut [T], im: &mut [T]) -> Option<()> {
        *re.first_chunk_mut()? = self.re;
        *im.first_chunk_mut()? = self.im;
        Some(())
    }

    #[inline(always)]
    pub(super) fn add(mut self, other: Self) -> Self {
        for i in 0..L {
            self.re[i] = self.re[i].add(other.re[i]);
            self.im[i] = self.im[i].add(other.im[i]);
        }
        self
    }

    #[inline(always)]
    fn sub(mut self, other: Self) -> Self {
        for i in 0..L {
            self.re[i] = self.re[i].sub(other.re[i]);
            self.im[i] = self.im[i].sub(other.im[i]);
        }
        self
    }

    #[inline(always)]
    pub(super) fn mul(mut self, other: Self) -> Self {
        for i in 0..L {
            let (a, b) = (self.re[i], self.im[i]);
            let (c, d) = (other.re[i], other.im[i]);
            self.re[i] = a.mul(c).sub(b.mul(d));
            self.im[i] = a.mul(d).add(b.mul(c));
        }
        self
    }

    #[inline(always)]
    fn scaled(mut self, factor: T) -> Self {
        for i in 0..L {
            self.re[i] = self.re[i].mul(factor);
            self.im[i] = self.im[i].mul(factor);
        }
        self
    }

    /// A quarter of a turn, clockwise unless `inverse`.
    #[inline(always)]
    fn turned(self, inverse: bool) -> Self {
        let Self { re, im } = self;
        if inverse {
            Self {
                re: im.map(Number::neg),
                im: re,
            }
        } else {
            Self {
                re: im,
                im: re.map(Number::neg),
            }
        }
    }
}

/// The Fourier transform of two to five numbers; forward turns clockwise.
#[inline(always)]
pub(super) fn butterfly<T: Float, const R: usize, const L: usize>(
    x: [Complex<T, L>; R],
    inverse: bool,
) -> [Complex<T, L>; R] {
    let turned = |x: Complex<T, L>| x.turned(inverse);
    let mut y = x;
    match (x.as_slice(), y.as_mut_slice()) {
        ([a, b], [y0, y1]) => (*y0, *y1) = (a.add(*b), a.sub(*b)),
        ([a, b, c], [y0, y1, y2]) => {
            let (sum, difference) = (b.add(*c), b.sub(*c));
            let middle = a.add(sum.scaled(T::from_f64(-0.5)));
            let side = turned(difference.scaled(T::from_f64(SIN_THIRD)));
            *y0 = a.add(sum);
            (*y1, *y2) = (middle.add(side), middle.sub(side));
        }
        ([a, b, c, d], [y0, y1, y2, y3]) => {
            let (even, odd) = (a.add(*c), b.add(*d));
            let (real, imaginary) = (a.sub(*c), turned(b.sub(*d)));
            (*y0, *y2) = (even.add(odd), even.sub(odd));
            (*y1, *y3) = (real.add(imaginary), real.sub(imaginary));
        }
        ([a, b, c, d, e], [y0, y1, y2, y3, y4]) => {
            let (outer, outer_difference) = (b.add(*e), b.sub(*e));
            let (inner, inner_difference) = (c.add(*d), c.sub(*d));
            *y0 = a.add(outer).add(inner);
            let [cos1, cos2, sin1, sin2] = FIFTHS.map(T::from_f64);
            let first = a.add(outer.scaled(cos1)).add(inner.scaled(cos2));
            let side = turned(outer_difference.scaled(sin1).add(inner_difference.scaled(sin2)));
            (*y1, *y4) = (first.add(side), first.sub(side));
            let second = a.add(outer.scaled(cos2)).add(inner.scaled(cos1));
            let side = turned(outer_difference.scaled(sin2).sub(inner_difference.scaled(sin1)));
            (*y2, *y3) = (second.add(side), second.sub(side));
        }
        _ => {}
    }
    y
}

/// The sine of a third of a turn.
const SIN_THIRD: f64 = 0.866_025_403_784_438_6;
/// Cosines and sines of one and two fifths of a turn.
const FIFTHS: [f64; 4] = [
    0.309_016_994_374_947_4,
    -0.809_016_994_374_947_4,
    0.951_056_516_295_153_5,
    0.587_785_252_292_473_1,
];
