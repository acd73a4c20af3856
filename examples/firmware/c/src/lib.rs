//! The quantised model of handwritten digits as a library for C.
#![no_std]
#![deny(unsafe_code)]

mod digits {
    include!(concat!(env!("OUT_DIR"), "/digits.rs"));
}
mod digits_c {
    include!(concat!(env!("OUT_DIR"), "/digits_c.rs"));
}

/// Reached by no code of this library.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
