//! How the matrix kernels read packed weights: as they are, or stored in fewer bits.

use crate::Element;
use crate::pack::PANEL;
use half::f16;

/// An element of packed weights: `f32`, `f16`, `i8`, or `u8` for two weights of four bits each, as made by
/// [`pack_pairs`](crate::pack::pack_pairs).
pub trait Packed: Element {
    /// What a weight is multiplied as.
    type Number: Copy;
    /// The weights of one input number in a panel.
    type Row: Copy;
    /// Weights in an element.
    const COUNT: usize;
    /// Whether the optimiser makes vectors of a row's numbers only if they are stored first.
    const THROUGH_MEMORY: bool;
    /// Whether it is `f32`.
    const IS_F32: bool = false;
    /// Whether it is `f16`.
    const IS_F16: bool = false;
    /// The weights of a panel by input number.
    fn rows(w: &[Self]) -> &[Self::Row];
    /// The rows of a panel if they are whole `f32`.
    #[inline(always)]
    fn as_f32(_: &[Self::Row]) -> Option<&[[f32; PANEL]]> {
        None
    }
    /// The rows of a panel if they are `f16`.
    #[inline(always)]
    fn as_f16(_: &[Self::Row]) -> Option<&[[f16; PANEL]]> {
        None
    }
    /// The rows of a panel if they are whole `i8`.
    #[inline(always)]
    fn as_i8(_: &[Self::Row]) -> Option<&[[i8; PANEL]]> {
        None
    }
    /// The rows of a panel if they are pairs of four bits.
    #[inline(always)]
    fn as_i4(_: &[Self::Row]) -> Option<&[[u8; PANEL / 2]]> {
        None
    }
    /// The weights if they are whole `f32`.
    #[inline(always)]
    fn as_floats(_: &[Self]) -> Option<&[f32]> {
        None
    }
    /// The weights if they are whole `i8`.
    #[inline(always)]
    fn as_bytes(_: &[Self]) -> Option<&[i8]> {
        None
    }
    /// The `N` weights of a row from `LANE` on, which is even.
    fn lanes<const N: usize, const LANE: usize>(row: &Self::Row) -> [Self::Number; N];
    /// The `N` weights from weight `start` on.
    fn run<const N: usize>(w: &[Self], start: usize) -> Option<[Self::Number; N]>;
}

macro_rules! packed {
    ($($ty:ty, $number:ty: $from:path, $through_memory:literal, $whole:ident $(, $plain:ident)? $(; const $is:ident)?;)*) => {$(
        impl Packed for $ty {
            type Number = $number;
            type Row = [$ty; PANEL];
            const COUNT: usize = 1;
            const THROUGH_MEMORY: bool = $through_memory;
            $(const $is: bool = true;)?

            #[inline(always)]
            fn rows(w: &[$ty]) -> &[[$ty; PANEL]] {
                w.as_chunks().0
            }

            #[inline(always)]
            fn $whole(rows: &[[$ty; PANEL]]) -> Option<&[[$ty; PANEL]]> {
                Some(rows)
            }

            $(#[inline(always)]
            fn $plain(w: &[$ty]) -> Option<&[$ty]> {
                Some(w)
            })?

            #[inline(always)]
            fn lanes<const N: usize, const LANE: usize>(row: &[$ty; PANEL]) -> [$number; N] {
                let mut lanes = [<$number>::default(); N];
                for j in 0..N {
                    lanes[j] = $from(row[LANE + j]);
                }
                lanes
            }

            #[inline(always)]
            fn run<const N: usize>(w: &[$ty], start: usize) -> Option<[$number; N]> {
                let from = w.get(start..)?.first_chunk::<N>()?;
                let mut run = [<$number>::default(); N];
                for j in 0..N {
                    run[j] = $from(from[j]);
                }
                Some(run)
            }
        }
    )*};
}
packed! {
    f32, f32: f32::from, false, as_f32, as_floats; const IS_F32;
    i8, i8: i8::from, false, as_i8, as_bytes;
    f16, f32: from_half, false, as_f16; const IS_F16;
}

