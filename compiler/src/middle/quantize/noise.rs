use crate::ir::Tensor;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::fmt;

/// How far values are from what they should be: the energy of what they should be, and of the difference, summed over
/// all samples. Their ratio is the SQNR, the signal to quantisation noise ratio.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Noise {
    /// Sum of the squares of what is wanted.
    pub signal: f64,
    /// Sum of the squares of the differences.
    pub noise: f64,
}

impl Noise {
    /// Takes in the values of one sample; both lists have one length.
    pub fn add(&mut self, wanted: &[f64], got: &[f64]) {
        for (wanted, got) in wanted.iter().zip(got) {
            self.signal += wanted * wanted;
            self.noise += (wanted - got) * (wanted - got);
        }
    }

    /// [`add`](Self::add) of tensors.
    pub fn add_tensor(&mut self, wanted: &Tensor, got: &Tensor) {
        self.add(&wanted.to_f64(), &got.to_f64());
    }

    /// Ten times the decimal logarithm of signal over noise, in decibels: infinite if there is no noise.
    pub fn decibels(&self) -> f64 {
        match self.noise {
            0.0 => f64::INFINITY,
            noise => 10.0 * libm::log10(self.signal / noise),
        }
    }
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.decibels() {
            db if db == f64::INFINITY => "exact".to_owned(),
            db if db.is_nan() => "not a number".to_owned(),
            db => format!("{db:.1} dB"),
        };
        f.pad(&text)
    }
}

impl Serialize for Noise {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Noise", 3)?;
        fields.serialize_field("signal", &self.signal)?;
        fields.serialize_field("noise", &self.noise)?;
        fields.serialize_field("db", &Some(self.decibels()).filter(|db| db.is_finite()))?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_amplitude_is_twenty_decibels() {
        let mut noise = Noise::default();
        noise.add(&[10.0, 0.0], &[9.0, 0.0]);
        noise.add(&[-10.0], &[-11.0]);
        assert_eq!((noise.signal, noise.noise), (200.0, 2.0));
        assert!((noise.decibels() - 20.0).abs() < 1e-9);
        assert_eq!(noise.to_string(), "20.0 dB");
        let exact = Noise {
            signal: 3.0,
            noise: 0.0,
        };
        assert_eq!(exact.to_string(), "exact");
        assert_eq!(serde_json::to_value(exact).unwrap()["db"], serde_json::Value::Null);
    }
}
