//! The one block of working memory, and the typed places in it, checked by rustc.
#![allow(unsafe_code)]

use crate::Element;
use core::marker::PhantomData;

/// The working memory of a model, aligned for vector loads.
///
/// Emitted code reaches it through [`Slot`]s. A call whose slots leave the arena, are misaligned, or overlap where one
/// of them is written, does not compile.
///
/// ```
/// # use runtime_core::{Arena, Slot};
/// let (a, b): (Slot<f32, 0, 2>, Slot<f32, 8, 2>) = (Slot::NEW, Slot::NEW);
/// let mut arena = Arena::<16>::new();
/// let (read, write) = arena.io(a, b);
/// write.copy_from_slice(read);
/// ```
///
/// This leaves the arena:
/// ```compile_fail,E0080
/// # use runtime_core::{Arena, Slot};
/// Arena::<15>::new().read(Slot::<f32, 8, 2>::NEW);
/// ```
/// This is misaligned:
/// ```compile_fail,E0080
/// # use runtime_core::{Arena, Slot};
/// Arena::<16>::new().read(Slot::<f32, 2, 1>::NEW);
/// ```
/// In this, what is written overlaps what is read:
/// ```compile_fail,E0080
/// # use runtime_core::{Arena, Slot};
/// Arena::<16>::new().io(Slot::<f32, 0, 2>::NEW, Slot::<u8, 7, 2>::NEW);
/// ```
/// And in this, what is written overlaps itself:
/// ```compile_fail,E0080
/// # use runtime_core::{Arena, Slot};
/// Arena::<16>::new().write((Slot::<u8, 0, 2>::NEW, Slot::<u8, 1, 2>::NEW));
/// ```
#[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), repr(C, align(64)))]
#[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), repr(C, align(16)))]
pub struct Arena<const BYTES: usize>([u8; BYTES]);

/// `LEN` elements of type `T` at byte `OFFSET` of an arena.
#[derive(Clone, Copy)]
pub struct Slot<T, const OFFSET: usize, const LEN: usize>(PhantomData<T>);

impl<T: Element, const OFFSET: usize, const LEN: usize> Slot<T, OFFSET, LEN> {
    /// The place.
    pub const NEW: Self = Self(PhantomData);
}

impl<const BYTES: usize> Default for Arena<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BYTES: usize> Arena<BYTES> {
    /// An arena filled with zeros.
    pub const fn new() -> Self {
        Self([0; BYTES])
    }

    /// An arena filled with zeros on the heap, which is never on the stack: one of megabytes would not fit there.
    ///
    /// Aborts through [`alloc::alloc::handle_alloc_error`] if there is no memory for it.
    #[cfg(feature = "alloc")]
    pub fn boxed() -> alloc::boxed::Box<Self> {
        use alloc::alloc::{Layout, alloc_zeroed, handle_alloc_error};
        const {
            assert!(size_of::<Self>() > 0, "an arena of no bytes needs no heap: use `new`");
        }
        let layout = Layout::new::<Self>();
        // SAFETY: the layout is not of zero bytes, by the assertion above.
        let arena = unsafe { alloc_zeroed(layout) }.cast::<Self>();
        if arena.is_null() {
            handle_alloc_error(layout);
        }
        // SAFETY: the global allocator has given the memory for this layout, and zeros are bytes of an arena.
        unsafe { alloc::boxed::Box::from_raw(arena) }
    }

    /// The tensors `slots` (a slot or a tuple of slots) to read.
    #[inline(always)]
    pub fn read<R: Places>(&self, _slots: R) -> R::Shared<'_> {
        const { R::CHECK.inside(BYTES) }
        // SAFETY: inside the arena and aligned by the check; only shared references are made.
        unsafe { R::shared((&raw const self.0).cast()) }
    }

    /// The tensor or tensors `slots` to write.
    #[inline(always)]
    pub fn write<W: Places>(&mut self, _slots: W) -> W::Exclusive<'_> {
        const {
            W::CHECK.inside(BYTES);
            W::CHECK.disjoint();
        }
        // SAFETY: inside the arena, aligned and disjoint by the checks; `self` is borrowed exclusively.
        unsafe { W::exclusive((&raw mut self.0).cast()) }
    }

    /// The tensors `read` to read and the tensors `write` to write, at the same time.
    #[inline(always)]
    pub fn io<R: Places, W: Places>(&mut self, _read: R, _write: W) -> (R::Shared<'_>, W::Exclusive<'_>) {
        const {
            R::CHECK.inside(BYTES);
            W::CHECK.inside(BYTES);
            W::CHECK.disjoint();
            R::CHECK.apart_from(&W::CHECK);
        }
        let base = (&raw mut self.0).cast::<u8>();
        // SAFETY: inside the arena and aligned; what is written overlaps neither itself nor what is read.
        unsafe { (R::shared(base), W::exclusive(base)) }
    }
}

