//! Estimates of what the matrix kernels take, for choosing between them: thousandths of an instruction. Those of
//! microcontrollers are counts on a Cortex-M4F, with integers at opt-level 3; those of boards are proportions of times
//! with AVX2 (`cargo bench -p runtime-core`).

use crate::machine::Machine;

/// By panels of weights: `products` count those with what fills up the panels.
pub(in crate::ir) fn panels(machine: &Machine, products: u64) -> u64 {
    products * if machine.microcontroller { 3000 } else { 100 }
}

/// By pairs of channels with DSP instructions: so many products with what fills up the pairs, and so many inputs that
/// are widened first.
pub(in crate::ir) fn pairs(products: u64, widened: u64) -> u64 {
    products * 900 + widened * 2500
}

/// By fours of channels on cores that compute one number at a time: so many products with what fills up the fours, and
/// so many inputs that are widened first.
pub(in crate::ir) fn fours(products: u64, widened: u64) -> u64 {
    products * 1600 + widened * 6000
}

/// Each channel by itself, in fours, on cores that compute one number at a time.
pub(in crate::ir) fn fours_of_taps(products: u64) -> u64 {
    products * 6000
}

/// By rows of weights with vectors: so many results of `k` products each, and so many inputs that are copied first.
pub(in crate::ir) fn rows(results: u64, k: usize, copied: u64) -> u64 {
    results * (7000 + 2500 * k.div_ceil(16) as u64) + copied * 1000
}

/// Each channel by itself, in eights, with vectors.
pub(in crate::ir) fn eights_of_taps(products: u64) -> u64 {
    products * 1400
}

/// Each channel by itself, with DSP instructions.
pub(in crate::ir) fn halfwords(products: u64) -> u64 {
    products * 2700
}

/// By Winograd's filtering: so many products with what fills up the panels, and so many elements of transformed tiles.
pub(in crate::ir) fn winograd(machine: &Machine, products: u64, transformed: u64) -> u64 {
    panels(machine, products) + transformed * 3000
}

/// The set-up of so many runs of a convolution's taps: the rows of its kernel, once per pixel.
pub(in crate::ir) fn runs(machine: &Machine, runs: u64) -> u64 {
    runs * if machine.microcontroller { 20_000 } else { 5000 }
}

/// Each channel by itself.
pub(in crate::ir) fn depthwise(machine: &Machine, products: u64) -> u64 {
    products * if machine.microcontroller { 9000 } else { 300 }
}

/// By weights without the zeros: so many are left, in so many places of sixteen.
pub(in crate::ir) fn sparse(machine: &Machine, weights: u64, places: u64) -> u64 {
    if machine.microcontroller {
        weights * 16_000 + places * 2000
    } else {
        weights * 600
    }
}

/// What weights of four bits add to that many products: to take them apart where registers have one number each.
/// Vectors take apart many at once, while less is read from memory.
pub(in crate::ir) fn unpacking(machine: &Machine, products: u64) -> u64 {
    products * if machine.microcontroller { 1000 } else { 0 }
}
