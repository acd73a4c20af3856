use crate::ir::{DType, OpError, Tensor, op_error};
use crate::lower::Lowering;
use crate::program::View;
use runtime_core::{Element, pack};

/// How the weights (operand 1) of a convolution or product are laid out for its kernel.
pub(super) enum Packing {
    /// `[oc, ic / groups, kh, kw]`.
    Conv {
        groups: usize,
        oc: usize,
        kernel: [usize; 2],
        ic_per_group: usize,
    },
    /// `[ic, oc / groups, kh, kw]`.
    ConvTranspose {
        groups: usize,
        oc: usize,
        kernel: [usize; 2],
        ic_per_group: usize,
    },
    /// `[channels, 1, kh, kw]`.
    Depthwise { channels: usize, kernel: [usize; 2] },
    /// `[k, n]`, or transposed.
    Gemm { k: usize, n: usize, transposed: bool },
}

impl Packing {
    /// Output channels.
    pub(super) fn channels(&self) -> usize {
        match *self {
            Self::Conv { oc, .. } | Self::ConvTranspose { oc, .. } => oc,
            Self::Depthwise { channels, .. } => channels,
            Self::Gemm { n, .. } => n,
        }
    }

    fn len(&self) -> usize {
        match *self {
            Self::Conv {
                groups,
                oc,
                kernel: [kh, kw],
                ic_per_group,
            }
            | Self::ConvTranspose {
                groups,
                oc,
                kernel: [kh, kw],
                ic_per_group,
            } => pack::packed_conv2d_len(groups, oc, kh, kw, ic_per_group),
            Self::Depthwise {
                channels,
                kernel: [kh, kw],
            } => channels * kh * kw,
            Self::Gemm { k, n, .. } => pack::packed_gemm_len(k, n),
        }
    }

    fn packed<T: Element + Default>(&self, w: &[T]) -> Vec<T> {
        let mut packed = vec![T::default(); self.len()];
        match *self {
            Self::Conv {
                groups,
                oc,
                kernel: [kh, kw],
                ic_per_group,
            } => pack::pack_conv2d(groups, oc, kh, kw, ic_per_group, w, &mut packed),
            Self::ConvTranspose {
                groups,
                oc,
                kernel: [kh, kw],
                ic_per_group,
            } => pack::pack_conv_transpose2d(groups, oc, kh, kw, ic_per_group, w, &mut packed),
            Self::Depthwise {
                channels,
                kernel: [kh, kw],
            } => pack::pack_depthwise(channels, kh, kw, w, &mut packed),
            Self::Gemm { k, n, transposed } => pack::pack_gemm(k, n, w, transposed, &mut packed),
        }
        packed
    }

    /// The packed weights as a constant of the program.
    pub(super) fn pack(&self, cx: &mut Lowering<'_>) -> Result<View, OpError> {
        let weights = cx.constant(1);
        let packed = match weights.map(|w| (w.dtype, w)) {
            Some((DType::I8, w)) => {
                let integers: Vec<i8> = w.bytes.iter().map(|b| *b as i8).collect();
                let packed = self.packed(&integers);
                let bytes = packed.iter().map(|w| *w as u8).collect();
                Some(Tensor::new(DType::I8, vec![packed.len()], bytes))
            }
            Some((_, w)) => w.to_f32().map(|w| {
                let packed = self.packed(&w);
                Tensor::f32(&[packed.len()], &packed)
            }),
            None => None,
        };
        let packed = packed.ok_or_else(|| {
            op_error("the weights are computed at run time or are not float32")
                .help("make them an initializer or a constant of type float32")
        })?;
        Ok(cx.add_constant("weights", packed))
    }
}
