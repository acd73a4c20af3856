use super::body::{Body, plain};
use super::chunks::{rows, rows_mut};
use crate::arch::Arch;
use crate::{Number, Param, Simd};

/// Squared distances of the rows of two matrices: the core of nearest neighbours, of radial kernels and of `CDist`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SquaredDistances {
    /// Rows of the second matrix.
    pub points: usize,
    /// Columns of both.
    pub features: usize,
}

impl<'a, T: Number> Body<(&'a [T], &'a [T], &'a mut [T])> for SquaredDistances {
    #[inline(always)]
    fn body<A: Arch>(self, (x, points, y): (&'a [T], &'a [T], &'a mut [T])) {
        for (x, y) in rows(x, self.features).zip(rows_mut(y, self.points)) {
            for (point, y) in rows(points, self.features).zip(y) {
                // Differences are taken before they are squared: `x * x - 2 * x * p + p * p` loses all digits where the
                // points are far from zero and close to each other.
                let squares = x.iter().zip(point).map(|(x, p)| {
                    let difference = x.sub(*p);
                    difference.mul(difference)
                });
                *y = squares.fold(T::ZERO, T::add);
            }
        }
    }
}

/// `y[i][j]` is the sum of `(x[i][k] - points[j][k])^2` over `k`.
#[inline(always)]
pub fn squared_distances<P, T>(_: Simd, layer: P, x: &[T], points: &[T], y: &mut [T])
where
    P: Param<SquaredDistances>,
    T: Number,
{
    plain(layer.get(), (x, points, y))
}
