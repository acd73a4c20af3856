/// Bins of a histogram.
pub const BINS: usize = 2048;

/// How the elements of a value are distributed, counted as they come.
///
/// The range of the bins doubles when an element lies outside of it: pairs of bins become one. Zeros are counted apart,
/// since every quantization represents them exactly.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    counts: Vec<u64>,
    low: f64,
    width: f64,
    zeros: u64,
    count: u64,
    min: f64,
    max: f64,
}

/// An element that is not a number or infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFinite;

impl Histogram {
    /// Counts elements.
    ///
    /// # Errors
    /// If one of them is not finite; then none is counted.
    pub fn add(&mut self, values: &[f32]) -> Result<(), NotFinite> {
        if values.iter().any(|v| !v.is_finite()) {
            return Err(NotFinite);
        }
        let mut others = values.iter().copied().filter(|v| *v != 0.0).peekable();
        if others.peek().is_some() {
            let (min, max) = others.clone().fold((f64::MAX, f64::MIN), |(min, max), v| {
                (min.min(v.into()), max.max(v.into()))
            });
            self.cover(min, max);
            for value in others {
                let bin = ((f64::from(value) - self.low) / self.width) as usize;
                self.counts[bin.min(BINS - 1)] += 1;
            }
        }
        let zeros = values.iter().filter(|v| **v == 0.0).count() as u64;
        for value in values {
            let value = f64::from(*value);
            let (min, max) = if self.count == 0 {
                (value, value)
            } else {
                (self.min, self.max)
            };
            (self.min, self.max) = (min.min(value), max.max(value));
            self.count += 1;
        }
        self.zeros += zeros;
        Ok(())
    }

    /// Makes the bins reach from `min` to `max`.
    fn cover(&mut self, min: f64, max: f64) {
        if self.counts.is_empty() {
            // A single element gets bins of its own magnitude.
            let extent = (max - min).max(min.abs().max(max.abs()) * 1e-3);
            (self.low, self.width) = (min, extent / BINS as f64);
            self.counts = vec![0; BINS];
        }
        while max > self.high() {
            self.halve(0);
        }
        while min < self.low {
            self.low -= self.width * BINS as f64;
            self.halve(BINS / 2);
        }
    }

    /// Joins pairs of bins, which become those from `first` on.
    fn halve(&mut self, first: usize) {
        let mut counts = vec![0; BINS];
        for (bin, pair) in self.counts.as_chunks::<2>().0.iter().enumerate() {
            counts[first + bin] = pair[0] + pair[1];
        }
        self.counts = counts;
        self.width *= 2.0;
    }

    fn high(&self) -> f64 {
        self.low + self.width * BINS as f64
    }

    /// Number of elements.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Elements that are zero.
    pub fn zeros(&self) -> u64 {
        self.zeros
    }

    /// The least and the greatest element; zero if there is none.
    pub fn extremes(&self) -> (f64, f64) {
        (self.min, self.max)
    }

    /// The middle of each bin, ascending, with the number of elements in it, zeros left out.
    pub fn bins(&self) -> impl Iterator<Item = (f64, u64)> + Clone + '_ {
        let (low, width) = (self.low, self.width);
        let counts = self.counts.iter().enumerate();
        counts.map(move |(bin, count)| (low + (bin as f64 + 0.5) * width, *count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(histogram: &Histogram) -> u64 {
        histogram.bins().map(|(_, count)| count).sum()
    }

    #[test]
    fn the_range_doubles_on_both_sides() {
        let mut histogram = Histogram::default();
        histogram.add(&[1.0, 2.0]).unwrap();
        histogram.add(&[-5.0, 0.0, 30.0]).unwrap();
        assert_eq!(histogram.extremes(), (-5.0, 30.0));
        assert_eq!((histogram.count(), histogram.zeros(), total(&histogram)), (5, 1, 4));
        let width = histogram.width;
        for value in [-5.0, 1.0, 2.0, 30.0] {
            let near = histogram.bins().filter(|(center, _)| (center - value).abs() <= width);
            assert_eq!(near.map(|(_, count)| count).sum::<u64>(), 1, "{value}");
        }
    }

    #[test]
    fn constant_values_have_a_width() {
        for value in [3.0f32, -1e-30, f32::MAX, f32::MIN_POSITIVE / 4.0] {
            let mut histogram = Histogram::default();
            histogram.add(&[value; 4]).unwrap();
            assert!(histogram.width > 0.0, "{value}");
            histogram.add(&[-value]).unwrap();
            assert_eq!(total(&histogram), 5);
        }
        let mut zeros = Histogram::default();
        zeros.add(&[0.0; 3]).unwrap();
        assert_eq!((zeros.extremes(), zeros.zeros()), ((0.0, 0.0), 3));
    }

    #[test]
    fn what_is_not_finite_is_refused() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.add(&[1.0, f32::NAN]), Err(NotFinite));
        assert_eq!(histogram.add(&[f32::NEG_INFINITY]), Err(NotFinite));
        assert_eq!(histogram.count(), 0);
    }
}
