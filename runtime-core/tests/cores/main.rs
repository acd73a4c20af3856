//! Kernels on the layouts of certain cores, and other kernels that these have assembler for, against plain ones.

extern crate alloc;

mod layers;

use layers::Place;
use runtime_core::paired::{self, Grouping};
use runtime_core::upper_word;

/// This machine's memory goes on.
struct Anywhere;

impl Place for Anywhere {
    fn at_end<'a, T: Copy + 'a>(&'a mut self, elements: &'a mut [T]) -> &'a mut [T] {
        elements
    }
}

#[test]
fn products() {
    layers::products(&mut Anywhere, 300);
}

#[test]
fn convolutions() {
    layers::convolutions(&mut Anywhere, 300);
}

#[test]
fn depthwise_convolutions() {
    layers::depthwise_convolutions(&mut Anywhere, 300);
}

#[test]
fn sums() {
    layers::sums(&mut Anywhere, 100);
}

#[test]
fn what_does_not_fit_is_told() {
    let pack = |a, b| paired::pack([1, 2], Grouping::Pairs, |_, channel| [b, a][channel], &mut [0; 4]);
    assert_eq!(pack(-128, -1), None);
    assert_eq!(pack(-128, 0), Some(()));
    assert_eq!(pack(127, 127), Some(()));
    assert!(paired::fits_upper((1 << 23) - 1) && !paired::fits_upper(1 << 23));
    assert!(upper_word::never_halfway(i32::MAX.into(), 5) && !upper_word::never_halfway(1 << 20, 1 << 11));
    assert!(upper_word::never_halfway((1 << 20) - 1, 1 << 11));
}
