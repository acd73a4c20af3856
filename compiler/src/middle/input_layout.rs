//! Images as cameras give them: inputs that the caller has channels-last, for a model that has them channels-first.

use crate::Error;
use crate::ir::primitives::Transpose;
use crate::ir::{Graph, ValueId};
use std::collections::BTreeSet;

/// Which inputs the caller gives channels-last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputLayouts {
    /// All of them.
    pub all_channels_last: bool,
    /// Those of these names.
    pub channels_last: BTreeSet<String>,
}

impl InputLayouts {
    /// Gives the graph inputs of `[N, H, W, C]` or `[N, L, C]` in place of `[N, C, H, W]` or `[N, C, L]`, with a
    /// transpose behind each, which meets that of the first convolution.
    ///
    /// # Errors
    /// If an input is of another rank, or if there is none of a name.
    pub fn apply(&self, graph: &mut Graph) -> Result<(), Error> {
        let inputs: Vec<ValueId> = graph.inputs().to_vec();
        let names: Vec<String> = inputs.iter().map(|id| graph.value(*id).name.clone()).collect();
        if let Some(name) = self.channels_last.iter().find(|name| !names.contains(name)) {
            return Err(Error::usage(
                format!("there is no input called `{}`", name.escape_debug()),
                format!("inputs: {}", names.join(", ")),
            ));
        }
        // What only a step of training takes is no image.
        let of_inference = graph.training().map_or(inputs.len(), |training| training.inputs);
        for (index, (input, name)) in inputs.into_iter().zip(&names).enumerate() {
            if self.all_channels_last && index < of_inference || self.channels_last.contains(name) {
                channels_last(graph, index, input)?;
            }
        }
        Ok(())
    }
}

fn channels_last(graph: &mut Graph, index: usize, input: ValueId) -> Result<(), Error> {
    let ty = graph.ty(input).clone();
    let name = graph.value(input).name.clone();
    let rank = ty.rank();
    if !matches!(rank, 3 | 4) {
        return Err(Error::usage(
            format!(
                "input `{}` is {ty}: only images [N, C, H, W] and sequences [N, C, L] can be taken channels-last",
                name.escape_debug()
            ),
            "name the inputs that are images: --input-layout INPUT=nhwc",
        ));
    }
    let mut shape = ty.shape;
    shape[1..].rotate_left(1);
    let users = graph.users(input);
    graph.set_input_shape(input, shape);
    let mut perm: Vec<usize> = (0..rank).collect();
    perm[1..].rotate_right(1);
    let added = graph.add_op(format!("{name}_channels_first"), Transpose { perm }, &[input], &[]);
    let planes = added.map_err(|e| Error::Pass {
        pass: "input-layout",
        message: e.message,
    })?;
    for (user, operand) in users {
        graph.set_input(user, operand, planes);
    }
    for output in 0..graph.outputs().len() {
        if graph.outputs()[output].1 == input {
            graph.set_output(output, planes);
        }
    }
    graph.channels_last_inputs.insert(index);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::InputLayouts;
    use crate::ir::{DType, Graph, TensorType};

    fn graph(shape: &[usize]) -> Graph {
        let mut graph = Graph::new("g");
        let x = graph.add_input("image", TensorType::new(DType::F32, shape));
        graph.add_output("y", x);
        graph
    }

    fn all() -> InputLayouts {
        InputLayouts {
            all_channels_last: true,
            ..InputLayouts::default()
        }
    }

    #[test]
    fn an_image_gets_its_channels_last_and_the_model_reads_planes() {
        let mut graph = graph(&[1, 3, 4, 5]);
        all().apply(&mut graph).unwrap();
        assert_eq!(graph.ty(graph.inputs()[0]).shape, [1, 4, 5, 3]);
        assert_eq!(graph.ty(graph.outputs()[0].1).shape, [1, 3, 4, 5]);
        assert!(graph.channels_last_inputs.contains(&0));
    }

    #[test]
    fn what_is_no_image_is_refused_with_its_name() {
        let error = all().apply(&mut graph(&[1, 10])).unwrap_err().to_string();
        assert!(error.contains("`image`") && error.contains("[N, C, H, W]"), "{error}");
        let named = InputLayouts {
            channels_last: ["picture".to_owned()].into(),
            ..InputLayouts::default()
        };
        let error = named.apply(&mut graph(&[1, 3, 4, 5])).unwrap_err().to_string();
        assert!(error.contains("no input called `picture`"), "{error}");
    }
}
