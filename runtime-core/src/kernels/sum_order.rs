//! In which order the matrix kernels add floats up, for those who take outputs or inputs out of a layer and want what
//! is left to be the same to the bit. Sums of integers are exact in any order.
//!
//! Products are added in the order of the inputs, except in a row that is tiled alone, whose sum is added up in
//! [parts](PARTS). Which rows those are depends on how many there are, on the width of the panel, and on how a product
//! divides its rows into blocks. The answers hold for every instruction set.

use crate::pack::PANEL;

/// Sums that a lone row is split into.
const PARTS: usize = 4;

/// Columns up to which a panel is narrow: its rows are tiled by eight, four and one.
const NARROW: usize = 8;

/// Rows that a product always keeps in one block.
const BLOCK: usize = 32;

/// Rows of a block of a product of `m` rows of `k` numbers: their inputs stay in the caches while all panels pass by.
#[inline(always)]
pub(super) fn block(m: usize, k: usize) -> usize {
    let most = 4096_usize.checked_div(k).unwrap_or(1).max(BLOCK);
    m.div_ceil(m.div_ceil(most).max(1))
}

/// How a kernel divides the outputs of a layer of floats into tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumOrder {
    /// Rows of outputs that are tiled together.
    rows: usize,
    /// Whether it is a product of matrices, whose inputs are one run of numbers.
    product: bool,
}

impl SumOrder {
    /// Of [`gemm`](super::gemm()) with so many rows.
    pub const fn of_gemm(m: usize) -> Self {
        Self { rows: m, product: true }
    }

    /// Of [`conv2d`](super::conv2d()) with so many outputs in a row of the image.
    pub const fn of_conv2d(ow: usize) -> Self {
        Self {
            rows: ow,
            product: false,
        }
    }

    /// Whether every panel, wide or narrow, is tiled alike.
    fn is_even(self) -> bool {
        self.rows == 1 || self.rows.is_multiple_of(4) && (!self.product || self.rows <= BLOCK)
    }

    /// The least number of outputs, of at least `kept`, that are summed as they are when there are `all`.
    pub fn outputs(self, all: usize, kept: usize) -> usize {
        if self.is_even() || all <= NARROW {
            kept
        } else if is_narrow(all) {
            all
        } else {
            (kept..all).find(|n| !is_narrow(*n)).unwrap_or(all)
        }
    }

    /// Of how many neighbours among so many inputs, of a layer of so many outputs, all or none may go; `None` if none
    /// may. What an input that goes adds to the sums must be zero.
    pub fn inputs(self, inputs: usize, outputs: usize) -> Option<usize> {
        if self.rows == 1 {
            return self.product.then_some(PARTS);
        }
        let blocks_end_alone = || self.product && (1..=inputs).any(|k| last_block(self.rows, k) == 1);
        (self.is_even() || !is_narrow(outputs) && !blocks_end_alone()).then_some(1)
    }
}

/// Rows of the last block of a product.
fn last_block(m: usize, k: usize) -> usize {
    let block = block(m, k).max(1);
    (m + block - 1) % block + 1
}

/// Whether the last panel of so many columns is narrow.
fn is_narrow(columns: usize) -> bool {
    (1..=NARROW).contains(&(columns % PANEL))
}
