use crate::arch::{Arch, Patches};

/// The lengths of operands of one group of channels.
pub(super) struct Lengths {
    pub(super) weights: usize,
    pub(super) parameters: usize,
    pub(super) scratch: usize,
    pub(super) patch: usize,
}

/// How the inputs of positions are laid out in scratch, and the product by the weights of a group of channels.
pub(super) trait Layout<'a>: Sized + 'a {
    /// What weights are stored as.
    type Weight: Copy;

    /// What inputs are stored as.
    type Word: Copy + Default;

    /// The lengths for `k` inputs of a position, of `channels` channels, by `columns` output channels.
    fn lengths(channels: usize, k: usize, columns: usize) -> Lengths;

    /// The weights of a group of `k` inputs by `columns` channels, and the zero point of the outputs.
    fn of(w: &'a [Self::Weight], parameters: &'a [i32], k: usize, columns: usize, zero: i32) -> Self;

    /// Positions that are multiplied at once.
    const ROWS: usize;

    /// Whether what fills up inputs must be zero: the weights there are not.
    const CLEARED: bool = false;

    /// Words before the first one of the position at `place`.
    fn place(&self, place: usize) -> usize;

    /// Words that `inputs` inputs of all positions take: a whole number of them where patches have no room.
    fn words(inputs: usize) -> usize;

    /// Widens inputs of the position whose words these are.
    fn widen<A: Arch>(run: &[i8], words: &mut [Self::Word]);

    /// Stores an input that is outside of the image `inputs` times.
    fn fill(words: &mut [Self::Word], outside: i8, inputs: usize);

    /// Widens the inputs of positions that are all inside of the image; `x` begins with those of the first.
    #[inline(always)]
    fn widen_patches<A: Arch>(&self, x: &[i8], patches: Patches, patch: &mut [i8], words: &mut [Self::Word]) {
        let Patches {
            position_step,
            row_step,
            bytes,
            rows,
        } = patches;
        debug_assert!(patch.is_empty(), "this layout widens inputs where they are");
        for place in 0..Self::ROWS {
            let x = x.get(place * position_step..).unwrap_or_default();
            let words = words.get_mut(self.place(place)..).unwrap_or_default();
            for row in 0..rows {
                let x = x.get(row * row_step..row * row_step + bytes).unwrap_or_default();
                Self::widen::<A>(x, words.get_mut(Self::words(row * bytes)..).unwrap_or_default());
            }
        }
    }

    /// Multiplies all positions by all channels, whose results are `step` numbers apart. The first `missing` positions
    /// do not exist; the results of the next are the first in `y`.
    fn multiply<A: Arch>(&self, words: &[Self::Word], y: &mut [i8], step: usize, missing: usize);
}
