use super::layout::Layout;
use crate::arch::Arch;
use core::marker::PhantomData;

/// Where the inputs of one position are collected, in the order of the weights.
pub(super) trait Collect {
    /// The next inputs.
    fn put<A: Arch>(&mut self, run: &[i8]);
    /// As many inputs outside of the image.
    fn fill(&mut self, len: usize);
}

/// Widened, straight from the image.
pub(super) struct Words<'a, 'l, L: Layout<'l>> {
    pub(super) words: &'a mut [L::Word],
    pub(super) outside: i8,
    pub(super) layout: PhantomData<&'l L>,
}

/// As bytes; and what is outside of the image.
pub(super) struct Bytes<'a>(pub(super) &'a mut [i8], pub(super) i8);

impl<'l, L: Layout<'l>> Collect for Words<'_, 'l, L> {
    #[inline(always)]
    fn put<A: Arch>(&mut self, run: &[i8]) {
        L::widen::<A>(run, self.words);
        self.skip(run.len());
    }

    #[inline(always)]
    fn fill(&mut self, len: usize) {
        L::fill(self.words, self.outside, len);
        self.skip(len);
    }
}

impl<'l, L: Layout<'l>> Words<'_, 'l, L> {
    /// Goes behind `len` inputs.
    #[inline(always)]
    fn skip(&mut self, len: usize) {
        let words = core::mem::take(&mut self.words);
        self.words = words.get_mut(L::words(len)..).unwrap_or_default();
    }
}

impl Collect for Bytes<'_> {
    #[inline(always)]
    fn put<A: Arch>(&mut self, run: &[i8]) {
        if let Some((to, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(run.len()) {
            A::copy_rows((run, 0), (to, 0), run.len(), 1);
            self.0 = rest;
        }
    }

    #[inline(always)]
    fn fill(&mut self, len: usize) {
        if let Some((to, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(len) {
            to.fill(self.1);
            self.0 = rest;
        }
    }
}
