use crate::ir::Lowering;
use crate::ir::layer::{Packing, call, cost};
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use crate::ir::{OverTime, Time};
use runtime_core::kernels;

/// A product with constant weights that are small integers: inputs `x` `[.., k]`, `f32`, `w` `[k, n]`, `i8`, and
/// `scales` `[ceil(k / block), n]`, `f32`, one for each block of a column of the weights.
#[derive(Clone, Debug, PartialEq)]
pub struct ScaledGemm {
    /// Weights of a column that share a scale.
    pub block: usize,
}

/// The weights among the operands.
const WEIGHTS: usize = 1;
/// The scales.
const SCALES: usize = 2;

impl Operator for ScaledGemm {
    fn name(&self) -> &'static str {
        "ScaledGemm"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let (x, w, scales) = (inputs.ty(0)?, inputs.ty(WEIGHTS)?, inputs.ty(SCALES)?);
        let [k, n] = w.shape[..] else {
            return Err(op_error(format!("the weights {w} are not a matrix")));
        };
        if (x.dtype, w.dtype, scales.dtype) != (DType::F32, DType::I8, DType::F32) || x.shape.last() != Some(&k) {
            return Err(op_error(format!("{x} does not multiply {w} with scales {scales}")));
        }
        if self.block == 0 || scales.shape != [k.div_ceil(self.block), n] {
            return Err(op_error(format!(
                "the scales {scales} do not fit blocks of {} of {w}",
                self.block
            )));
        }
        let mut y = x.clone();
        y.shape[x.rank() - 1] = n;
        Ok(vec![y])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        outputs[0].len() as u64 * inputs[WEIGHTS].map_or(0, |w| w.shape[0]) as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (k, n) = (cx.ty(WEIGHTS).shape[0], cx.ty(WEIGHTS).shape[1]);
        let m = cx.ty(0).shape[..cx.ty(0).rank() - 1].iter().product();
        let packing = Packing::Gemm {
            k,
            n,
            transposed: false,
        };
        let block = self.block;
        let time = cost::panels(cx.machine(), packing.products(m));
        let offers = packing.candidates(cx, "scaled_gemm", time, move |cx, stored| {
            let (x, scales) = (cx.input(0), cx.input_as(SCALES, "scales"));
            let w = packing.pack(cx, stored)?;
            let y = cx.output(0);
            call(cx, kernels::ScaledGemm { m, k, n, block }, stored, &[x, w, scales], y);
            Ok(())
        });
        cx.choose(offers)
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        time.product(self)
    }
}
