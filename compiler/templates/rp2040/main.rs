//! Runs the self-test of the model on an RP2040, and tells the debug probe how it went.
#![no_std]
#![no_main]

mod model;

// What RTT does without interruption, it does by this crate, whether the program below names it or not.
use cortex_m as _;
use cortex_m_rt::entry;
use model::Model;
use panic_halt as _;
use rtt_target::{rprintln, rtt_init_print};

/// What the boot ROM runs first: it sets up the flash of a Pico.
#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

#[entry]
fn main() -> ! {
    // `#[entry]` makes a `&'static mut` of it. As a local it would be on the stack.
    static mut MODEL: Model = Model::new();

    rtt_init_print!();
    // One inference is `MODEL.run(..)`: src/model.rs says what it takes and gives.
    match MODEL.self_test() {
        Ok(()) => rprintln!("self-test passed"),
        Err(wrong) => rprintln!("self-test failed: output {} differs first at element {}", wrong.output, wrong.index),
    }
    loop {
        cortex_m::asm::wfi();
    }
}
