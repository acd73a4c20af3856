use super::finish::{Activate, Finish, Nothing, Residual};
use super::gemm::{Gemm, Multiply};
use super::winograd_tiles::{Outputs, Tiles, transform};
use crate::Simd;
use crate::function::{Function, Identity};
use crate::winograd::{COLUMNS, POSITIONS, TILE, packed_conv2d_len};

/// ONNX `Conv` by a 3x3 kernel with strides and dilations of one, channels-last, by [Winograd's minimal
/// filtering](crate::winograd).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct WinogradConv2d<F> {
    /// Images in the batch.
    pub batch: usize,
    /// Height, width and channels of an input image.
    pub input: [usize; 3],
    /// Height, width and channels of an output image.
    pub output: [usize; 3],
    /// Rows of zeros above the image and columns of zeros to its left; `output` implies those below and to the right.
    pub pads: [usize; 2],
    /// Applied to every output.
    pub activation: F,
}

impl<F> WinogradConv2d<F> {
    /// The same layer with another activation.
    pub fn with_activation<G>(self, activation: G) -> WinogradConv2d<G> {
        WinogradConv2d {
            batch: self.batch,
            input: self.input,
            output: self.output,
            pads: self.pads,
            activation,
        }
    }
}

/// Tiles that are transformed before they are multiplied, at most: their products stay in the caches.
const TILES: usize = 16;

/// Room for transformed inputs and for the products of [`COLUMNS`] output channels. It is on the stack, since threads
/// that compute parts of a layer need some each.
const ROOM: usize = POSITIONS * TILES * (112 + COLUMNS);

/// Room for layers so small that it would take long to clear more.
const SMALL_ROOM: usize = POSITIONS * TILES * COLUMNS;

/// Products from which on a layer is not small.
const LARGE: usize = 8_000_000;

/// Input channels at most: two tiles must find room.
pub const MOST_CHANNELS: usize = ROOM / (2 * POSITIONS) - COLUMNS;

/// The products have no bias: it is added when they are transformed back.
static NO_BIAS: [f32; COLUMNS] = [0.0; COLUMNS];

/// Gives a layer its room.
#[inline(never)]
fn convolve<F: Function, R: Residual>(
    simd: Simd,
    layer: WinogradConv2d<F>,
    x: &[f32],
    w: &[f32],
    end: Activate<'_, R>,
    y: &mut [f32],
) {
    let ([ih, iw, ic], [oh, ow, oc]) = (layer.input, layer.output);
    let outputs = layer.batch.saturating_mul(oh).saturating_mul(ow).saturating_mul(oc);
    let inputs = layer.batch.saturating_mul(ih).saturating_mul(iw).saturating_mul(ic);
    let packed = packed_conv2d_len(oc, ic);
    let (Some(x), Some(w), Some(y), true) = (
        x.get(..inputs),
        w.get(..packed),
        y.get_mut(..outputs),
        Finish::<F>::covers(end, oc, outputs) && (1..=MOST_CHANNELS).contains(&ic),
    ) else {
        debug_assert!(
            false,
            "winograd_conv2d: an operand is too short, or the channels are too many"
        );
        return;
    };
    let tiles = oh.div_ceil(TILE).saturating_mul(ow.div_ceil(TILE));
    let two = 2 * POSITIONS * (ic + COLUMNS);
    if two <= SMALL_ROOM && tiles.saturating_mul(packed) < LARGE {
        convolve_in(simd, layer, (x, w), end, y, &mut [0.0; SMALL_ROOM]);
    } else {
        convolve_in(simd, layer, (x, w), end, y, &mut [0.0; ROOM]);
    }
}

/// Computes some tiles after the other.
#[inline(never)]
fn convolve_in<F: Function, R: Residual>(
    simd: Simd,
    layer: WinogradConv2d<F>,
    (x, w): (&[f32], &[f32]),
    end: Activate<'_, R>,
    y: &mut [f32],
    room: &mut [f32],
) {
    let ([ih, iw, ic], [oh, ow, oc]) = (layer.input, layer.output);
    let across = ow.div_ceil(TILE);
    let count = oh.div_ceil(TILE) * across;
    let most = room.len().checked_div(POSITIONS * (ic + COLUMNS)).unwrap_or(0);
    let turns = count.div_ceil(most.clamp(1, TILES));
    let image = ih * iw * ic;
    for n in 0..layer.batch {
        let Some(x) = x.get(n * image..(n + 1) * image) else {
            return;
        };
        let mut tiles = Tiles {
            first: 0,
            count: 0,
            across,
            rows: 0,
        };
        for turn in 0..turns {
            tiles.first += tiles.count;
            tiles.count = (count - tiles.first).div_ceil(turns - turn);
            // A lone row would be added up in another order, and parts of a layer may have one where the whole has
            // not: then one more is multiplied.
            tiles.rows = tiles.count.max(2);
            let Some((inputs, products)) = room.split_at_mut_checked(POSITIONS * tiles.rows * ic) else {
                return;
            };
            transform(simd, tiles, layer.input, layer.pads, x, inputs);
            for (pair, w) in w.chunks(COLUMNS * POSITIONS * ic).enumerate() {
                let channel = pair * COLUMNS;
                let columns = (oc - channel).min(COLUMNS);
                multiply(simd, w, inputs, products, [tiles.rows, ic, columns]);
                simd.run_floats(Outputs {
                    tiles,
                    output: layer.output,
                    activation: layer.activation,
                    products,
                    columns,
                    channel,
                    end,
                    image_at: n * oh * ow * oc,
                    y: &mut *y,
                });
            }
        }
    }
}

/// The products of all positions: `m` transformed tiles by the weights of some output channels.
fn multiply(simd: Simd, w: &[f32], x: &[f32], y: &mut [f32], [m, k, n]: [usize; 3]) {
    let weights = w.len() / POSITIONS;
    if weights == 0 || m * k == 0 {
        return;
    }
    let positions = w.chunks_exact(weights).zip(x.chunks_exact(m * k));
    for ((w, x), y) in positions.zip(y.chunks_exact_mut(m * n)) {
        let layer = Gemm {
            m,
            k,
            n,
            activation: Identity,
        };
        let end = Activate {
            bias: &NO_BIAS,
            residual: Nothing,
        };
        simd.run_floats(Multiply { layer, x, w, end, y });
    }
}

/// ONNX `Conv` with its activation: `x` is `[batch, ih, iw, ic]`, `y` is `[batch, oh, ow, oc]`, `bias` is `[oc]`, and
/// `w` is packed by [`winograd::pack_conv2d`](crate::winograd::pack_conv2d). There are at most [`MOST_CHANNELS`] input
/// channels. It takes 332 KB of stack.
#[inline(always)]
pub fn winograd_conv2d<F: Function>(
    simd: Simd,
    layer: WinogradConv2d<F>,
    x: &[f32],
    w: &[f32],
    bias: &[f32],
    y: &mut [f32],
) {
    let end = Activate {
        bias,
        residual: Nothing,
    };
    convolve(simd, layer, x, w, end, y);
}

/// ONNX `Conv` and `Add`: as [`winograd_conv2d`], with `residual`, of the shape of `y`, added before the activation.
#[inline(always)]
pub fn winograd_conv2d_add<F: Function>(
    simd: Simd,
    layer: WinogradConv2d<F>,
    x: &[f32],
    w: &[f32],
    bias: &[f32],
    residual: &[f32],
    y: &mut [f32],
) {
    let end = Activate { bias, residual };
    convolve(simd, layer, x, w, end, y);
}
