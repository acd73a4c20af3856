//! Whether outputs are good enough, and what may help where they are not.

use super::auto::poorest;
use super::check::{GOOD, GOOD_SHARE};
use super::{Checked, Method, Quality, QuantizeOptions, Report};
use crate::Error;
use crate::ir::{Remark, RemarkKind};

/// An output below so many decibels is not worth having.
const LEAST: f64 = 6.0;
/// The share of equal elements that is as little for an output of whole numbers.
const LEAST_SHARE: f64 = 0.5;
/// Decibels that advice must bring to be given.
const GAIN: f64 = 3.0;
/// A bound that `--max-loss` is advised with.
const BOUND: f64 = 30.0;
/// Samples from which on more of them hardly tell more of the ranges.
const ENOUGH: usize = 100;

impl Report {
    /// Refuses outputs of which too little is left to be worth having.
    ///
    /// # Errors
    /// Such outputs, with what may help.
    pub fn worth_having(&self, options: &QuantizeOptions) -> Result<(), Error> {
        let checked = &self.checked;
        let ruined = checked.below(LEAST, LEAST_SHARE);
        if ruined.is_empty() {
            return Ok(());
        }
        Err(Error::quantization(
            format!(
                "integers leave too little of the model's outputs: {ruined} on {} samples{}",
                checked.samples,
                checked.losses()
            ),
            format!("{}; --allow-loss compiles it all the same", self.advice(options)),
        ))
    }

    /// A warning of poor outputs, if there are any, and what may help.
    pub(super) fn warning(&self, options: &QuantizeOptions) -> Option<Remark> {
        let poor = self.checked.below(GOOD, GOOD_SHARE);
        let text = || format!("integers lose much of the outputs: {poor}{}", self.checked.losses());
        let advice = || self.advice(options);
        (!poor.is_empty()).then(|| Remark::of_model(RemarkKind::PoorOutputs, text()).advise(advice()))
    }

    /// What may help: 16 bits only where they do, as they were tried.
    fn advice(&self, options: &QuantizeOptions) -> String {
        let mut ways = vec![];
        let Checked {
            outputs, with_16_bits, ..
        } = &self.checked;
        let helps = |wide: &&Vec<Quality>| poorest(wide) >= poorest(outputs) + GAIN;
        let sixteen = with_16_bits.as_ref().filter(helps);
        if let Some(wide) = sixteen {
            let left: Vec<_> = wide.iter().map(Quality::text).collect();
            ways.push(format!("--quantize int16x8, which leaves {}", left.join(", ")));
        }
        if sixteen.is_some_and(|wide| poorest(wide) >= BOUND) && options.max_loss.is_none() {
            ways.push(format!(
                "--max-loss {BOUND}dB, which keeps 16 bits only where they are needed"
            ));
        }
        if options.method != Method::Auto {
            ways.push("--method auto".into());
        }
        if self.samples < ENOUGH {
            ways.push("more samples".into());
        }
        if sixteen.is_none() {
            let why = match with_16_bits {
                Some(_) => ", since 16 bits do not help",
                None => "",
            };
            ways.push(format!(
                "floats, with half of the weights' bytes by --quantize f16{why}"
            ));
        }
        format!("try {}", ways.join(", "))
    }
}

impl Checked {
    /// The outputs that do not reach these.
    fn below(&self, decibels: f64, share: f64) -> String {
        let outputs = self.outputs.iter().filter(|output| !output.reaches(decibels, share));
        outputs.map(Quality::text).collect::<Vec<_>>().join(", ")
    }

    /// Where most is lost, to follow a text.
    fn losses(&self) -> String {
        match &self.worst[..] {
            [] => String::new(),
            worst => format!("; most is lost at {}", worst.join(", ")),
        }
    }
}
