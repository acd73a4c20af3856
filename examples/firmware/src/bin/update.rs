//! Updates the weights of a model in two slots of flash on a Cortex-M4F, once for every byte at which the power can go.
//!
//! After every cut the device starts: it must have weights that can be trusted, the new ones once they are whole, and
//! none older than what it has confirmed. The exit code is 1 if that fails once. See docs/updates.md.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

#[path = "../../../digits/src/images.rs"]
mod images;
#[path = "../../../digits/samples.rs"]
mod samples;

use cortex_m_rt::entry;
use firmware::slots::{self, Flash, PowerLost, Simulated};
use firmware::{Report, timed};
use images::IMAGES;

mod int8 {
    include!(concat!(env!("OUT_DIR"), "/digits_updatable.rs"));
}
use int8::{DigitsInt8, DigitsInt8Weights};

include!(concat!(env!("OUT_DIR"), "/public_key.rs"));

/// What devices leave the factory with, and what comes later.
static OLD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/digits_1.weights"));
static NEW: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/digits_2.weights"));

#[entry]
fn main() -> ! {
    static mut MODEL: DigitsInt8 = DigitsInt8::new();
    static mut FACTORY: Simulated = Simulated::new();
    static mut FLASH: Simulated = Simulated::new();
    firmware::run(|report| survive(MODEL, FACTORY, FLASH, report))
}

/// Makes the first start, then updates with a cut at every operation, of a byte or a page; true if all went well.
fn survive(model: &mut DigitsInt8, factory: &mut Simulated, flash: &mut Simulated, report: &mut Report) -> bool {
    let made = slots::write(factory, 0, OLD).and_then(|()| slots::confirm(factory, 1));
    if made.is_err() || revision(factory) != 1 {
        return false;
    }
    let (mut cuts, mut old) = (0, 0);
    loop {
        flash.clone_from(factory);
        flash.cut_after(cuts);
        let ended = update(flash, 0);
        let stored = slots::stored_revision(flash.bytes());
        match (revision(flash), stored) {
            (1, 1) => old += 1,
            (2, 1 | 2) => {}
            _ => return false,
        }
        if ended.is_ok() {
            break;
        }
        cuts += 1;
    }
    report.integer(cuts as i32);
    report.text(" cuts of the power: after ");
    report.integer(old);
    report.text(" the device has its old weights, after the others the new ones\n");
    let (ticks, started) = timed(|| revision(flash));
    report.ticks("one start", ticks);
    started == 2 && has_opposite_scores(model, factory, flash)
}

/// What a device does with an update that has started with the weights of slot `used`: into the other slot, verify, and
/// no way back once the new weights work.
fn update(flash: &mut impl Flash, used: usize) -> Result<(), PowerLost> {
    slots::write(flash, 1 - used, NEW)?;
    match boot(flash).map(|(_, weights)| weights.revision()) {
        Some(revision) => slots::confirm(flash, revision),
        None => Ok(()),
    }
}

fn boot(flash: &impl Flash) -> Option<(usize, DigitsInt8Weights<'_>)> {
    slots::boot(flash.bytes(), &PUBLIC_KEY)
}

/// The revision of the weights that a start finds, 0 for none.
fn revision(flash: &impl Flash) -> u64 {
    boot(flash).map_or(0, |(_, weights)| weights.revision())
}

/// Whether the new weights give each class the score that the old ones give the opposite one.
fn has_opposite_scores(model: &mut DigitsInt8, old: &impl Flash, new: &impl Flash) -> bool {
    let (Some((_, old)), Some((_, new))) = (boot(old), boot(new)) else {
        return false;
    };
    IMAGES.iter().all(|image| {
        let scores = *model.run(&old, &image.pixels);
        scores.iter().eq(model.run(&new, &image.pixels).iter().rev())
    })
}
