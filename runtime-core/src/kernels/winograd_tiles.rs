//! From the image to the transformed tiles of [`winograd`](crate::winograd), and from their products to the outputs.

use super::finish::{Activate, Finish, Residual};
use super::winograd_points::{inputs, outputs};
use crate::Simd;
use crate::arch::{Arch, Kernel};
use crate::function::Function;
use crate::unrolled::unrolled;
use crate::winograd::{INPUTS, TILE};

/// Some tiles of an image, counted row by row.
#[derive(Clone, Copy)]
pub(super) struct Tiles {
    /// The first of them, and how many they are.
    pub(super) first: usize,
    pub(super) count: usize,
    /// Tiles in a row of them.
    pub(super) across: usize,
    /// Rows of the matrices that they are multiplied as, one per tile, at least.
    pub(super) rows: usize,
}

impl Tiles {
    /// The first row and column of the outputs of tile `index` of these.
    #[inline(always)]
    fn corner(self, index: usize) -> [usize; 2] {
        let tile = self.first + index;
        let row = tile.checked_div(self.across).unwrap_or(0);
        [row * TILE, (tile - row * self.across) * TILE]
    }
}

/// Transforms the inputs of tiles, with zeros for what is outside of the image, to `[36, rows, channels]`.
pub(super) fn transform(simd: Simd, tiles: Tiles, input: [usize; 3], pads: [usize; 2], x: &[f32], y: &mut [f32]) {
    simd.run_floats(Inputs {
        tiles,
        input,
        pads,
        x,
        y,
    });
}

/// The operands of [`transform`].
struct Inputs<'a> {
    tiles: Tiles,
    input: [usize; 3],
    pads: [usize; 2],
    x: &'a [f32],
    y: &'a mut [f32],
}

/// What a tile sees: the channels of each pixel, none where outside of the image.
type Seen<'a> = [[&'a [f32]; INPUTS]; INPUTS];

impl Kernel for Inputs<'_> {
    type Shared = Self;

    #[inline(always)]
    fn shared(self) -> Self {
        self
    }

    #[inline(always)]
    fn run<Isa: Arch>(mut self, _: Isa) {
        let [ih, iw, channels] = self.input;
        for tile in 0..self.tiles.count {
            let [top, left] = self.tiles.corner(tile);
            let mut seen: Seen<'_> = [[&[]; INPUTS]; INPUTS];
            for (row, seen) in seen.iter_mut().enumerate() {
                let iy = (top + row).wrapping_sub(self.pads[0]);
                for (column, seen) in seen.iter_mut().enumerate() {
                    let ix = (left + column).wrapping_sub(self.pads[1]);
                    if iy < ih && ix < iw {
                        let at = (iy * iw + ix) * channels;
                        *seen = self.x.get(at..at + channels).unwrap_or(&[]);
                    }
                }
            }
            let mut channel = 0;
            if Isa::MANY {
                while channel + 16 <= channels {
                    self.channels::<Isa, 16>(&seen, tile, channel);
                    channel += 16;
                }
            }
            while channel + 8 <= channels {
                self.channels::<Isa, 8>(&seen, tile, channel);
                channel += 8;
            }
            while channel < channels {
                self.channels::<Isa, 1>(&seen, tile, channel);
                channel += 1;
            }
        }
    }
}

impl Inputs<'_> {
    /// Transforms `N` channels of a tile: its rows, then its columns.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // By index: iterators over arrays of vectors copy them.
    fn channels<Isa: Arch, const N: usize>(&mut self, seen: &Seen<'_>, tile: usize, channel: usize) {
        let mut half = [[[0.0; N]; INPUTS]; INPUTS];
        for row in 0..INPUTS {
            let mut pixels = [[0.0; N]; INPUTS];
            unrolled!(column in 0..INPUTS {
                if let Some(x) = seen[row][column].get(channel..).and_then(|x| x.first_chunk()) {
                    pixels[column] = *x;
                }
            });
            half[row] = inputs::<Isa, N>(pixels);
        }
        for column in 0..INPUTS {
            let mut pixels = [[0.0; N]; INPUTS];
            unrolled!(row in 0..INPUTS {
                pixels[row] = half[row][column];
            });
            let transformed = inputs::<Isa, N>(pixels);
            unrolled!(row in 0..INPUTS {
                let position = row * INPUTS + column;
                let at = (position * self.tiles.rows + tile) * self.input[2] + channel;
                if let Some(y) = self.y.get_mut(at..).and_then(|y| y.first_chunk_mut()) {
                    *y = transformed[row];
                }
            });
        }
    }
}

/// Transforms the products of tiles back, and finishes the sums of some output channels.
pub(super) struct Outputs<'a, F, R> {
    pub(super) tiles: Tiles,
    /// Height, width and channels of the output image.
    pub(super) output: [usize; 3],
    pub(super) activation: F,
    /// Products `[36, rows, columns]`.
    pub(super) products: &'a [f32],
    /// How many channels, and the first of them.
    pub(super) columns: usize,
    pub(super) channel: usize,
    pub(super) end: Activate<'a, R>,
    /// The images of the batch, and where this one begins.
    pub(super) y: &'a mut [f32],
    pub(super) image_at: usize,
}

impl<F: Function, R: Residual> Kernel for Outputs<'_, F, R> {
    type Shared = Self;

    #[inline(always)]
    fn shared(self) -> Self {
        self
    }

    #[inline(always)]
    fn run<Isa: Arch>(mut self, _: Isa) {
        for tile in 0..self.tiles.count {
            let mut lane = 0;
            if Isa::MANY {
                while lane + 16 <= self.columns {
                    self.lanes::<Isa, 16>(tile, lane);
                    lane += 16;
                }
            }
            while lane + 8 <= self.columns {
                self.lanes::<Isa, 8>(tile, lane);
                lane += 8;
            }
            while lane < self.columns {
                self.lanes::<Isa, 1>(tile, lane);
                lane += 1;
            }
        }
    }
}

impl<F: Function, R: Residual> Outputs<'_, F, R> {
    /// The outputs of a tile in `N` channels.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // As above.
    fn lanes<Isa: Arch, const N: usize>(&mut self, tile: usize, lane: usize) {
        let mut half = [[[0.0; N]; INPUTS]; TILE];
        for column in 0..INPUTS {
            let mut sums = [[0.0; N]; INPUTS];
            unrolled!(row in 0..INPUTS {
                let position = row * INPUTS + column;
                let at = (position * self.tiles.rows + tile) * self.columns + lane;
                if let Some(products) = self.products.get(at..).and_then(|from| from.first_chunk()) {
                    sums[row] = *products;
                }
            });
            let sums = outputs::<Isa, N>(sums);
            unrolled!(row in 0..TILE {
                half[row][column] = sums[row];
            });
        }
        let ([oh, ow, oc], [top, left]) = (self.output, self.tiles.corner(tile));
        let channel = self.channel + lane;
        let bias: [f32; N] = Finish::<F>::start(self.end, channel, N);
        let [height, width] = [TILE.min(oh - top), TILE.min(ow - left)];
        unrolled!(row in 0..TILE {
            if row < height {
                let sums = outputs::<Isa, N>(half[row]);
                unrolled!(column in 0..TILE {
                    if column < width {
                        let mut sums = sums[column];
                        for j in 0..N {
                            sums[j] += bias[j];
                        }
                        let at = self.image_at + ((top + row) * ow + left + column) * oc + channel;
                        self.end.store::<Isa, N>(self.activation, sums, self.y, at, channel, N);
                    }
                });
            }
        });
    }
}
