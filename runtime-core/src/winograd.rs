//! Winograd's minimal filtering F(4x4, 3x3): a 3x3 convolution of a tile of 4x4 outputs by 36 products per pair of
//! channels instead of 144 ("Fast Algorithms for Convolutional Neural Networks", Lavin and Gray, 2015).
//!
//! A tile sees 6x6 inputs `d`. With weights `g`, the outputs are `Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A`, where `⊙` multiplies
//! position by position. `G g Gᵀ` is computed when the weights are packed. Over all channels and tiles, each of the 36
//! positions is a product of matrices.
//!
//! The transforms interpolate at 0, ±[`A`], ±[`B`] and infinity: the factors of the transforms are closer to one than
//! with the usual points 0, ±1, ±2, and so is the error to that of the direct convolution. Tests keep it below 4e-6 of
//! the greatest output.
//!
//! | layout | elements |
//! |---|---|
//! | weights | `[ceil(oc / 32)][36][panels][ic][16]`, where the last has one panel if the other would be empty |

use crate::pack::PANEL;

/// Rows and columns of a tile of outputs.
pub const TILE: usize = 4;
/// Rows and columns of its inputs.
pub const INPUTS: usize = TILE + 2;
/// Positions of a transformed tile.
pub const POSITIONS: usize = INPUTS * INPUTS;
/// Output channels whose products are computed before they are transformed back: two panels.
pub const COLUMNS: usize = 2 * PANEL;

/// The points of interpolation, beside their negatives, zero and infinity. All that the transforms multiply by are
/// exact floats.
pub const A: f32 = 0.75;
/// The other point.
pub const B: f32 = 1.5;

/// Elements of the packed weights of `oc` output channels by `ic` input channels.
#[inline(always)]
pub const fn packed_conv2d_len(oc: usize, ic: usize) -> usize {
    oc.div_ceil(PANEL)
        .saturating_mul(PANEL)
        .saturating_mul(POSITIONS)
        .saturating_mul(ic)
}

/// Where the weight of an output and an input channel is at a position.
const fn index(oc: usize, ic: usize, position: usize, output: usize, input: usize) -> usize {
    let (pair, panel) = (output / COLUMNS, output % COLUMNS / PANEL);
    let panels = (oc - pair * COLUMNS).div_ceil(PANEL);
    let panels = if panels > 2 { 2 } else { panels };
    let first = pair * COLUMNS * POSITIONS * ic;
    first + ((position * panels + panel) * ic + input) * PANEL + output % PANEL
}

/// Packs ONNX `Conv` weights `[oc, ic, 3, 3]` for [`winograd_conv2d`](crate::kernels::winograd_conv2d), transformed in
/// double precision.
///
/// # Panics
/// If `w` or `packed` is too short.
pub fn pack_conv2d(oc: usize, ic: usize, w: &[f32], packed: &mut [f32]) {
    for output in 0..oc {
        for input in 0..ic {
            let at = (output * ic + input) * 9;
            let taps: [[f64; 3]; 3] =
                core::array::from_fn(|row| core::array::from_fn(|column| f64::from(w[at + 3 * row + column])));
            // The rows are transformed, then the columns.
            let rows = taps.map(weights);
            for column in 0..INPUTS {
                let transformed = weights(rows.map(|row| row[column]));
                for (row, weight) in transformed.into_iter().enumerate() {
                    packed[index(oc, ic, row * INPUTS + column, output, input)] = weight as f32;
                }
            }
        }
    }
}

/// `G` by three weights: the polynomial that they are the coefficients of at each point, over the product of the
/// point's distances from the others.
fn weights([w0, w1, w2]: [f64; 3]) -> [f64; INPUTS] {
    let (a, b) = (f64::from(A), f64::from(B));
    let (aa, bb) = (a * a, b * b);
    let at = |point: f64, distances: f64| (w0 + point * (w1 + point * w2)) / distances;
    let (near, far) = (2.0 * aa * (aa - bb), 2.0 * bb * (bb - aa));
    [at(0.0, aa * bb), at(a, near), at(-a, near), at(b, far), at(-b, far), w2]
}
