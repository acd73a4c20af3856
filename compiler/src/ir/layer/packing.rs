use super::cost;
use crate::bindings::Stored;
use crate::ir::program::View;
use crate::ir::{Candidate, Lowering};
use crate::ir::{DType, OpError, Tensor, op_error};
use crate::machine::Cost;
use runtime_core::{Element, f16, pack};
use std::ops::RangeInclusive;

/// Integers that two of fit into a byte.
pub(in crate::ir) const FOUR_BITS: RangeInclusive<i8> = -8..=7;

/// The weights of a convolution.
#[derive(Clone, Copy)]
pub(in crate::ir) struct Filters {
    pub(in crate::ir) groups: usize,
    pub(in crate::ir) oc: usize,
    pub(in crate::ir) kernel: [usize; 2],
    pub(in crate::ir) ic_per_group: usize,
}

/// How the weights (operand 1) of a convolution or product are laid out for its kernel.
#[derive(Clone, Copy)]
pub(in crate::ir) enum Packing {
    /// `[oc, ic / groups, kh, kw]`.
    Conv(Filters),
    /// `[ic, oc / groups, kh, kw]`.
    ConvTranspose(Filters),
    /// `[channels, 1, kh, kw]`.
    Depthwise { channels: usize, kernel: [usize; 2] },
    /// `[k, n]`, or transposed.
    Gemm { k: usize, n: usize, transposed: bool },
}

impl Packing {
    /// Output channels.
    pub(in crate::ir) fn channels(&self) -> usize {
        match *self {
            Self::Conv(filters) | Self::ConvTranspose(filters) => filters.oc,
            Self::Depthwise { channels, .. } => channels,
            Self::Gemm { n, .. } => n,
        }
    }

    fn len(&self) -> usize {
        match *self {
            Self::Conv(filters) | Self::ConvTranspose(filters) => {
                let Filters {
                    groups,
                    oc,
                    kernel: [kh, kw],
                    ic_per_group,
                } = filters;
                pack::packed_conv2d_len(groups, oc, kh, kw, ic_per_group)
            }
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
            Self::Conv(Filters {
                groups,
                oc,
                kernel: [kh, kw],
                ic_per_group,
            }) => pack::pack_conv2d(groups, oc, kh, kw, ic_per_group, w, &mut packed),
            Self::ConvTranspose(Filters {
                groups,
                oc,
                kernel: [kh, kw],
                ic_per_group,
            }) => pack::pack_conv_transpose2d(groups, oc, kh, kw, ic_per_group, w, &mut packed),
            Self::Depthwise {
                channels,
                kernel: [kh, kw],
            } => pack::pack_depthwise(channels, kh, kw, w, &mut packed),
            Self::Gemm { k, n, transposed } => pack::pack_gemm(k, n, w, transposed, &mut packed),
        }
        packed
    }

    /// Groups of channels that do not meet, and what each of them is a product of: inputs in the order of the kernel's
    /// rows, columns and channels, by output channels.
    pub(in crate::ir) fn products_of_groups(&self) -> (usize, [usize; 2]) {
        match *self {
            Self::Conv(filters) | Self::ConvTranspose(filters) => {
                let Filters {
                    groups,
                    oc,
                    kernel: [kh, kw],
                    ic_per_group,
                } = filters;
                (groups, [kh * kw * ic_per_group, oc / groups])
            }
            Self::Depthwise {
                channels,
                kernel: [kh, kw],
            } => (channels, [kh * kw, 1]),
            Self::Gemm { k, n, .. } => (1, [k, n]),
        }
    }

