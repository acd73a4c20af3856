use super::body::{Body, plain};
use crate::arch::Arch;
use crate::{Bits, Param, Simd};

/// The same bits as elements of another type: ONNX `BitCast`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct BitCast;

impl<'a, S: Bits, T: Bits<Raw = S::Raw>> Body<(&'a [S], &'a mut [T])> for BitCast {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y): (&'a [S], &'a mut [T])) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = T::from_raw(x.to_raw());
        }
    }
}

/// `y[i]` has the bits of `x[i]`.
#[inline(always)]
pub fn bit_cast<P: Param<BitCast>, S: Bits, T: Bits<Raw = S::Raw>>(_: Simd, layer: P, x: &[S], y: &mut [T]) {
    debug_assert_eq!(x.len(), y.len());
    plain(layer.get(), (x, y))
}
