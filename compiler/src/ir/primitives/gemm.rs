use crate::ir::layer::{Activation, Packing, candidates, cost, for_cores, sparse_gemm};
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use crate::ir::{Lowering, Offers};
use crate::ir::{OverTime, Time};
use runtime_core::kernels;

/// A product with constant weights: inputs `x` `[.., k]`, `w` `[k, n]`, an optional bias `[n]`, and an optional
/// residual of the output's shape or, in integers, the multipliers `[n]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gemm {
    /// Applied to each sum.
    pub activation: Activation,
}

impl Operator for Gemm {
    fn name(&self) -> &'static str {
        "Gemm"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let (x, w) = (inputs.ty(0)?, inputs.ty(1)?);
        let [k, n] = w.shape[..] else {
            return Err(op_error(format!("the weights {w} are not a matrix")));
        };
        if x.shape.last() != Some(&k) {
            return Err(op_error(format!("{x} does not multiply {w}")));
        }
        let dtype = self.activation.check(inputs, &[DType::F32], n)?;
        let mut y = TensorType::new(dtype, x.shape.clone());
        y.shape[x.rank() - 1] = n;
        self.activation.check_residual(inputs, &y)?;
        Ok(vec![y])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        outputs[0].len() as u64 * inputs[1].map_or(0, |w| w.shape[0]) as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (k, n) = (cx.ty(1).shape[0], cx.ty(1).shape[1]);
        let m = cx.ty(0).shape[..cx.ty(0).rank() - 1].iter().product();
        let activation = self.activation.inside();
        let packing = Packing::Gemm {
            k,
            n,
            transposed: false,
        };
        let layer = kernels::Gemm {
            m,
            k,
            n,
            activation: (),
        };
        let time = cost::panels(cx.machine(), packing.products(m));
        let mut offers = Offers::from(candidates(cx, "gemm", layer, packing, activation, time));
        offers.add(for_cores::offers(
            cx,
            for_cores::Layer::Gemm(layer),
            packing,
            activation,
        ));
        if m == 1 {
            offers.extend(sparse_gemm::candidate(cx, [k, n], false, activation));
        }
        cx.choose(offers)
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        time.product(self)
    }
}