    /// Where the weight of one input and one output channel of a group is among the weights as the operator has them.
    pub(in crate::ir) fn index(&self, group: usize, input: usize, channel: usize) -> usize {
        match *self {
            Self::Conv(Filters {
                groups,
                oc,
                kernel: [kh, kw],
                ic_per_group,
            }) => {
                let (tap, input) = (input / ic_per_group, input % ic_per_group);
                ((group * (oc / groups) + channel) * ic_per_group + input) * kh * kw + tap
            }
            Self::ConvTranspose(Filters {
                groups,
                oc,
                kernel: [kh, kw],
                ic_per_group,
            }) => {
                let (tap, input) = (input / ic_per_group, input % ic_per_group);
                ((group * ic_per_group + input) * (oc / groups) + channel) * kh * kw + tap
            }
            Self::Depthwise { kernel: [kh, kw], .. } => group * kh * kw + input,
            Self::Gemm {
                k, transposed: true, ..
            } => channel * k + input,
            Self::Gemm { n, .. } => input * n + channel,
        }
    }

    /// A candidate for each way to store the weights: halves as they are, integers that all have four bits as pairs or
    /// as whole bytes. `time` is what whole weights take, and `lower` adds the calls for one of the ways.
    pub(in crate::ir) fn candidates<'a>(
        self,
        cx: &Lowering<'_>,
        kernel: &'static str,
        time: u64,
        lower: impl Fn(&mut Lowering<'_>, Option<Stored>) -> Result<(), OpError> + Copy + 'a,
    ) -> Vec<Candidate<'a>> {
        let candidate = |stored: Option<Stored>| {
            let (layout, bits, more) = match (stored, cx.ty(1).dtype.size()) {
                (Some(Stored::Pairs), _) => ("pairs of four bits", 4, cost::unpacking(cx.machine(), cx.macs())),
                (Some(Stored::Half), _) => ("16-bit floats", 16, 0),
                (None, 1) => ("whole bytes", 8, 0),
                (None, size) => ("floats", 8 * size, 0),
            };
            let cost = Cost {
                time: time + more,
                flash: (self.len() * bits).div_ceil(8) as u64,
                scratch: 0,
            };
            Candidate::new(kernel, layout, cost, move |cx| lower(cx, stored))
        };
        let four_bits = |w: &Tensor| w.bytes.iter().all(|byte| FOUR_BITS.contains(&(*byte as i8)));
        match cx.ty(1).dtype {
            DType::I8 if cx.constant(1).is_some_and(four_bits) => {
                vec![candidate(Some(Stored::Pairs)), candidate(None)]
            }
            DType::F16 => vec![candidate(Some(Stored::Half))],
            _ => vec![candidate(None)],
        }
    }

    /// Products with what fills up the panels, for so many rows of results.
    pub(in crate::ir) fn products(&self, rows: usize) -> u64 {
        rows as u64 * self.len() as u64
    }

    /// The packed weights as a constant of the program, stored in fewer bits or not.
    pub(in crate::ir) fn pack(&self, cx: &mut Lowering<'_>, stored: Option<Stored>) -> Result<View, OpError> {
        let weights = cx.constant(1).ok_or_else(|| {
            op_error("the weights are computed at run time").help("make them an initializer or a constant")
        })?;
        let packed = match weights.dtype {
            DType::I8 => {
                let integers: Vec<i8> = weights.bytes.iter().map(|b| *b as i8).collect();
                let packed = self.packed(&integers);
                if stored == Some(Stored::Pairs) {
                    let mut pairs = vec![0; packed.len().div_ceil(2)];
                    pack::pack_pairs(&packed, &mut pairs);
                    Tensor::new(DType::U8, vec![pairs.len()], pairs)
                } else {
                    let bytes = packed.iter().map(|w| *w as u8).collect();
                    Tensor::new(DType::I8, vec![packed.len()], bytes)
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
                Tensor::new(DType::F16, vec![packed.len()], bytes)
            }
            _ => {
                let floats = weights.to_f32().ok_or_else(|| {
                    op_error(format!("weights of type {} are not supported", weights.dtype))
                        .help("supported: f32, f16, i8")
                })?;
                let packed = self.packed(&floats);
                Tensor::f32(&[packed.len()], &packed)
            }
        };
        Ok(cx.add_constant("weights", packed))
    }
}
