//! The model of handwritten digits for a browser: the functions that edgec emits for C are what the module exports, and
//! [`page/model.js`](../page/model.js) calls them.
#![no_std]
#![deny(unsafe_code)]

mod digits {
    include!(concat!(env!("OUT_DIR"), "/digits.rs"));
}
mod digits_c {
    include!(concat!(env!("OUT_DIR"), "/digits_c.rs"));
}

const _: () = assert!(
    cfg!(target_feature = "simd128"),
    "RUSTFLAGS replace those of .cargo/config.toml: add -C target-feature=+simd128"
);

/// Bytes of a model, for which the page has to find room.
#[allow(unsafe_code)] // No more than a name that no other function may have.
#[unsafe(no_mangle)]
pub extern "C" fn digits_bytes() -> usize {
    size_of::<digits::Digits>()
}

/// Reached by no code of this library.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
