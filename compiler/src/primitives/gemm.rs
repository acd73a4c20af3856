use super::conv::{BIAS, RESIDUAL, bias_or_zeros, check_bias, constant_weights, fused};
use crate::ir::{DType, Inputs, OpError, Operator, Tensor, TensorType, op_error};
use crate::lower::Lowering;
use runtime_core::function::AnyFunction;
use runtime_core::kernels;
use runtime_core::pack;

/// A product with constant weights: inputs `x` `[.., k]`, `w` `[k, n]`, an optional bias `[n]`, an optional residual of
/// the output's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Gemm {
    /// Applied after bias and residual.
    pub activation: AnyFunction,
}

impl Operator for Gemm {
    fn name(&self) -> &'static str {
        "Gemm"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let dtype = inputs.same_dtype()?;
        let (x, w) = (inputs.ty(0)?, inputs.ty(1)?);
        let [k, n] = w.shape[..] else {
            return Err(op_error(format!("the weights {w} are not a matrix")));
        };
        if dtype != DType::F32 || x.shape.last() != Some(&k) {
            return Err(op_error(format!("{x} does not multiply {w}")));
        }
        check_bias(inputs, n)?;
        let mut y = x.clone();
        y.shape[x.rank() - 1] = n;
        debug_assert!(inputs.len() > BIAS || inputs.len() == 2);
        match inputs.get(RESIDUAL) {
            Some(residual) if *residual != y => Err(op_error(format!("the residual {residual} is not of type {y}"))),
            _ => Ok(vec![y]),
        }
    }

    fn macs(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        outputs[0].len() as u64 * inputs[1].map_or(0, |w| w.shape[0]) as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (k, n) = (cx.ty(1).shape[0], cx.ty(1).shape[1]);
        let m = cx.ty(0).shape[..cx.ty(0).rank() - 1].iter().product();
        let w = constant_weights(cx, 1)?;
        let mut packed = vec![0.0; pack::packed_gemm_len(k, n)];
        pack::pack_gemm(k, n, &w, false, &mut packed);
        let w = cx.add_constant("weights", Tensor::f32(&[packed.len()], &packed));
        let (x, bias) = (cx.input(0), bias_or_zeros(cx, n));
        let residual = cx.has(RESIDUAL).then(|| cx.input(RESIDUAL));
        let y = cx.output(0);
        fused(
            cx,
            kernels::Gemm {
                m,
                k,
                n,
                activation: self.activation,
            },
            x,
            w,
            bias,
            residual,
            y,
        );
        Ok(())
    }
}
