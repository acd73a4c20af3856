//! In which order the matrix kernels add floats up, for those who take outputs or inputs out of a layer, or compute
//! it in parts, and want what is left to be the same to the bit. Sums of integers are exact in any order.
//!
//! Products are added in the order of the inputs, except where a layer has one row only: its sums are added up in
//! [parts](PARTS), so that they need not wait for each multiply-add before the next. The answers hold for every
//! instruction set.

/// Sums that a lone row is split into.
const PARTS: usize = 4;

/// Rows that a product always keeps in one block.
const BLOCK: usize = 32;

/// Rows of a block of a product of `m` rows of `k` numbers: their inputs stay in the caches while all panels pass by.
/// No block has one row, unless the product has.
#[inline(always)]
pub(super) fn block(m: usize, k: usize) -> usize {
    let most = 4096_usize.checked_div(k).unwrap_or(1).max(BLOCK);
    let mut block = m.div_ceil(m.div_ceil(most).max(1));
    while block < m && m.checked_rem(block) == Some(1) {
        block += 1;
    }
    block
}

/// How a kernel adds up the sums of a layer of floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumOrder {
    /// Whether the layer, or each row of its images, has one output by channel.
    lone: bool,
    /// Whether it is a product of matrices, whose inputs are one run of numbers.
    product: bool,
}

impl SumOrder {
    /// Of [`gemm`](super::gemm()) with so many rows.
    pub const fn of_gemm(m: usize) -> Self {
        Self {
            lone: m == 1,
            product: true,
        }
    }

    /// Of [`conv2d`](super::conv2d()) with so many outputs in a row of the image.
    pub const fn of_conv2d(ow: usize) -> Self {
        Self {
            lone: ow == 1,
            product: false,
        }
    }

    /// Of how many neighbours among the inputs all or none may go; `None` if none may. What an input that goes adds to
    /// the sums must be zero. Outputs may always go.
    pub fn inputs(self) -> Option<usize> {
        match self {
            Self { lone: false, .. } => Some(1),
            Self { product: true, .. } => Some(PARTS),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::block;

    #[test]
    fn no_row_of_a_product_is_in_a_block_by_itself() {
        for m in 2..600 {
            for k in [1, 7, 64, 100, 200, 1000] {
                let block = block(m, k);
                assert!(block > 1 && m % block != 1, "{m} rows of {k}: blocks of {block}");
            }
        }
    }
}
