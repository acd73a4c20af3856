//! A model that is computed frame by frame, over all frames that there are.

use super::Executor;
use crate::ir::{StreamedOutput, Tensor};

impl Executor<'_> {
    /// Feeds frames to a streamed model, as many runs as the first streamed input has frames for, and gives what comes
    /// out: frames one after another, and of other outputs what the last run gives. `inputs` are in the program's order
    /// and in the model's layout; what is no frame is the same in all runs.
    ///
    /// # Panics
    /// If the model is not streamed, or `inputs` do not fit: callers check what users give.
    pub fn run_stream(&mut self, inputs: &[Tensor]) -> Vec<Tensor> {
        let program = self.program;
        let streaming = program.streaming.as_ref().expect("the model is streamed");
        let runs = streaming
            .inputs
            .first()
            .map_or(0, |first| inputs[first.index].shape[first.axis] / first.step);
        let mut results: Vec<Vec<Tensor>> = vec![vec![]; program.outputs.len()];
        for run in 0..runs {
            let given = inputs.iter().enumerate().map(|(index, input)| {
                let streamed = streaming.inputs.iter().find(|streamed| streamed.index == index);
                let part = match streamed {
                    Some(streamed) => frames(input, streamed.axis, run * streamed.step, streamed.step),
                    None => input.clone(),
                };
                program.inputs[index].from_model(part)
            });
            let given: Vec<_> = given.collect();
            for (all, result) in results.iter_mut().zip(self.run(&given)) {
                all.push(result);
            }
        }
        let outputs = results.into_iter().enumerate().map(|(index, mut all)| {
            let of_output = streaming.outputs.iter().find(|(output, _)| *output == index);
            match of_output {
                Some((_, StreamedOutput::Frames { axis, .. })) => joined(&all, *axis),
                _ => all.pop(),
            }
        });
        let none = |index: usize| {
            let ty = &program.outputs[index].ty;
            Tensor::new(ty.dtype, ty.shape.clone(), vec![0; ty.bytes()])
        };
        outputs
            .enumerate()
            .map(|(index, output)| output.unwrap_or_else(|| none(index)))
            .collect()
    }
}

/// Some frames of a tensor along an axis.
fn frames(tensor: &Tensor, axis: usize, start: usize, count: usize) -> Tensor {
    let frame = tensor.shape[axis + 1..].iter().product::<usize>() * tensor.dtype.size();
    let window = frame * tensor.shape[axis];
    let parts = tensor.bytes.chunks_exact(window.max(1));
    let bytes: Vec<u8> = parts
        .flat_map(|window| &window[start * frame..(start + count) * frame])
        .copied()
        .collect();
    let mut shape = tensor.shape.clone();
    shape[axis] = count;
    Tensor::new(tensor.dtype, shape, bytes)
}

/// Tensors one after another along an axis.
fn joined(tensors: &[Tensor], axis: usize) -> Option<Tensor> {
    let first = tensors.first()?;
    let run = first.shape[axis..].iter().product::<usize>() * first.dtype.size();
    let outer: usize = first.shape[..axis].iter().product();
    let mut bytes = vec![];
    for index in 0..outer {
        tensors
            .iter()
            .for_each(|tensor| bytes.extend_from_slice(&tensor.bytes[index * run..(index + 1) * run]));
    }
    let mut shape = first.shape.clone();
    shape[axis] *= tensors.len();
    Some(Tensor::new(first.dtype, shape, bytes))
}
