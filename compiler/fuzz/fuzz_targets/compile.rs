//! Any model compiles or gives an error, in floats and in integers; `scripts/fuzz.sh` runs it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| edgec_fuzz::compile(bytes));
