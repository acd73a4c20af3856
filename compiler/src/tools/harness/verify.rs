//! Reference cases against a compiled model: which arrays go where, and whether the results agree.

use super::golden::case_key;
use super::{Case, Comparison, HarnessError, Tolerance, compare, conform};
use crate::data::is_name_of;
use crate::data::npz::Arrays;
use crate::front::load::Model;
use crate::front::proto::tensor_shape_proto::{Dimension, dimension};
use crate::front::proto::{ValueInfoProto, type_proto};
use crate::ir::program::{Port, Program};
use crate::ir::{Tensor, TensorType};
use crate::{Compiler, Error};

pub(super) fn find<'a>(arrays: &'a Arrays, tensor: &str) -> Option<&'a Tensor> {
    arrays
        .iter()
        .find(|(name, _)| is_name_of(name, tensor))
        .map(|(_, array)| array)
}

/// Which arrays of a file `model` is given: those named like an input, of a shape that the model can take there.
pub fn inputs_of(model: &Model) -> impl Fn(&str, &TensorType) -> Result<bool, String> + '_ {
    |name, ty| match model.graph.input.iter().find(|input| is_name_of(name, input.name())) {
        Some(input) => fits(input, ty).map(|()| true),
        None => Ok(false),
    }
}

/// Which arrays of a file of cases, named `inK:NAME` and `outK:NAME`, are of `model`.
pub fn cases_of(model: &Model) -> impl Fn(&str, &TensorType) -> Result<bool, String> + '_ {
    |key, ty| match case_key(key) {
        Some((_, true, name)) => inputs_of(model)(name, ty),
        Some((_, false, name)) => {
            let outputs = &model.graph.output;
            let known = outputs.iter().any(|output| is_name_of(name, output.name()));
            let names: Vec<_> = outputs
                .iter()
                .map(|o| format!("`{}`", o.name().escape_debug()))
                .collect();
            if !known && model.ends_early {
                return Ok(false);
            }
            known.then_some(true).ok_or_else(|| {
                let name = name.escape_debug();
                format!("the model has no output `{name}`; its outputs are {}", names.join(", "))
            })
        }
        None => Ok(false),
    }
}

/// The shape that the model declares for an input, if all of it is known.
pub(super) fn declared(input: &ValueInfoProto) -> Option<Vec<i64>> {
    let Some(type_proto::Value::TensorType(tensor)) = &input.r#type.as_ref()?.value else {
        return None;
    };
    let size = |dimension: &Dimension| match dimension.value {
        Some(dimension::Value::DimValue(size)) if size > 0 => Some(size),
        _ => None,
    };
    tensor.shape.as_ref()?.dim.iter().map(size).collect()
}

/// An error unless each dimension that the model declares for an input is that of an array.
fn fits(input: &ValueInfoProto, array: &TensorType) -> Result<(), String> {
    let shape = input.r#type.as_ref().and_then(|ty| match &ty.value {
        Some(type_proto::Value::TensorType(tensor)) => tensor.shape.as_ref(),
        _ => None,
    });
    let Some(declared) = shape else { return Ok(()) };
    let fits = |(declared, size): (&Dimension, &usize)| match declared.value {
        Some(dimension::Value::DimValue(declared)) => declared <= 0 || declared == *size as i64,
        _ => true,
    };
    if declared.dim.len() == array.rank() && declared.dim.iter().zip(&array.shape).all(fits) {
        return Ok(());
    }
    let sizes = declared.dim.iter().map(|dimension| match &dimension.value {
        Some(dimension::Value::DimValue(size)) => size.to_string(),
        Some(dimension::Value::DimParam(name)) => name.escape_debug().to_string(),
        None => "?".to_owned(),
    });
    Err(format!(
        "{array} is no value of the model's input `{}`, which is {}",
        input.name().escape_debug(),
        match sizes.collect::<Vec<_>>().join("x") {
            shape if shape.is_empty() => "a scalar".to_owned(),
            shape => shape,
        }
    ))
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

/// The inputs of `program`, in its order and layout, from arrays of the model by name.
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
                match given.is_empty() {
                    true => "none".to_owned(),
                    false => given.join(", "),
                }
            ))
        })?;
        let tensor = conform(&port.name, array, port.ty.dtype)?;
        let ty = port.model_ty();
        if tensor.ty() == ty {
            return Ok(port.from_model(tensor));
        }
        Err(HarnessError::new(format!(
            "input `{name}` is {ty} but the array is {}",
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
    tolerance: impl Fn(&Port) -> Tolerance,
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
            let dtype = program.outputs[at].ty.dtype;
            let want = conform(name, want, dtype)?;
            let comparison = compare(&got[at], &want, tolerance(&program.outputs[at]));
            match results.iter_mut().find(|(n, _)| n == name) {
                Some((_, all)) => all.merge(comparison),
                None => results.push((name.clone(), comparison)),
            }
        }
    }
    Ok(results)
}
