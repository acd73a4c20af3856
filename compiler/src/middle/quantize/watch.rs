use super::proportion;
use crate::back::exec::Executor;
use crate::back::plan::Plan;
use crate::ir::program::Program;
use crate::ir::{Graph, Tensor, ValueId};
use crate::{Error, back::portable, middle::passes};
use runtime_core::Simd;
use std::panic::resume_unwind;
use std::thread::{available_parallelism, scope};

/// Memory that samples may take which are run at the same time.
const MAX_MEMORY: usize = 1 << 29;

/// A graph made ready to run on the host with values in it shown: those that the graph computes as it stands, before
/// what later passes would fuse. The graph itself is left as it is.
///
/// Nothing is kept from one sample to the next, so memory is that of one inference in which no watched value's memory
/// is used again.
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
    /// A graph that cannot be lowered, and one that takes memory or steps out of proportion to what is given.
    pub fn new(graph: &Graph, values: &[ValueId]) -> Result<Self, Error> {
        let mut copy = graph.clone();
        for value in values {
            copy.add_output(graph.value(*value).name.clone(), *value);
        }
        passes::run(&mut copy, passes::UNFINISHED, &mut |_, _| {})?;
        let (program, plan) = portable(&copy)?;
        proportion::check(graph, values, plan.peak)?;
        Ok(Self {
            program,
            plan,
            outputs: graph.outputs().len(),
        })
    }

    /// An executor that shows the values. What it computes decides what is emitted, so it runs the instructions that
    /// every machine has: the same model and samples give the same bytes whatever the processor.
    pub fn start(&self) -> Watching<'_> {
        Watching {
            executor: Executor::new(&self.program, &self.plan).on(Simd::BASELINE),
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
        let mut watching: Vec<_> = (0..self.threads()).map(|_| self.start()).collect();
        let mut samples = samples.into_iter().fuse();
        let mut count = 0;
        loop {
            let together = samples.by_ref().take(watching.len()).collect::<Result<Vec<_>, _>>()?;
            if together.is_empty() {
                return Ok(count);
            }
            // In the order of the samples, however many threads there are.
            for (_, values) in at_once(&mut watching, &together) {
                values.iter().enumerate().try_for_each(|(i, value)| each(i, value))?;
                count += 1;
            }
        }
    }

    /// As many threads as the machine has, unless their memory would be too much.
    fn threads(&self) -> usize {
        let memory = self.plan.peak.saturating_add(self.program.weight_bytes()).max(1);
        let threads = available_parallelism().map_or(1, usize::from);
        threads.min(MAX_MEMORY / memory).max(1)
    }
}

/// Runs a sample on each executor, of which there are as many or more.
fn at_once(watching: &mut [Watching<'_>], samples: &[Vec<Tensor>]) -> Vec<(Vec<Tensor>, Vec<Tensor>)> {
    if let ([watching, ..], [sample]) = (&mut *watching, samples) {
        return vec![watching.run(sample)];
    }
    scope(|scope| {
        let pairs = watching.iter_mut().zip(samples);
        let running: Vec<_> = pairs
            .map(|(one, sample)| scope.spawn(move || one.run(sample)))
            .collect();
        let results = running
            .into_iter()
            .map(|running| running.join().unwrap_or_else(|panic| resume_unwind(panic)));
        results.collect()
    })
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
    use crate::ir::primitives::{Binary, BinaryOp, Conv, Layout, Map, MatMul, Pad, PadMode, Window};
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

    #[test]
    fn values_that_take_too_much_memory_are_refused() {
        let mut graph = Graph::new("g");
        let mut value = graph.add_input("x", TensorType::new(DType::F32, [1 << 26]));
        let mut values = vec![];
        for name in ["a", "b", "c", "d", "e"] {
            let relu = Map { function: Relu.into() };
            value = graph.add_op(name, relu, &[value], &[]).unwrap();
            values.push(value);
        }
        graph.add_output("y", value);
        assert!(Watch::new(&graph, &values[..1]).is_ok());
        let error = Watch::new(&graph, &values).unwrap_err().to_string();
        assert!(
            error.contains("measuring a sample takes") && error.contains("f32[67108864]"),
            "{error}"
        );
    }

    /// A few bytes that are padded to many, which a product then takes long for.
    #[test]
    fn small_models_that_take_much_are_refused() {
        let error = |rows: usize| {
            let mut graph = Graph::new("g");
            let x = graph.add_input("x", TensorType::new(DType::F32, [1, 64]));
            let w = graph.add_constant("w", Tensor::f32(&[64, 64], &[0.0; 4096]));
            let pad = Pad {
                begins: vec![0, 0],
                ends: vec![rows, 0],
                mode: PadMode::Edge,
            };
            let long = graph.add_op("pad", pad, &[x], &[]).unwrap();
            let y = graph.add_op("product", MatMul, &[long, w], &[]).unwrap();
            graph.add_output("y", y);
            Watch::new(&graph, &[]).err().map(|error| error.to_string())
        };
        assert_eq!(error(1000), None);
        let refused = error(90_000).unwrap();
        assert!(refused.contains("steps") && refused.contains("`product`"), "{refused}");
    }

    /// As the steps of a loop are.
    #[test]
    fn more_nodes_than_the_file_has_room_for_are_refused() {
        let refused = |nodes: usize| {
            let mut graph = Graph::new("g");
            let mut value = graph.add_input("x", TensorType::new(DType::F32, [1, 4]));
            for _ in 0..nodes {
                value = graph
                    .add_op("relu", Map { function: Relu.into() }, &[value], &[])
                    .unwrap();
            }
            graph.add_output("y", value);
            Watch::new(&graph, &[]).err().map(|error| error.to_string())
        };
        assert_eq!(refused(2000), None);
        let error = refused(2100).unwrap();
        assert!(error.contains("becomes 2101 nodes"), "{error}");
    }

    /// `(1 + e) (1 + e) - (1 + 2 e)` is 0 where products are rounded, and `e^2` where a machine fuses them with sums.
    #[test]
    fn what_is_seen_is_the_same_on_every_machine_and_in_the_order_of_the_samples() {
        let e = f32::EPSILON;
        let mut graph = Graph::new("g");
        let x = graph.add_input("x", TensorType::new(DType::F32, [1, 2]));
        let w = graph.add_constant("w", Tensor::f32(&[2, 16], &[[1.0; 16], [1.0 + e; 16]].concat()));
        let product = crate::ir::primitives::MatMul;
        let y = graph.add_op("product", product, &[x, w], &[]).unwrap();
        graph.add_output("y", y);
        let watch = Watch::new(&graph, &[y]).unwrap();
        let samples = (0..37).map(|i| Ok(vec![Tensor::f32(&[1, 2], &[i as f32 - (1.0 + 2.0 * e), 1.0 + e])]));
        let mut seen = vec![];
        let count = watch.run(samples, &mut |_, y| {
            seen.push(y.to_f32().unwrap()[0]);
            Ok(())
        });
        assert_eq!(count.unwrap(), 37);
        let plain: Vec<f32> = (0..37)
            .map(|i| (i as f32 - (1.0 + 2.0 * e)) + (1.0 + e) * (1.0 + e))
            .collect();
        assert_eq!(seen, plain);
    }
}
