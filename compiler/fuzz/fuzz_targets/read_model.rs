//! Any bytes are a model or an error; `scripts/fuzz.sh` runs it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| edgec_fuzz::read_model(bytes));
