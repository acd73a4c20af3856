//! The random layers of `runtime-core/tests/cores` on a Cortex-M, with each operand of a kernel
//! in turn at the very end of the board's memory: a read or write behind it is a fault.
#![no_std]
#![no_main]

extern crate alloc;

#[path = "../../../runtime-core/tests/cores/layers/mod.rs"]
mod layers;

use core::mem::{align_of, size_of, size_of_val};
use core::panic::PanicInfo;
use cortex_m_rt::{ExceptionFrame, entry, exception};
use cortex_m_semihosting::{debug, hprintln};
use embedded_alloc::LlffHeap;
use layers::Place;

/// Random layers of each kind.
const ROUNDS: usize = match option_env!("ROUNDS") {
    Some(_) => 3000,
    None => 150,
};

/// The first address behind the board's memory, and the bytes before it that nothing else uses.
const END: usize = if cfg!(feature = "mve") {
    0x3140_0000
} else {
    0x2040_0000
};
const ROOM: usize = 256 * 1024;

#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();
static mut MEMORY: [u8; 2 * 1024 * 1024] = [0; 2 * 1024 * 1024];

struct EndOfMemory;

impl Place for EndOfMemory {
    fn at_end<'a, T: Copy + 'a>(&'a mut self, elements: &'a mut [T]) -> &'a mut [T] {
        let bytes = size_of_val(elements);
        assert!(bytes <= ROOM && size_of::<T>().is_multiple_of(align_of::<T>()));
        let first = (END - bytes) as *mut T;
        // SAFETY: the last ROOM bytes of memory belong to this struct, of which there is one, and `self` is borrowed as
        // long as the slice; they are written before they are read.
        unsafe {
            core::ptr::copy_nonoverlapping(elements.as_ptr(), first, elements.len());
            core::slice::from_raw_parts_mut(first, elements.len())
        }
    }
}

#[entry]
fn main() -> ! {
    // SAFETY: called once, before the first allocation, with memory that nothing else uses.
    unsafe { HEAP.init((&raw mut MEMORY) as usize, 2 * 1024 * 1024) };
    let place = &mut EndOfMemory;
    layers::products(place, ROUNDS);
    hprintln!("{} products", ROUNDS);
    layers::convolutions(place, ROUNDS);
    hprintln!("{} convolutions", ROUNDS);
    layers::depthwise_convolutions(place, ROUNDS);
    hprintln!("{} depthwise convolutions", ROUNDS);
    layers::sums(place, 100);
    hprintln!("100 sums");
    loop {
        debug::exit(debug::EXIT_SUCCESS);
    }
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    hprintln!("a read or write outside of memory, at {:#010x}", frame.pc());
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}
