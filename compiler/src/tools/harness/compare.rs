use crate::ir::{DType, Tensor};
use std::fmt;

/// How far a float may be from what is wanted: `|got - want| <= absolute + relative * |want|`. Integers and truth
/// values must be equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Relative part.
    pub relative: f64,
    /// Absolute part.
    pub absolute: f64,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            relative: 1e-3,
            absolute: 1e-5,
        }
    }
}

impl Tolerance {
    /// What tells a right result of this type from a wrong one: four steps of a 16-bit float, which other runtimes
    /// round at other places, besides what is lost where results nearly cancel; for all other types the default.
    pub fn of(dtype: DType) -> Self {
        match dtype {
            DType::F16 => Self {
                relative: (-8_f64).exp2(),
                absolute: 1e-3,
            },
            DType::Bf16 => Self {
                relative: (-5_f64).exp2(),
                absolute: 1e-2,
            },
            _ => Self::default(),
        }
    }
}

/// How an output compares with what is wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Largest absolute error.
    pub absolute: f64,
    /// Largest relative error, among elements that are themselves larger than the absolute tolerance.
    pub relative: f64,
    /// Elements beyond the tolerance.
    pub wrong: usize,
    /// Elements compared.
    pub elements: usize,
    /// The first element beyond the tolerance, or what else is wrong.
    pub first: Option<String>,
}

impl Comparison {
    /// Whether everything is within the tolerance.
    pub fn passes(&self) -> bool {
        self.first.is_none()
    }

    /// Takes in a comparison of other elements of the same output.
    pub fn merge(&mut self, other: Self) {
        self.absolute = self.absolute.max(other.absolute);
        self.relative = self.relative.max(other.relative);
        self.wrong += other.wrong;
        self.elements += other.elements;
        if self.first.is_none() {
            self.first = other.first;
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "worst error {:.2e} absolute, {:.2e} relative",
            self.absolute, self.relative
        )?;
        match &self.first {
            None => Ok(()),
            Some(first) if self.wrong == 0 => write!(f, "; {first}"),
            Some(first) => write!(
                f,
                "; {} of {} elements differ, first {first}",
                self.wrong, self.elements
            ),
        }
    }
}

/// Compares `got` with `want`.
pub fn compare(got: &Tensor, want: &Tensor, tolerance: Tolerance) -> Comparison {
    if got.ty() != want.ty() {
        let first = Some(format!("it is {} but should be {}", got.ty(), want.ty()));
        return Comparison {
            first,
            ..Comparison::default()
        };
    }
    let mut result = Comparison {
        elements: got.len(),
        ..Comparison::default()
    };
    let exact = !got.dtype.is_float();
    let size = got.dtype.size();
    let bytes = got.bytes.chunks_exact(size).zip(want.bytes.chunks_exact(size));
    for (index, ((g, w), (got_bytes, want_bytes))) in got.to_f64().iter().zip(want.to_f64()).zip(bytes).enumerate() {
        let same = if exact {
            got_bytes == want_bytes
        } else {
            *g == w || (g.is_nan() && w.is_nan())
        };
        if same {
            continue;
        }
        let error = (g - w).abs();
        // An infinity or NaN where a number is wanted is as wrong as can be.
        let error = if error.is_nan() { f64::INFINITY } else { error };
        result.absolute = result.absolute.max(error);
        if w.abs() > tolerance.absolute {
            result.relative = result.relative.max(error / w.abs());
        }
        let within = !exact && error.is_finite() && error <= tolerance.absolute + tolerance.relative * w.abs();
        if !within {
            result.wrong += 1;
            result
                .first
                .get_or_insert_with(|| format!("[{index}]: {g:e} instead of {w:e}"));
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(got: f32, want: f32) -> bool {
        compare(
            &Tensor::f32(&[1], &[got]),
            &Tensor::f32(&[1], &[want]),
            Tolerance::default(),
        )
        .passes()
    }

    #[test]
    fn floats_may_differ_a_little() {
        assert!(passes(1.0009, 1.0));
        assert!(!passes(1.002, 1.0));
        assert!(passes(0.000009, 0.0));
        assert!(passes(f32::NAN, f32::NAN) && passes(f32::INFINITY, f32::INFINITY));
        assert!(!passes(f32::NAN, 1.0) && !passes(1.0, f32::NAN));
        assert!(!passes(f32::INFINITY, f32::NEG_INFINITY) && !passes(1.0, f32::INFINITY));
    }

    #[test]
    fn halves_may_differ_by_four_of_their_steps() {
        let half = |value: f64| {
            let bytes = runtime_core::f16::from_f64(value).to_le_bytes();
            Tensor::new(DType::F16, vec![1], bytes.to_vec())
        };
        let step = (-10_f64).exp2();
        let passes = |got: f64| compare(&half(got), &half(1.0), Tolerance::of(DType::F16)).passes();
        assert!(passes(1.0 + 4.0 * step) && !passes(1.0 + 6.0 * step));
        assert_eq!(Tolerance::of(DType::F32), Tolerance::default());
    }

    #[test]
    fn integers_may_not() {
        let (a, b) = (Tensor::i64(&[2], &[1 << 60, 1]), Tensor::i64(&[2], &[(1 << 60) + 1, 1]));
        let result = compare(&a, &b, Tolerance::default());
        assert_eq!((result.wrong, result.passes()), (1, false));
    }

    #[test]
    fn shapes_count() {
        let result = compare(
            &Tensor::f32(&[2], &[0.0; 2]),
            &Tensor::f32(&[2, 1], &[0.0; 2]),
            Tolerance::default(),
        );
        assert!(!result.passes());
    }
}
