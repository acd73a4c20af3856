//! Blobs of weights: what is taken, and that everything else is refused with its own error.

use ed25519_dalek::{Signer, SigningKey};
use runtime_core::Slot;
use runtime_core::updates::{
    CIPHER_KEY_BYTES, HEADER_BYTES, Header, Layout, NO_KEY, PublicKey, Ram, Refused, SIGNED_BYTES, TAG_BYTES, Weights,
    encrypt, key_id,
};

/// Sixteen bytes, eight integers of 16 bits and a double.
#[derive(Debug)]
struct Model;

const BYTES: usize = 40;
const STRUCTURE: [u8; 32] = [7; 32];
const CIPHER_KEY: [u8; CIPHER_KEY_BYTES] = [9; CIPHER_KEY_BYTES];

impl Layout for Model {
    const BYTES: usize = BYTES;
    const STRUCTURE: [u8; 32] = STRUCTURE;
}

/// Another model with as many bytes.
struct Other;

impl Layout for Other {
    const BYTES: usize = BYTES;
    const STRUCTURE: [u8; 32] = [8; 32];
}

/// A blob at an address that is a multiple of 8, with room behind it.
#[repr(align(8))]
struct Flash([u8; 512]);

impl Flash {
    fn with(blob: &[u8]) -> Self {
        let mut flash = Self([0xff; 512]);
        flash.0[..blob.len()].copy_from_slice(blob);
        flash
    }

    fn verify(&self, stored: u64) -> Result<Weights<'_, Model>, Refused> {
        Weights::verify(&self.0, &public_key(), stored)
    }
}

fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public_key() -> PublicKey {
    signing_key(1).verifying_key().to_bytes()
}

fn payload() -> [u8; BYTES] {
    std::array::from_fn(|i| (i * 37 + 5) as u8)
}

fn header(revision: u64) -> Header {
    Header {
        revision,
        length: BYTES as u64,
        structure: STRUCTURE,
        key: key_id(&public_key()),
        encrypted: false,
        nonce: [0; 12],
    }
}

fn signed(header: &Header, payload: &[u8], key: &SigningKey) -> Vec<u8> {
    let signed = header.signed(payload);
    [&signed[..], &key.sign(&signed).to_bytes(), payload].concat()
}

fn blob(revision: u64) -> Vec<u8> {
    signed(&header(revision), &payload(), &signing_key(1))
}

fn encrypted(revision: u64) -> Vec<u8> {
    let header = Header {
        length: (BYTES + TAG_BYTES) as u64,
        encrypted: true,
        nonce: *b"only for one",
        ..header(revision)
    };
    let mut weights = payload().to_vec();
    let tag = encrypt(&header, &CIPHER_KEY, &mut weights).unwrap();
    weights.extend(tag);
    signed(&header, &weights, &signing_key(1))
}

fn refused(blob: &[u8]) -> Refused {
    Flash::with(blob).verify(3).err().expect("it is taken")
}

#[test]
fn what_is_signed_is_read_where_it_is() {
    let flash = Flash::with(&blob(3));
    let weights = flash.verify(3).unwrap();
    assert_eq!(weights.revision(), 3);
    let bytes = weights.read(Slot::<u8, 0, 16>::NEW);
    assert_eq!(bytes[..], payload()[..16]);
    assert_eq!(bytes.as_ptr(), flash.0[HEADER_BYTES..].as_ptr(), "nothing is copied");
    let halves = weights.read(Slot::<i16, 16, 8>::NEW);
    assert_eq!(halves[1], i16::from_le_bytes([payload()[18], payload()[19]]));
    let double = weights.read(Slot::<f64, 32, 1>::NEW)[0];
    assert_eq!(double.to_le_bytes(), payload()[32..]);
}

#[test]
fn each_fault_has_its_own_error() {
    let whole = blob(3);
    assert_eq!(refused(&[]), Refused::NotWeights, "an empty slot");
    let exact = |blob: &[u8]| {
        let flash = Flash::with(blob);
        Weights::<Model>::verify(&flash.0[..blob.len()], &public_key(), 3).err()
    };
    for length in 0..whole.len() {
        assert_eq!(exact(&whole[..length]), Some(Refused::Truncated), "{length} bytes");
    }
    assert_eq!(exact(&whole), None);
    let mut format = whole.clone();
    format[8] = 2;
    assert_eq!(refused(&format), Refused::OtherFormat);
    assert_eq!(refused(&blob(2)), Refused::Older { revision: 2, stored: 3 });
    let flash = Flash::with(&whole);
    let of_other = Weights::<Other>::verify(&flash.0, &public_key(), 3).err();
    assert_eq!(of_other, Some(Refused::OtherModel));
    let with_other = Weights::<Model>::verify(&flash.0, &signing_key(2).verifying_key().to_bytes(), 3).err();
    assert_eq!(with_other, Some(Refused::OtherKey));
    let never = Header {
        key: NO_KEY,
        ..header(0)
    };
    assert_eq!(
        refused(&signed(&never, &payload(), &signing_key(1))),
        Refused::NotSigned
    );
    // Who names the right key does not have it.
    assert_eq!(
        refused(&signed(&header(9), &payload(), &signing_key(2))),
        Refused::Forged
    );
    let short = Header {
        length: 32,
        ..header(3)
    };
    assert_eq!(
        refused(&signed(&short, &payload()[..32], &signing_key(1))),
        Refused::OtherModel
    );
    assert_eq!(refused(&encrypted(3)), Refused::Encrypted);
    #[repr(align(8))]
    struct Shifted([u8; 256]);
    let mut shifted = Shifted([0; 256]);
    shifted.0[4..4 + whole.len()].copy_from_slice(&whole);
    let misaligned = Weights::<Model>::verify(&shifted.0[4..], &public_key(), 3).err();
    assert_eq!(misaligned, Some(Refused::Misaligned));
}

