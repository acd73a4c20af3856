//! What initializers are to the layers that `--trainable` means.

use crate::front::proto::NodeProto;
use crate::middle::train::Part;

/// What an operand is, before its shape is looked at.
#[derive(Clone, Copy)]
enum Kind {
    Weights,
    Bias,
    Scale,
    Slope,
}

/// Operators that have parameters, and which of their operands these are.
const PARAMETERS: &[(&str, &[(usize, Kind)])] = &[
    ("Conv", &[(1, Kind::Weights), (2, Kind::Bias)]),
    ("ConvTranspose", &[(1, Kind::Weights), (2, Kind::Bias)]),
    ("Gemm", &[(0, Kind::Weights), (1, Kind::Weights), (2, Kind::Bias)]),
    ("MatMul", &[(0, Kind::Weights), (1, Kind::Weights)]),
    ("Gather", &[(0, Kind::Weights)]),
    ("PRelu", &[(1, Kind::Slope)]),
    // Not the statistics.
    ("BatchNormalization", &[(1, Kind::Scale), (2, Kind::Bias)]),
    ("LayerNormalization", &[(1, Kind::Scale), (2, Kind::Bias)]),
    ("RMSNormalization", &[(1, Kind::Scale)]),
    ("InstanceNormalization", &[(1, Kind::Scale), (2, Kind::Bias)]),
    ("GroupNormalization", &[(1, Kind::Scale), (2, Kind::Bias)]),
    ("LSTM", &[(1, Kind::Weights), (2, Kind::Weights), (3, Kind::Bias)]),
    ("GRU", &[(1, Kind::Weights), (2, Kind::Weights), (3, Kind::Bias)]),
    ("RNN", &[(1, Kind::Weights), (2, Kind::Weights), (3, Kind::Bias)]),
];

/// The operands of a node that can be parameters, and what each is if its dimensions are as given.
pub(super) fn parameters<'n>(
    node: &'n NodeProto,
) -> impl Iterator<Item = (&'n str, impl Fn(&[i64]) -> Part + use<'n>)> {
    let known = PARAMETERS.iter().find(|(operator, _)| *operator == node.op_type());
    let known = known.filter(|_| matches!(node.domain(), "" | "ai.onnx"));
    let operands = known.map_or(&[][..], |(_, operands)| *operands);
    operands.iter().filter_map(move |(index, kind)| {
        let part = move |dims: &[i64]| match kind {
            Kind::Weights => Part::Weights {
                fan_in: fan_in(node, *index, dims).max(1.0),
            },
            Kind::Bias => Part::Bias,
            Kind::Scale => Part::Scale,
            Kind::Slope => Part::Slope,
        };
        Some((node.input.get(*index)?.as_str(), part))
    })
}

/// How many inputs an output is a sum of, on average.
fn fan_in(node: &NodeProto, operand: usize, dims: &[i64]) -> f64 {
    let attribute = |name: &str| node.attribute.iter().find(|attribute| attribute.name() == name);
    let is_transposed = |name: &str| attribute(name).is_some_and(|attribute| attribute.i() != 0);
    match (node.op_type(), operand, dims) {
        ("Conv", _, [_, window @ ..]) => product(window),
        ("ConvTranspose", _, [inputs, _, window @ ..]) => {
            let groups = attribute("group").map_or(1, |group| group.i());
            // Only one of so many elements of the window meets an output.
            let strides = attribute("strides").map_or(1.0, |strides| product(&strides.ints));
            *inputs as f64 * product(window) / (groups as f64 * strides)
        }
        ("Gemm", 0, [m, k]) => *if is_transposed("transA") { m } else { k } as f64,
        ("Gemm", _, [k, n]) => *if is_transposed("transB") { n } else { k } as f64,
        ("MatMul", 1, [k] | [.., k, _]) | ("MatMul" | "LSTM" | "GRU" | "RNN", _, [.., k]) => *k as f64,
        // What Gather gives is one row.
        _ => 1.0,
    }
}

fn product(dims: &[i64]) -> f64 {
    dims.iter().map(|dim| *dim as f64).product()
}
