//! Operands of the products of floats that an instruction set does as a whole, where registers are
//! [many](super::Arch::MANY): a layer then needs no loops of its own, and rustc has little to compile for it.

/// What is applied to each sum before it is written.
#[derive(Clone, Copy, Debug)]
pub struct TallEnd<'a> {
    /// Added to the sums: a number for each output, if there is something to add.
    pub residual: Option<&'a [f32]>,
    /// The least and the greatest result; NaN stays NaN.
    pub bounds: [f32; 2],
}

impl TallEnd<'_> {
    /// Leaves the sums as they are.
    pub const NOTHING: Self = Self {
        residual: None,
        bounds: [f32::NEG_INFINITY, f32::INFINITY],
    };

    /// The same for the outputs from `at` on.
    #[inline(always)]
    pub fn from(self, at: usize) -> Self {
        Self {
            residual: self.residual.map(|residual| residual.get(at..).unwrap_or(&[])),
            bounds: self.bounds,
        }
    }

    /// What becomes an output: `sums` of the outputs from `at` on.
    #[inline(always)]
    pub fn apply(self, sums: &mut [f32], at: usize) {
        let [least, greatest] = self.bounds;
        if let Some(residual) = self.residual {
            for (sum, residual) in sums.iter_mut().zip(residual.get(at..).unwrap_or(&[])) {
                *sum += *residual;
            }
        }
        for sum in sums {
            *sum = if *sum < least { least } else { *sum };
            *sum = if *sum > greatest { greatest } else { *sum };
        }
    }
}

/// Some rows of a product of matrices.
#[derive(Clone, Copy, Debug)]
pub struct TallGemm<'a, R> {
    /// Rows of the input and of the output.
    pub m: usize,
    /// Columns of the input.
    pub k: usize,
    /// Columns of the output.
    pub n: usize,
    /// Inputs, `[m, k]`.
    pub x: &'a [f32],
    /// Weights as packed by [`pack_gemm`](crate::pack::pack_gemm), by rows of a panel.
    pub w: &'a [R],
    /// One number per column.
    pub bias: &'a [f32],
    /// Applied to the sums.
    pub end: TallEnd<'a>,
}

/// Some outputs of a convolution of one image, channels-last.
#[derive(Clone, Copy, Debug)]
pub struct TallConv2d<'a, R> {
    /// Height, width and channels of the image.
    pub input: [usize; 3],
    /// Width and channels of the output.
    pub output: [usize; 2],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Input rows and columns between neighbouring outputs.
    pub strides: [usize; 2],
    /// Input rows and columns between neighbouring taps.
    pub dilations: [usize; 2],
    /// Rows of zeros above the image and columns of zeros to its left.
    pub pads: [usize; 2],
    /// Groups of channels.
    pub groups: usize,
    /// The first output, counted row by row.
    pub first: usize,
    /// The image.
    pub x: &'a [f32],
    /// Weights as packed by [`pack_conv2d`](crate::pack::pack_conv2d), by rows of a panel.
    pub w: &'a [R],
    /// One number per channel.
    pub bias: &'a [f32],
    /// Applied to the sums.
    pub end: TallEnd<'a>,
}
