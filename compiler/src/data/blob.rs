//! Files of updatable weights, before they are signed. docs/updates.md has the format byte by byte.

use runtime_core::updates::{HEADER_BYTES, Header, MAGIC, NO_KEY, Refused, SIGNED_BYTES, TAG_BYTES, encrypt};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Whether a file begins as weights do.
pub fn is_blob(path: &Path) -> bool {
    let mut start = [0; MAGIC.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == MAGIC
}

/// The blob of weights for code of this structure. No device takes it before it is signed.
pub fn unsigned(structure: [u8; 32], weights: &[u8]) -> Vec<u8> {
    let header = Header {
        revision: 0,
        length: weights.len() as u64,
        structure,
        key: NO_KEY,
        encrypted: false,
        nonce: [0; 12],
    };
    assembled(&header, weights, &[0; 64])
}

/// The same, encrypted with a nonce that no other weights have had with this key. `None` if there are too many for the
/// cipher.
pub fn unsigned_encrypted(structure: [u8; 32], weights: &[u8], key: &[u8; 32], nonce: [u8; 12]) -> Option<Vec<u8>> {
    let header = Header {
        revision: 0,
        length: (weights.len() + TAG_BYTES) as u64,
        structure,
        key: NO_KEY,
        encrypted: true,
        nonce,
    };
    let mut payload = weights.to_vec();
    let tag = encrypt(&header, key, &mut payload)?;
    payload.extend(tag);
    Some(assembled(&header, &payload, &[0; 64]))
}

/// Header and payload of a file that is one whole blob, signed or not.
///
/// # Errors
/// If it is not.
pub fn parts(blob: &[u8]) -> Result<(Header, &[u8]), Refused> {
    let header = Header::read(blob)?;
    let payload = blob.get(HEADER_BYTES..).ok_or(Refused::Truncated)?;
    if payload.len() as u64 != header.length {
        return Err(Refused::Truncated);
    }
    if blob[..SIGNED_BYTES] != header.signed(payload) {
        return Err(Refused::Corrupted);
    }
    Ok((header, payload))
}

/// A blob of its parts.
pub fn assembled(header: &Header, payload: &[u8], signature: &[u8; 64]) -> Vec<u8> {
    [&header.signed(payload)[..], signature, payload].concat()
}
