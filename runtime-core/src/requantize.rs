//! The arithmetic of quantised kernels: integers are summed exactly and rescaled with one rounding, to the nearest and
//! half to even, as ONNX `QuantizeLinear` rounds. `docs/quantization.md` says how it relates to ONNX's floats.

use crate::Element;
use crate::arch::{Arch, portable};
use crate::numbers::Integers;
use crate::packed::Packed;

/// An integer that stands for a number.
pub trait Stored: Element + Default + Into<i32> {
    /// The integer of this type nearest to `value`.
    fn narrow(value: i32) -> Self;
}

macro_rules! stored {
    ($($ty:ty),*) => {$(
        impl Stored for $ty {
            #[inline(always)]
            fn narrow(value: i32) -> Self {
                value.clamp(i64::from(<$ty>::MIN) as i32, i64::from(<$ty>::MAX) as i32) as $ty
            }
        }
    )*};
}
stored!(i8, u8, i16, u16, i32);

/// An element of a quantised activation: `i8`, or `i16` where eight bits lose too much.
pub trait Quantized: Stored {
    /// A sum of products with `i8` weights.
    type Sum: Copy;
    /// An empty sum.
    const ZERO: Self::Sum;
    /// A bias as a sum.
    fn bias(value: i32) -> Self::Sum;
    /// `sum + self * w`.
    fn mac(self, w: i8, sum: Self::Sum) -> Self::Sum;
    /// `sum + (self - zero) * weight`.
    fn weigh(self, zero: i32, weight: i32, sum: Self::Sum) -> Self::Sum;
    /// The sum of two.
    fn add(a: Self::Sum, b: Self::Sum) -> Self::Sum;
    /// The sum as an `i64`.
    fn total(sum: Self::Sum) -> i64;
    /// The tile of a product with packed weights: `acc[i][j] + sum over k of rows[i][k] * panel[k][LANE + j]`.
    fn tile<A: Arch, W: Packed<Number = i8>, const M: usize, const N: usize, const LANE: usize>(
        acc: [[Self::Sum; N]; M],
        rows: [&[Self]; M],
        panel: &[W::Row],
    ) -> [[Self::Sum; N]; M];
    /// [`Requantize::apply`] to sums of products of such elements, each with the multiplier of its channel.
    #[inline(always)]
    fn requantize<A: Arch, Y: Quantized, const N: usize>(
        f: Requantize,
        sums: [Self::Sum; N],
        multipliers: [i32; N],
    ) -> [Y; N] {
        each::<Self, Y, N>(f, sums, multipliers)
    }
    /// A byte as such an element.
    fn of_byte(value: i8) -> Self;
    /// The elements, if they are bytes.
    #[inline(always)]
    fn as_bytes(_: &[Self]) -> Option<&[i8]> {
        None
    }
    /// The elements to write, if they are bytes.
    #[inline(always)]
    fn as_bytes_mut(_: &mut [Self]) -> Option<&mut [i8]> {
        None
    }
}

macro_rules! quantized {
    ($($ty:ty, $sum:ty, $tile:ident $(, $requantize:ident, $bytes:ident, $bytes_mut:ident)?;)*) => {$(
        impl Quantized for $ty {
            type Sum = $sum;
            const ZERO: $sum = 0;

            #[inline(always)]
            fn bias(value: i32) -> $sum {
                value.into()
            }

            #[inline(always)]
            fn mac(self, w: i8, sum: $sum) -> $sum {
                sum.wrapping_add((i32::from(self) * i32::from(w)).into())
            }

            #[inline(always)]
            fn weigh(self, zero: i32, weight: i32, sum: $sum) -> $sum {
                let above = i32::from(self).wrapping_sub(zero);
                sum.wrapping_add(<$sum>::from(above).wrapping_mul(weight.into()))
            }

            #[inline(always)]
            fn add(a: $sum, b: $sum) -> $sum {
                a.wrapping_add(b)
            }

            #[inline(always)]
            fn total(sum: $sum) -> i64 {
                sum.into()
            }

            #[inline(always)]
            fn tile<A: Arch, W: Packed<Number = i8>, const M: usize, const N: usize, const LANE: usize>(
                acc: [[$sum; N]; M],
                rows: [&[$ty]; M],
                panel: &[W::Row],
            ) -> [[$sum; N]; M] {
                $tile::<A, W, M, N, LANE>(acc, rows, panel)
            }

            #[inline(always)]
            fn of_byte(value: i8) -> Self {
                value.into()
            }

            $(#[inline(always)]
            fn requantize<A: Arch, Y: Quantized, const N: usize>(
                f: Requantize,
                sums: [$sum; N],
                multipliers: [i32; N],
            ) -> [Y; N] {
                $requantize::<A, Y, N>(f, sums, multipliers)
            }

            #[inline(always)]
            fn $bytes(elements: &[Self]) -> Option<&[i8]> {
                Some(elements)
            }

            #[inline(always)]
            fn $bytes_mut(elements: &mut [Self]) -> Option<&mut [i8]> {
                Some(elements)
            })?
        }
    )*};
}
quantized! {
    i8, i32, bytes, requantize_i32, as_bytes, as_bytes_mut;
    // An `i16` by an `i8` has 23 bits: 256 of them fill an `i32`.
    i16, i64, words;
}

