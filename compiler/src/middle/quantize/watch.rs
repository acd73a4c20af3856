use crate::back::exec::Executor;
use crate::back::plan::{self, Plan};
use crate::ir::program::Program;
use crate::ir::{Graph, Tensor, ValueId};
use crate::{Error, back::lower, middle::passes};

/// A graph made ready to run on the host with values in it shown: those that the graph computes as it stands, before what
/// later passes would fuse. The graph itself is left as it is.
///
/// Nothing is kept from one sample to the next, so memory is that of one inference in which no watched value's memory is
/// used again.
#[derive(Debug)]
pub struct Watch {
    program: Program,
    plan: Plan,
    outputs: usize,
}

impl Watch {
    /// Will show `values` of `graph`, each in the shape and layout that it has there. Values may be inputs, results and
    /// constants, in any order.
    ///
    /// # Errors
    /// A graph that cannot be lowered.
    pub fn new(graph: &Graph, values: &[ValueId]) -> Result<Self, Error> {
        let mut copy = graph.clone();
        for value in values {
            copy.add_output(graph.value(*value).name.clone(), *value);
        }
        passes::run(&mut copy, passes::UNFINISHED, &mut |_, _| {})?;
        let program = lower::lower(&copy)?;
        let plan = plan::plan(&program);
        Ok(Self {
            program,
            plan,
            outputs: graph.outputs().len(),
        })
    }

    /// An executor that shows the values.
    pub fn start(&self) -> Watching<'_> {
        Watching {
            executor: Executor::new(&self.program, &self.plan),
            outputs: self.outputs,
        }
    }

    /// Runs all samples, each the model's inputs in order; `each` gets the position of a value in the list given to
    /// [`new`](Self::new) and the value, for all of them after every sample. Gives the number of samples.
    ///
    /// # Errors
    /// The first sample that cannot be read, or the first error of `each`.
    ///
    /// # Panics
    /// If inputs are not of the graph's types.
    pub fn run(
        &self,
        samples: impl IntoIterator<Item = Result<Vec<Tensor>, Error>>,
        each: &mut dyn FnMut(usize, &Tensor) -> Result<(), Error>,
    ) -> Result<usize, Error> {
        let mut watching = self.start();
        let mut count = 0;
        for sample in samples {
            let (_, values) = watching.run(&sample?);
            values.iter().enumerate().try_for_each(|(i, value)| each(i, value))?;
            count += 1;
        }
        Ok(count)
    }
}

/// A graph that is run sample by sample.
pub struct Watching<'a> {
    executor: Executor<'a>,
    outputs: usize,
}

impl Watching<'_> {
    /// Runs one inference. Gives the model's outputs, and the watched values in the order they were asked for.
    ///
    /// # Panics
    /// If `inputs` are not of the graph's types.
    pub fn run(&mut self, inputs: &[Tensor]) -> (Vec<Tensor>, Vec<Tensor>) {
        let mut outputs = self.executor.run(inputs);
        let values = outputs.split_off(self.outputs);
        (outputs, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::primitives::{Binary, BinaryOp, Conv, Layout, Map, Window};
    use crate::ir::{DType, TensorType};
    use runtime_core::function::{Identity, Relu};

    #[test]
    fn values_are_shown_as_the_graph_has_them() {
        let mut graph = Graph::new("g");
        let x = graph.add_input("x", TensorType::new(DType::F32, [1, 2, 1, 2]));
        let w = graph.add_constant("w", Tensor::f32(&[2, 2, 1, 1], &[1.0, 0.0, 0.0, -1.0]));
        let conv = Conv {
            window: Window {
                kernel: vec![1, 1],
                strides: vec![1, 1],
                dilations: vec![1, 1],
                pads: vec![0; 4],
            },
            groups: 1,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        let y = graph.add_op("conv", conv, &[x, w], &[]).unwrap();
        let relu = Map { function: Relu.into() };
        let z = graph.add_op("relu", relu, &[y], &[]).unwrap();
        let sum = graph.add_op("sum", Binary::from(BinaryOp::Add), &[z, x], &[]).unwrap();
        graph.add_output("sum", sum);
        let before = graph.to_string();

        let watch = Watch::new(&graph, &[z, x, y]).unwrap();
        let sample = |values: [f32; 4]| Ok(vec![Tensor::f32(&[1, 2, 1, 2], &values)]);
        let mut seen = vec![];
        let count = watch.run([sample([1.0, 2.0, 3.0, -4.0]), sample([0.0; 4])], &mut |i, t| {
            seen.push((i, t.to_f32().unwrap()));
            Ok(())
        });
        assert_eq!(count.unwrap(), 2);
        assert_eq!(
            seen[..3],
            [
                (0, vec![1.0, 2.0, 0.0, 4.0]),
                (1, vec![1.0, 2.0, 3.0, -4.0]),
                (2, vec![1.0, 2.0, -3.0, 4.0]),
            ]
        );
        let (outputs, values) = watch.start().run(&sample([1.0, 2.0, 3.0, -4.0]).unwrap());
        assert_eq!(
            (outputs[0].to_f32().unwrap(), values.len()),
            (vec![2.0, 4.0, 3.0, 0.0], 3)
        );
        assert_eq!(graph.to_string(), before, "the graph is left as it is");
    }
}
