use crate::Error;
use crate::ir::{Tensor, mixed};
use runtime_core::function::{Function, Log};
use std::fmt;
use std::str::FromStr;

/// What parameters are before the first step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Init {
    /// What the model's file says.
    #[default]
    Keep,
    /// Weights and biases are zeros: for one layer that learns, as layers behind each other would stay alike.
    Zeros,
    /// Weights are normally distributed with a variance of two by the inputs that an output is a sum of (He et al.,
    /// 2015), biases are zeros.
    He {
        /// The same number gives the same weights, on every machine.
        seed: u64,
    },
}

/// What a parameter is to its layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// Weights of sums over so many inputs.
    Weights {
        /// Where sums differ, as beside strides of a transposed convolution, their mean.
        fan_in: f64,
    },
    /// What is added to such sums, or behind a normalisation.
    Bias,
    /// What a normalisation multiplies by.
    Scale,
    /// The slopes of a PRelu.
    Slope,
    /// Anything else that was named.
    Other,
}

const KNOWN: &str = "known: keep, zeros, he:SEED";

impl FromStr for Init {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "keep" => Ok(Self::Keep),
            None if text == "zeros" => Ok(Self::Zeros),
            None if text == "he" => Err("it needs a seed, such as he:1".into()),
            Some(("he", seed)) => seed.parse().map(|seed| Self::He { seed }).map_err(|_| {
                let most = u64::MAX;
                format!("SEED must be a whole number from 0 to {most}, such as he:1")
            }),
            _ => Err(format!("there is no such initialisation; {KNOWN}")),
        }
    }
}

impl fmt::Display for Init {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("keep"),
            Self::Zeros => f.write_str("zeros"),
            Self::He { seed } => write!(f, "he:{seed}"),
        }
    }
}

impl Init {
    /// What the parameter `name` begins with, which is `stored` in the model's file, in float32.
    ///
    /// # Errors
    /// A parameter without a usual initial value.
    pub fn tensor(self, name: &str, part: Part, stored: Tensor) -> Result<Tensor, Error> {
        let ty = stored.ty();
        let all = |number: f32| Tensor::f32(&ty.shape, &vec![number; ty.len()]);
        match (self, part) {
            (Self::Keep, _) => Ok(stored),
            (Self::He { seed }, Part::Weights { fan_in }) => {
                let deviation = (2.0 / fan_in).sqrt();
                let mut normal = Normal::new(seed, name);
                let numbers: Vec<f32> = (0..ty.len()).map(|_| (normal.next() * deviation) as f32).collect();
                Ok(Tensor::f32(&ty.shape, &numbers))
            }
            (Self::Zeros, Part::Weights { .. }) | (_, Part::Bias) => Ok(all(0.0)),
            (_, Part::Scale) => Ok(all(1.0)),
            // As in He et al., who introduced it.
            (_, Part::Slope) => Ok(all(0.25)),
            (_, Part::Other) => {
                let name = name.escape_debug();
                Err(Error::usage(
                    format!(
                        "`{name}` is no parameter of a layer, so --init {self} cannot tell what it is to begin with"
                    ),
                    "leave it out of --trainable, or begin with what the file holds by --init keep",
                ))
            }
        }
    }
}

/// Numbers with a standard normal distribution, by Marsaglia's polar method. Its operations are exact or rounded in one
/// way, and the logarithm is software: the numbers are the same to the bit on every machine.
struct Normal {
    state: u64,
    spare: Option<f64>,
}

impl Normal {
    /// Each name has numbers of its own, whatever else is trained: its hash (FNV-1a) is mixed with the seed.
    fn new(seed: u64, name: &str) -> Self {
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self {
            state: mixed(mixed(seed) ^ hash),
            spare: None,
        }
    }

    fn next(&mut self) -> f64 {
        if let Some(number) = self.spare.take() {
            return number;
        }
        loop {
            let (a, b) = (self.uniform(), self.uniform());
            let square = a * a + b * b;
            if square > 0.0 && square < 1.0 {
                let factor = (-2.0 * Log.eval64(square) / square).sqrt();
                self.spare = Some(b * factor);
                return a * factor;
            }
        }
    }

    /// From -1 up to but excluding 1, in steps of 2^-52.
    fn uniform(&mut self) -> f64 {
        let bits = mixed(self.state) >> 11;
        self.state = self.state.wrapping_add(1);
        bits as f64 / (1_u64 << 52) as f64 - 1.0
    }
}
