//! Symmetric matrices, as much of them as least squares take.

/// The lower triangle `L` of a symmetric matrix of `n` rows that is `L L'`; `None` unless the matrix is positive
/// definite.
pub(super) fn cholesky(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut lower = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            let (a, b) = (
                &lower[row * n..row * n + column],
                &lower[column * n..column * n + column],
            );
            let rest = matrix[row * n + column] - dot(a, b);
            lower[row * n + column] = if row == column {
                (rest > 0.0 && rest.is_finite()).then(|| rest.sqrt())?
            } else {
                rest / lower[column * n + column]
            };
        }
    }
    Some(lower)
}

/// Solves `L z = b` in place.
pub(super) fn forward(lower: &[f64], n: usize, b: &mut [f64]) {
    for row in 0..n {
        let known = dot(&lower[row * n..row * n + row], &b[..row]);
        b[row] = (b[row] - known) / lower[row * n + row];
    }
}

/// Solves `L' z = b` in place.
fn backward(lower: &[f64], n: usize, b: &mut [f64]) {
    for row in (0..n).rev() {
        b[row] /= lower[row * n + row];
        let value = b[row];
        for (rest, factor) in b[..row].iter_mut().zip(&lower[row * n..row * n + row]) {
            *rest -= factor * value;
        }
    }
}

/// Solves `L L' z = b` in place.
pub(super) fn solve(lower: &[f64], n: usize, b: &mut [f64]) {
    forward(lower, n, b);
    backward(lower, n, b);
}

/// The inverse of a symmetric matrix that is positive definite.
pub(super) fn inverse(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let lower = cholesky(matrix, n)?;
    let mut inverse = vec![0.0; n * n];
    for (row, column) in inverse.chunks_exact_mut(n.max(1)).enumerate() {
        column[row] = 1.0;
        solve(&lower, n, column);
    }
    Some(inverse)
}

/// The rows and columns of a matrix of `n` rows at these places.
pub(super) fn part(matrix: &[f64], n: usize, places: &[usize]) -> Vec<f64> {
    let row = |row: &usize| places.iter().map(|column| matrix[row * n + column]).collect::<Vec<_>>();
    places.iter().flat_map(row).collect()
}

/// The sum of the products of two rows.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Several sums at once, so that one addition need not wait for the one before it.
    let (a_blocks, a_rest) = a.as_chunks::<8>();
    let (b_blocks, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b);
    sums.iter().sum::<f64>() + rest.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A positive definite matrix of 11 rows.
    fn matrix() -> Vec<f64> {
        let n = 11;
        let element = |i: usize| f64::from((i * 7 % 13) as u32) - 6.0;
        let a: Vec<f64> = (0..n * n).map(element).collect();
        let product = |i: usize| dot(&a[i / n * n..][..n], &a[i % n * n..][..n]) + f64::from(u8::from(i / n == i % n));
        (0..n * n).map(product).collect()
    }

    #[test]
    fn a_matrix_times_its_inverse_is_one() {
        let (n, matrix) = (11, matrix());
        let inverse = inverse(&matrix, n).unwrap();
        for row in 0..n {
            for column in 0..n {
                let product = dot(&matrix[row * n..][..n], &inverse[column * n..][..n]);
                let wanted = f64::from(u8::from(row == column));
                assert!((product - wanted).abs() < 1e-9, "{row} {column}: {product}");
            }
        }
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        assert_eq!(cholesky(&[1.0, 2.0, 2.0, 1.0], 2), None);
        assert_eq!(cholesky(&[f64::NAN], 1), None);
        assert_eq!(part(&[1.0, 2.0, 2.0, 5.0], 2, &[1]), [5.0]);
    }
}
