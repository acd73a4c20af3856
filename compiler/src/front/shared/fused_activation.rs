//! The activations that `com.microsoft` writes into layers.

use super::compose::map;
use crate::front::node::NodeContext;
use crate::ir::{OpError, ValueId, op_error};
use runtime_core::function::{
    AnyFunction, Clip, Elu, HardSigmoid, LeakyRelu, Relu, Selu, Sigmoid, Softplus, Softsign, Tanh, ThresholdedRelu,
};

/// Reads `activation` and `activation_params`, and applies the function to a value.
pub(in crate::front) fn of_params(cx: &mut NodeContext<'_>, x: ValueId) -> Result<ValueId, OpError> {
    let params = cx.attributes.floats("activation_params")?.unwrap_or_default();
    apply(cx, x, &params)
}

/// Reads `activation` and its numbers `activation_alpha`, `activation_beta` and `activation_gamma`, and applies the
/// function to a value.
pub(in crate::front) fn of_letters(cx: &mut NodeContext<'_>, x: ValueId) -> Result<ValueId, OpError> {
    let mut params = vec![];
    for name in ["activation_alpha", "activation_beta", "activation_gamma"] {
        if cx.attributes.has(name) {
            params.push(cx.attributes.float(name, 0.0)?);
        }
    }
    apply(cx, x, &params)
}

fn apply(cx: &mut NodeContext<'_>, x: ValueId, params: &[f32]) -> Result<ValueId, OpError> {
    let name = cx.attributes.string("activation", "")?;
    let function: AnyFunction = match (name.as_str(), params) {
        ("", []) => return Ok(x),
        ("Relu", []) => Relu.into(),
        ("Tanh", []) => Tanh.into(),
        ("Sigmoid", []) => Sigmoid.into(),
        ("Softplus", []) => Softplus.into(),
        ("Softsign", []) => Softsign.into(),
        ("LeakyRelu", [alpha]) => LeakyRelu { alpha: *alpha }.into(),
        ("ThresholdedRelu", [alpha]) => ThresholdedRelu { alpha: *alpha }.into(),
        ("Elu", [alpha]) => Elu { alpha: *alpha }.into(),
        ("Clip", [min, max]) => Clip { min: *min, max: *max }.into(),
        ("HardSigmoid", [alpha, beta]) => HardSigmoid {
            alpha: *alpha,
            beta: *beta,
        }
        .into(),
        ("Selu", [alpha, gamma]) => Selu {
            alpha: *alpha,
            gamma: *gamma,
        }
        .into(),
        _ => {
            let message = format!("activation `{}` with the numbers {params:?}", name.escape_debug());
            return Err(op_error(message).help(
                "supported: Relu, Tanh, Sigmoid, Softplus and Softsign without numbers; LeakyRelu, ThresholdedRelu and \
                 Elu with alpha; Clip with min and max; HardSigmoid with alpha and beta; Selu with alpha and gamma",
            ));
        }
    };
    map(cx, function, x)
}
