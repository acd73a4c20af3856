//! A model over a window of time as one that takes new frames with each run, and keeps what it needs of those before.
//!
//! [`walk`] goes through the graph in order with, for each value that depends on time, its axis of time, the frames of
//! a run, and its delay: how many frames it gives before the model's first. Each operator says how it treats time
//! ([`Operator::over_time`](crate::ir::Operator::over_time)). The result is written in ordinary operators and
//! states ([`keep`]), at the shapes of a run: layout, kernels and memory are chosen after that, as for any model.

mod frames;
mod held;
mod input;
mod keep;
mod recurrence;
mod walk;
mod whole;
mod window;

pub use input::StreamInput;

use crate::Error;
use crate::ir::{Graph, StreamedInput, StreamedOutput, Streaming, TensorType, ValueId};
use frames::{Role, Timed};
use walk::Walk;

/// Frames that a run takes at most: more are no stream.
const MOST_FRAMES: usize = 1 << 24;

/// Makes the graph compute frame by frame what it computes for a whole window of time.
///
/// # Errors
/// Inputs and axes that the model does not have, steps that do not fit its strides, and all nodes that need all frames
/// at once.
pub fn stream(graph: &mut Graph, given: &[StreamInput]) -> Result<(), Error> {
    let mut inputs = given
        .iter()
        .map(|input| find(graph, input))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some((index, input)) = inputs
        .iter()
        .enumerate()
        .find(|(i, a)| inputs[..*i].iter().any(|b| a.index == b.index))
    {
        let (name, axis) = (given[index].name.escape_debug(), input.axis);
        return Err(Error::usage(
            format!("input `{name}` is streamed twice, the second time along axis {axis}"),
            "give each input one --stream",
        ));
    }
    let bound = graph.states().len();
    let least = least_steps(graph, &mut inputs)?;
    let factors: Vec<_> = given
        .iter()
        .zip(&least)
        .map(|(input, least)| Some(input.step? / least))
        .collect();
    let factor = factors.iter().copied().flatten().max().unwrap_or(1);
    let count = inputs.len();
    for ((input, given), least) in inputs.iter_mut().zip(given).zip(&least) {
        input.step = least.saturating_mul(factor);
        let wrong = given.step.is_some_and(|step| step != input.step || step == 0);
        if wrong || input.step > MOST_FRAMES {
            return Err(wrong_step(given, *least, count));
        }
    }
    let batch = windows(graph, &inputs);
    let walk = Walk::through(graph, &inputs, &batch)?;
    let roles = walk.roles;
    finish(graph, inputs, bound, |value| match roles.get(&value) {
        Some(Role::Timed(timed)) => (timed.value, Some(of_frames(timed))),
        Some(Role::Latest(latest)) => (latest.value, Some(StreamedOutput::Latest { delay: latest.delay })),
        _ => (value, None),
    })
}

/// The input's number, axis and window.
fn find(graph: &Graph, given: &StreamInput) -> Result<StreamedInput, Error> {
    let names: Vec<&str> = graph.inputs().iter().map(|id| graph.value(*id).name.as_str()).collect();
    let name = given.name.escape_debug();
    let Some(index) = names.iter().position(|other| *other == given.name) else {
        let known: Vec<_> = names.iter().map(|name| format!("`{}`", name.escape_debug())).collect();
        return Err(Error::usage(
            format!("there is no input called `{name}` to stream"),
            format!("inputs: {}", known.join(", ")),
        ));
    };
    let ty = graph.ty(graph.inputs()[index]);
    let axis = ty.axis(given.axis).map_err(|error| {
        let help = "axes are counted from 0, or from -1 backwards: --stream INPUT:AXIS=STEP";
        Error::usage(format!("input `{name}` cannot be streamed: {}", error.message), help)
    })?;
    Ok(StreamedInput {
        index,
        axis,
        step: 1,
        window: ty.shape[axis],
    })
}

/// The fewest frames of each input that a run can take: windows that move by several frames need as many.
fn least_steps(graph: &Graph, inputs: &mut [StreamedInput]) -> Result<Vec<usize>, Error> {
    let batch = windows(graph, inputs);
    loop {
        let mut trial = graph.clone();
        let factor = Walk::through(&mut trial, inputs, &batch)?.factor;
        if factor == 1 {
            return Ok(inputs.iter().map(|input| input.step).collect());
        }
        for input in inputs.iter_mut() {
            let longer = input.step.checked_mul(factor).filter(|step| *step <= MOST_FRAMES);
            input.step = longer.ok_or_else(|| {
                Error::usage(
                    format!("the model's windows move so far that a run would take more than {MOST_FRAMES} frames"),
                    "end the model before them with --outputs",
                )
            })?;
        }
    }
}

/// Types of the streamed inputs over their windows.
fn windows(graph: &Graph, inputs: &[StreamedInput]) -> Vec<TensorType> {
    let types = inputs.iter().map(|input| graph.ty(graph.inputs()[input.index]).clone());
    types.collect()
}

fn wrong_step(given: &StreamInput, least: usize, inputs: usize) -> Error {
    let together = match inputs {
        1 => "",
        _ => ", and all streamed inputs must bring as many of their steps",
    };
    let message = format!(
        "input `{}` cannot be streamed by {} frames: the model's windows move so that a run takes {least} frames, or a \
         multiple of that up to {MOST_FRAMES}{together}",
        given.name.escape_debug(),
        given.step.unwrap_or(0),
    );
    Error::usage(
        message,
        format!(
            "use --stream {}:{}={least}, or leave the step out",
            given.name, given.axis
        ),
    )
}

/// What is known of an output of frames.
fn of_frames(timed: &Timed) -> StreamedOutput {
    StreamedOutput::Frames {
        axis: timed.axis,
        frames: timed.frames,
        delay: timed.delay,
        stride: timed.stride,
    }
}

/// Makes outputs and states what they are by run.
fn finish(
    graph: &mut Graph,
    inputs: Vec<StreamedInput>,
    bound: usize,
    now: impl Fn(ValueId) -> (ValueId, Option<StreamedOutput>),
) -> Result<(), Error> {
    let mut outputs = vec![];
    for index in 0..graph.outputs().len() {
        let (value, output) = now(graph.outputs()[index].1);
        graph.set_output(index, value);
        outputs.extend(output.map(|output| (index, output)));
    }
    // What is kept of frames is the stream's own.
    for index in 0..bound {
        let (next, output) = now(graph.states()[index].next);
        if let Some(StreamedOutput::Frames { .. }) = output {
            let name = graph.states()[index].name.escape_debug().to_string();
            return Err(Error::usage(
                format!("state `{name}` is to be frames of a run, which are not what the model keeps over its window"),
                "leave out its --state: what a stream needs of earlier frames is kept without it",
            ));
        }
        graph.set_next(index, next);
    }
    graph.set_streaming(Streaming { inputs, outputs });
    Ok(())
}
