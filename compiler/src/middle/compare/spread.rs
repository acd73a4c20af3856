use crate::ir::Tensor;
use crate::middle::quantize::Histogram;

/// How the numbers of a value are spread over all samples.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    histogram: Histogram,
    /// Whether some number was none, or infinite: then nothing is told.
    not_finite: bool,
}

impl PartialEq for Spread {
    fn eq(&self, other: &Self) -> bool {
        self.range() == other.range() && self.columns(16) == other.columns(16)
    }
}

impl Spread {
    /// Counts the numbers of a tensor.
    pub(super) fn add(&mut self, tensor: &Tensor) {
        let numbers: Vec<f32> = tensor.to_f64().into_iter().map(|number| number as f32).collect();
        self.not_finite |= self.histogram.add(&numbers).is_err();
    }

    /// The least and the greatest number; `None` without numbers, or where some are not finite.
    pub fn range(&self) -> Option<(f64, f64)> {
        (!self.not_finite && self.histogram.count() > 0).then(|| self.histogram.extremes())
    }

    /// How many numbers are in each of `count` columns of equal width from the least to the greatest number; zeros are
    /// left out, as every quantization has them. Empty where there is no range, or no width.
    pub fn columns(&self, count: usize) -> Vec<u64> {
        let Some((least, greatest)) = self.range().filter(|(least, greatest)| least < greatest) else {
            return vec![];
        };
        let mut columns = vec![0; count];
        for (middle, numbers) in self.histogram.bins().filter(|(_, numbers)| *numbers > 0) {
            let place = (middle - least) / (greatest - least) * count as f64;
            columns[(place.max(0.0) as usize).min(count - 1)] += numbers;
        }
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_counted_in_columns() {
        let mut spread = Spread::default();
        assert_eq!((spread.range(), spread.columns(4)), (None, vec![]));
        spread.add(&Tensor::f32(&[5], &[-2.0, 0.0, 0.1, 1.9, 2.0]));
        assert_eq!(spread.range(), Some((-2.0, 2.0)));
        assert_eq!(spread.columns(4), [1, 0, 1, 2]);
        spread.add(&Tensor::f32(&[1], &[f32::NAN]));
        assert_eq!((spread.range(), spread.columns(4)), (None, vec![]));
    }

    #[test]
    fn a_constant_has_no_columns() {
        let mut spread = Spread::default();
        spread.add(&Tensor::f32(&[2], &[3.0, 3.0]));
        assert_eq!((spread.range(), spread.columns(4)), (Some((3.0, 3.0)), vec![]));
    }
}
