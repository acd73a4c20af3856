//! Constant tensors, given as bytes so that rustc handles megabytes in a moment.
#![allow(unsafe_code)]

use crate::Element;
#[cfg(feature = "updates")]
use crate::{Slot, updates::Layout};
#[cfg(feature = "updates")]
use core::marker::PhantomData;
use core::ops::Deref;

/// One constant tensor, aligned for vector loads where the machine has them.
#[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), repr(C, align(64)))]
#[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), repr(C, align(4)))]
pub struct Weights<W>(W);

impl<T: Element, const N: usize> Weights<[T; N]> {
    /// Reads `N` little-endian elements from exactly as many bytes.
    ///
    /// # Panics
    /// At compile time, if `BYTES` is not `N` elements, or on a big-endian target.
    pub const fn new<const BYTES: usize>(bytes: &[u8; BYTES]) -> Self {
        const {
            assert!(BYTES == N * size_of::<T>(), "the bytes do not hold this many elements");
            assert!(cfg!(target_endian = "little"), "weights are stored little-endian");
        }
        // SAFETY: the length was checked above, and any bits are a valid `Element`.
        Self(unsafe { (&raw const *bytes).cast::<[T; N]>().read_unaligned() })
    }
}

impl<T, const N: usize> Deref for Weights<[T; N]> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// The bytes of all constant tensors of a model, from a file beside its source.
#[repr(C, align(64))]
pub struct Sidecar<const BYTES: usize>([u8; BYTES]);

impl<const BYTES: usize> Sidecar<BYTES> {
    /// Takes the file's bytes, as given by `include_bytes!`.
    pub const fn new(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }

    /// The `N` elements that start at byte `OFFSET`.
    ///
    /// # Panics
    /// At compile time, if they leave the file or are misaligned.
    pub const fn tensor<T: Element, const OFFSET: usize, const N: usize>(&'static self) -> &'static [T; N] {
        const {
            assert!(
                OFFSET <= BYTES && N <= (BYTES - OFFSET) / size_of::<T>(),
                "tensor outside the sidecar"
            );
            assert!(OFFSET.is_multiple_of(align_of::<T>()), "tensor misaligned");
            assert!(cfg!(target_endian = "little"), "weights are stored little-endian");
        }
        // SAFETY: in bounds and aligned by the assertions (the struct is aligned to 64); any bits are a valid
        // `Element`.
        unsafe { &*(&raw const self.0).cast::<u8>().add(OFFSET).cast::<[T; N]>() }
    }
}

/// Alignment of a [`Block`]: that of the largest element.
#[cfg(feature = "updates")]
pub(crate) const BLOCK_ALIGNMENT: usize = 8;

/// All constant tensors of a model of the layout `L`, in memory that is no part of the program, such as a slot of flash.
///
/// It holds `L::BYTES` bytes at an address that is a multiple of [`BLOCK_ALIGNMENT`].
#[cfg(feature = "updates")]
pub(crate) struct Block<'a, L>(&'a [u8], PhantomData<fn() -> L>);

#[cfg(feature = "updates")]
impl<'a, L: Layout> Block<'a, L> {
    /// `None` if there are too few or too many bytes, or they are misaligned.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let fits = bytes.len() == L::BYTES && bytes.as_ptr().addr().is_multiple_of(BLOCK_ALIGNMENT);
        fits.then_some(Self(bytes, PhantomData))
    }

    /// The tensor at `_slot`.
    ///
    /// # Panics
    /// At compile time, if it leaves the block or is misaligned, or on a big-endian target.
    #[inline(always)]
    pub(crate) fn read<T: Element, const OFFSET: usize, const LEN: usize>(
        &self,
        _slot: Slot<T, OFFSET, LEN>,
    ) -> &'a [T; LEN] {
        const {
            assert!(
                OFFSET <= L::BYTES && LEN <= (L::BYTES - OFFSET) / size_of::<T>(),
                "tensor outside the block of weights"
            );
            assert!(
                OFFSET.is_multiple_of(align_of::<T>()) && align_of::<T>() <= BLOCK_ALIGNMENT,
                "tensor misaligned"
            );
            assert!(cfg!(target_endian = "little"), "weights are stored little-endian");
        }
        // SAFETY: `new` has checked the length and the alignment of the block, the assertions those of the tensor in
        // it; any bits are a valid `Element`.
        unsafe { &*self.0.as_ptr().add(OFFSET).cast::<[T; LEN]>() }
    }
}