/// The byte ranges of up to eight slots, as the checks see them.
#[doc(hidden)]
pub struct Ranges {
    count: usize,
    ranges: [(usize, usize); 8],
    aligned: bool,
}

impl Ranges {
    const fn inside(&self, bytes: usize) {
        assert!(self.aligned, "slot misaligned");
        let mut i = 0;
        while i < self.count {
            assert!(self.ranges[i].1 <= bytes, "slot outside the arena");
            i += 1;
        }
    }

    const fn disjoint(&self) {
        let mut i = 0;
        while i < self.count {
            let mut j = i + 1;
            while j < self.count {
                assert!(apart(self.ranges[i], self.ranges[j]), "slots overlap");
                j += 1;
            }
            i += 1;
        }
    }

    const fn apart_from(&self, other: &Self) {
        let mut i = 0;
        while i < self.count {
            let mut j = 0;
            while j < other.count {
                assert!(apart(self.ranges[i], other.ranges[j]), "slots overlap");
                j += 1;
            }
            i += 1;
        }
    }
}

const fn apart(a: (usize, usize), b: (usize, usize)) -> bool {
    a.0 == a.1 || b.0 == b.1 || a.1 <= b.0 || b.1 <= a.0
}

mod sealed {
    pub trait Sealed {}
}

/// One slot, or a tuple of up to eight.
pub trait Places: Copy + sealed::Sealed {
    #[doc(hidden)]
    const CHECK: Ranges;
    /// What reading gives.
    type Shared<'a>;
    /// What writing gives.
    type Exclusive<'a>;
    /// # Safety
    /// `base` is an arena for which `CHECK` holds, not written during `'a`.
    #[doc(hidden)]
    unsafe fn shared<'a>(base: *const u8) -> Self::Shared<'a>;
    /// # Safety
    /// `base` is an arena for which `CHECK` holds; the disjoint slots are not otherwise used during `'a`.
    #[doc(hidden)]
    unsafe fn exclusive<'a>(base: *mut u8) -> Self::Exclusive<'a>;
}

impl<T, const O: usize, const L: usize> sealed::Sealed for Slot<T, O, L> {}
impl<T: Element, const O: usize, const L: usize> Places for Slot<T, O, L> {
    const CHECK: Ranges = Ranges {
        count: 1,
        ranges: [
            (O, O + L * size_of::<T>()),
            (0, 0),
            (0, 0),
            (0, 0),
            (0, 0),
            (0, 0),
            (0, 0),
            (0, 0),
        ],
        aligned: O.is_multiple_of(align_of::<T>()),
    };
    type Shared<'a> = &'a [T; L];
    type Exclusive<'a> = &'a mut [T; L];

    #[inline(always)]
    unsafe fn shared<'a>(base: *const u8) -> &'a [T; L] {
        // SAFETY: the caller checked bounds and alignment; any bits are a valid `Element`.
        unsafe { &*base.add(O).cast() }
    }

    #[inline(always)]
    unsafe fn exclusive<'a>(base: *mut u8) -> &'a mut [T; L] {
        // SAFETY: as above, and nothing else uses these bytes.
        unsafe { &mut *base.add(O).cast() }
    }
}

macro_rules! tuples {
    ($(($($name:ident),+))*) => {$(
        impl<$($name: sealed::Sealed),+> sealed::Sealed for ($($name,)+) {}
        impl<$($name: Places),+> Places for ($($name,)+) {
            const CHECK: Ranges = {
                let mut all = Ranges { count: 0, ranges: [(0, 0); 8], aligned: true };
                $(
                    assert!($name::CHECK.count == 1, "a tuple holds slots, not tuples");
                    all.ranges[all.count] = $name::CHECK.ranges[0];
                    all.aligned = all.aligned && $name::CHECK.aligned;
                    all.count += 1;
                )+
                all
            };
            type Shared<'a> = ($($name::Shared<'a>,)+);
            type Exclusive<'a> = ($($name::Exclusive<'a>,)+);

            #[inline(always)]
            unsafe fn shared<'a>(base: *const u8) -> Self::Shared<'a> {
                // SAFETY: the caller's promise holds for each slot.
                unsafe { ($($name::shared(base),)+) }
            }

            #[inline(always)]
            unsafe fn exclusive<'a>(base: *mut u8) -> Self::Exclusive<'a> {
                // SAFETY: the caller's promise holds for each slot, and they are disjoint.
                unsafe { ($($name::exclusive(base),)+) }
            }
        }
    )*};
}
tuples! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G) (A, B, C, D, E, F, G, H) }
