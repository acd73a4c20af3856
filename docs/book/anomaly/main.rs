//! Watches the vibration of a motor on an RP2040, and tells the debug probe when it is that of no healthy one.
#![no_std]
#![no_main]

mod model;

// Its critical section, which rtt-target asks for.
use cortex_m as _;
use cortex_m_rt::entry;
use model::Model;
use panic_halt as _;
use rtt_target::{rprintln, rtt_init_print};

/// What the boot ROM runs first: it sets up the flash of a Pico.
#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

/// Samples of a window.
const WINDOW: usize = Model::WINDOW_SHAPE[1];
/// What threshold.py has chosen.
const THRESHOLD: f32 = 0.0043;
/// Windows in a row above it that are an alarm.
const ENOUGH: u32 = 3;

/// The next sample in g, 1600 a second: the driver of your accelerometer comes here.
fn acceleration() -> f32 {
    0.0
}

#[entry]
fn main() -> ! {
    static mut MODEL: Model = Model::new();

    rtt_init_print!();
    if MODEL.self_test().is_err() {
        rprintln!("self-test failed");
    }
    let mut above: u32 = 0;
    loop {
        let window: [f32; WINDOW] = core::array::from_fn(|_| acceleration());
        let rebuilt = MODEL.run(&window);
        let error = window
            .iter()
            .zip(rebuilt)
            .map(|(given, made)| (given - made) * (given - made))
            .sum::<f32>()
            / WINDOW as f32;
        above = if error > THRESHOLD { above.saturating_add(1) } else { 0 };
        if above == ENOUGH {
            rprintln!("this is no healthy motor");
        }
    }
}
