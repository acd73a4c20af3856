use super::finish::Sums;
use super::gemm::{Gemm, Multiply};
use crate::packed::Packed;
use crate::{Param, Simd};

/// ONNX `MatMulInteger` by constant weights, around zero points of zero.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct IntegerGemm {
    /// Rows of the input and of the output.
    pub m: usize,
    /// Columns of the input.
    pub k: usize,
    /// Columns of the output.
    pub n: usize,
}

/// The exact sums, which wrap: `x` is `[m, k]`, `w` is packed by [`pack_gemm`](crate::pack::pack_gemm), two to a byte
/// or not, and `y` is `[m, n]`.
#[inline(always)]
pub fn integer_gemm<P: Param<IntegerGemm>, W: Packed<Number = i8>>(
    simd: Simd,
    layer: P,
    x: &[i8],
    w: &[W],
    y: &mut [i32],
) {
    let IntegerGemm { m, k, n } = layer.get();
    let layer = Gemm {
        m,
        k,
        n,
        activation: (),
    };
    simd.run_integers(Multiply {
        layer,
        x,
        w,
        end: Sums,
        y,
    });
}
