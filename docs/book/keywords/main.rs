//! Listens for words on an STM32F4, 128 samples at a time, and tells the debug probe what it hears.
#![no_std]
#![no_main]

mod model;

// Its critical section, which rtt-target asks for.
use cortex_m as _;
use cortex_m_rt::entry;
use model::Model;
use panic_halt as _;
use rtt_target::{rprintln, rtt_init_print};

const WORDS: [&str; 5] = ["nothing", "yes", "no", "stop", "hey"];
/// Samples of a run: 16 ms at 8 kHz.
const FRAME: usize = Model::SOUND_SHAPE[2];
/// Runs in a row in which a word must have the highest score to be heard: 160 ms.
const ENOUGH: u32 = 10;

/// The next samples of the microphone, 8000 a second, in steps of 1/128: your driver comes here.
fn microphone(_frame: &mut [i8; FRAME]) {}

#[entry]
fn main() -> ! {
    static mut MODEL: Model = Model::new();

    rtt_init_print!();
    if MODEL.self_test().is_err() {
        rprintln!("self-test failed");
    }
    let mut frame = [0; FRAME];
    let (mut last, mut runs) = (0, 0_u32);
    loop {
        microphone(&mut frame);
        let scores = MODEL.run(&frame);
        let best = (0..WORDS.len()).fold(0, |best, word| if scores[word] > scores[best] { word } else { best });
        runs = if best == last { runs.saturating_add(1) } else { 1 };
        last = best;
        // The first one is that nothing is said.
        if best > 0 && runs == ENOUGH {
            rprintln!("{}", WORDS[best]);
        }
    }
}
