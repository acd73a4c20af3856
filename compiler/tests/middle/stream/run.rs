//! The whole model and its stream, side by side.

use crate::passes::build::Build;
use edgec::back::exec::Executor;
use edgec::back::lower::lower;
use edgec::back::plan::{Plan, plan};
use edgec::ir::program::Program;
use edgec::ir::{DType, Graph, StreamedOutput, Tensor, ValueId};
use edgec::machine::Machine;
use edgec::middle::passes::{self, AFTER_QUANTIZATION, STREAMING};
use edgec::middle::stream::{StreamInput, stream};

/// A compiled graph.
pub(super) struct Compiled {
    program: Program,
    plan: Plan,
}

impl Compiled {
    pub(super) fn of(mut graph: Graph) -> Self {
        passes::run(&mut graph, AFTER_QUANTIZATION, &mut |_, _| {}).unwrap();
        let machine = Machine::default();
        let program = lower(&graph, &machine).unwrap();
        let plan = plan(&program, &machine);
        Self { program, plan }
    }

    /// A host executor whose arena held something else before.
    pub(super) fn executor(&self) -> Executor<'_> {
        Executor::new(&self.program, &self.plan).filled(0xa5)
    }

    pub(super) fn run(&self, inputs: &[Tensor]) -> Vec<Tensor> {
        self.executor().run(inputs)
    }

    /// How an output stands to the whole model's.
    pub(super) fn output(&self, index: usize) -> StreamedOutput {
        let streaming = self.program.streaming.as_ref().unwrap();
        streaming.outputs.iter().find(|(output, _)| *output == index).unwrap().1
    }

    /// Frames of a run of input 0.
    pub(super) fn step(&self) -> usize {
        self.program.streaming.as_ref().unwrap().inputs[0].step
    }
}

/// The graph streamed along `axis` of its input.
pub(super) fn streamed(graph: &Graph, axis: i64, step: Option<usize>) -> Result<Compiled, String> {
    let mut graph = graph.clone();
    let name = graph.value(graph.inputs()[0]).name.clone();
    stream(&mut graph, &[StreamInput { name, axis, step }]).map_err(|error| format!("{error:?}"))?;
    passes::run(&mut graph, STREAMING, &mut |_, _| {}).unwrap();
    Ok(Compiled::of(graph))
}

/// Numbers of a type, some of them negative. Floats are small integers, whose sums are exact in any order: a frame that
/// is computed alone is added up in another order than many.
pub(super) fn numbers(dtype: DType, shape: &[usize], seed: u64) -> Tensor {
    let mut state = seed.wrapping_mul(2) + 1;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 40) as i32 - (1 << 23)
    };
    let len = shape.iter().product::<usize>();
    match dtype {
        DType::I8 => {
            let bytes = (0..len).map(|_| (next() >> 16) as u8).collect::<Vec<_>>();
            Tensor::new(dtype, shape.to_vec(), bytes)
        }
        _ => Tensor::f32(shape, &(0..len).map(|_| (next() >> 20) as f32).collect::<Vec<_>>()),
    }
}

/// The bytes of frame `index` along an axis.
fn frame(tensor: &Tensor, axis: usize, index: usize) -> Vec<u8> {
    let frame = tensor.shape[axis + 1..].iter().product::<usize>() * tensor.dtype.size();
    let windows = tensor.bytes.chunks_exact(frame * tensor.shape[axis]);
    windows
        .flat_map(|window| window[index * frame..][..frame].to_vec())
        .collect()
}

/// Weights of a layer: small integers.
pub(super) fn weights(build: &mut Build, shape: &[usize]) -> ValueId {
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| (build.random() * 2.4).round())
        .collect();
    build.constant(shape, &values)
}

/// Compares each frame of output 0 whose frames before and after are in the window with the whole model's: `ahead`
/// frames at the end see padding. Gives the delay.
pub(super) fn compare(graph: &Graph, axis: i64, step: Option<usize>, ahead: usize) -> usize {
    let input = graph.ty(graph.inputs()[0]).clone();
    let x = numbers(input.dtype, &input.shape, 7);
    let whole = Compiled::of(graph.clone()).run(std::slice::from_ref(&x)).remove(0);
    let stream = streamed(graph, axis, step).unwrap();
    let got = stream.executor().run_stream(std::slice::from_ref(&x)).remove(0);
    let StreamedOutput::Frames { axis, delay, .. } = stream.output(0) else {
        panic!("frames are expected, not {:?}", stream.output(0));
    };
    let frames = whole.shape[axis];
    let compared = (0..frames - ahead).filter(|index| index + delay < got.shape[axis]);
    let mut count = 0;
    for index in compared {
        assert_eq!(
            frame(&got, axis, index + delay),
            frame(&whole, axis, index),
            "frame {index}, delay {delay}, step {step:?}"
        );
        count += 1;
    }
    assert!(
        count > 2,
        "{count} of {frames} frames were compared, delay {delay}, {} came",
        got.shape[axis]
    );
    delay
}
