//! The case that devices test themselves with: inputs, and what the host executor computes of them.
//!
//! It runs the program that is emitted, by the portable kernels: the same on every host.

use crate::Error;
use crate::back::exec::Executor;
use crate::back::plan::Plan;
use crate::ir::program::{Buffer, BufferId, GoldenCase, Port, Program, Storage};
use crate::ir::{DType, Remark, RemarkKind, Steps, Tensor, mixed};
use runtime_core::Simd;
use std::collections::BTreeMap;

/// Adds a golden case to a program: inputs as `given` by name, in the model's layout, and pseudo-random ones for the
/// rest. The remarks say which outputs tell little.
///
/// # Errors
/// If what is given is not what an input takes.
pub fn add(program: &mut Program, plan: &Plan, given: &BTreeMap<String, Tensor>) -> Result<Vec<Remark>, Error> {
    let ports = program.inputs.iter().enumerate();
    let inputs = ports.map(|(index, port)| {
        let steps = program.port_steps.inputs.get(&index).copied();
        match given.get(&port.name) {
            Some(tensor) => taken(port, steps, tensor),
            None => Ok(pseudo_random(port, index, steps)),
        }
    });
    let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
    if let Some(unknown) = given
        .keys()
        .find(|name| !program.inputs.iter().any(|port| port.name == **name))
    {
        let names: Vec<_> = program.inputs.iter().map(|port| format!("`{}`", port.name)).collect();
        return Err(Error::usage(
            format!("there is no input called `{unknown}` that the self-test could give"),
            format!("inputs of `run`: {}", names.join(", ")),
        ));
    }
    let mut executor = Executor::new(program, plan).on(Simd::BASELINE);
    let mut outputs = executor.run(&inputs);
    if !program.states.is_empty() {
        outputs = executor.run(&inputs);
    }
    let remarks = program
        .outputs
        .iter()
        .zip(&outputs)
        .filter_map(|(port, output)| poor(port, output));
    let remarks = remarks.collect();
    let tolerance = tolerance(program);
    let inputs = add_constants(program, inputs, |program| &program.inputs);
    let outputs = add_constants(program, outputs, |program| &program.outputs);
    program.golden = Some(GoldenCase {
        inputs,
        outputs,
        tolerance,
    });
    Ok(remarks)
}

fn add_constants(program: &mut Program, tensors: Vec<Tensor>, ports: fn(&Program) -> &[Port]) -> Vec<BufferId> {
    let constants = tensors.into_iter().enumerate().map(|(index, tensor)| {
        program.buffers.push(Buffer {
            name: ports(program)[index].name.clone(),
            role: None,
            dtype: tensor.dtype,
            len: tensor.len(),
            storage: Storage::Constant(tensor),
        });
        BufferId(program.buffers.len() - 1)
    });
    constants.collect()
}

/// What an input is given: an array of the model, with floats rounded to what the input takes, by scale and zero point
/// where it takes integers.
fn taken(port: &Port, steps: Option<Steps>, tensor: &Tensor) -> Result<Tensor, Error> {
    let (ty, given) = (port.model_ty(), tensor.ty());
    let name = &port.name;
    if given.shape != ty.shape {
        return Err(Error::usage(
            format!("input `{name}` is {ty}, but the self-test is to give it {given}"),
            "give an array of that shape",
        ));
    }
    let number: Box<dyn Fn(f64) -> f64> = match steps {
        _ if given.dtype == ty.dtype => return Ok(port.from_model(tensor.clone())),
        _ if given.dtype.is_float() && ty.dtype.is_float() => Box::new(|value| value),
        Some(steps) if given.dtype.is_float() => Box::new(move |value| {
            // The quotient is one of floats, as `QuantizeLinear` divides. Conversions of floats to integers saturate.
            f64::from((value as f32 / steps.scale).round_ties_even()) + f64::from(steps.zero)
        }),
        _ => {
            return Err(Error::usage(
                format!("input `{name}` is {ty}, but the self-test is to give it {given}"),
                format!("give it {}, with .astype(..) of NumPy", ty.dtype),
            ));
        }
    };
    let bytes = tensor
        .to_f64()
        .into_iter()
        .flat_map(|value| Tensor::scalar(ty.dtype, number(value)).bytes.to_vec());
    Ok(port.from_model(Tensor::new(ty.dtype, ty.shape, bytes.collect())))
}

/// Numbers that look random and are the same everywhere: floats from -1 to 1 in steps that every type has, any integers
/// where they stand for numbers or are bytes, and otherwise, where they may count or choose something, 0 to 7.
fn pseudo_random(port: &Port, index: usize, steps: Option<Steps>) -> Tensor {
    let dtype = port.ty.dtype;
    let element = |i: usize| {
        let bits = mixed((index as u64) << 48 | i as u64);
        let number = match dtype {
            DType::F32 | DType::F64 | DType::F16 | DType::Bf16 => f64::from((bits >> 56) as u8 as i8) / 128.0,
            DType::Bool => (bits >> 63) as f64,
            DType::I8 | DType::U8 => return vec![(bits >> 56) as u8],
            DType::I16 | DType::U16 if steps.is_some() => return ((bits >> 48) as u16).to_le_bytes().to_vec(),
            _ => (bits >> 61) as f64,
        };
        Tensor::scalar(dtype, number).bytes.to_vec()
    };
    Tensor::new(
        dtype,
        port.ty.shape.clone(),
        (0..port.ty.len()).flat_map(element).collect(),
    )
}

