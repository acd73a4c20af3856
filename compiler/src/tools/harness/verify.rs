//! Reference cases against a compiled model: which arrays go where, and whether the results agree.

use super::{Case, Comparison, HarnessError, Tolerance, compare, conform};
use crate::data::is_name_of;
use crate::data::npz::Arrays;
use crate::ir::Tensor;
use crate::ir::program::{Port, Program};
use crate::{Compiler, Error};

fn find<'a>(arrays: &'a Arrays, tensor: &str) -> Option<&'a Tensor> {
    arrays
        .iter()
        .find(|(name, _)| is_name_of(name, tensor))
        .map(|(_, array)| array)
}

/// `compiler` with the shape of each input taken from `arrays`.
///
/// # Errors
/// If the model cannot be read.
pub fn pin_shapes(compiler: Compiler, arrays: &Arrays) -> Result<Compiler, Error> {
    let model = compiler.load()?;
    let inputs = model.graph.input.iter().map(|input| input.name());
    Ok(inputs.fold(compiler, |compiler, name| match find(arrays, name) {
        Some(array) => compiler.shape(name, array.shape.clone()),
        None => compiler,
    }))
}

fn names<'a>(ports: impl IntoIterator<Item = &'a Port>) -> String {
    ports
        .into_iter()
        .map(|p| format!("`{}`", p.name.escape_debug()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The inputs of `program`, in its order, from arrays by name.
///
/// # Errors
/// If one is missing or has another type or shape.
pub fn inputs(program: &Program, arrays: &Arrays) -> Result<Vec<Tensor>, HarnessError> {
    let inputs = program.inputs.iter().map(|port| {
        let name = port.name.escape_debug();
        let array = find(arrays, &port.name).ok_or_else(|| {
            let given: Vec<_> = arrays.keys().map(|k| format!("`{}`", k.escape_debug())).collect();
            HarnessError::new(format!("there is no array for input `{name}`")).help(format!(
                "the model's inputs are {}; the arrays are {}",
                names(&program.inputs),
                given.join(", ")
            ))
        })?;
        let tensor = conform(&port.name, array, port.ty.dtype)?;
        if tensor.ty() == port.ty {
            return Ok(tensor);
        }
        Err(HarnessError::new(format!(
            "input `{name}` is {} but the array is {}",
            port.ty,
            tensor.ty()
        )))
    });
    inputs.collect()
}

/// Compares what came out of each case with the reference: one result an output, over all cases.
///
/// # Errors
/// If the reference has an output that the model has not.
pub fn check(
    program: &Program,
    cases: &[Case],
    got: &[Vec<Tensor>],
    tolerance: Tolerance,
) -> Result<Vec<(String, Comparison)>, HarnessError> {
    let mut results: Vec<(String, Comparison)> = vec![];
    for (case, got) in cases.iter().zip(got) {
        for (name, want) in &case.outputs {
            let Some(at) = program.outputs.iter().position(|p| is_name_of(name, &p.name)) else {
                return Err(
                    HarnessError::new(format!("the model has no output `{}`", name.escape_debug()))
                        .help(format!("its outputs are {}", names(&program.outputs))),
                );
            };
            let want = conform(name, want, program.outputs[at].ty.dtype)?;
            let comparison = compare(&got[at], &want, tolerance);
            match results.iter_mut().find(|(n, _)| n == name) {
                Some((_, all)) => all.merge(comparison),
                None => results.push((name.clone(), comparison)),
            }
        }
    }
    Ok(results)
}
