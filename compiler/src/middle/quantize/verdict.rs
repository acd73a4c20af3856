//! Whether outputs are good enough, and what may help where they are not.

use super::{Checked, Method, Quality, QuantizeOptions, Report};
use crate::Error;
use crate::ir::{Remark, RemarkKind};

/// An output below so many decibels is worth a warning ..
const GOOD: f64 = 20.0;
/// .. and one below these is not worth having.
const LEAST: f64 = 6.0;
/// Shares of equal elements that are as good for an output of whole numbers.
const GOOD_SHARE: f64 = 0.95;
/// The least share.
const LEAST_SHARE: f64 = 0.5;
/// Decibels that advice must bring to be given.
const GAIN: f64 = 3.0;
/// A bound that `--max-loss` is advised with.
const BOUND: f64 = 30.0;
/// Samples from which on more of them hardly tell more of the ranges.
const ENOUGH: usize = 100;

/// Whether an output is worth a warning.
pub(super) fn is_poor(outputs: &[Quality]) -> bool {
    outputs.iter().any(|output| !output.reaches(GOOD, GOOD_SHARE))
}

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
        let Checked { with_16_bits, .. } = self.checked;
        let sixteen = with_16_bits.filter(|decibels| *decibels >= self.checked.poorest() + GAIN);
        if let Some(decibels) = sixteen {
            ways.push(format!("--quantize int16x8, which leaves {decibels:.1} dB"));
        }
        if sixteen.is_some_and(|decibels| decibels >= BOUND) && options.max_loss.is_none() {
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
