/// The softmax of scores; scores that are probabilities already, as of a model that ends in one, stay as they are.
pub fn probabilities(scores: &[f32]) -> Vec<f32> {
    let sum: f32 = scores.iter().sum();
    if scores.iter().all(|score| (0.0..=1.0).contains(score)) && (sum - 1.0).abs() < 1e-3 {
        return scores.to_vec();
    }
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = scores.iter().map(|score| (score - highest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// The highest of them with their places, the first of equal ones first.
pub fn best(probabilities: &[f32], count: usize) -> Vec<(usize, f32)> {
    let mut ranked: Vec<(usize, f32)> = probabilities.iter().copied().enumerate().collect();
    ranked.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    ranked.truncate(count);
    ranked
}

#[cfg(test)]
mod tests {
    use super::{best, probabilities};

    #[test]
    fn scores_become_probabilities_once() {
        let once = probabilities(&[1.0, 1.0, 1.0 + 2f32.ln()]);
        for (probability, expected) in once.iter().zip([0.25, 0.25, 0.5]) {
            assert!((probability - expected).abs() < 1e-6, "{once:?}");
        }
        assert_eq!(probabilities(&once), once);
        assert_eq!(probabilities(&[1000.0, 0.0]), [1.0, 0.0]);
    }

    #[test]
    fn the_highest_come_first() {
        assert_eq!(best(&[0.1, 0.2, 0.2, 0.5], 3), [(3, 0.5), (1, 0.2), (2, 0.2)]);
        assert_eq!(best(&[1.0], 5), [(0, 1.0)]);
    }
}
