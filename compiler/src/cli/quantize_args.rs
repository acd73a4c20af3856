use clap::{Args, ValueEnum};
use edgec::middle::quantize::{Io, MaxLoss, Method, QuantizeOptions, Rounding, Scheme, StartProgress};
use edgec::{Compiler, Error};

/// Which integers a float model is compiled to, and how they are chosen.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Quantization")]
pub(super) struct QuantizeArgs {
    /// Compute in integers, with ranges from the samples of --calibrate; or, with f16, store weights in 16-bit floats
    #[arg(long, value_enum, value_name = "SCHEME")]
    quantize: Option<Scheme>,
    /// Some hundred typical inputs, stacked on the first axis: FILE.npz, FILE.npz:KEY, FILE.npz:INPUT=KEY,INPUT=KEY,
    /// FILE.npy or a folder of .npy files
    #[arg(long, value_name = "SAMPLES", requires = "quantize")]
    calibrate: Option<String>,
    /// How the range of a tensor is chosen from its values on the samples
    #[arg(long, value_enum, default_value_t, requires = "quantize")]
    method: Method,
    /// What --method percentile keeps of a tensor's values on each side, in percent
    #[arg(long, value_name = "P", value_parser = percentile, requires = "quantize")]
    percentile: Option<f64>,
    /// What `run` takes and gives
    #[arg(long, value_enum, default_value_t, requires = "quantize")]
    io: Io,
    /// How weights are rounded
    #[arg(long, value_enum, default_value_t, requires = "quantize")]
    round: Rounding,
    /// Keep more bits where that is needed to lose no more than this: 30dB of SQNR, or 0.5% of accuracy
    #[arg(long, value_name = "BOUND", requires = "quantize")]
    max_loss: Option<MaxLoss>,
    /// The samples that --max-loss is for, with labels `y` beside them if it is of accuracy; by default those of
    /// --calibrate
    #[arg(long, value_name = "SAMPLES", requires = "max_loss")]
    loss_samples: Option<String>,
    /// Compile even where less than 6 dB of an output is left, which is an error otherwise
    #[arg(long, requires = "quantize")]
    allow_loss: bool,
    /// Bring channels of neighbouring layers to like ranges first: for models whose channels are of very different
    /// ranges
    #[arg(long, requires = "quantize")]
    equalize: bool,
    /// Do not let biases take up the mean error of their layers
    #[arg(long, requires = "quantize")]
    no_bias_correction: bool,
}

fn percentile(text: &str) -> Result<f64, String> {
    let value = text.parse::<f64>().ok().filter(|v| (50.0..=100.0).contains(v));
    value.ok_or_else(|| "give a number from 50 to 100, such as 99.99".into())
}

impl QuantizeArgs {
    /// The compiler, with quantization if that is asked for.
    pub(super) fn apply(&self, compiler: Compiler) -> Result<Compiler, Error> {
        let Some(scheme) = self.quantize else {
            return Ok(compiler);
        };
        if scheme == Scheme::F16 && self.calibrate.is_some() {
            return Err(Error::Usage {
                message: "weights of 16-bit floats need no samples".into(),
                help: Some("leave out --calibrate, or ask for integers: --quantize int8".into()),
            });
        }
        if self.percentile.is_some() && self.method != Method::Percentile {
            return Err(Error::Usage {
                message: "--percentile is for another method than this".into(),
                help: Some("add --method percentile".into()),
            });
        }
        Ok(compiler.quantize(QuantizeOptions {
            scheme,
            calibrate: self.calibrate.clone(),
            method: self.method,
            percentile: self.percentile.unwrap_or(QuantizeOptions::default().percentile),
            io: self.io,
            rounding: self.round,
            equalize: self.equalize,
            bias_correction: !self.no_bias_correction,
            max_loss: self.max_loss,
            loss_samples: self.loss_samples.clone(),
            allow_loss: self.allow_loss,
            progress: Some(StartProgress::new(super::progress::bar)),
            ..QuantizeOptions::default()
        }))
    }

    /// The same, for a model of which integers may leave little.
    pub(super) fn allowing_loss(&self) -> Self {
        Self {
            allow_loss: true,
            ..self.clone()
        }
    }

    /// What the quantised model is called, such as `int8`, if there is to be one.
    pub(super) fn scheme(&self) -> Option<String> {
        self.quantize.map(name)
    }

    /// The flags that ask for the same again.
    pub(super) fn flags(&self) -> Vec<(&'static str, String)> {
        let Some(scheme) = self.quantize else {
            return vec![];
        };
        let file = |spec: &str| spec.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let mut flags = vec![("--quantize", name(scheme))];
        flags.extend(self.calibrate.iter().map(|samples| ("--calibrate", file(samples))));
        let mut add = |differs: bool, flag, value: String| flags.extend(differs.then_some((flag, value)));
        add(self.method != Method::default(), "--method", name(self.method));
        add(
            self.percentile.is_some(),
            "--percentile",
            self.percentile.unwrap_or_default().to_string(),
        );
        add(self.io != Io::default(), "--io", name(self.io));
        add(self.round != Rounding::default(), "--round", name(self.round));
        add(
            self.max_loss.is_some(),
            "--max-loss",
            self.max_loss.map(|m| m.to_string()).unwrap_or_default(),
        );
        let samples = self.loss_samples.as_deref().unwrap_or_default();
        add(self.loss_samples.is_some(), "--loss-samples", file(samples));
        flags
    }

    /// The flags without a value that ask for the same again.
    pub(super) fn switches(&self) -> Vec<&'static str> {
        let switches = [
            (self.allow_loss, "--allow-loss"),
            (self.equalize, "--equalize"),
            (self.no_bias_correction, "--no-bias-correction"),
        ];
        switches
            .into_iter()
            .filter(|(on, _)| *on)
            .map(|(_, flag)| flag)
            .collect()
    }
}

/// The name of a value on the command line.
fn name(value: impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map_or_else(String::new, |v| v.get_name().to_owned())
}
