//! Weights that nobody but the device can read: ChaCha20-Poly1305, decrypted into memory that the firmware gives.

use super::header::Header;
use super::{Layout, PublicKey, Refused, Weights, authenticate};
use crate::weights::Block;
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};

/// Bytes of the key that weights are encrypted with.
pub const CIPHER_KEY_BYTES: usize = 32;

/// Bytes that encryption adds behind the weights.
pub const TAG_BYTES: usize = 16;

/// Memory for decrypted weights, fit for a `static`.
#[repr(C, align(8))]
pub struct Ram<const BYTES: usize>([u8; BYTES]);

impl<const BYTES: usize> Ram<BYTES> {
    /// Filled with zeros.
    pub const fn new() -> Self {
        Self([0; BYTES])
    }
}

impl<const BYTES: usize> Default for Ram<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, L: Layout> Weights<'a, L> {
    /// As [`verify`](Self::verify), for encrypted weights, which it decrypts into `ram`. The signature is verified
    /// before anything is decrypted; `ram` holds zeros afterwards if the weights are refused.
    ///
    /// # Errors
    /// Those of [`verify`](Self::verify); [`Refused::NotEncrypted`], so that nobody can make a device take weights that
    /// others could read; and [`Refused::OtherCipherKey`].
    pub fn decrypt<const BYTES: usize>(
        bytes: &[u8],
        public_key: &PublicKey,
        stored_revision: u64,
        cipher_key: &[u8; CIPHER_KEY_BYTES],
        ram: &'a mut Ram<BYTES>,
    ) -> Result<Self, Refused> {
        const { assert!(BYTES == L::BYTES, "the memory is not as large as the weights") }
        let (header, payload) = authenticate::authenticate(bytes, &L::STRUCTURE, public_key, stored_revision)?;
        if !header.encrypted {
            return Err(Refused::NotEncrypted);
        }
        let (weights, tag) = payload.split_last_chunk::<TAG_BYTES>().ok_or(Refused::OtherModel)?;
        if weights.len() != BYTES {
            return Err(Refused::OtherModel);
        }
        ram.0.iter_mut().zip(weights).for_each(|(to, from)| *to = *from);
        let cipher = ChaCha20Poly1305::new(cipher_key.into());
        let buffer = InOutBuf::from(&mut ram.0[..]);
        if cipher
            .decrypt_inout_detached(&header.nonce.into(), &header.structure, buffer, tag.into())
            .is_err()
        {
            ram.0.fill(0);
            return Err(Refused::OtherCipherKey);
        }
        Ok(Self {
            block: Block::new(&ram.0).ok_or(Refused::Misaligned)?,
            revision: header.revision,
        })
    }
}

/// Encrypts `weights` where they are, for a header with this nonce and this structure, which decryption checks as well, and gives the tag to store behind them. `None` if
/// there are too many for the cipher, which are 256 GiB.
pub fn encrypt(header: &Header, cipher_key: &[u8; CIPHER_KEY_BYTES], weights: &mut [u8]) -> Option<[u8; TAG_BYTES]> {
    let cipher = ChaCha20Poly1305::new(cipher_key.into());
    let tag = cipher.encrypt_inout_detached(&header.nonce.into(), &header.structure, InOutBuf::from(weights));
    tag.ok().map(Into::into)
}
