use super::{BINS, Histogram, Method};
use crate::ir::DType;
use crate::ir::primitives::Quantization;

/// Shares of a range that are tried as the range of a quantization, from a quarter to the whole.
const CANDIDATES: usize = 96;

/// The scale of a value that is always zero, where any will do.
const SCALE_OF_ZEROS: f32 = 1.0;

/// The range that a method chooses for integers of `levels` values. It contains zero.
pub(super) fn range(histogram: &Histogram, method: Method, percentile: f64, levels: f64) -> (f64, f64) {
    let (min, max) = histogram.extremes();
    let whole = (min.min(0.0), max.max(0.0));
    match method {
        // `auto` asks for each of the others in turn.
        Method::Minmax | Method::Auto => whole,
        Method::Percentile => percentiles(histogram, percentile, whole),
        Method::Mse => narrowed(whole, |range| squared_error(histogram, range, levels)),
        Method::Entropy => narrowed(whole, |range| divergence(histogram, range, levels)),
    }
}

/// What `share` percent of the elements lie below, and above.
fn percentiles(histogram: &Histogram, share: f64, whole: (f64, f64)) -> (f64, f64) {
    let outside = histogram.count() as f64 * (1.0 - share / 100.0);
    // Zeros lie between the negative and the positive bins; a bound beyond them is zero itself.
    let bound = |mut bins: Box<dyn Iterator<Item = (f64, u64)> + '_>| {
        let mut seen = 0.0;
        bins.by_ref()
            .find(|(_, count)| {
                seen += *count as f64;
                seen > outside
            })
            .map_or(0.0, |(center, _)| center)
    };
    let bins: Vec<_> = histogram.bins().collect();
    let low = bound(Box::new(bins.iter().copied().take_while(|(center, _)| *center < 0.0)));
    let high = bound(Box::new(
        bins.iter().rev().copied().take_while(|(center, _)| *center > 0.0),
    ));
    (low.clamp(whole.0, 0.0), high.clamp(0.0, whole.1))
}

/// The part of `whole` of the least cost: both ends drawn in alike, then each by itself.
fn narrowed(whole: (f64, f64), cost: impl Fn((f64, f64)) -> f64) -> (f64, f64) {
    let shares = || (0..=CANDIDATES).map(|i| 1.0 - 0.75 * i as f64 / CANDIDATES as f64);
    let best = |of: &dyn Fn(f64) -> (f64, f64)| {
        let costs = shares().map(|share| (of(share), cost(of(share))));
        costs
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(whole, |(range, _)| range)
    };
    let both = best(&|share| (whole.0 * share, whole.1 * share));
    let low = best(&|share| (whole.0 * share, both.1));
    best(&|share| (low.0, whole.1 * share))
}

/// The sum of squared errors: a twelfth of a squared step for each element inside, its distance for each outside.
fn squared_error(histogram: &Histogram, (low, high): (f64, f64), levels: f64) -> f64 {
    let step = (high - low) / (levels - 1.0);
    let rounding = step * step / 12.0;
    let bins = histogram.bins().filter(|(_, count)| *count > 0);
    bins.map(|(center, count)| {
        let outside = (low - center).max(center - high).max(0.0);
        count as f64 * (rounding + outside * outside)
    })
    .sum()
}

/// How far the distribution of the integers is from that of the elements limited to the range.
fn divergence(histogram: &Histogram, (low, high): (f64, f64), levels: f64) -> f64 {
    let step = (high - low) / (levels - 1.0);
    if step <= 0.0 || levels > BINS as f64 {
        return 0.0;
    }
    let level = |center: f64| ((center.clamp(low, high) - low) / step).round() as usize;
    // Elements of each level, and the bins that they come from; what lies outside counts for the outermost bin inside.
    let mut mass = vec![0.0; levels as usize];
    let mut sources = vec![0.0; levels as usize];
    let mut inside: Vec<(usize, f64)> = vec![];
    let mut below = 0.0;
    for (center, count) in histogram.bins().filter(|(_, count)| *count > 0) {
        let count = count as f64;
        if center < low {
            below += count;
        } else if center > high {
            match inside.last_mut() {
                Some((_, last)) => *last += count,
                None => below += count,
            }
        } else {
            inside.push((level(center), count + std::mem::take(&mut below)));
            mass[level(center)] += count;
            sources[level(center)] += 1.0;
        }
    }
    let total: f64 = inside.iter().map(|(_, count)| count).sum();
    let kept: f64 = mass.iter().sum();
    if kept == 0.0 {
        return f64::MAX;
    }
    let terms = inside.iter().map(|(level, count)| {
        let (p, q) = (count / total, mass[*level] / sources[*level] / kept);
        p * libm::log(p / q)
    });
    terms.sum()
}

