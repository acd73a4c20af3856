//! Integers are the same wherever they are computed.

use edgec::Compiled;
use edgec::ir::Tensor;
use edgec::tools::harness::Runner;
use runtime_core::Simd;

/// Runs a model on each of `inputs` with the host executor, with its baseline kernels and as emitted code.
///
/// # Errors
/// What differs from the executor's results in any bit.
pub fn same_bits(compiled: &Compiled, inputs: &[Vec<Tensor>], runner: &Runner) -> Result<(), String> {
    let mut executor = compiled.executor();
    let wanted: Vec<_> = inputs.iter().map(|inputs| executor.run(inputs)).collect();
    let mut baseline = compiled.executor().on(Simd::BASELINE);
    let portable: Vec<_> = inputs.iter().map(|inputs| baseline.run(inputs)).collect();
    let emitted = runner.run(inputs).map_err(|e| e.to_string())?;
    for (what, got) in [("the baseline kernels", portable), ("the emitted code", emitted)] {
        for (case, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
            for (port, (got, wanted)) in compiled.program.outputs.iter().zip(got.iter().zip(wanted)) {
                let pairs = got.to_f64().into_iter().zip(wanted.to_f64());
                let differ = pairs.filter(|(a, b)| a != b).count();
                if got != wanted {
                    let (name, len) = (&port.name, wanted.len());
                    return Err(format!(
                        "case {case}, `{name}`: {differ} of {len} elements of {what} differ"
                    ));
                }
            }
        }
    }
    Ok(())
}
