//! What each kernel call takes: `edgec bench --layers`.

use edgec::back::report::{CallReport, Report};
use edgec::ir::Printable;
use edgec::machine;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

/// A call, and the least time that it took.
pub(super) struct Layer<'r> {
    call: &'r CallReport,
    time: Duration,
}

/// The calls of a model, with what was measured of each, in their order.
pub(super) fn layers(report: &Report, times: Vec<Duration>) -> Vec<Layer<'_>> {
    let calls = report.calls.iter().zip(times);
    calls.map(|(call, time)| Layer { call, time }).collect()
}

impl Layer<'_> {
    fn micros(&self) -> f64 {
        self.time.as_secs_f64() * 1e6
    }

    /// In GFLOP/s, where there is something to multiply.
    fn speed(&self) -> Option<f64> {
        (self.call.macs > 0 && !self.time.is_zero())
            .then(|| 2.0 * self.call.macs as f64 / self.time.as_secs_f64() / 1e9)
    }
}

/// A line for each call.
pub(super) fn text(layers: &[Layer<'_>]) -> String {
    let width = |of: fn(&CallReport) -> usize| layers.iter().map(|layer| of(layer.call)).max().unwrap_or_default();
    let (name, kernel) = (width(|call| call.name.len()), width(|call| call.kernel.len()));
    let sum: f64 = layers.iter().map(Layer::micros).sum();
    let mut text = String::from("\nleast time of each kernel call, with a clock read after it\n");
    for layer in layers {
        let share = 100.0 * layer.micros() / sum.max(f64::MIN_POSITIVE);
        let speed = layer
            .speed()
            .map_or(String::new(), |speed| format!("{speed:.1} GFLOP/s"));
        let _ = writeln!(
            text,
            "{:name$}  {:kernel$}  {:>10.3} us {share:>5.1} %  {speed:>14}  {}",
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
            "value": layer.micros(), "unit": "us", "gflops": layer.speed(),
        })
    };
    value["layers"] = layers.iter().map(layer).collect();
}
