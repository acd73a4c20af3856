//! The transforms of [`winograd`](crate::winograd) along one axis, of `N` channels at once.

use crate::arch::Arch;
use crate::winograd::{A, B, INPUTS, TILE};

const AA: f32 = A * A;
const BB: f32 = B * B;

/// `Bᵀ` by six inputs.
#[inline(always)]
pub(super) fn inputs<Isa: Arch, const N: usize>(d: [[f32; N]; INPUTS]) -> [[f32; N]; INPUTS] {
    let mut t = [[0.0; N]; INPUTS];
    for j in 0..N {
        let even = Isa::fma(-BB, d[2][j], d[4][j]);
        let odd = A * Isa::fma(-BB, d[1][j], d[3][j]);
        t[1][j] = even + odd;
        t[2][j] = even - odd;
        let even = Isa::fma(-AA, d[2][j], d[4][j]);
        let odd = B * Isa::fma(-AA, d[1][j], d[3][j]);
        t[3][j] = even + odd;
        t[4][j] = even - odd;
        t[0][j] = Isa::fma(AA * BB, d[0][j], Isa::fma(-(AA + BB), d[2][j], d[4][j]));
        t[5][j] = Isa::fma(AA * BB, d[1][j], Isa::fma(-(AA + BB), d[3][j], d[5][j]));
    }
    t
}

/// `Aᵀ` by the products at six points.
#[inline(always)]
pub(super) fn outputs<Isa: Arch, const N: usize>(m: [[f32; N]; INPUTS]) -> [[f32; N]; TILE] {
    let mut y = [[0.0; N]; TILE];
    for j in 0..N {
        let (near, far) = (m[1][j] + m[2][j], m[3][j] + m[4][j]);
        y[0][j] = m[0][j] + near + far;
        y[2][j] = Isa::fma(BB, far, AA * near);
        let (near, far) = (m[1][j] - m[2][j], m[3][j] - m[4][j]);
        y[1][j] = Isa::fma(B, far, A * near);
        y[3][j] = Isa::fma(B * BB, far, Isa::fma(A * AA, near, m[5][j]));
    }
    y
}
