//! Files cut short, with bits flipped, and of random bytes.

use super::build::{branching, floats, network};
use super::{Random, ZOO_TIME, compile, survives, zoo};
use proptest::prelude::*;
use prost::Message;
use std::time::Instant;

#[test]
fn the_network_itself_is_fine() {
    compile(&network().encode_to_vec()).unwrap();
    compile(&branching().encode_to_vec()).unwrap();
}

#[test]
fn truncations() {
    let bytes = network().encode_to_vec();
    for len in (0..bytes.len()).step_by(1024) {
        let cut = survives(&format!("the network cut to {len} bytes"), &bytes[..len]);
        assert!(cut.is_err(), "{len} of {} bytes are taken for a model", bytes.len());
    }
    // The last bytes are the functions: without them the call is a node of an operator nobody knows.
    for len in bytes.len() - 300..bytes.len() {
        let _ = survives(&format!("the network cut to {len} bytes"), &bytes[..len]);
    }
}

#[test]
fn truncations_of_the_zoo() {
    let start = Instant::now();
    for path in zoo(2 << 20) {
        if start.elapsed() > ZOO_TIME {
            return;
        }
        let bytes = std::fs::read(&path).unwrap();
        for len in (0..bytes.len()).step_by(1024.max(bytes.len() / 50)) {
            // A cut between two fields of the outermost message can leave a model without metadata.
            let _ = survives(&format!("{} cut to {len} bytes", path.display()), &bytes[..len]);
        }
    }
}

#[test]
fn bit_flips() {
    let whole = [network().encode_to_vec(), branching().encode_to_vec()];
    for seed in 0..10_000 {
        let mut random = Random(seed);
        let mut bytes = whole[usize::from(seed % 4 == 0)].clone();
        for _ in 0..=random.below(4) {
            // Most of the bytes are weights: aim half of the flips at the structure, which is at both ends.
            let at = match random.below(4) {
                0 => random.below(1024),
                1 => bytes.len() - 1 - random.below(512),
                _ => random.below(bytes.len()),
            };
            bytes[at] ^= 1 << random.below(8);
        }
        let _ = survives(&format!("the network with the bits of seed {seed} flipped"), &bytes);
    }
}

#[test]
fn bit_flips_of_the_zoo() {
    let start = Instant::now();
    for path in zoo(64 << 10) {
        if start.elapsed() > ZOO_TIME {
            return;
        }
        let bytes = std::fs::read(&path).unwrap();
        for seed in 0..100 {
            let mut bytes = bytes.clone();
            let mut random = Random(seed);
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
            let _ = survives(
                &format!("{} with the bit of seed {seed} flipped", path.display()),
                &bytes,
            );
        }
    }
}

#[test]
fn files_that_are_not_models() {
    for bytes in [
        "",
        "\n",
        "hello\n",
        "{}",
        "<html>",
        "version https://git-lfs.github.com/spec/v1\n",
    ] {
        survives(bytes, bytes.as_bytes()).unwrap_err();
    }
    for byte in 0..=255 {
        for len in [1, 2, 10, 1000] {
            survives(&format!("{len} bytes of {byte}"), &vec![byte; len]).unwrap_err();
        }
    }
}

/// A change to a file, by position in thousandths.
#[derive(Clone, Debug)]
enum Edit {
    Set(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (0..1000usize, any::<u8>()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (0..1000usize, prop::collection::vec(any::<u8>(), 1..20)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (0..1000usize, 1..300usize).prop_map(|(at, len)| Edit::Remove(at, len)),
        (0..1000usize, 1..300usize).prop_map(|(at, len)| Edit::Repeat(at, len)),
    ]
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let (Edit::Set(at, _) | Edit::Insert(at, _) | Edit::Remove(at, _) | Edit::Repeat(at, _)) = self;
        let at = at * bytes.len() / 1000;
        let to = |len: usize, bytes: &Vec<u8>| (at + len).min(bytes.len());
        match self {
            Edit::Set(_, byte) => bytes.iter_mut().skip(at).take(1).for_each(|b| *b = *byte),
            Edit::Insert(_, new) => drop(bytes.splice(at..at, new.iter().copied())),
            Edit::Remove(_, len) => drop(bytes.drain(at..to(*len, bytes))),
            Edit::Repeat(_, len) => bytes.extend_from_within(at..to(*len, bytes)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = survives("random bytes", &bytes);
    }

    #[test]
    fn random_edits(edits in prop::collection::vec(edit(), 1..6)) {
        let mut network = network();
        // Without the weights, edits hit what describes them.
        network.graph.as_mut().unwrap().initializer[1] = floats("m", &[512, 0]);
        let mut bytes = network.encode_to_vec();
        edits.iter().for_each(|edit| edit.apply(&mut bytes));
        let _ = survives("an edited network", &bytes);
    }
}
