//! Which initializers `--trainable` means.

use super::parts::parameters;
use crate::Error;
use crate::front::load::Model;
use crate::front::proto::TensorProto;
use crate::front::proto::tensor_proto::DataType;
use crate::middle::train::Part;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A node with parameters.
struct Layer<'m> {
    node: &'m str,
    operator: &'m str,
    parameters: Vec<(&'m str, Part)>,
    /// Whether there is a matrix among them, so that `last:N` counts it.
    has_matrix: bool,
}

/// The initializers that `patterns` mean: `all` layers, the `last:N` of them with all that follows, or nodes and
/// initializers by name, in which `*` stands for any characters. With each comes what it is to the first layer that
/// reads it.
///
/// # Errors
/// A pattern that fits nothing.
pub fn trainable(model: &Model, patterns: &[String]) -> Result<BTreeMap<String, Part>, Error> {
    let layers = layers(model);
    let mut chosen = BTreeSet::new();
    for pattern in patterns {
        let from = match pattern.strip_prefix("last:").map(str::parse::<usize>) {
            Some(Ok(count)) if count > 0 => Some(nth_last(&layers, count)),
            Some(_) => {
                return Err(Error::usage(
                    format!("`{}` must end in a number above zero", pattern.escape_debug()),
                    "for example --trainable last:2, for the last two layers with weights",
                ));
            }
            None => (pattern == "all").then_some(0),
        };
        let before = chosen.len();
        let by_name = |layer: &&Layer<'_>| fits(pattern, layer.node);
        let fitting: Vec<&Layer<'_>> = match from {
            Some(first) => layers.iter().skip(first).collect(),
            None => layers.iter().filter(by_name).collect(),
        };
        chosen.extend(
            fitting
                .iter()
                .flat_map(|layer| &layer.parameters)
                .map(|(name, _)| (*name).to_owned()),
        );
        if from.is_none() {
            let floats = model.graph.initializer.iter().filter(|tensor| is_float(tensor));
            let named = floats.filter(|tensor| fits(pattern, tensor.name()));
            chosen.extend(named.map(|tensor| tensor.name().to_owned()));
        }
        if chosen.len() == before && fitting.is_empty() {
            return Err(nothing_fits(pattern, &layers));
        }
    }
    let parts = layers.iter().rev().flat_map(|layer| layer.parameters.iter().copied());
    let parts: HashMap<&str, Part> = parts.collect();
    let part = |name: &String| parts.get(name.as_str()).copied().unwrap_or(Part::Other);
    Ok(chosen.into_iter().map(|name| (name.clone(), part(&name))).collect())
}

fn nothing_fits(pattern: &str, layers: &[Layer<'_>]) -> Error {
    const MOST: usize = 12;
    let shown = layers.iter().rev().take(MOST).map(|layer| {
        let name = layer.node.escape_debug();
        format!("`{name}` ({})", layer.operator)
    });
    let shown: Vec<_> = shown.collect();
    let more = if layers.len() > MOST { ", .." } else { "" };
    let help = match shown.is_empty() {
        true => "the model has no layers with parameters in float32".to_owned(),
        false => format!(
            "give all, last:N, or names, with * for any characters; layers, last first: {}{more}",
            shown.join(", ")
        ),
    };
    Error::usage(format!("--trainable `{}` fits no layer", pattern.escape_debug()), help)
}

/// The index of the layer that `count` layers with matrices follow from, itself counted.
fn nth_last(layers: &[Layer<'_>], count: usize) -> usize {
    let with_matrix = layers.iter().enumerate().rev().filter(|(_, layer)| layer.has_matrix);
    with_matrix.take(count).last().map_or(0, |(index, _)| index)
}

/// The layers of a model, in its order. An addition of an initializer to what a layer gives is part of it.
fn layers(model: &Model) -> Vec<Layer<'_>> {
    let initializers: HashMap<&str, &TensorProto> = model.graph.initializer.iter().map(|t| (t.name(), t)).collect();
    let float = |name: &&str| initializers.get(name).is_some_and(|tensor| is_float(tensor));
    let mut layers: Vec<Layer<'_>> = vec![];
    let mut made_by: HashMap<&str, usize> = HashMap::new();
    for node in &model.graph.node {
        let of_layer = node.input.iter().find_map(|name| made_by.get(name.as_str()).copied());
        if let Some(layer) = of_layer.filter(|_| node.op_type() == "Add") {
            let biases = node.input.iter().map(String::as_str).filter(float);
            layers[layer].parameters.extend(biases.map(|name| (name, Part::Bias)));
            continue;
        }
        let operands = parameters(node).filter(|(name, _)| float(name));
        let parameters: Vec<_> = operands
            .map(|(name, part)| (name, part(&initializers[name].dims)))
            .collect();
        if parameters.is_empty() {
            continue;
        }
        let has_matrix = parameters.iter().any(|(name, _)| initializers[name].dims.len() >= 2);
        made_by.extend(node.output.iter().map(|name| (name.as_str(), layers.len())));
        layers.push(Layer {
            node: node.name(),
            operator: node.op_type(),
            parameters,
            has_matrix,
        });
    }
    layers
}

fn is_float(tensor: &TensorProto) -> bool {
    tensor.data_type() == DataType::Float as i32 && !tensor.dims.contains(&0)
}

/// Whether a name is the pattern, with any characters for each `*`.
fn fits(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stand_for_any_characters() {
        for (pattern, name, fit) in [
            ("fc1", "fc1", true),
            ("fc1", "fc11", false),
            ("fc*", "fc11", true),
            ("*weight", "fc.weight", true),
            ("f*c*t", "fact", true),
            ("f*c*t", "fat", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }
}
