use super::{Method, Quality, QuantizeOptions, Quantized};
use crate::Error;
use serde::Serialize;
use std::fmt;

/// The methods that are tried after the default, which is kept where another is only as good.
const OTHERS: [Method; 3] = [Method::Percentile, Method::Mse, Method::Entropy];

/// A method that was tried, and what the outputs are with it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Tried {
    /// The method.
    pub method: Method,
    /// SQNR of the poorest output in decibels, infinite where nothing is lost.
    pub decibels: f64,
    /// Bytes of the tensors that were given more bits to reach a bound.
    pub bytes: usize,
}

/// Quantises by each method, as `by_method` does, and keeps the result whose poorest output is best or, where there is
/// a bound to reach, that which takes the fewest bytes to reach it.
///
/// # Errors
/// Those of quantization; a bound that no method reaches.
pub(super) fn best_of_all(
    options: &QuantizeOptions,
    bound: bool,
    mut by_method: impl FnMut(&QuantizeOptions) -> Result<Quantized, Error>,
) -> Result<Quantized, Error> {
    let mut tried = vec![];
    let mut by = |method| {
        let options = QuantizeOptions {
            method,
            ..options.clone()
        };
        let quantised = by_method(&options)?;
        let this = Tried {
            method,
            decibels: poorest(&quantised.report.checked.outputs),
            bytes: quantised.report.raised.iter().map(|raised| raised.bytes).sum(),
        };
        tried.push(this);
        Ok((this, quantised))
    };
    let mut best: Result<(Tried, Quantized), Error> = by(Method::default());
    for method in OTHERS {
        // A bound may be one that another method reaches.
        if !bound && best.is_err() {
            break;
        }
        let next = by(method);
        best = match (best, next) {
            (Err(_), Ok(next)) => Ok(next),
            (Ok(best), Ok(next)) if next.0.is_better(&best.0) => Ok(next),
            (best, _) => best,
        };
    }
    let (kept, mut quantised) = best?;
    quantised.report.method = Some(kept.method);
    quantised.report.tried = tried;
    Ok(quantised)
}

impl Tried {
    /// Fewer bytes for the same bound, or else less noise.
    fn is_better(&self, other: &Self) -> bool {
        (self.bytes, -self.decibels) < (other.bytes, -other.decibels)
    }
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:.1} dB", self.method, self.decibels)?;
        match self.bytes {
            0 => f.write_str(")"),
            bytes => write!(f, " and {bytes} B for more bits)"),
        }
    }
}

/// SQNR of the poorest output in decibels. For an output of whole numbers, what is not equal counts as noise.
pub(super) fn poorest(outputs: &[Quality]) -> f64 {
    let outputs = outputs.iter().filter(|output| !output.is_blank());
    let decibels = outputs.map(|output| match output.equal {
        Some(equal) => -10.0 * libm::log10((1.0 - equal).max(0.0)),
        None => output.sqnr.decibels(),
    });
    // What is no number is the poorest of all.
    decibels.fold(f64::INFINITY, |least, db| {
        if db.is_nan() { f64::NEG_INFINITY } else { least.min(db) }
    })
}
