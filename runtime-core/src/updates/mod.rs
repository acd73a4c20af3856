//! Weights that are replaced on the device: signed blobs in flash, which a model reads only once they are verified.
//!
//! A blob is a [`Header`] of [`HEADER_BYTES`] and the block of all constant tensors of a model. [`Weights`] is the only
//! thing that emitted code takes weights from, and [`Weights::verify`] and [`Weights::decrypt`] are the only ways to one.
//! What this protects from, and what not, is in `docs/updates.md`.

mod authenticate;
#[cfg(feature = "encrypted-updates")]
mod decrypt;
mod header;
mod refused;

#[cfg(feature = "encrypted-updates")]
pub use decrypt::{CIPHER_KEY_BYTES, Ram, TAG_BYTES, encrypt};
pub use header::{FORMAT, HEADER_BYTES, Header, MAGIC, NO_KEY, SIGNED_BYTES, key_id};
pub use refused::Refused;

use crate::weights::Block;
use crate::{Element, Slot};

/// An Ed25519 public key.
pub type PublicKey = [u8; 32];

/// What the weights of a model must be like: emitted code implements it for the model.
pub trait Layout {
    /// Bytes of all constant tensors and what is between them.
    const BYTES: usize;
    /// SHA-256 of the emitted code that reads them, which says where each is and what is computed with it.
    const STRUCTURE: [u8; 32];
}

/// Weights of the model `L` that are whole, signed by the holder of the key, and not older than what the device has had.
/// They stay where they are: reading one is an address known at compile time from the start of the block.
pub struct Weights<'a, L> {
    block: Block<'a, L>,
    revision: u64,
}

impl<'a, L: Layout> Weights<'a, L> {
    /// Bytes that they take in memory: the size of the `Ram` into which encrypted ones are decrypted.
    pub const BYTES: usize = L::BYTES;

    /// Takes the weights at the beginning of `bytes`, whose address must be a multiple of 8; what follows them, such as
    /// the rest of a slot of flash, is not looked at. `stored_revision` is the least revision that is accepted: the
    /// firmware keeps it where only it can write, and raises it once newer weights have proved themselves.
    ///
    /// # Errors
    /// Says what is wrong with them, in this order: [`Refused::Misaligned`], [`Refused::Truncated`],
    /// [`Refused::NotWeights`], [`Refused::OtherFormat`], [`Refused::Corrupted`], [`Refused::OtherModel`],
    /// [`Refused::NotSigned`], [`Refused::OtherKey`], [`Refused::Forged`], [`Refused::Older`]; and
    /// [`Refused::Encrypted`] if they must be [decrypted](Self::decrypt).
    pub fn verify(bytes: &'a [u8], public_key: &PublicKey, stored_revision: u64) -> Result<Self, Refused> {
        let (header, payload) = authenticate::authenticate(bytes, &L::STRUCTURE, public_key, stored_revision)?;
        if header.encrypted {
            return Err(Refused::Encrypted);
        }
        Ok(Self {
            block: Block::new(payload).ok_or(Refused::OtherModel)?,
            revision: header.revision,
        })
    }

    /// The revision that they were signed with.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// One of the tensors.
    ///
    /// # Panics
    /// At compile time, if it is none of the block's.
    #[inline(always)]
    pub fn read<T: Element, const OFFSET: usize, const LEN: usize>(&self, slot: Slot<T, OFFSET, LEN>) -> &'a [T; LEN] {
        self.block.read(slot)
    }
}
