use super::key_file;
use crate::Error;
use crate::back::emit::from_hex;
use std::path::Path;

/// A ChaCha20-Poly1305 key that weights are encrypted with, and that the firmware decrypts them with.
pub struct CipherKey(pub [u8; 32]);

impl CipherKey {
    /// A new key.
    ///
    /// # Errors
    /// If the system has no random bytes.
    pub fn generate() -> Result<Self, Error> {
        let mut key = [0; 32];
        key_file::random(&mut key)?;
        Ok(Self(key))
    }

    /// Reads a file of 64 hexadecimal digits.
    ///
    /// # Errors
    /// If the file cannot be read or holds something else.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, e))?;
        let key = from_hex(text.trim()).ok_or_else(|| {
            Error::usage(
                format!("{} is no key of 64 hexadecimal digits", path.display()),
                "`edgec keygen --cipher FILE` makes one",
            )
        })?;
        Ok(Self(key))
    }

    /// Writes the key, readable by its owner only.
    ///
    /// # Errors
    /// If the file is there already and `force` is not given, or cannot be written.
    pub fn write(&self, path: &Path, force: bool) -> Result<(), Error> {
        let digits: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        key_file::write(path, &(digits + "\n"), 0o600, force)
    }
}
