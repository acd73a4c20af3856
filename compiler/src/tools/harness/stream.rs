//! Arrays of many frames for a model that takes a few with each run.

use super::verify::{declared, find};
use super::{HarnessError, conform, inputs, inputs_of};
use crate::Compiled;
use crate::data::is_name_of;
use crate::data::npz::Arrays;
use crate::front::load::Model;
use crate::ir::program::Program;
use crate::ir::{StreamedInput, Streaming, Tensor, TensorType};

/// Which arrays of a file `model` is given, where the inputs called `streamed` may have any number of frames.
pub fn inputs_of_stream<'a>(
    model: &'a Model,
    streamed: &'a [&str],
) -> impl Fn(&str, &TensorType) -> Result<bool, String> + 'a {
    |name, ty| match streamed.iter().any(|input| is_name_of(name, input)) {
        true => Ok(true),
        false => inputs_of(model)(name, ty),
    }
}

/// The arrays that inputs take their shapes from: not those of streamed inputs whose window the model says.
pub fn shapes_to_pin(model: &Model, arrays: &Arrays, streamed: &[&str]) -> Arrays {
    let has_window = |name: &str| {
        let input = model.graph.input.iter().find(|input| is_name_of(name, input.name()));
        streamed.iter().any(|input| is_name_of(name, input)) && input.is_some_and(|input| declared(input).is_some())
    };
    let pinned = arrays.iter().filter(|(name, _)| !has_window(name));
    pinned.map(|(name, array)| (name.clone(), array.clone())).collect()
}

/// What the outputs are for arrays by name, on this machine. A streamed model begins anew, is fed all frames that there
/// are run by run, and gives the frames of all runs one after another, or what the last run gives.
///
/// # Errors
/// If an array is missing, or has another type or shape, or frames for no whole number of runs.
pub fn run_on_host(compiled: &Compiled, arrays: &Arrays) -> Result<Vec<Tensor>, HarnessError> {
    let program = &compiled.program;
    match &program.streaming {
        None => Ok(compiled.executor().run(&inputs(program, arrays)?)),
        Some(streaming) => Ok(compiled.executor().run_stream(&frames(program, streaming, arrays)?)),
    }
}

/// The inputs in the program's order, in the model's layout; of those that are streamed all frames.
fn frames(program: &Program, streaming: &Streaming, arrays: &Arrays) -> Result<Vec<Tensor>, HarnessError> {
    let mut runs = None;
    let inputs = program.inputs.iter().enumerate().map(|(index, port)| {
        let name = port.name.escape_debug();
        let array = find(arrays, &port.name)
            .ok_or_else(|| HarnessError::new(format!("there is no array for input `{name}`")))?;
        let array = conform(&port.name, array, port.ty.dtype)?;
        let mut ty = port.model_ty();
        let wrong = |ty: &TensorType| {
            let message = format!("input `{name}` is {ty} in each run but the array is {}", array.ty());
            Err(HarnessError::new(message).help("give a streamed input a whole number of runs, along its axis of time"))
        };
        if let Some(StreamedInput { axis, step, .. }) = streaming.inputs.iter().find(|input| input.index == index) {
            let frames = array.shape.get(*axis).copied().unwrap_or(0);
            let run = ty.clone();
            ty.shape[*axis] = frames;
            let count = frames / step;
            if frames == 0 || frames % step != 0 || *runs.get_or_insert(count) != count {
                return wrong(&run);
            }
        }
        match array.ty() == ty {
            true => Ok(array),
            false => wrong(&ty),
        }
    });
    inputs.collect()
}
