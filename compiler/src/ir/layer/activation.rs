use super::{Packing, bias_or_zeros};
use crate::bindings::{QLinearCall, Stored, StoredWeights, WithResidual};
use crate::ir::geometry::Layout;
use crate::ir::program::{KernelCall, View};
use crate::ir::{Candidate, Lowering};
use crate::ir::{DType, Inputs, OpError, TensorType, op_error};
use runtime_core::function::{AnyFunction, Identity};
use runtime_core::kernels::{Conv2d, DepthwiseConv2d, Gemm};
use runtime_core::requantize::Requantize;
use std::fmt;

/// Position of the bias among the inputs of a convolution or product.
pub const BIAS: usize = 2;
/// Position of the residual among the inputs of one in floats.
pub const RESIDUAL: usize = 3;
/// Position of the multipliers among the inputs of one in integers.
pub const MULTIPLIER: usize = 3;

/// Element types that convolutions sum floats and integers in, where those are not quantised.
pub(in crate::ir) const SUMMED: [DType; 3] = [DType::F32, DType::F64, DType::I32];

/// What is applied to each sum of a convolution or product.
#[derive(Clone, Copy, PartialEq)]
pub enum Activation {
    /// Floats: a function of the sum with bias and residual.
    Function(AnyFunction),
    /// Integers of 8 or 16 bits by weights of 8: the sum with an `i32` bias, times the `i32` multiplier of its channel,
    /// as an integer of the type `to`, `i8` or `i16`.
    Requantize {
        /// The rescaling.
        requantize: Requantize,
        /// Type of the outputs.
        to: DType,
    },
}

impl<T: Into<AnyFunction>> From<T> for Activation {
    fn from(function: T) -> Self {
        Self::Function(function.into())
    }
}

impl fmt::Debug for Activation {
    /// The function alone, or the rescaling and the type.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(function) => function.fmt(f),
            Self::Requantize { requantize, to } => write!(f, "{requantize:?} to {to}"),
        }
    }
}

impl Activation {
    /// Whether it is the sum itself.
    pub fn is_identity(&self) -> bool {
        matches!(self, Self::Function(AnyFunction::Identity(_)))
    }

    /// The same for a kernel that never looks outside of an image: it needs no number that stands there.
    pub(in crate::ir) fn inside(self) -> Self {
        match self {
            Self::Requantize { requantize, to } => Self::Requantize {
                requantize: Requantize {
                    outside: 0,
                    ..requantize
                },
                to,
            },
            Self::Function(_) => self,
        }
    }

    /// The function of floats, without one the sum itself.
    pub(in crate::ir) fn function(&self) -> AnyFunction {
        match self {
            Self::Function(function) => *function,
            Self::Requantize { .. } => Identity.into(),
        }
    }

    /// Checks the element types of all operands, and bias and multipliers of `channels` numbers. Gives the output's
    /// type.
    pub(in crate::ir) fn check(
        &self,
        inputs: &Inputs<'_>,
        floats: &[DType],
        channels: usize,
    ) -> Result<DType, OpError> {
        let per_channel = |index, name| match inputs.get(index) {
            Some(ty) if ty.shape != [channels] => Err(op_error(format!(
                "the {name} {ty} must have one number for each of {channels} channels"
            ))),
            _ => Ok(()),
        };
        per_channel(BIAS, "bias")?;
        let Self::Requantize { requantize, to } = self else {
            let dtype = of_floats(inputs)?;
            let names: Vec<_> = floats.iter().map(DType::to_string).collect();
            return if floats.contains(&dtype) {
                Ok(dtype)
            } else {
                Err(op_error(format!("element type {dtype} is not supported"))
                    .help(format!("supported: {}", names.join(", "))))
            };
        };
        per_channel(MULTIPLIER, "multiplier")?;
        let types = (0..4)
            .map(|i| Ok(inputs.ty(i)?.dtype))
            .collect::<Result<Vec<_>, OpError>>()?;
        let known = matches!(types[..], [DType::I8 | DType::I16, DType::I8, DType::I32, DType::I32]);
        if !known || !matches!(to, DType::I8 | DType::I16) || !(1..=62).contains(&requantize.shift) {
            return Err(op_error(format!(
                "operands of types {types:?} and results of {to} are not of a quantised layer"
            )));
        }
        Ok(*to)
    }

    /// Checks that a residual, if there is one, is like the output.
    pub(in crate::ir) fn check_residual(&self, inputs: &Inputs<'_>, y: &TensorType) -> Result<(), OpError> {
        match (self, inputs.get(RESIDUAL)) {
            (Self::Function(_), Some(residual)) if residual != y => {
                Err(op_error(format!("the residual {residual} is not of type {y}")))
            }
            _ => Ok(()),
        }
    }
}

