//! Kernels on the layouts of certain cores, and other kernels that these have assembler for, against plain ones.

extern crate alloc;

mod layers;

use layers::Place;
use runtime_core::interleaved;
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
    assert!(upper_word::never_halfway(i32::MAX.into(), 0));
}

#[test]
fn weights_that_are_not_there_are_zeros() {
    let mut packed = vec![0; interleaved::packed_len(3, 5)];
    interleaved::pack([3, 5], |_, _| 1, &mut packed);
    // Behind the last input, behind the last channel, and behind the last four channels.
    for (input, channel) in [(3, 4), (0, 5), (0, 8)] {
        assert_eq!(interleaved::unpack(3, &packed, input, channel), 0);
    }
    let mut words = vec![0; paired::packed_words(3, 5, Grouping::Pairs)];
    paired::pack([3, 5], Grouping::Pairs, |_, _| 1, &mut words).unwrap();
    for (input, channel) in [(3, 4), (0, 5), (0, 6)] {
        assert_eq!(paired::unpack([3, 5], Grouping::Pairs, &words, input, channel), 0);
    }
}