/// How far floats may be from the host's, as a part of the largest number of an output.
///
/// Devices add in another order, and some multiply and add with one rounding where others have two: each sum may be off
/// by some of the last digits of the narrowest floats that hold results on the way. What was rounded to integers may
/// be off by a step.
fn tolerance(program: &Program) -> f64 {
    let dtype = |view: &crate::ir::program::View| program.buffer(view.buffer).dtype;
    let in_arena = |view: &crate::ir::program::View| program.buffer(view.buffer).storage.is_in_arena();
    let parts = program.calls.iter().map(|call| {
        let computed_floats = call.inputs.iter().any(|view| in_arena(view) && dtype(view).is_float());
        let narrowest = call.outputs.iter().map(|view| match dtype(view) {
            DType::F64 => -30,
            DType::F16 => -8,
            DType::Bf16 => -5,
            DType::F32 => -13,
            _ if computed_floats => -5,
            _ => -30,
        });
        narrowest.max().unwrap_or(-30)
    });
    f64::from(parts.max().unwrap_or(-30)).exp2()
}

/// A remark where an output could hardly be wrong.
fn poor(port: &Port, output: &Tensor) -> Option<Remark> {
    let numbers = output.to_f64();
    let first = *numbers.first()?;
    let what = if numbers.iter().all(|number| number.is_nan()) {
        "is NaN throughout"
    } else if numbers.len() > 1 && numbers.iter().all(|number| *number == first) {
        "is the same number throughout"
    } else {
        return None;
    };
    let reason = format!("{what} for the inputs of the self-test, which hardly tests it");
    let remark = Remark::on(RemarkKind::SelfTest, &port.name, reason);
    Some(remark.advise("give a real input with --self-test-input"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::TensorType;
    use crate::ir::program::View;

    fn port(dtype: DType, shape: &[usize]) -> Port {
        let ty = TensorType::new(dtype, shape);
        let view = View {
            buffer: BufferId(0),
            offset: 0,
            len: ty.len(),
        };
        Port {
            name: "x".into(),
            ty,
            view,
            channels_last: false,
        }
    }

    #[test]
    fn inputs_that_nobody_gives_are_the_same_everywhere() {
        let floats = pseudo_random(&port(DType::F32, &[2, 2]), 0, None);
        assert_eq!(floats.to_f64(), [-0.234375, 0.859375, 0.046875, -0.0625]);
        let halves = pseudo_random(&port(DType::F16, &[2, 2]), 0, None);
        assert_eq!(halves.to_f64(), floats.to_f64());
        let indices = pseudo_random(&port(DType::I64, &[100]), 1, None).to_f64();
        assert!(indices.iter().all(|index| (0.0..8.0).contains(index)));
        let steps = Steps { scale: 1.0, zero: 0 };
        let numbers = pseudo_random(&port(DType::I16, &[100]), 1, Some(steps)).to_f64();
        assert!(numbers.iter().any(|number| *number < -20_000.0) && numbers.iter().any(|number| *number > 20_000.0));
    }

    #[test]
    fn what_is_given_becomes_what_run_takes() {
        let steps = Steps { scale: 0.5, zero: -3 };
        let given = |tensor, dtype, steps| taken(&port(dtype, &[3]), steps, &tensor).map(|tensor| tensor.to_f64());
        let floats = || Tensor::f32(&[3], &[0.25, 1e9, -1e9]);
        assert_eq!(given(floats(), DType::I8, Some(steps)).unwrap(), [-3.0, 127.0, -128.0]);
        assert_eq!(given(floats(), DType::F64, None).unwrap(), [0.25, 1e9, -1e9]);
        let error = given(floats(), DType::I64, None).unwrap_err().to_string();
        assert!(
            error.contains("`x` is i64[3], but the self-test is to give it f32[3]"),
            "{error}"
        );
        let error = given(Tensor::f32(&[1], &[0.0]), DType::F32, None)
            .unwrap_err()
            .to_string();
        assert!(error.contains("is to give it f32[1]"), "{error}");
    }

    #[test]
    fn outputs_that_tell_little_are_remarked() {
        let poor = |values: &[f32]| poor(&port(DType::F32, &[2]), &Tensor::f32(&[values.len()], values)).is_some();
        assert!(poor(&[f32::NAN; 2]) && poor(&[0.0, 0.0]));
        assert!(!poor(&[0.0, 1.0]) && !poor(&[0.0]) && !poor(&[]));
    }
}
