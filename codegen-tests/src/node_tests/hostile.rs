//! Runs a program on any values from any arena: results depend on nothing but the inputs, and come in bounded time.

use super::prepare::Prepared;
use crate::parts::same_as_whole;
use edgec::ir::{DType, Tensor, TensorType};
use runtime_core::{bf16, f16};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// What the arena is filled with before a run.
const FILLS: [u8; 2] = [0x00, 0xAA];

/// How long all runs of one test may take. The shapes of the tests are small: more means that work depends on values.
const PATIENCE: Duration = Duration::from_secs(60);

/// Numbers that are not to be met as an index, a size, a length or a coordinate.
const EXTREMES: [f64; 16] = [
    0.0,
    f64::NAN,
    f64::INFINITY,
    1.0,
    1e9,
    -1.0,
    f64::NEG_INFINITY,
    4_294_967_296.0,
    2.0,
    -1e9,
    f64::MAX,
    0.5,
    f64::MIN,
    -4_294_967_295.0,
    1e-300,
    2_147_483_648.0,
];

/// Checks that each case, and extreme inputs in place of its own, give the same results whatever the arena held before, and
/// when calls are computed in parts.
///
/// # Errors
/// Which inputs give results that differ.
pub(super) fn check(name: &str, prepared: &Prepared) -> Result<(), String> {
    within(PATIENCE, name, || {
        let types: Vec<_> = prepared
            .compiled
            .program
            .inputs
            .iter()
            .map(|port| port.ty.clone())
            .collect();
        let own = prepared
            .inputs()
            .into_iter()
            .map(|inputs| ("its inputs".to_owned(), inputs));
        for (what, inputs) in own.chain(extreme_inputs(&types)) {
            let [first, second] = FILLS.map(|fill| prepared.compiled.executor().filled(fill).run(&inputs));
            if let Some(output) = first.iter().zip(&second).position(|(a, b)| a.bytes != b.bytes) {
                return Err(format!(
                    "with {what}, output {output} depends on what the arena held before"
                ));
            }
            same_as_whole(&prepared.compiled, &prepared.divided, &inputs).map_err(|e| format!("with {what}, {e}"))?;
        }
        Ok(())
    })
}

/// Inputs of these types: every extreme everywhere, then all of them in turn, beginning with each.
fn extreme_inputs(types: &[TensorType]) -> impl Iterator<Item = (String, Vec<Tensor>)> {
    let of = |at: &dyn Fn(usize, usize) -> f64| -> Vec<Tensor> {
        let input = |(input, ty): (usize, &TensorType)| {
            let bytes = (0..ty.len()).flat_map(|i| bytes(ty.dtype, at(input, i)));
            Tensor::new(ty.dtype, ty.shape.clone(), bytes.collect())
        };
        types.iter().enumerate().map(input).collect()
    };
    let count = if types.is_empty() { 0 } else { EXTREMES.len() };
    (0..count).flat_map(move |shift| {
        // Inputs differ from each other, so that indices meet data that can be told apart.
        let turn = |input: usize, i: usize| EXTREMES[(i + 5 * input + shift) % EXTREMES.len()];
        [
            (format!("{} everywhere", EXTREMES[shift]), of(&|_, _| EXTREMES[shift])),
            (format!("extremes from {} on", EXTREMES[shift]), of(&turn)),
        ]
    })
}

/// An element of a type from a number; integers wrap, so that `2^32` is no index of 32 bits but is one of 64.
fn bytes(dtype: DType, value: f64) -> Vec<u8> {
    let integer = value as i64;
    match dtype {
        DType::F16 => f16::from_f64(value).to_le_bytes().to_vec(),
        DType::Bf16 => bf16::from_f64(value).to_le_bytes().to_vec(),
        DType::F32 => (value as f32).to_le_bytes().to_vec(),
        DType::F64 => value.to_le_bytes().to_vec(),
        DType::Bool => vec![u8::from(value != 0.0)],
        _ => integer.to_le_bytes()[..dtype.size()].to_vec(),
    }
}

/// Ends the whole program, with the name of the test, if `run` takes longer: a loop without end cannot be ended else.
fn within<T>(limit: Duration, name: &str, run: impl FnOnce() -> T) -> T {
    let (done, wait) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if wait.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                eprintln!("FAIL {name}: extreme inputs take more than {limit:?}");
                std::process::exit(1);
            }
        });
        let result = run();
        drop(done);
        result
    })
}
