use super::body::{Body, compute};
use super::output::Output;
use super::pool2d::Pool2d;
use crate::Simd;
use crate::arch::Arch;
use crate::requantize::Quantized;

/// ONNX `AveragePool` of quantised channels-last images. Padding that counts stands for the number zero.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct QlinearAveragePool2d {
    /// Number of images.
    pub batch: usize,
    /// Height, width and channels of the input.
    pub input: [usize; 3],
    /// Height, width and channels of the output.
    pub output: [usize; 3],
    /// Size of the window, at most 2^23 elements.
    pub kernel: [usize; 2],
    /// Steps from window to window.
    pub strides: [usize; 2],
    /// Steps from element to element of a window.
    pub dilations: [usize; 2],
    /// Elements added at the top, left, bottom and right.
    pub pads: [usize; 4],
    /// Whether an average counts the padding (but never what lies beyond it).
    pub count_include_pad: bool,
    /// Zero point of the input.
    pub x_zero: i32,
    /// Bits to shift by, 1 to 62.
    pub shift: u32,
    /// Zero point of the output.
    pub zero: i32,
    /// Least output.
    pub min: i32,
    /// Greatest output.
    pub max: i32,
}

impl<'a, T: Quantized, U: Quantized> Body<(&'a [T], &'a [i32], &'a mut [U])> for QlinearAveragePool2d {
    #[inline(always)]
    fn body<A: Arch>(self, (x, multiplier, y): (&'a [T], &'a [i32], &'a mut [U])) {
        let pool = Pool2d {
            batch: self.batch,
            input: self.input,
            output: self.output,
            kernel: self.kernel,
            strides: self.strides,
            dilations: self.dilations,
            pads: self.pads,
            count_include_pad: self.count_include_pad,
        };
        let Self {
            shift, zero, min, max, ..
        } = self;
        let output = Output { shift, zero, min, max };
        pool.pool::<A, _, _, _, _, true>(
            x,
            y,
            T::ZERO,
            |sum, x| T::add(sum, T::bias(x.into())),
            |vertical, horizontal| {
                let multiplier = match multiplier {
                    [only] => Some(only),
                    each => each.get(pool.averaged(vertical, horizontal).wrapping_sub(1)),
                };
                let inside = vertical.count.wrapping_mul(horizontal.count);
                let correction = (inside as i64).wrapping_mul(self.x_zero.into());
                (correction, multiplier.copied().unwrap_or(0))
            },
            |sum, (correction, multiplier)| output.of_few::<A, _>(T::total(sum).wrapping_sub(correction), multiplier),
        );
    }
}

/// `y = zero + sum(x - x_zero) * multiplier / 2^shift` of each window, rounded once, half to even, and limited. There
/// is a multiplier for every number of elements that are averaged, from one on, or one for all windows.
#[inline(always)]
pub fn qlinear_average_pool2d<T: Quantized, U: Quantized>(
    simd: Simd,
    layer: &QlinearAveragePool2d,
    x: &[T],
    multiplier: &[i32],
    y: &mut [U],
) {
    compute::<_, QlinearAveragePool2d, _>(simd, layer, (x, multiplier, y))
}
