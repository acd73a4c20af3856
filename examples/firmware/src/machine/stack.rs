//! How deep the stack grew: cortex-m-rt paints the memory below it before the program starts.

use cortex_m_rt::{STACK_PAINT_VALUE, heap_start};

/// Bytes from the top of the stack to the deepest that was ever written.
#[allow(unsafe_code)]
pub(crate) fn used() -> usize {
    unsafe extern "C" {
        /// The linker script's end of RAM.
        static _stack_start: u32;
    }
    let top = &raw const _stack_start;
    let mut at = heap_start().cast_const();
    // SAFETY: between these two the linker script has whole words of RAM, which hold nothing but the stack.
    while at < top && unsafe { at.read_volatile() } == STACK_PAINT_VALUE {
        at = at.wrapping_add(1);
    }
    top.addr() - at.addr()
}
