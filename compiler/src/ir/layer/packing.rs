use crate::bindings::Stored;
use crate::ir::Lowering;
use crate::ir::program::View;
use crate::ir::{DType, OpError, Tensor, op_error};
use runtime_core::{Element, f16, pack};
use std::ops::RangeInclusive;

/// Integers that two of fit into a byte.
pub(in crate::ir) const FOUR_BITS: RangeInclusive<i8> = -8..=7;

/// How the weights (operand 1) of a convolution or product are laid out for its kernel.
pub(in crate::ir) enum Packing {
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
    pub(in crate::ir) fn channels(&self) -> usize {
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

    /// The packed weights as a constant of the program, and how they are stored if in fewer bits: halves, and integers
    /// that all have four bits.
    pub(in crate::ir) fn pack(&self, cx: &mut Lowering<'_>) -> Result<(View, Option<Stored>), OpError> {
        let weights = cx.constant(1).ok_or_else(|| {
            op_error("the weights are computed at run time").help("make them an initializer or a constant")
        })?;
        let (packed, stored) = match weights.dtype {
            DType::I8 => {
                let integers: Vec<i8> = weights.bytes.iter().map(|b| *b as i8).collect();
                let packed = self.packed(&integers);
                if packed.iter().all(|w| FOUR_BITS.contains(w)) {
                    let mut pairs = vec![0; packed.len().div_ceil(2)];
                    pack::pack_pairs(&packed, &mut pairs);
                    (Tensor::new(DType::U8, vec![pairs.len()], pairs), Some(Stored::Pairs))
                } else {
                    let bytes = packed.iter().map(|w| *w as u8).collect();
                    (Tensor::new(DType::I8, vec![packed.len()], bytes), None)
                }
            }
            DType::F16 => {
                let halves = weights.bytes.as_chunks().0.iter();
                let halves: Vec<f16> = halves.map(|bytes| f16::from_le_bytes(*bytes)).collect();
                if !halves.iter().all(|w| w.is_finite()) {
                    return Err(op_error("weights of type f16 are not finite").help("give them as float32"));
                }
                let packed = self.packed(&halves);
                let bytes = packed.iter().flat_map(|w| w.to_le_bytes()).collect();
                (Tensor::new(DType::F16, vec![packed.len()], bytes), Some(Stored::Half))
            }
            _ => {
                let floats = weights.to_f32().ok_or_else(|| {
                    op_error(format!("weights of type {} are not supported", weights.dtype))
                        .help("supported: f32, f16, i8")
                })?;
                let packed = self.packed(&floats);
                (Tensor::f32(&[packed.len()], &packed), None)
            }
        };
        Ok((cx.add_constant("weights", packed), stored))
    }
}
