//! Parts of slices, like `chunks_exact` and `chunks`, but without a panic path at any optimisation level: a size of
//! zero gives no parts.

use core::mem::take;

/// The whole parts of `width` elements.
pub(super) struct Rows<'a, T> {
    rest: &'a [T],
    width: usize,
}

impl<'a, T> Iterator for Rows<'a, T> {
    type Item = &'a [T];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a [T]> {
        let (row, rest) = self
            .rest
            .split_at_checked(self.width)
            .filter(|(row, _)| !row.is_empty())?;
        self.rest = rest;
        Some(row)
    }
}

/// The whole parts of `width` elements, to write.
pub(super) struct RowsMut<'a, T> {
    rest: &'a mut [T],
    width: usize,
}

impl<'a, T> Iterator for RowsMut<'a, T> {
    type Item = &'a mut [T];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a mut [T]> {
        let (row, rest) = take(&mut self.rest)
            .split_at_mut_checked(self.width)
            .filter(|(row, _)| !row.is_empty())?;
        self.rest = rest;
        Some(row)
    }
}

/// Parts of `size` elements; the last one may be shorter.
pub(super) struct Blocks<'a, T> {
    rest: &'a [T],
    size: usize,
}

impl<'a, T> Iterator for Blocks<'a, T> {
    type Item = &'a [T];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a [T]> {
        let (block, rest) = self.rest.split_at_checked(self.size).unwrap_or((self.rest, &[]));
        self.rest = rest;
        Some(block).filter(|block| !block.is_empty())
    }
}

/// Parts of `size` elements, to write; the last one may be shorter.
pub(super) struct BlocksMut<'a, T> {
    rest: &'a mut [T],
    size: usize,
}

impl<'a, T> Iterator for BlocksMut<'a, T> {
    type Item = &'a mut [T];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a mut [T]> {
        let rest = take(&mut self.rest);
        let size = self.size.min(rest.len());
        let (block, rest) = rest.split_at_mut_checked(size)?;
        self.rest = rest;
        Some(block).filter(|block| !block.is_empty())
    }
}

#[inline(always)]
pub(super) fn rows<T>(x: &[T], width: usize) -> Rows<'_, T> {
    Rows { rest: x, width }
}

#[inline(always)]
pub(super) fn rows_mut<T>(y: &mut [T], width: usize) -> RowsMut<'_, T> {
    RowsMut { rest: y, width }
}

#[inline(always)]
pub(super) fn blocks<T>(x: &[T], size: usize) -> Blocks<'_, T> {
    Blocks { rest: x, size }
}

#[inline(always)]
pub(super) fn blocks_mut<T>(y: &mut [T], size: usize) -> BlocksMut<'_, T> {
    BlocksMut { rest: y, size }
}
