use super::{PublicKey, key_file};
use crate::Error;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, KeypairBytes};
use ed25519_dalek::{Signer, SigningKey};
use std::fmt::Write;
use std::path::Path;

/// An Ed25519 key that weights are signed with. Its bytes are overwritten when it goes away.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// A new key.
    ///
    /// # Errors
    /// If the system has no random bytes.
    pub fn generate() -> Result<Self, Error> {
        let mut seed = [0; 32];
        key_file::random(&mut seed)?;
        Ok(Self::from_seed(&seed))
    }

    /// The key of a seed. A seed that is written down in a program is for tests only.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads a file in PEM, as [`write`](Self::write) and `openssl genpkey -algorithm ed25519` write it.
    ///
    /// # Errors
    /// If the file cannot be read or holds something else.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, e))?;
        let key = SigningKey::from_pkcs8_pem(&text).map_err(|_| {
            Error::usage(
                format!("{} is no Ed25519 private key in PEM", path.display()),
                "`edgec keygen FILE` makes one",
            )
        })?;
        Ok(Self(key))
    }

    /// Writes the key as PKCS#8 in PEM, readable by its owner only, and the public key beside it with `.pub` behind its
    /// name.
    ///
    /// # Errors
    /// If a file is there already and `force` is not given, or cannot be written.
    pub fn write(&self, path: &Path, force: bool) -> Result<(), Error> {
        let failed = |_| Error::usage("the key cannot be written as PEM", "make another one");
        // Without the public key, which OpenSSL does not read behind a private one.
        let pair = KeypairBytes {
            secret_key: self.0.to_bytes(),
            public_key: None,
        };
        let secret = pair.to_pkcs8_pem(LineEnding::LF).map_err(failed)?;
        let public = self.0.verifying_key().to_public_key_pem(LineEnding::LF);
        let public = public.map_err(|_| Error::usage("the public key cannot be written as PEM", "make another one"))?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".pub");
        let beside = Path::new(&beside);
        key_file::check(beside, force)?;
        key_file::check(path, force)?;
        // No secret key stays without the public one, and no public one of a secret key that is not there.
        key_file::write(beside, &public, 0o644, force)?;
        key_file::write(path, &secret, 0o600, force).inspect_err(|_| {
            let _ = std::fs::remove_file(beside);
        })
    }

    /// The key that devices verify with.
    pub fn public_key(&self) -> PublicKey {
        self.0.verifying_key().to_bytes()
    }

    /// The signature of a message.
    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// A public key as a constant of Rust.
pub fn public_key_constant(key: &PublicKey) -> String {
    let mut text = "pub const PUBLIC_KEY: [u8; 32] = [\n".to_owned();
    for line in key.chunks(16) {
        let bytes: Vec<_> = line.iter().map(|byte| format!("0x{byte:02x}")).collect();
        let _ = writeln!(text, "    {},", bytes.join(", "));
    }
    text + "];\n"
}