impl Packed for u8 {
    type Number = i8;
    type Row = [u8; PANEL / 2];
    const COUNT: usize = 2;
    const THROUGH_MEMORY: bool = true;

    #[inline(always)]
    fn rows(w: &[u8]) -> &[[u8; PANEL / 2]] {
        w.as_chunks().0
    }

    #[inline(always)]
    fn as_i4(rows: &[[u8; PANEL / 2]]) -> Option<&[[u8; PANEL / 2]]> {
        Some(rows)
    }

    #[inline(always)]
    fn lanes<const N: usize, const LANE: usize>(row: &[u8; PANEL / 2]) -> [i8; N] {
        let mut lanes = [0; N];
        for j in 0..N {
            lanes[j] = half_byte(row[(LANE + j) / 2], j % 2);
        }
        lanes
    }

    #[inline(always)]
    fn run<const N: usize>(w: &[u8], start: usize) -> Option<[i8; N]> {
        let bytes = w.get(start / 2..)?;
        let mut run = [0; N];
        if start.is_multiple_of(2) {
            let bytes = bytes.get(..N.div_ceil(2))?;
            for j in 0..N {
                run[j] = half_byte(bytes[j / 2], j % 2);
            }
        } else {
            let bytes = bytes.get(..N / 2 + 1)?;
            for j in 0..N {
                run[j] = half_byte(bytes[j.div_ceil(2)], (j + 1) % 2);
            }
        }
        Some(run)
    }
}

/// The low (0) or the high (1) four bits, signed.
#[inline(always)]
pub(crate) fn half_byte(byte: u8, index: usize) -> i8 {
    ((i32::from(byte) << (28 - 4 * index)) >> 28) as i8
}

/// A finite `f16`, in a few operations that vectorise where the machine has no instruction for it.
#[inline(always)]
pub(crate) fn from_half(value: f16) -> f32 {
    /// The exponent of the least normal `f16` as that of an `f32`.
    const LEAST: u32 = 113 << 23;
    let bits = u32::from(value.to_bits());
    let shifted = (bits & 0x7fff) << 13;
    // Exponents differ by 112. A subnormal number has the exponent of the least normal one, but no leading one.
    let normal = f32::from_bits(shifted + (112 << 23));
    let subnormal = f32::from_bits(shifted + LEAST) - f32::from_bits(LEAST);
    let magnitude = if shifted < 1 << 23 { subnormal } else { normal };
    f32::from_bits(magnitude.to_bits() | (bits & 0x8000) << 16)
}

#[cfg(test)]
mod tests {
    use super::{Packed, from_half};
    use crate::pack::pack_pairs;
    use half::f16;

    #[test]
    fn every_finite_half_is_itself() {
        for half in (0..=u16::MAX).map(f16::from_bits).filter(|half| half.is_finite()) {
            assert_eq!(from_half(half).to_bits(), half.to_f32().to_bits(), "{half:e}");
        }
    }

    #[test]
    fn pairs_are_what_was_packed() {
        let w: [i8; 33] = core::array::from_fn(|i| (i * 7 % 16) as i8 - 8);
        let mut packed = [0; 17];
        pack_pairs(&w, &mut packed);
        for start in 0..=17 {
            assert_eq!(
                u8::run::<16>(&packed, start).as_ref(),
                w[start..].first_chunk(),
                "{start}"
            );
        }
        assert_eq!(u8::run::<16>(&packed, 19), None);
        assert_eq!(u8::run::<1>(&packed, 32), Some([w[32]]));
        let rows = u8::rows(&packed);
        assert_eq!(
            (rows.len(), u8::lanes::<16, 0>(&rows[1])),
            (2, *w[16..].first_chunk().unwrap())
        );
        assert_eq!(u8::lanes::<8, 8>(&rows[0]), *w[8..].first_chunk().unwrap());
    }
}
