use super::{CipherKey, SecretKey, key_file};
use crate::Error;
use crate::back::emit::Block;
use crate::data::blob;
use crate::data::output::{self, Guard};
use runtime_core::updates::{Header, Refused, key_id};
use std::io::Write;
use std::path::Path;

/// The blob of a block, encrypted with a fresh nonce, which no device takes before it is [signed](sign).
///
/// # Errors
/// If the system has no random bytes.
pub fn encrypted(block: &Block, key: &CipherKey) -> Result<Vec<u8>, Error> {
    let mut nonce = [0; 12];
    key_file::random(&mut nonce)?;
    blob::unsigned_encrypted(block.structure, &block.bytes, &key.0, nonce)
        .ok_or_else(|| Error::usage("there are too many weights for the cipher", "leave out --encrypt"))
}

/// Signs a blob with a revision: what it was signed with before is replaced.
///
/// # Errors
/// If it is none, or not whole.
pub fn sign(blob: &[u8], key: &SecretKey, revision: u64) -> Result<Vec<u8>, Error> {
    signed(blob, key, revision).map_err(|why| unsignable("this", why))
}

fn signed(blob: &[u8], key: &SecretKey, revision: u64) -> Result<Vec<u8>, Refused> {
    let (header, payload) = blob::parts(blob)?;
    let header = Header {
        revision,
        key: key_id(&key.public_key()),
        ..header
    };
    let signature = key.sign(&header.signed(payload));
    Ok(blob::assembled(&header, payload, &signature))
}

fn unsignable(what: &str, why: Refused) -> Error {
    Error::usage(
        format!("{what} cannot be signed: {why}"),
        "give a file that `edgec pack` or `edgec MODEL.onnx -o MODEL.rs --weights updatable` has written",
    )
}

/// [`sign`] from file to file. The output may be the input.
///
/// # Errors
/// As [`sign`]; if a file cannot be read or written; and if the output is the key, or, without `force`, a file that
/// edgec has not written.
pub fn sign_file(blob: &Path, key: &Path, revision: u64, output: &Path, force: bool) -> Result<(), Error> {
    let secret = SecretKey::read(key)?;
    let bytes = std::fs::read(blob).map_err(|e| Error::io(blob, e))?;
    let signed = signed(&bytes, &secret, revision).map_err(|why| unsignable(&blob.display().to_string(), why))?;
    let guard = Guard {
        inputs: vec![key.to_owned()],
        force,
    };
    guard.check(output, || blob::is_blob(output))?;
    output::write(output, |file| file.write_all(&signed)).map_err(|e| Error::io(output, e))
}
