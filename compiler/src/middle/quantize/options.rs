use super::Progress;
use std::fmt;
use std::sync::Arc;

/// Begins to show how far something is: gives what is told of each step, and is dropped after the last.
#[derive(Clone)]
pub struct StartProgress(Arc<Start>);

type Start = dyn Fn() -> Box<Progress<'static>> + Send + Sync;

impl StartProgress {
    /// Begins by this.
    pub fn new(start: impl Fn() -> Box<Progress<'static>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(start))
    }

    /// Begins.
    pub fn start(&self) -> Box<Progress<'static>> {
        (self.0)()
    }
}

impl fmt::Debug for StartProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StartProgress")
    }
}

/// What the integers of a quantised graph are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// 8-bit activations, 8-bit weights.
    #[default]
    Int8,
    /// 16-bit activations, 8-bit weights.
    Int16x8,
    /// 8-bit activations, 4-bit weights.
    W4,
    /// Weights of 16-bit floats, all computed in floats: no samples are needed.
    F16,
}

/// How the range of a value is chosen from what it is on the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// From the least to the greatest: the default, as it comes closest on the zoo's trained models (`ptq-table`).
    #[default]
    Minmax,
    /// Without the outermost values on each side.
    Percentile,
    /// The range of the least squared error.
    Mse,
    /// The range whose integers tell most of the distribution (Kullback-Leibler divergence).
    Entropy,
    /// Each of the others in turn, which takes four times as long: the one with the best outputs on the samples.
    Auto,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minmax => "minmax",
            Self::Percentile => "percentile",
            Self::Mse => "mse",
            Self::Entropy => "entropy",
            Self::Auto => "auto",
        })
    }
}

/// What `run` takes and gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Io {
    /// Floats, as in the model; they become integers inside.
    #[default]
    Float,
    /// Integers like those inside, of 8 bits, or of 16 with the scheme `int16x8`; their scales and zero points are
    /// constants of the emitted code.
    Int8,
}

/// How weights become integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Rounding {
    /// Each to the nearest.
    Nearest,
    /// Up or down, as the layer's results on the samples come closest to those in floats.
    #[default]
    Adaptive,
}

/// How much quantization may cost: `30dB` is the least ratio of signal to noise of the outputs, `0.5%` the most points
/// of accuracy, which asks for labels.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MaxLoss {
    /// Least SQNR of the model's outputs on the samples, in decibels.
    Decibels(f64),
    /// Most samples that are no longer classified as labelled, net, in percent of all.
    Points(f64),
}

impl std::str::FromStr for MaxLoss {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|v| v.is_finite() && *v >= 0.0);
        let text = text.trim();
        if let Some(value) = text.strip_suffix("dB").and_then(number) {
            return Ok(Self::Decibels(value));
        }
        match text.strip_suffix('%').and_then(number) {
            Some(value) => Ok(Self::Points(value)),
            None => Err(format!("`{text}` is no bound; write 30dB or 0.5%")),
        }
    }
}

impl fmt::Display for MaxLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decibels(value) => write!(f, "{value}dB"),
            Self::Points(value) => write!(f, "{value}%"),
        }
    }
}

/// How a graph is quantised.
#[derive(Clone, Debug)]
pub struct QuantizeOptions {
    /// The integers.
    pub scheme: Scheme,
    /// How ranges are chosen.
    pub method: Method,
    /// What [`Method::Percentile`] keeps on each side, in percent.
    pub percentile: f64,
    /// What `run` takes and gives.
    pub io: Io,
    /// Whether layers in floats follow the outputs: these have no more bits than other results.
    pub is_part: bool,
    /// How weights are rounded.
    pub rounding: Rounding,
    /// Whether channels of neighbouring layers are brought to like ranges first.
    pub equalize: bool,
    /// Whether biases take up the mean error of their layers.
    pub bias_correction: bool,
    /// The calibration samples, which all schemes but [`Scheme::F16`] need; see [`samples`](crate::data::samples) for
    /// how they are named.
    pub calibrate: Option<String>,
    /// The bound that values are kept at 16 bits for, and recurrent layers in floats.
    pub max_loss: Option<MaxLoss>,
    /// The samples that the bound is for, with labels as `y` beside them for a bound on accuracy; by default the
    /// calibration samples.
    pub loss_samples: Option<String>,
    /// Whether a model is made whose outputs are mostly noise; otherwise that is an error.
    pub allow_loss: bool,
    /// Begins to show how far calibration is, which takes minutes for a large model; by default nothing shows it.
    pub progress: Option<StartProgress>,
}

impl QuantizeOptions {
    /// 8-bit integers, with ranges from the samples that `calibrate` names.
    pub fn new(calibrate: impl Into<String>) -> Self {
        Self {
            calibrate: Some(calibrate.into()),
            ..Self::default()
        }
    }

    /// The greatest integer that a weight becomes.
    pub fn most_weight(&self) -> i8 {
        if self.scheme == Scheme::W4 { 7 } else { i8::MAX }
    }
}

impl Default for QuantizeOptions {
    /// 8-bit integers, without samples.
    fn default() -> Self {
        Self {
            calibrate: None,
            scheme: Scheme::default(),
            method: Method::default(),
            percentile: 99.99,
            io: Io::default(),
            is_part: false,
            rounding: Rounding::default(),
            equalize: false,
            bias_correction: true,
            max_loss: None,
            loss_samples: None,
            allow_loss: false,
            progress: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MaxLoss;

    #[test]
    fn bounds_have_units() {
        assert_eq!("30dB".parse(), Ok(MaxLoss::Decibels(30.0)));
        assert_eq!(" 0.5 %".parse(), Ok(MaxLoss::Points(0.5)));
        for text in ["30", "dB", "-1%", "nan%", "infdB"] {
            assert!(text.parse::<MaxLoss>().is_err(), "{text}");
        }
    }
}
