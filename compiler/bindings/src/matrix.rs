use super::call_part::by_parts;
use super::generic::by_dtype;
use super::{HOST_RANK, activate, last, padded};
use crate::DType;
use crate::{Args, CallPart, KernelCall, Value};
use runtime_core::function::{AnyFunction, Identity};
use runtime_core::kernels::{self, Conv2d, ConvTranspose2d, DepthwiseConv2d, Gemm, MatMul, WinogradConv2d};
use runtime_core::partial::{Part, Partial};
use runtime_core::{bf16, f16};
use std::ops::Range;

/// `.._add`: a kernel that adds a residual before its activation. The host runs the kernel without one and adds it to
/// the results, which are rounded to `f32` either way, so that no second copy of every kernel is compiled for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WithResidual<K>(pub K);

/// Binds a kernel with a fused activation, without and with a residual. First whether a copy for a layer is much
/// faster.
macro_rules! bind_fused {
    ($specialises:literal: $kernel:ident, $function:ident $(, $with_residual:ident)?) => {
        impl KernelCall for $kernel<AnyFunction> {
            fn name(&self) -> &'static str {
                stringify!($function)
            }

            fn params(&self) -> Value {
                Value::of(self)
            }

            fn specialises(&self) -> bool {
                $specialises
            }

            by_parts!(1);

            fn execute(&self, args: &mut Args<'_>) {
                let y = args.y(0);
                kernels::$function(args.simd, self.with_activation(Identity), args.x(0), args.x::<f32>(1), args.x(2), y);
                activate(args.simd, self.activation, y);
            }
        }

        $(impl KernelCall for WithResidual<$kernel<AnyFunction>> {
            fn name(&self) -> &'static str {
                stringify!($with_residual)
            }

            fn params(&self) -> Value {
                Value::of(&self.0)
            }

            fn specialises(&self) -> bool {
                $specialises
            }

            fn divides(&self) -> bool {
                true
            }

            fn row(&self) -> Option<usize> {
                Partial::row(&self.0)
            }

            fn part(&self, rows: Range<usize>) -> Option<CallPart> {
                let part = CallPart::of(Partial::part(&self.0, rows)?, WithResidual);
                Some(CallPart { residual: Some(3), ..part })
            }

            fn execute(&self, args: &mut Args<'_>) {
                let (layer, y) = (self.0.with_activation(Identity), args.y(0));
                kernels::$function(args.simd, layer, args.x(0), args.x::<f32>(1), args.x(2), y);
                for (y, residual) in y.iter_mut().zip(args.x::<f32>(3)) {
                    *y += residual;
                }
                activate(args.simd, self.0.activation, y);
            }
        })?
    };
}
bind_fused!(true: Gemm, gemm, gemm_add);
bind_fused!(true: Conv2d, conv2d, conv2d_add);
bind_fused!(true: DepthwiseConv2d, depthwise_conv2d, depthwise_conv2d_add);
bind_fused!(true: ConvTranspose2d, conv_transpose2d);
bind_fused!(false: WinogradConv2d, winograd_conv2d, winograd_conv2d_add);

/// `mat_mul`: a product of two matrices known only at run time, batched.
#[derive(Clone, Debug, PartialEq)]
pub struct MatMulCall {
    /// Extents of the batch.
    pub batch: Vec<usize>,
    /// For each, the distance between matrices of the first operand; 0 repeats them.
    pub a_strides: Vec<usize>,
    /// The same for the second.
    pub b_strides: Vec<usize>,
    /// Rows of the first operand.
    pub m: usize,
    /// Columns of the first operand.
    pub k: usize,
    /// Columns of the second operand.
    pub n: usize,
    /// Element type.
    pub dtype: DType,
}

impl MatMulCall {
    fn layer(&self) -> MatMul<HOST_RANK> {
        MatMul {
            batch: padded(&self.batch, 1),
            a_strides: padded(&self.a_strides, 0),
            b_strides: padded(&self.b_strides, 0),
            m: self.m,
            k: self.k,
            n: self.n,
        }
    }

    /// The part of the product that computes some rows.
    pub(crate) fn divided(&self, rows: Range<usize>) -> Option<Part<Self, 2>> {
        let part = self.layer().part(rows)?;
        Some(part.map(|layer| Self {
            batch: last(&layer.batch, self.batch.len()),
            m: layer.m,
            ..self.clone()
        }))
    }
}

impl KernelCall for MatMulCall {
    fn name(&self) -> &'static str {
        if self.dtype == DType::F32 {
            "mat_mul"
        } else {
            "mat_mul_of"
        }
    }

    fn params(&self) -> Value {
        Value::Struct(
            "MatMul",
            vec![
                ("batch", Value::ints(&self.batch)),
                ("a_strides", Value::ints(&self.a_strides)),
                ("b_strides", Value::ints(&self.b_strides)),
                ("m", Value::Int(self.m as i128)),
                ("k", Value::Int(self.k as i128)),
                ("n", Value::Int(self.n as i128)),
            ],
        )
    }

    fn const_generics(&self) -> Vec<usize> {
        vec![self.batch.len()]
    }

    fn specialises(&self) -> bool {
        self.dtype == DType::F32
    }

    fn row(&self) -> Option<usize> {
        self.layer().row()
    }

    fn part(&self, rows: Range<usize>) -> Option<CallPart> {
        Some(CallPart::of(self.divided(rows)?, |call| call))
    }

    fn execute(&self, args: &mut Args<'_>) {
        let layer = self.layer();
        if self.dtype == DType::F32 {
            return kernels::mat_mul(args.simd, layer, args.x(0), args.x(1), args.y(0));
        }
        by_dtype!(self.dtype, T => kernels::mat_mul_of(args.simd, layer, args.x::<T>(0), args.x(1), args.y(0)),
            [F64 f64, F16 f16, Bf16 bf16, I32 i32, I64 i64, U32 u32, U64 u64]);
    }
}
