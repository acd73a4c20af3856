use alloc::vec;
use alloc::vec::Vec;
use runtime_core::paired::{self, Grouping};
use runtime_core::{interleaved, rows};

/// Packs weights `weight(group, input, channel)` of `groups` groups, with their parameters.
pub(super) fn pack(
    groups: usize,
    [k, n]: [usize; 2],
    grouping: Grouping,
    (bias, multiplier): (&[i32], &[i32]),
    weight: impl Fn(usize, usize, usize) -> i8,
) -> (Vec<u32>, Vec<i32>) {
    let (mut w, mut parameters) = (vec![], vec![]);
    for group in 0..groups {
        let mut words = vec![0; paired::packed_words(k, n, grouping)];
        paired::pack(
            [k, n],
            grouping,
            |input, channel| weight(group, input, channel),
            &mut words,
        )
        .unwrap();
        for channel in 0..n {
            for input in 0..k {
                let unpacked = paired::unpack([k, n], grouping, &words, input, channel);
                assert_eq!(unpacked, weight(group, input, channel));
            }
        }
        let mut numbers = vec![0; paired::parameters_len(n, grouping)];
        let channels = group * n..(group + 1) * n;
        paired::pack_parameters(grouping, &bias[channels.clone()], &multiplier[channels], &mut numbers);
        w.extend(words);
        parameters.extend(numbers);
    }
    (w, parameters)
}

/// The same in fours of channels.
pub(super) fn interleave(
    groups: usize,
    [k, n]: [usize; 2],
    (bias, multiplier): (&[i32], &[i32]),
    weight: impl Fn(usize, usize, usize) -> i8,
) -> (Vec<u8>, Vec<i32>) {
    let (mut w, mut parameters) = (vec![], vec![]);
    for group in 0..groups {
        let mut bytes = vec![0; interleaved::packed_len(k, n)];
        interleaved::pack([k, n], |input, channel| weight(group, input, channel), &mut bytes);
        for (channel, input) in (0..n).flat_map(|channel| (0..k).map(move |input| (channel, input))) {
            let unpacked = interleaved::unpack(k, &bytes, input, channel);
            assert_eq!(unpacked, weight(group, input, channel));
        }
        let mut numbers = vec![0; interleaved::parameters_len(n)];
        let channels = group * n..(group + 1) * n;
        interleaved::pack_parameters(&bias[channels.clone()], &multiplier[channels], &mut numbers);
        w.extend(bytes);
        parameters.extend(numbers);
    }
    (w, parameters)
}

/// Parameters of rows of weights.
pub(super) fn row_parameters(bias: &[i32], multiplier: &[i32]) -> Vec<i32> {
    let mut parameters = vec![0; 2 * bias.len()];
    rows::pack_parameters(bias, multiplier, &mut parameters);
    parameters
}
