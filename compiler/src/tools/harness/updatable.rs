//! Weights that emitted code takes at run time: they are signed here with a key that signs nothing else, and verified by
//! the program that runs the models, as firmware does.

use super::{HarnessError, Module};
use crate::back::emit::Block;
#[cfg(feature = "updates")]
use crate::{data::blob, tools::updates};

/// What the key is made of.
#[cfg(feature = "updates")]
const SEED: [u8; 32] = *b"not a secret: it signs nothing..";

/// A blob of revision 1.
#[cfg(feature = "updates")]
pub(super) fn signed(block: &Block) -> Option<Vec<u8>> {
    let unsigned = blob::unsigned(block.structure, &block.bytes);
    updates::sign(&unsigned, &updates::SecretKey::from_seed(&SEED), 1).ok()
}

#[cfg(not(feature = "updates"))]
pub(super) fn signed(_: &Block) -> Option<Vec<u8>> {
    None
}

/// The key that it is verified with.
#[cfg(feature = "updates")]
fn public_key() -> [u8; 32] {
    updates::SecretKey::from_seed(&SEED).public_key()
}

#[cfg(not(feature = "updates"))]
fn public_key() -> [u8; 32] {
    [0; 32]
}

/// Checks that weights which must be signed are.
pub(super) fn check(module: &Module) -> Result<(), HarnessError> {
    match (&module.emitted.block, &module.blob) {
        (Some(_), None) => {
            Err(HarnessError::new("this edgec cannot sign weights").help("build it with the feature `updates`"))
        }
        _ => Ok(()),
    }
}

/// The statements that verify the weights of a module of `library`, or nothing.
pub(super) fn statements(library: &str, module: &Module) -> String {
    let (Some(weights), Some(blob)) = (&module.emitted.interface.weights, &module.blob) else {
        return String::new();
    };
    format!(
        "    #[repr(align(64))]\n    struct Aligned<T>(T);\n    \
         static BLOB: Aligned<[u8; {}]> = Aligned(*include_bytes!({:?}));\n    \
         let weights = {library}::{}::{weights}::verify(&BLOB.0, &{:?}, 1);\n    \
         let weights = &weights.map_err(|e| e.to_string())?;\n",
        blob.len(),
        file(module),
        module.name,
        public_key(),
    )
}

/// The blob's file, relative to the crate's `src`.
pub(super) fn file(module: &Module) -> String {
    format!("{}.blob", module.name)
}
