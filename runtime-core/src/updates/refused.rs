use core::fmt;

/// Why a blob of weights is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its address is no multiple of 8.
    Misaligned,
    /// There are fewer bytes than it says it has.
    Truncated,
    /// It does not begin as weights do: an empty slot, or something else.
    NotWeights,
    /// It is of a later format than this firmware knows, or its header holds what this format does not.
    OtherFormat,
    /// Its digest is another: bytes were changed, lost or never written.
    Corrupted,
    /// It was packed for other code: another model, other options, or another version of edgec.
    OtherModel,
    /// It was never signed.
    NotSigned,
    /// It was signed with another key.
    OtherKey,
    /// The signature is not that of the key, or the key is none.
    Forged,
    /// The device has had newer weights.
    Older {
        /// Its revision.
        revision: u64,
        /// The least revision that is accepted.
        stored: u64,
    },
    /// It is encrypted, and has to be decrypted.
    Encrypted,
    /// It is not encrypted, where only encrypted weights are taken.
    NotEncrypted,
    /// It cannot be decrypted with this key.
    OtherCipherKey,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Misaligned => "the weights are at an address that is no multiple of 8",
            Self::Truncated => "the weights are not whole",
            Self::NotWeights => "there are no weights",
            Self::OtherFormat => "the weights are in a format that this firmware does not know",
            Self::Corrupted => "the weights are damaged",
            Self::OtherModel => "the weights were packed for another model, or for other code of this one",
            Self::NotSigned => "the weights are not signed",
            Self::OtherKey => "the weights are signed with another key",
            Self::Forged => "the signature of the weights is not valid",
            Self::Older { revision, stored } => {
                return write!(
                    f,
                    "the weights are of revision {revision}, and {stored} is the least that is accepted"
                );
            }
            Self::Encrypted => "the weights are encrypted",
            Self::NotEncrypted => "the weights are not encrypted",
            Self::OtherCipherKey => "the weights are encrypted with another key",
        })
    }
}

impl core::error::Error for Refused {}
