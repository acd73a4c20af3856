//! Depthwise convolutions.

use crate::arch::position::{Positions, Taps};
use crate::arch::{TapWindow, portable};
use crate::rows::EIGHT;

unsafe extern "C" {
    fn edgec_eights_all(x: *const i8, y: *mut i8, taps: *mut Taps);
    fn edgec_eights_some(x: *const i8, y: *mut i8, taps: *mut Taps);
}

#[inline(never)]
pub(super) fn taps(window: &TapWindow<'_, i8>, y: &mut [i8]) {
    let positions = Positions {
        width: EIGHT,
        all: edgec_eights_all,
        some: edgec_eights_some,
    };
    // SAFETY: the assembler computes eight channels a turn as promised.
    let done = unsafe { positions.run(window, y) };
    if done < window.channels {
        portable::rows::window(*window, y, done);
    }
}
