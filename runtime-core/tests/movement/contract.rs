//! What stops the build where a file was emitted for another version of the crate: here it runs.

use runtime_core::{ABI, assert_abi};

#[test]
fn files_of_this_version_build() {
    const { assert_abi(ABI) };
}

#[test]
#[should_panic(
    expected = "runtime-core is too old for this model: take the version that the head of the emitted file names"
)]
fn files_of_a_later_version_ask_for_a_later_crate() {
    assert_abi(ABI + 1);
}

#[test]
#[should_panic(expected = "runtime-core is too new for this model: emit it again with the edgec of this version")]
fn files_of_an_earlier_version_are_to_be_emitted_again() {
    assert_abi(ABI - 1);
}