/// The quantization of a range that contains zero: with a zero point for 8 bits, symmetric for 16.
pub(super) fn quantization((low, high): (f64, f64), dtype: DType) -> Quantization {
    let usable = |scale: f64| {
        if scale == 0.0 {
            SCALE_OF_ZEROS
        } else {
            // A sixteenth of the largest number leaves room for what is computed with it.
            (scale as f32).clamp(f32::MIN_POSITIVE, f32::MAX / 16.0)
        }
    };
    if dtype == DType::I16 {
        let scale = low.abs().max(high.abs()) / f64::from(i16::MAX);
        return Quantization::uniform(dtype, usable(scale), 0);
    }
    let (min, max) = (f64::from(i8::MIN), f64::from(i8::MAX));
    let scale = usable((high - low) / (max - min));
    let zero = (min - low / f64::from(scale)).round_ties_even().clamp(min, max);
    Quantization::uniform(dtype, scale, zero as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Elements between -1 and 1, and one far outside.
    fn with_outlier() -> Histogram {
        let mut histogram = Histogram::default();
        let values: Vec<f32> = (0..20_000).map(|i| i as f32 / 10_000.0 - 1.0).collect();
        // As many as make the outlier worth less than their rounding.
        (0..40).for_each(|_| histogram.add(&values).unwrap());
        histogram.add(&[10.0]).unwrap();
        histogram
    }

    #[test]
    fn outliers_are_kept_or_cut() {
        let histogram = with_outlier();
        let of = |method| range(&histogram, method, 99.99, 256.0);
        assert_eq!(of(Method::Minmax), (-1.0, 10.0));
        let (low, high) = of(Method::Percentile);
        assert!((low + 1.0).abs() < 0.01 && (high - 1.0).abs() < 0.01, "{low} {high}");
        for method in [Method::Mse, Method::Entropy] {
            let (low, high) = of(method);
            assert!(low < -0.95 && (1.0..6.0).contains(&high), "{method:?}: {low} {high}");
        }
    }

    #[test]
    fn the_least_squared_error_is_the_least() {
        let histogram = with_outlier();
        let (low, high) = range(&histogram, Method::Mse, 0.0, 256.0);
        let least = squared_error(&histogram, (low, high), 256.0);
        for other in [(-1.0, 10.0), (-1.0, 1.0), (-0.5, 5.0)] {
            assert!(least < squared_error(&histogram, other, 256.0), "{other:?}");
        }
    }

    #[test]
    fn zero_is_always_represented() {
        for range in [
            (0.0, 6.0),
            (-3.0, 0.0),
            (-1.0, 2.0),
            (0.0, 0.0),
            (0.0, 1e-44),
            (0.0, 3e38),
        ] {
            for dtype in [DType::I8, DType::I16] {
                let (scale, zero) = quantization(range, dtype).single().unwrap();
                assert!(scale.is_normal() && scale > 0.0, "{range:?}");
                let (least, greatest) = Quantization::range(dtype).unwrap();
                assert!((least..=greatest).contains(&zero));
                if range.1 > 1.0 && range.1 < 1e3 {
                    let step = f64::from(scale);
                    assert!((f64::from(greatest - zero) * step - range.1).abs() <= step);
                }
            }
        }
        assert_eq!(quantization((0.0, 255.0), DType::I8).single(), Some((1.0, -128)));
        assert_eq!(quantization((-2.0, 1.0), DType::I16).single(), Some((2.0 / 32767.0, 0)));
    }
}