/// The element type of a layer in floats: that of all operands, except that weights may be `f16` beside others of
/// `f32`.
fn of_floats(inputs: &Inputs<'_>) -> Result<DType, OpError> {
    let (x, w) = (inputs.ty(0)?.dtype, inputs.ty(1)?.dtype);
    if (x, w) != (DType::F32, DType::F16) {
        return inputs.same_dtype();
    }
    let others = [BIAS, RESIDUAL].into_iter().filter_map(|index| inputs.get(index));
    match others.into_iter().find(|ty| ty.dtype != x) {
        Some(other) => Err(op_error(format!("{other} beside operands of type {x}"))),
        None => Ok(x),
    }
}

/// Checks that weights of `f16` beside inputs of `f32` meet the kernel that widens them.
pub(in crate::ir) fn check_layout(inputs: &Inputs<'_>, layout: Layout) -> Result<(), OpError> {
    if inputs.ty(1)?.dtype == DType::F16 && layout == Layout::ChannelsFirst {
        return Err(op_error(
            "weights of type f16 beside inputs of f32 are for channels-last images only",
        ));
    }
    Ok(())
}

/// Adds a kernel's call, with its weights stored in fewer bits or not.
pub(in crate::ir) fn call(
    cx: &mut Lowering<'_>,
    call: impl KernelCall + 'static,
    stored: Option<Stored>,
    inputs: &[View],
    y: View,
) {
    match stored {
        Some(stored) => {
            let call = Box::new(call);
            cx.call(StoredWeights { call, stored }, inputs, &[y]);
        }
        None => cx.call(call, inputs, &[y]),
    }
}

/// A kernel's parameters with another activation.
pub(in crate::ir) trait WithActivation {
    /// The parameters.
    type With<F>;
    /// The same layer with that activation.
    fn with<F>(self, activation: F) -> Self::With<F>;
}

macro_rules! with_activation {
    ($($kernel:ident),*) => {$(
        impl WithActivation for $kernel<()> {
            type With<F> = $kernel<F>;

            fn with<F>(self, activation: F) -> $kernel<F> {
                self.with_activation(activation)
            }
        }
    )*};
}
with_activation!(Conv2d, DepthwiseConv2d, Gemm);

/// The candidates that compute a layer by a kernel, one for each way to store its weights; `time` is what whole weights
/// take.
pub(in crate::ir) fn candidates<'a, K: WithActivation + Copy + 'a>(
    cx: &Lowering<'_>,
    name: &'static str,
    kernel: K,
    packing: Packing,
    activation: Activation,
    time: u64,
) -> Vec<Candidate<'a>>
where
    K::With<AnyFunction>: KernelCall + 'static,
    WithResidual<K::With<AnyFunction>>: KernelCall + 'static,
    QLinearCall<K::With<Requantize>>: KernelCall + 'static,
{
    packing.candidates(cx, name, time, move |cx, stored| {
        finish(cx, kernel, packing, stored, activation)
    })
}

/// Adds the call of a kernel in the form that the activation and the operands ask for.
fn finish<K: WithActivation>(
    cx: &mut Lowering<'_>,
    kernel: K,
    packing: Packing,
    stored: Option<Stored>,
    activation: Activation,
) -> Result<(), OpError>
where
    K::With<AnyFunction>: KernelCall + 'static,
    WithResidual<K::With<AnyFunction>>: KernelCall + 'static,
    QLinearCall<K::With<Requantize>>: KernelCall + 'static,
{
    let x = cx.input(0);
    let bias = bias_or_zeros(cx, packing.channels());
    let w = packing.pack(cx, stored)?;
    let y = cx.output(0);
    match activation {
        Activation::Requantize { requantize, to } => {
            let multiplier = cx.input_as(MULTIPLIER, "multipliers");
            let layer = QLinearCall {
                kernel: kernel.with(requantize),
                from: cx.ty(0).dtype,
                to,
            };
            call(cx, layer, stored, &[x, w, bias, multiplier], y);
        }
        Activation::Function(function) if cx.has(RESIDUAL) => {
            let residual = cx.input(RESIDUAL);
            let layer = WithResidual(kernel.with(function));
            call(cx, layer, stored, &[x, w, bias, residual], y);
        }
        Activation::Function(function) => call(cx, kernel.with(function), stored, &[x, w, bias], y),
    }
    Ok(())
}
