//! A static that one part of the program gets for itself.
#![allow(unsafe_code)]

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

/// Something that is given away once, such as a model in a static.
pub struct Once<T> {
    is_taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: only whoever takes the value has a reference to it.
unsafe impl<T: Send> Sync for Once<T> {}

impl<T> Once<T> {
    /// A value that nobody has.
    pub const fn new(value: T) -> Self {
        Self {
            is_taken: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// The value, the first time.
    #[allow(clippy::mut_from_ref)]
    pub fn take(&'static self) -> Option<&'static mut T> {
        // A Cortex-M0 cannot exchange a value at once.
        let is_taken = alone(|| {
            let is_taken = self.is_taken.load(Ordering::Acquire);
            self.is_taken.store(true, Ordering::Release);
            is_taken
        });
        // SAFETY: nobody gets here twice, as nothing comes between the look and the note above.
        (!is_taken).then(|| unsafe { &mut *self.value.get() })
    }
}

/// Does something that no interrupt comes into.
#[cfg(target_arch = "arm")]
fn alone<T>(work: impl FnOnce() -> T) -> T {
    cortex_m::interrupt::free(|_| work())
}

/// The same on RV32, where these programs switch no interrupts on and have one processor.
#[cfg(target_arch = "riscv32")]
fn alone<T>(work: impl FnOnce() -> T) -> T {
    work()
}
