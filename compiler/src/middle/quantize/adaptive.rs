/// Sweeps over the weights of a channel.
const SWEEPS: usize = 30;
/// What is added to the variance of each input, as a share of the mean variance: what the samples do not show.
const DAMPING: f64 = 0.01;

/// Rounds the weights of a channel, given in steps, up or down so that the sums differ least from those of the weights
/// themselves: the squared error is `e C e`, with `e` the errors of the weights and `C` the covariance of what they
/// multiply. Coordinate descent from the nearest integers; each step changes the weight at hand if that lowers the
/// error.
pub(super) fn round(weights: &[f64], covariance: &[f64], most: f64) -> Vec<f64> {
    let len = weights.len();
    let mut rounded: Vec<f64> = weights.iter().map(|w| w.round_ties_even().clamp(-most, most)).collect();
    let diagonal: f64 = (0..len).map(|i| covariance[i * len + i]).sum::<f64>() / len.max(1) as f64;
    let damping = DAMPING * diagonal;
    if damping <= 0.0 {
        return rounded;
    }
    // Half of the derivative of the squared error by each integer, negated.
    let mut slope: Vec<f64> = (0..len)
        .map(|i| {
            let line = covariance[i * len..(i + 1) * len].iter();
            let error = |j: usize| weights[j] - rounded[j];
            line.enumerate().map(|(j, c)| c * error(j)).sum::<f64>() + damping * error(i)
        })
        .collect();
    for _ in 0..SWEEPS {
        let mut changed = false;
        for i in 0..len {
            let curvature = covariance[i * len + i] + damping;
            let other = if rounded[i] > weights[i] {
                rounded[i] - 1.0
            } else {
                rounded[i] + 1.0
            };
            let (by, away) = (other - rounded[i], (other - weights[i]).abs());
            let gain = 2.0 * by * slope[i] - by * by * curvature;
            if gain <= 1e-12 * curvature || away >= 1.0 || other.abs() > most {
                continue;
            }
            rounded[i] = other;
            let line = &covariance[i * len..(i + 1) * len];
            slope.iter_mut().zip(line).for_each(|(slope, c)| *slope -= by * c);
            slope[i] -= by * damping;
            changed = true;
        }
        if !changed {
            break;
        }
    }
    rounded
}

#[cfg(test)]
mod tests {
    use super::round;

    #[test]
    fn inputs_that_move_together_share_the_error() {
        let weights = [0.4, 0.4, 0.4];
        let independent = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        assert_eq!(round(&weights, &independent, 127.0), [0.0, 0.0, 0.0]);
        let equal = [1.0; 9];
        assert_eq!(round(&weights, &equal, 127.0).iter().sum::<f64>(), 1.0);
    }

    #[test]
    fn limits_are_kept() {
        assert_eq!(round(&[7.4, 7.4], &[1.0; 4], 7.0), [7.0, 7.0]);
        assert_eq!(round(&[0.5, 2.5], &[0.0; 4], 7.0), [0.0, 2.0]);
    }
}
