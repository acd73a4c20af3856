//! No bytes are weights but those that were signed; `scripts/fuzz.sh` runs it.
//!
//! The first byte says whether what follows replaces, changes or only cuts a signed blob, whose digest is made right again
//! where the second byte is odd: otherwise hardly any input would come as far as the signature.
#![no_main]

use ed25519_dalek::{Signer, SigningKey};
use runtime_core::updates::{HEADER_BYTES, Header, Layout, PublicKey, SIGNED_BYTES, Weights, key_id};
use std::sync::LazyLock;

const REVISION: u64 = 5;

struct Model;

impl Layout for Model {
    const BYTES: usize = 64;
    const STRUCTURE: [u8; 32] = [1; 32];
}

/// The key, and a blob that is signed with it.
static SIGNED: LazyLock<(PublicKey, Vec<u8>)> = LazyLock::new(|| {
    let key = SigningKey::from_bytes(&[1; 32]);
    let public = key.verifying_key().to_bytes();
    let header = Header {
        revision: REVISION,
        length: Model::BYTES as u64,
        structure: Model::STRUCTURE,
        key: key_id(&public),
        encrypted: false,
        nonce: [0; 12],
    };
    let weights = [42; Model::BYTES];
    let signed = header.signed(&weights);
    (public, [&signed[..], &key.sign(&signed).to_bytes(), &weights].concat())
});

#[repr(align(8))]
struct Flash([u8; 512]);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let [how, digest, given @ ..] = bytes else { return };
    let (key, signed) = &*SIGNED;
    let mut blob = match how % 3 {
        0 => given.to_vec(),
        1 => {
            let changes = given.iter().chain(std::iter::repeat(&0));
            signed.iter().zip(changes).map(|(byte, change)| byte ^ change).collect()
        }
        _ => signed[..signed.len().min(given.len())].to_vec(),
    };
    if let (true, Ok(header), Some(weights)) = (digest % 2 == 1, Header::read(&blob), blob.get(HEADER_BYTES..)) {
        let signed = header.signed(weights);
        blob[..SIGNED_BYTES].copy_from_slice(&signed);
    }
    let mut flash = Flash([0xff; 512]);
    let length = blob.len().min(512);
    flash.0[..length].copy_from_slice(&blob[..length]);
    let taken = Weights::<Model>::verify(&flash.0[..length], key, REVISION).is_ok();
    assert_eq!(taken, flash.0[..length].starts_with(signed));
});
