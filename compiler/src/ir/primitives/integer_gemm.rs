use crate::ir::Lowering;
use crate::ir::layer::{Packing, call, cost};
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use crate::ir::{OverTime, Time};
use runtime_core::kernels;

/// The exact sums, `i32`, of a product with constant weights: inputs `x` `[.., k]` and `w` `[k, n]`, `i8`.
#[derive(Clone, Debug, PartialEq)]
pub struct IntegerGemm;

impl Operator for IntegerGemm {
    fn name(&self) -> &'static str {
        "IntegerGemm"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let (x, w) = (inputs.ty(0)?, inputs.ty(1)?);
        match w.shape[..] {
            [k, n] if x.shape.last() == Some(&k) && x.dtype == DType::I8 && w.dtype == DType::I8 => {
                let mut y = TensorType::new(DType::I32, x.shape.clone());
                y.shape[x.rank() - 1] = n;
                Ok(vec![y])
            }
            _ => Err(op_error(format!("{x} does not multiply {w}")).help("supported: i8 by a matrix of i8")),
        }
    }

    fn macs(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        outputs[0].len() as u64 * inputs[1].map_or(0, |w| w.shape[0]) as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (k, n) = (cx.ty(1).shape[0], cx.ty(1).shape[1]);
        let m = cx.ty(0).shape[..cx.ty(0).rank() - 1].iter().product();
        let packing = Packing::Gemm {
            k,
            n,
            transposed: false,
        };
        let time = cost::panels(cx.machine(), packing.products(m));
        let offers = packing.candidates(cx, "integer_gemm", time, move |cx, stored| {
            let x = cx.input(0);
            let w = packing.pack(cx, stored)?;
            let y = cx.output(0);
            call(cx, kernels::IntegerGemm { m, k, n }, stored, &[x, w], y);
            Ok(())
        });
        cx.choose(offers)
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        time.product(self)
    }
}