/// [`Quantized::tile`] of `i8`.
#[inline(always)]
fn bytes<A: Arch, W: Packed<Number = i8>, const M: usize, const N: usize, const LANE: usize>(
    acc: [[i32; N]; M],
    rows: [&[i8]; M],
    panel: &[W::Row],
) -> [[i32; N]; M] {
    match (W::as_i8(panel), W::as_i4(panel)) {
        (Some(panel), _) => A::tile_i8::<M, N, LANE>(acc, rows, panel),
        (_, Some(panel)) => A::tile_i4::<M, N, LANE>(acc, rows, panel),
        _ => portable::tile::<A, Integers<i8>, W, M, N, LANE>(acc, rows, panel),
    }
}

/// [`Quantized::tile`] of `i16`.
#[inline(always)]
fn words<A: Arch, W: Packed<Number = i8>, const M: usize, const N: usize, const LANE: usize>(
    acc: [[i64; N]; M],
    rows: [&[i16]; M],
    panel: &[W::Row],
) -> [[i64; N]; M] {
    portable::tile::<A, Integers<i16>, W, M, N, LANE>(acc, rows, panel)
}

/// [`Quantized::requantize`] of sums of `i8`.
#[inline(always)]
fn requantize_i32<A: Arch, Y: Quantized, const N: usize>(
    f: Requantize,
    sums: [i32; N],
    multipliers: [i32; N],
) -> [Y; N] {
    if size_of::<Y>() > 1 {
        return each::<i8, Y, N>(f, sums, multipliers);
    }
    let bytes = A::requantize(f, sums, multipliers);
    let mut outputs = [Y::default(); N];
    for (output, byte) in outputs.iter_mut().zip(bytes) {
        *output = Y::of_byte(byte);
    }
    outputs
}

/// [`Requantize::apply`] to each sum.
#[inline(always)]
fn each<T: Quantized, Y: Quantized, const N: usize>(f: Requantize, sums: [T::Sum; N], multipliers: [i32; N]) -> [Y; N] {
    let mut outputs = [Y::default(); N];
    for ((output, sum), multiplier) in outputs.iter_mut().zip(sums).zip(multipliers) {
        *output = f.apply(T::total(sum), multiplier);
    }
    outputs
}

/// How sums become quantised outputs: `clamp(zero + round(sum * multiplier / 2^shift))`, with the multiplier of the
/// output's channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Requantize {
    /// Bits to shift by, 1 to 62.
    pub shift: u32,
    /// Zero point of the output.
    pub zero: i32,
    /// Least output: that of the type, or of a fused `Relu`.
    pub min: i32,
    /// Greatest output.
    pub max: i32,
    /// Zero point of the input, which stands for what is outside of an image.
    pub outside: i32,
}

impl Requantize {
    /// To any integer of an `i8`, with zero points of 0: what emitted code leaves out.
    pub const I8: Self = Self {
        shift: 1,
        zero: 0,
        min: i8::MIN as i32,
        max: i8::MAX as i32,
        outside: 0,
    };

    /// To any integer of an `i16`, with zero points of 0.
    pub const I16: Self = Self {
        min: i16::MIN as i32,
        max: i16::MAX as i32,
        ..Self::I8
    };

    /// One output from the sum of its products.
    #[inline(always)]
    pub fn apply<T: Quantized>(self, sum: i64, multiplier: i32) -> T {
        let value = rescale(sum, multiplier, self.shift) + i64::from(self.zero);
        T::narrow(value.max(self.min.into()).min(self.max.into()) as i32)
    }
}

/// The fields that differ from [`Requantize::I8`] or [`Requantize::I16`], and which of these the others are of.
#[cfg(feature = "serde")]
impl serde::Serialize for Requantize {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        #[derive(serde::Serialize)]
        #[serde(rename = "Requantize")]
        enum Base {
            I8,
            I16,
        }
        let small = Self::I8.min <= self.min && self.max <= Self::I8.max;
        let (base, name) = if small {
            (Self::I8, Base::I8)
        } else {
            (Self::I16, Base::I16)
        };
        let mut fields = serializer.serialize_struct("Requantize", 6)?;
        fields.serialize_field("shift", &self.shift)?;
        let others = [
            ("zero", self.zero, base.zero),
            ("min", self.min, base.min),
            ("max", self.max, base.max),
            ("outside", self.outside, base.outside),
        ];
        for (field, value, usual) in others {
            if value != usual {
                fields.serialize_field(field, &value)?;
            }
        }
        fields.serialize_field("..", &name)?;
        fields.end()
    }
}

/// `sum * multiplier / 2^shift`, rounded to the nearest and half to even. The product must fit into 63 bits.
#[inline(always)]
pub fn rescale(sum: i64, multiplier: i32, shift: u32) -> i64 {
    let product = sum.wrapping_mul(i64::from(multiplier));
    let half = 1_i64.wrapping_shl(shift.wrapping_sub(1));
    let odd = product.wrapping_shr(shift) & 1;
    product.wrapping_add(half - 1 + odd).wrapping_shr(shift)
}

#[cfg(test)]
mod tests {
    use super::rescale;

    #[test]
    fn halves_go_to_the_even_neighbour() {
        for (sum, expected) in [
            (-3, -2),
            (-2, -1),
            (-1, 0),
            (0, 0),
            (1, 0),
            (2, 1),
            (3, 2),
            (5, 2),
            (7, 4),
        ] {
            assert_eq!(rescale(sum, 1, 1), expected, "{sum} / 2");
        }
    }

    #[test]
    fn every_quotient_of_small_numbers_is_rounded_as_floats_are() {
        for shift in 1..8 {
            for sum in -600..600_i64 {
                for multiplier in [1, 3, 77, 128] {
                    let exact = (sum * i64::from(multiplier)) as f64 / f64::from(1 << shift);
                    assert_eq!(rescale(sum, multiplier, shift), exact.round_ties_even() as i64);
                }
            }
        }
    }
}
