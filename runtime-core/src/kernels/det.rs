use super::body::{Body, plain};
use super::chunks::rows;
use super::walk::{copy_row, element};
use crate::arch::Arch;
use crate::{Float, Number, Param, Simd};

/// Determinants of square matrices: ONNX `Det`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Det {
    /// Rows and columns of a matrix.
    pub size: usize,
}

impl Det {
    /// The determinant of `a`, which is overwritten: eliminates column after column, each with its greatest element.
    #[inline(always)]
    fn eliminate<T: Float>(self, a: &mut [T]) -> Option<T> {
        let n = self.size;
        let mut det = T::ONE;
        for column in 0..n {
            let mut pivot = column;
            for row in column + 1..n {
                if element(a, row * n + column)?.abs() > element(a, pivot * n + column)?.abs() {
                    pivot = row;
                }
            }
            if pivot != column {
                for i in column..n {
                    let (upper, lower) = (element(a, column * n + i)?, element(a, pivot * n + i)?);
                    *a.get_mut(column * n + i)? = lower;
                    *a.get_mut(pivot * n + i)? = upper;
                }
                det = Number::neg(det);
            }
            let diagonal = element(a, column * n + column)?;
            det = det.mul(diagonal);
            if diagonal == T::ZERO {
                return Some(det);
            }
            for row in column + 1..n {
                let factor = element(a, row * n + column)?.div(diagonal);
                for i in column + 1..n {
                    let upper = element(a, column * n + i)?;
                    let lower = a.get_mut(row * n + i)?;
                    *lower = lower.sub(factor.mul(upper));
                }
            }
        }
        Some(det)
    }
}

impl<'a, T: Float> Body<(&'a [T], &'a mut [T], &'a mut [T])> for Det {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y, scratch): (&'a [T], &'a mut [T], &'a mut [T])) {
        // Matrices without elements.
        y.fill(T::ONE);
        for (x, y) in rows(x, self.size.saturating_mul(self.size)).zip(y) {
            copy_row(x, scratch);
            if let Some(det) = self.eliminate(scratch) {
                *y = det;
            }
        }
    }
}

/// `y[i]` is the determinant of the matrix `x[i]`; `scratch` has room for one matrix.
#[inline(always)]
pub fn det<P: Param<Det>, T: Float>(_: Simd, layer: P, x: &[T], y: &mut [T], scratch: &mut [T]) {
    plain(layer.get(), (x, y, scratch))
}
