use super::{PublicKey, Refused};
use sha2::{Digest, Sha256};

/// What every blob begins with.
pub const MAGIC: [u8; 8] = *b"EDGECWTS";

/// The version of the format.
pub const FORMAT: u32 = 1;

/// Bytes that are signed: the header up to the signature, with the digest of everything else.
pub const SIGNED_BYTES: usize = 128;

/// Bytes before the weights.
pub const HEADER_BYTES: usize = SIGNED_BYTES + 64;

/// Bytes that the digest covers before the weights.
const DIGESTED_BYTES: usize = 96;

/// The flag of encrypted weights.
const ENCRYPTED: u32 = 1;

/// What a blob says of itself. Only [`Weights::verify`](super::Weights::verify) tells whether it is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Counts up with every set of weights.
    pub revision: u64,
    /// Bytes of the weights as they are stored.
    pub length: u64,
    /// What they were packed for: [`Layout::STRUCTURE`](super::Layout::STRUCTURE).
    pub structure: [u8; 32],
    /// [`key_id`] of the key that they are signed with.
    pub key: [u8; 8],
    /// Whether they are encrypted.
    pub encrypted: bool,
    /// The nonce that they are encrypted with, or zeros.
    pub nonce: [u8; 12],
}

/// `N` bytes from `AT` on: at compile time inside of the header.
fn field<const AT: usize, const N: usize>(header: &[u8; HEADER_BYTES]) -> [u8; N] {
    let mut field = [0; N];
    let from = header.iter().skip(AT);
    field.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    field
}

impl Header {
    /// Reads the beginning of a blob. Nothing of it is verified: it serves to choose which of several to verify first.
    ///
    /// # Errors
    /// [`Refused::Truncated`], [`Refused::NotWeights`] or [`Refused::OtherFormat`].
    pub fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let header = bytes.first_chunk::<HEADER_BYTES>().ok_or(Refused::Truncated)?;
        if field::<0, 8>(header) != MAGIC {
            return Err(Refused::NotWeights);
        }
        let (format, flags) = (
            u32::from_le_bytes(field::<8, 4>(header)),
            u32::from_le_bytes(field::<12, 4>(header)),
        );
        if format != FORMAT || flags & !ENCRYPTED != 0 || field::<84, 12>(header) != [0; 12] {
            return Err(Refused::OtherFormat);
        }
        Ok(Self {
            revision: u64::from_le_bytes(field::<16, 8>(header)),
            length: u64::from_le_bytes(field::<24, 8>(header)),
            structure: field::<32, 32>(header),
            key: field::<64, 8>(header),
            encrypted: flags & ENCRYPTED != 0,
            nonce: field::<72, 12>(header),
        })
    }

    /// The part of the header that does not depend on the weights.
    fn beginning(&self) -> [u8; DIGESTED_BYTES] {
        let flags = if self.encrypted { ENCRYPTED } else { 0 };
        let fields: [&[u8]; 8] = [
            &MAGIC,
            &FORMAT.to_le_bytes(),
            &flags.to_le_bytes(),
            &self.revision.to_le_bytes(),
            &self.length.to_le_bytes(),
            &self.structure,
            &self.key,
            &self.nonce,
        ];
        let mut bytes = [0; DIGESTED_BYTES];
        let fields = fields.iter().copied().flatten();
        bytes.iter_mut().zip(fields).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// What is signed, for `payload`, the weights as they are stored.
    pub fn signed(&self, payload: &[u8]) -> [u8; SIGNED_BYTES] {
        let beginning = self.beginning();
        let digest = digest(&beginning, payload);
        let mut bytes = [0; SIGNED_BYTES];
        let fields = beginning.iter().chain(&digest);
        bytes.iter_mut().zip(fields).for_each(|(to, from)| *to = *from);
        bytes
    }
}

/// SHA-256 of the header's beginning and the weights.
fn digest(beginning: &[u8; DIGESTED_BYTES], payload: &[u8]) -> [u8; 32] {
    let mut sha256 = Sha256::new();
    sha256.update(beginning);
    sha256.update(payload);
    sha256.finalize().into()
}

/// What stands for the key in the header of weights that are not signed.
pub const NO_KEY: [u8; 8] = [0; 8];

/// The name of a key in headers: the beginning of its SHA-256. It tells a blob that is signed with another key from one
/// with a wrong signature, and proves nothing.
pub fn key_id(public_key: &PublicKey) -> [u8; 8] {
    let hash: [u8; 32] = Sha256::digest(public_key).into();
    let mut id = [0; 8];
    id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    id
}
