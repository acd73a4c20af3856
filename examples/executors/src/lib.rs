//! What both programs share: the model, images of digits, and the end of the program.
#![no_std]
#![forbid(unsafe_code)]

#[path = "../../digits/src/images.rs"]
mod images;
#[path = "../../digits/samples.rs"]
mod samples;

mod int8 {
    include!(concat!(env!("OUT_DIR"), "/digits_int8.rs"));
}

use cortex_m_semihosting::{debug, hprintln};
pub use int8::DigitsInt8;
use panic_halt as _;

/// What the model takes: eight rows of eight pixels.
pub type Pixels = [i8; 64];

/// The images that stand for those of a sensor, in their order.
pub fn photographs() -> impl Iterator<Item = &'static Pixels> {
    images::IMAGES.iter().map(|image| &image.pixels)
}

/// The digit with the highest score.
pub fn best(scores: &[i8; 10]) -> usize {
    let highest = scores.iter().copied().fold(i8::MIN, i8::max);
    scores.iter().position(|&score| score == highest).unwrap_or(0)
}

/// Compares digits with those that were written, in their order; says what was read once all have come, and ends with
/// exit code 0 if that was everything.
#[derive(Default)]
pub struct Reader {
    read: usize,
    right: usize,
}

impl Reader {
    /// Nothing has been read.
    pub const fn new() -> Self {
        Self { read: 0, right: 0 }
    }

    /// Takes the next digit.
    pub fn take(&mut self, digit: usize) {
        let Some(image) = images::IMAGES.get(self.read) else {
            return;
        };
        self.read += 1;
        self.right += usize::from(image.label == digit);
        if self.read == images::IMAGES.len() {
            hprintln!("{} of {} digits are read", self.right, self.read);
            let good = self.right == self.read;
            debug::exit(if good { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
        }
    }
}
