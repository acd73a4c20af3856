//! No bytes are weights but those that were signed. From `compiler/`, with `cargo install cargo-fuzz`:
//!
//! ```sh
//! cargo +nightly fuzz run verify_weights -- -max_len=512
//! ```
//!
//! The first byte says whether what follows replaces, changes or only cuts a signed blob, whose digest is made right again
//! where the second byte is odd: otherwise hardly any input would come as far as the signature.
#![no_main]

use edgec::data::blob;
use edgec::tools::updates::{SecretKey, sign};
use runtime_core::updates::{Header, Layout, SIGNED_BYTES, Weights};
use std::sync::LazyLock;

struct Model;

impl Layout for Model {
    const BYTES: usize = 64;
    const STRUCTURE: [u8; 32] = [1; 32];
}

static KEY: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::from_seed(&[1; 32]));

static SIGNED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let unsigned = blob::unsigned(Model::STRUCTURE, &[42; Model::BYTES]);
    sign(&unsigned, &KEY, 5).expect("it is whole")
});

#[repr(align(8))]
struct Flash([u8; 512]);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let [how, digest, given @ ..] = bytes else { return };
    let mut blob = match how % 3 {
        0 => given.to_vec(),
        1 => SIGNED.iter().zip(given.iter().chain(std::iter::repeat(&0))).map(|(byte, change)| byte ^ change).collect(),
        _ => SIGNED[..SIGNED.len().min(given.len())].to_vec(),
    };
    if let (true, Ok(header), Some(weights)) = (digest % 2 == 1, Header::read(&blob), blob.get(192..)) {
        let signed = header.signed(weights);
        blob[..SIGNED_BYTES].copy_from_slice(&signed);
    }
    let mut flash = Flash([0xff; 512]);
    let length = blob.len().min(512);
    flash.0[..length].copy_from_slice(&blob[..length]);
    let taken = Weights::<Model>::verify(&flash.0[..length], &KEY.public_key(), 5).is_ok();
    assert_eq!(taken, flash.0[..length].starts_with(&SIGNED));
});
