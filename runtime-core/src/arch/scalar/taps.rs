//! Depthwise convolutions.

use crate::arch::position::{Positions, Taps};
use crate::arch::{TapWindow, portable};
use crate::interleaved::WIDTH;

unsafe extern "C" {
    fn edgec_all_taps(x: *const i8, y: *mut i8, taps: *mut Taps);
    fn edgec_some_taps(x: *const i8, y: *mut i8, taps: *mut Taps);
}

#[inline(never)]
pub(super) fn taps(window: &TapWindow<'_, i8>, y: &mut [i8]) {
    let positions = Positions {
        width: WIDTH,
        all: edgec_all_taps,
        some: edgec_some_taps,
    };
    // SAFETY: the assembler computes four channels a turn as promised.
    let done = unsafe { positions.run(window, y) };
    if done < window.channels {
        portable::interleaved::window(*window, y, done);
    }
}
