//! Listens for words with the quantised model of `examples/keywords`, 128 samples at a time, and says what it hears.
//!
//! A line a word: `at 464 ms: hey`. The exit code is 1 if these are not the words that were said.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

#[path = "../../../keywords/recording.rs"]
mod recording;

use firmware::{Once, Report, Ring, timed};
use recording::{RECORDING, SAID, WORDS};

mod keywords {
    include!(concat!(env!("OUT_DIR"), "/keywords.rs"));
}
use keywords::Keywords;

/// Samples of a run: 16 ms.
const FRAME: usize = Keywords::SOUND_SHAPE[2];
/// Samples that the microphone brings at once: what an interrupt of its memory access would, and no multiple of a
/// frame.
const BROUGHT: usize = 100;
/// Samples a millisecond.
const RATE: usize = 8;
/// Runs in a row in which a word must have the highest score to be heard: 160 ms.
const ENOUGH: u32 = 10;

/// The microphone writes here, and the model reads.
static HEARD: Ring<512> = Ring::new();

// The working memory of the model is a part of it. Where there is fast memory, that is in it.
#[cfg(fast_memory)]
keywords::keywords_static!(static MODEL: Once<Keywords> = Once::new(Keywords::new()));
#[cfg(not(fast_memory))]
static MODEL: Once<Keywords> = Once::new(Keywords::new());

#[cfg(target_arch = "arm")]
#[cortex_m_rt::entry]
fn main() -> ! {
    start()
}

/// What the start of RV32 calls.
#[cfg(target_arch = "riscv32")]
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    start()
}

fn start() -> ! {
    firmware::run(|report| MODEL.take().is_some_and(|model| listen(model, report)))
}

/// Hears the recording; true if the words are those that were said.
fn listen(model: &mut Keywords, report: &mut Report) -> bool {
    let mut frame = [0; FRAME];
    let mut word = Word::default();
    let mut said = SAID.iter();
    let (mut is_right, mut most, mut samples, mut sum) = (true, 0, 0, 0_u32);
    for brought in RECORDING.chunks(BROUGHT) {
        // An interrupt would do this.
        is_right &= brought.iter().all(|sample| HEARD.push(*sample as i8));
        while HEARD.take(&mut frame) {
            let (ticks, scores) = timed(|| model.run(&frame));
            most = ticks.max(most);
            samples += FRAME;
            let bytes = scores.iter().map(|score| u32::from(score.cast_unsigned()));
            sum = bytes.fold(sum, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
            if let Some(heard) = word.after(scores) {
                report.text("at ");
                report.integer((samples / RATE) as i32);
                report.text(" ms: ");
                report.text(heard);
                report.text("\n");
                is_right &= said.next().is_some_and(|said| *said == heard);
            }
        }
    }
    is_right &= said.next().is_none();
    report.ticks("one inference", most);
    report.text("sum of all scores: ");
    report.hexadecimal(sum);
    report.text("\n");
    report.text(if is_right {
        "these are the words that were said\n"
    } else {
        "other words were said\n"
    });
    is_right
}

/// The word that has the highest score, and for how many runs.
#[derive(Default)]
struct Word {
    index: usize,
    runs: u32,
}

impl Word {
    /// The word that the scores of one more run let us hear: once, however long it sounds.
    fn after(&mut self, scores: &[i8; WORDS.len()]) -> Option<&'static str> {
        let highest = scores.iter().copied().fold(i8::MIN, i8::max);
        let index = scores.iter().position(|score| *score == highest).unwrap_or(0);
        if index != self.index {
            *self = Self { index, runs: 0 };
        }
        self.runs = self.runs.saturating_add(1);
        // The first one is that nothing is said.
        WORDS.get(index).copied().filter(|_| index > 0 && self.runs == ENOUGH)
    }
}