#[test]
fn every_flipped_bit_is_found() {
    let whole = blob(3);
    for bit in 0..8 * whole.len() {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let expected: &[Refused] = match bit / 8 {
            0..8 => &[Refused::NotWeights],
            8..12 | 84..96 => &[Refused::OtherFormat],
            12..16 => &[Refused::OtherFormat, Refused::Corrupted],
            24..32 => &[Refused::Truncated, Refused::Corrupted],
            SIGNED_BYTES..HEADER_BYTES => &[Refused::Forged],
            _ => &[Refused::Corrupted],
        };
        let got = refused(&flipped);
        assert!(expected.contains(&got), "bit {bit}: {got}");
    }
}

#[test]
fn encrypted_weights_are_those_that_were_packed() {
    let flash = Flash::with(&encrypted(4));
    let mut ram = Ram::<BYTES>::new();
    let weights = Weights::<Model>::decrypt(&flash.0, &public_key(), 3, &CIPHER_KEY, &mut ram).unwrap();
    assert_eq!(weights.read(Slot::<u8, 0, BYTES>::NEW)[..], payload());
    let mut decrypt = |blob: &[u8], stored, key: &[u8; 32]| {
        let flash = Flash::with(blob);
        Weights::<Model>::decrypt(&flash.0, &public_key(), stored, key, &mut ram).err()
    };
    assert_eq!(decrypt(&encrypted(4), 3, &[1; 32]), Some(Refused::OtherCipherKey));
    assert_eq!(decrypt(&blob(4), 3, &CIPHER_KEY), Some(Refused::NotEncrypted));
    assert_eq!(
        decrypt(&encrypted(2), 3, &CIPHER_KEY),
        Some(Refused::Older { revision: 2, stored: 3 })
    );
    let mut damaged = encrypted(4);
    damaged[HEADER_BYTES] ^= 1;
    assert_eq!(decrypt(&damaged, 3, &CIPHER_KEY), Some(Refused::Corrupted));
}

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }
}

/// `blob`, damaged in one of the ways in which transfers and flash do it, or somebody who cannot sign.
fn damaged(blob: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = blob.to_vec();
    let (a, b) = (random.below(bytes.len()), random.below(bytes.len()));
    let (start, end) = (a.min(b), a.max(b) + 1);
    match random.below(8) {
        0 => (0..=random.below(8)).for_each(|_| bytes[random.below(blob.len())] ^= 1 << random.below(8)),
        1 => bytes[start..end].fill(0xff),
        2 => bytes[start..end].fill(0),
        3 => bytes[start..end].copy_from_slice(&other[start..end]),
        4 => bytes[start..end].reverse(),
        5 => bytes[start..end].iter_mut().for_each(|byte| *byte = random.byte()),
        6 => bytes[start..].rotate_left(1),
        // Whoever changes a header or a weight and knows the format makes the digest right again.
        _ => {
            bytes[16 + random.below(8)] ^= 1 + random.byte() % 255;
            bytes[HEADER_BYTES + random.below(BYTES)] ^= random.byte();
            if let Ok(header) = Header::read(&bytes) {
                let signed = header.signed(&bytes[HEADER_BYTES..]);
                bytes[..SIGNED_BYTES].copy_from_slice(&signed);
            }
        }
    }
    bytes
}

#[test]
fn none_of_ten_thousand_damaged_blobs_is_taken() {
    let (plain, hidden) = (blob(3), encrypted(3));
    let mut random = Random(1);
    let (mut tried, mut forged) = (0, 0);
    let mut ram = Ram::<BYTES>::new();
    while tried < 10_000 {
        let encrypts = random.below(4) == 0;
        let (whole, other) = if encrypts {
            (&hidden, encrypted(4))
        } else {
            (&plain, blob(4))
        };
        let bytes = damaged(whole, &other, &mut random);
        if bytes == *whole || bytes == other {
            continue;
        }
        let flash = Flash::with(&bytes);
        let refused = match encrypts {
            true => Weights::<Model>::decrypt(&flash.0, &public_key(), 3, &CIPHER_KEY, &mut ram).err(),
            false => flash.verify(3).err(),
        };
        assert!(refused.is_some(), "{bytes:?} is taken");
        forged += usize::from(refused == Some(Refused::Forged));
        tried += 1;
    }
    assert!(forged > 500, "few came as far as the signature: {forged}");
}
