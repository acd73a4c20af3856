//! The functions of the gates of recurrent layers.

use crate::front::node::NodeContext;
use crate::ir::{OpError, op_error};
use runtime_core::function::{
    Affine, AnyGateFunction, Elu, HardSigmoid, LeakyRelu, Relu, ScaledTanh, Sigmoid, Softplus, Softsign, Tanh,
    ThresholdedRelu,
};

/// The functions of the gates of each of `directions`, by default those called `default`.
pub(in crate::front) fn of_directions<const N: usize>(
    cx: &mut NodeContext<'_>,
    directions: usize,
    default: [&str; N],
) -> Result<Vec<[AnyGateFunction; N]>, OpError> {
    let names = cx.attributes.strings("activations")?.unwrap_or_default();
    let mut alphas = cx
        .attributes
        .floats("activation_alpha")?
        .unwrap_or_default()
        .into_iter();
    let mut betas = cx.attributes.floats("activation_beta")?.unwrap_or_default().into_iter();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    if names.is_empty() {
        names = default.repeat(directions);
    }
    // RNN's own default is for two directions.
    if directions == 1 && names.len() == 2 * N && names[..N] == names[N..] {
        names.truncate(N);
    }
    if names.len() != N * directions {
        return Err(op_error(format!(
            "attribute `activations` names {} functions, {} are needed",
            names.len(),
            N * directions
        )));
    }
    let functions = names.iter().map(|name| function(name, &mut alphas, &mut betas));
    let functions = functions.collect::<Result<Vec<_>, _>>()?;
    if alphas.len() + betas.len() > 0 {
        return Err(op_error(
            "there are more values in `activation_alpha` or `activation_beta` than the functions use",
        )
        .help("give them in the order of the functions, for those functions only that have such a value"));
    }
    Ok(functions.as_chunks::<N>().0.to_vec())
}

/// The function called `name`, which takes what constants it has from the front of `alphas` and `betas`.
fn function(
    name: &str,
    alphas: &mut impl Iterator<Item = f32>,
    betas: &mut impl Iterator<Item = f32>,
) -> Result<AnyGateFunction, OpError> {
    let missing = |list: &str| {
        op_error(format!("`{name}` has no value in `{list}`")).help("give it: runtimes differ in what they take for it")
    };
    let mut alpha = |default: Option<f32>| alphas.next().or(default).ok_or_else(|| missing("activation_alpha"));
    let mut beta = |default: Option<f32>| betas.next().or(default).ok_or_else(|| missing("activation_beta"));
    Ok(match name.to_ascii_lowercase().as_str() {
        "affine" => Affine {
            alpha: alpha(None)?,
            beta: beta(None)?,
        }
        .into(),
        "elu" => Elu {
            alpha: alpha(Some(1.0))?,
        }
        .into(),
        "hardsigmoid" => HardSigmoid {
            alpha: alpha(Some(0.2))?,
            beta: beta(Some(0.5))?,
        }
        .into(),
        "leakyrelu" => LeakyRelu {
            alpha: alpha(Some(0.01))?,
        }
        .into(),
        "relu" => Relu.into(),
        "scaledtanh" => ScaledTanh {
            alpha: alpha(None)?,
            beta: beta(None)?,
        }
        .into(),
        "sigmoid" => Sigmoid.into(),
        "softplus" => Softplus.into(),
        "softsign" => Softsign.into(),
        "tanh" => Tanh.into(),
        "thresholdedrelu" => ThresholdedRelu { alpha: alpha(None)? }.into(),
        _ => {
            let message = format!("attribute `activations` names `{}`", name.escape_debug());
            return Err(op_error(message).help(
                "supported: Affine, Elu, HardSigmoid, LeakyRelu, Relu, ScaledTanh, Sigmoid, Softplus, Softsign, Tanh, \
                 ThresholdedRelu",
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::front::proto::AttributeProto;
    use crate::front::testing::{Given, Known, floats, run, text, texts};
    use crate::ir::Tensor;

    /// One unit without recurrence, in both directions: what its functions make of -1.
    fn both(attributes: &[AttributeProto]) -> Result<Vec<f64>, String> {
        let weights = |value: f32| Known(Tensor::f32(&[2, 1, 1], &[value; 2]));
        let x = Given(Tensor::f32(&[1, 1, 1], &[-1.0]));
        let attributes = [&[text("direction", "bidirectional")], attributes].concat();
        let y = run(22, "RNN", &attributes, &[x, weights(1.0), weights(0.0)], 1)?;
        Ok(y[0].to_f64())
    }

    #[test]
    fn constants_go_to_the_functions_that_have_them() {
        let names = texts("activations", &["Affine", "leakyRelu"]);
        let alpha = |values: &[f32]| floats("activation_alpha", values);
        let beta = floats("activation_beta", &[4.0]);
        assert_eq!(
            both(&[names.clone(), alpha(&[0.5, 0.25]), beta.clone()]),
            Ok(vec![3.5, -0.25])
        );
        let default = both(&[names.clone(), alpha(&[0.5]), beta.clone()]);
        assert!(default.is_ok_and(|y| y[0] == 3.5 && (y[1] + 0.01).abs() < 1e-9));
        let more = both(&[names.clone(), alpha(&[0.5, 0.25, 1.0]), beta.clone()]);
        assert!(more.is_err_and(|e| e.contains("more values")));
        let none = both(&[names, beta]);
        assert!(none.is_err_and(|e| e.contains("`Affine` has no value")));
        assert!(both(&[texts("activations", &["Tanh"])]).is_err_and(|e| e.contains("2 are needed")));
        assert!(both(&[texts("activations", &["Tanh", "Swish"])]).is_err_and(|e| e.contains("ThresholdedRelu")));
    }
}
