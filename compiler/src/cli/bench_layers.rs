//! What each kernel call takes: `edgec bench --layers`.

use edgec::back::report::{CallReport, Report};
use edgec::ir::{Printable, Tensor};
use edgec::machine;
use edgec::tools::harness::{HarnessError, Runner};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

/// A call, and the least time that it took.
pub(super) struct Layer<'r> {
    call: &'r CallReport,
    time: Duration,
    /// Nanoseconds that a thousand of its products take at the very least, where that is known.
    peak: Option<f64>,
}

/// What was measured of the calls of a model, in their order, on inputs like these.
pub(super) fn layers<'r>(
    report: &'r Report,
    runner: &Runner,
    inputs: Vec<Tensor>,
    repetitions: usize,
) -> Result<Vec<Layer<'r>>, HarnessError> {
    let [floats, integers] = runner.peaks()?;
    let peak = |call: &CallReport| match call.dtype.as_str() {
        // Winograd's filtering has fewer products than are counted.
        "f32" => (!call.kernel.starts_with("winograd")).then_some(floats),
        "i8" => Some(integers),
        _ => None,
    };
    let times = runner.profile(inputs, repetitions)?;
    let layer = |(call, time)| Layer {
        peak: peak(call),
        call,
        time,
    };
    Ok(report.calls.iter().zip(times).map(layer).collect())
}

impl Layer<'_> {
    fn micros(&self) -> f64 {
        self.time.as_secs_f64() * 1e6
    }

    /// In billions of operations per second, where there is something to multiply.
    fn speed(&self) -> Option<f64> {
        (self.call.macs > 0 && !self.time.is_zero())
            .then(|| 2.0 * self.call.macs as f64 / self.time.as_secs_f64() / 1e9)
    }

    /// Microseconds that its products take at the very least.
    fn limit(&self) -> Option<f64> {
        let peak = self.peak.filter(|_| self.speed().is_some())?;
        Some(peak * self.call.macs as f64 / 1e6)
    }
}

/// What the speed of calls is in: operations where some of them compute in integers.
pub(super) fn unit<'r>(calls: impl IntoIterator<Item = &'r CallReport>) -> &'static str {
    let is_float = |call: &CallReport| call.macs == 0 || !call.kernel.starts_with("qlinear");
    match calls.into_iter().all(is_float) {
        true => "GFLOP/s",
        false => "Gop/s",
    }
}

/// A line for each call.
pub(super) fn text(layers: &[Layer<'_>]) -> String {
    let width = |of: fn(&CallReport) -> usize| layers.iter().map(|layer| of(layer.call)).max().unwrap_or_default();
    let (name, kernel) = (width(|call| call.name.len()), width(|call| call.kernel.len()));
    let sum: f64 = layers.iter().map(Layer::micros).sum();
    let mut text = String::from(
        "\nleast time of each kernel call, with a clock read after it: its share, its speed, and per cent of what \
         products reach on one core\n",
    );
    for layer in layers {
        let share = 100.0 * layer.micros() / sum.max(f64::MIN_POSITIVE);
        let shown = |number: Option<f64>, decimals: usize, unit: &str| {
            number.map_or(String::new(), |number| format!("{number:.decimals$} {unit}"))
        };
        let speed = shown(layer.speed(), 1, unit([layer.call]));
        let reached = layer.limit().map(|limit| 100.0 * limit / layer.micros());
        let limit = shown(reached, 0, "%");
        let _ = writeln!(
            text,
            "{:name$}  {:kernel$}  {:>10.3} us {share:>5.1} %  {speed:>14} {limit:>6}  {}",
            layer.call.name,
            layer.call.kernel,
            layer.micros(),
            Printable(&layer.call.node),
        );
    }
    let _ = writeln!(text, "{:name$}  {:kernel$}  {sum:>10.3} us", "sum", "");
    text
}

/// The same, in the form that `edgec report --profile` reads.
pub(super) fn add_profile(value: &mut Value, report: &Report, layers: &[Layer<'_>]) {
    value["on"] = json!(machine::processor());
    value["target"] = json!(report.target);
    value["sha256"] = json!(report.sha256);
    let layer = |layer: &Layer<'_>| {
        json!({
            "name": layer.call.name, "kernel": layer.call.kernel, "node": layer.call.node,
            "value": layer.micros(), "unit": "us", "limit": layer.limit(), "gflops": layer.speed(),
        })
    };
    value["layers"] = layers.iter().map(layer).collect();
}
