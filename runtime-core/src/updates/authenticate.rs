//! The checks of a blob, in one copy for all models of a firmware.

use super::{HEADER_BYTES, Header, NO_KEY, PublicKey, Refused, SIGNED_BYTES, key_id};
use crate::weights::BLOCK_ALIGNMENT;
use ed25519_dalek::{Signature, VerifyingKey};

/// The header and the stored weights of the blob that `bytes` begins with, if all of it is as it was signed, for code of
/// this structure and of no revision before `stored`.
///
/// The digest comes first, so that damage is not taken for another model or another key. Nothing is returned before the
/// signature is verified.
pub(super) fn authenticate<'a>(
    bytes: &'a [u8],
    structure: &[u8; 32],
    public_key: &PublicKey,
    stored: u64,
) -> Result<(Header, &'a [u8]), Refused> {
    if !bytes.as_ptr().addr().is_multiple_of(BLOCK_ALIGNMENT) {
        return Err(Refused::Misaligned);
    }
    let header = Header::read(bytes)?;
    let (start, rest) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(Refused::Truncated)?;
    let length = usize::try_from(header.length).map_err(|_| Refused::Truncated)?;
    let payload = rest.get(..length).ok_or(Refused::Truncated)?;
    let (signed, signature) = start.split_first_chunk::<SIGNED_BYTES>().ok_or(Refused::Truncated)?;
    // The same fields give the same bytes: what differs is the digest.
    if *signed != header.signed(payload) {
        return Err(Refused::Corrupted);
    }
    if header.structure != *structure {
        return Err(Refused::OtherModel);
    }
    if header.key == NO_KEY {
        return Err(Refused::NotSigned);
    }
    if header.key != key_id(public_key) {
        return Err(Refused::OtherKey);
    }
    let key = VerifyingKey::from_bytes(public_key).map_err(|_| Refused::Forged)?;
    let signature = Signature::from_slice(signature).map_err(|_| Refused::Forged)?;
    key.verify_strict(signed, &signature).map_err(|_| Refused::Forged)?;
    if header.revision < stored {
        return Err(Refused::Older {
            revision: header.revision,
            stored,
        });
    }
    Ok((header, payload))
}
