use crate::bindings::Between;
use crate::ir::Lowering;
use crate::ir::fixed_point::{MULTIPLIER_BITS, Quantization, Rounding, Uniform, expect, multiplier};
use crate::ir::geometry::{around, moved};
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, Tensor, TensorType};
use crate::ir::{OverTime, Time};
use runtime_core::kernels::{self, QlinearLogSoftmax};
use std::f64::consts::LN_2;

/// Probabilities from quantised scores along one axis, or their logarithms, rounded once, half to even.
#[derive(Clone, Debug, PartialEq)]
pub struct QlinearSoftmax {
    axis: usize,
    scale: Scale,
    x: Uniform,
    rounding: Rounding,
}

/// Applied to the powers of e and to their sum.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    /// Quotients, times this over a power of two.
    Linear { multiplier: i32 },
    /// Scores minus the logarithm of the sum to base 2, each times its factor over a power of two.
    Logarithm { score: i64, log: i64 },
}

/// Bits of a logarithm after the point.
const LOG_BITS: i32 = 28;
/// The greatest logarithm, to base 2, of a sum of powers of e.
const MOST_LOG: f64 = 33.0;
/// Powers of e are over two to the power of this.
const POWER_BITS: i32 = 31;

impl QlinearSoftmax {
    /// Along `axis`, from the quantisation `x` to `y`, with the logarithm if `log`. `None` for quantisations with
    /// several scales or of other types than `i8` and `i16`, or if the output's scale is finer than a billionth.
    pub fn new(axis: usize, log: bool, x: &Quantization, y: &Quantization) -> Option<Self> {
        let (x, y) = (Uniform::of(x)?, Uniform::of(y)?);
        let (scale, shift) = if log {
            let [score, log] = [x.scale / y.scale, LN_2 / y.scale];
            let greatest = 2_f64.powi(x.dtype.size() as i32 * 8) * score + MOST_LOG * log;
            // Sums have 61 bits.
            let shift = (61 - libm::log2(greatest).ceil() as i32).min(62);
            let fixed = |factor: f64, bits: i32| (factor * 2_f64.powi(shift - bits)).round() as i64;
            let scale = Scale::Logarithm {
                score: fixed(score, 0),
                log: fixed(log, LOG_BITS),
            };
            (
                scale,
                u32::try_from(shift).ok().filter(|shift| *shift > LOG_BITS as u32)?,
            )
        } else {
            let (multiplier, shift) = multiplier(y.scale.recip(), MULTIPLIER_BITS)?;
            (Scale::Linear { multiplier }, shift)
        };
        let rounding = Rounding::new(y, shift, None)?;
        Some(Self {
            axis,
            scale,
            x,
            rounding,
        })
    }

    /// Powers of e, as the kernel wants them.
    fn powers(&self) -> Tensor {
        let power = |steps: u32| {
            let power = libm::exp(-f64::from(steps) * self.x.scale);
            (power * 2_f64.powi(POWER_BITS)).round() as u32
        };
        let of_256: &[u32] = match self.x.dtype {
            DType::I8 => &[1],
            _ => &[1, 256],
        };
        let steps = of_256.iter().flat_map(|step| (0..256).map(move |k| k * step));
        let bytes: Vec<u8> = steps.flat_map(|steps| power(steps).to_le_bytes()).collect();
        Tensor::new(DType::U32, vec![256 * of_256.len()], bytes)
    }
}

impl Operator for QlinearSoftmax {
    fn name(&self) -> &'static str {
        match self.scale {
            Scale::Linear { .. } => "QlinearSoftmax",
            Scale::Logarithm { .. } => "QlinearLogSoftmax",
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = expect(inputs, 0, self.x.dtype)?;
        x.axis(self.axis as i64)?;
        Ok(vec![TensorType::new(self.rounding.dtype, x.shape.clone())])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let (outer, inner) = around(&ty.shape, self.axis);
        let axis = ty.shape[self.axis];
        let Rounding {
            dtype: to,
            shift,
            zero,
            limits: [min, max],
        } = self.rounding;
        let (x, table, y) = (cx.input(0), cx.add_constant("powers", self.powers()), cx.output(0));
        let from = self.x.dtype;
        match self.scale {
            Scale::Linear { multiplier } => {
                let kernel = kernels::QlinearSoftmax {
                    outer,
                    axis,
                    inner,
                    multiplier,
                    shift,
                    zero,
                    min,
                    max,
                };
                cx.call(Between { kernel, from, to }, &[x, table], &[y]);
            }
            Scale::Logarithm { score, log } => {
                let kernel = QlinearLogSoftmax {
                    outer,
                    axis,
                    inner,
                    score,
                    log,
                    shift,
                    zero,
                    min,
                    max,
                };
                cx.call(Between { kernel, from, to }, &[x, table], &[y]);
            }
        }
        Ok(())
    }

    fn permute(&self, perm: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        let operator = Self {
            axis: moved(self.axis, perm)?,
            ..self.clone()
        };
        Some(Permuted {
            operator: Box::new(operator),
            transposed: vec![true],
        })
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        time.beside(self, [self.axis])
    }
}
