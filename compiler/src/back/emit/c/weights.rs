//! Weights that are updates, for C: functions that verify them, and what tells why they were not taken.

use super::C;
use super::functions::{checks, head};
use std::fmt::Write;

/// What a status means, by the name of its constant, with the variants of `Refused` that it is.
pub(super) const REFUSED: [(&str, &str, &str); 11] = [
    ("WEIGHTS_MISALIGNED", "Their address is no multiple of 8.", "Misaligned"),
    (
        "WEIGHTS_TRUNCATED",
        "There are fewer bytes than they say they have.",
        "Truncated",
    ),
    (
        "NO_WEIGHTS",
        "They do not begin as weights do: an empty slot, or something else.",
        "NotWeights",
    ),
    (
        "WEIGHTS_OF_OTHER_FORMAT",
        "They are of a format that this code does not know.",
        "OtherFormat",
    ),
    (
        "WEIGHTS_CORRUPTED",
        "Their digest is another: bytes were changed, lost or never written.",
        "Corrupted",
    ),
    (
        "WEIGHTS_OF_OTHER_MODEL",
        "They were packed for other code.",
        "OtherModel",
    ),
    ("WEIGHTS_NOT_SIGNED", "They were never signed.", "NotSigned"),
    ("WEIGHTS_OF_OTHER_KEY", "They were signed with another key.", "OtherKey"),
    ("WEIGHTS_FORGED", "The signature is not that of the key.", "Forged"),
    (
        "WEIGHTS_OLDER",
        "Their revision is less than the stored one.",
        "Older { .. }",
    ),
    // Verification gives neither of the others: those are for what decrypts.
    (
        "WEIGHTS_ENCRYPTED",
        "They are encrypted, which functions for C do not decrypt.",
        "Encrypted | Refused::NotEncrypted | Refused::OtherCipherKey",
    ),
];

/// Room for verified weights in C: two words and a number, or more.
pub(super) const STORAGE_WORDS: usize = 4;

/// What is written behind weights once they are verified: no memory holds it by chance as zeros would.
const VERIFIED: u64 = 0x6ad7_9c2e_51b8_f043;

/// The functions, in Rust, and what they share.
pub(super) fn functions(c: &C<'_>, weights: &str) -> String {
    let held = held(weights);
    let mut text = format!(
        "\n/// Written behind weights once they are verified.\nconst VERIFIED: u64 = {VERIFIED:#x};\n\n\
         /// Weights that are verified if `verified` is [`VERIFIED`]; zeros are none.\n\
         #[repr(C)]\n#[allow(unreachable_pub)]\npub struct {held} {{\n    \
         weights: core::mem::MaybeUninit<{weights}<'static>>,\n    verified: u64,\n}}\n\n\
         const _: () = assert!(\n    \
         size_of::<{held}>() <= {STORAGE_WORDS} * size_of::<u64>() && align_of::<{held}>() <= align_of::<u64>(),\n    \
         \"the header has another size or alignment of the weights\"\n);\n\n\
         /// The weights, if they are verified.\n///\n/// # Safety\n\
         /// The pointer is neither null nor misaligned, and points to zeros or to what `verify_weights` has filled.\n\
         #[allow(unsafe_code)]\n\
         unsafe fn verified<'a>(weights: *const {held}) -> Option<&'a {weights}<'static>> {{\n    \
         // SAFETY: the caller promises that they are there.\n    \
         let weights = unsafe {{ &*weights }};\n    \
         // SAFETY: `verify_weights` writes this number beside weights, and nothing else does.\n    \
         (weights.verified == VERIFIED).then(|| unsafe {{ weights.weights.assume_init_ref() }})\n}}\n\n\
         /// Why weights are not taken.\n\
         fn refused(why: runtime_core::updates::Refused) -> i32 {{\n    use runtime_core::updates::Refused;\n    match why {{\n"
    );
    for (name, _, variants) in REFUSED {
        let _ = writeln!(text, "        Refused::{variants} => {name},");
    }
    text.push_str("    }\n}\n");
    text.push_str(&verify(c, weights));
    text.push_str(&revision(c, weights));
    text
}

fn verify(c: &C<'_>, weights: &str) -> String {
    let held = held(weights);
    let parameters = [
        format!("weights: *mut {held}"),
        "bytes: *const u8".to_owned(),
        "len: usize".to_owned(),
        "public_key: *const [u8; 32]".to_owned(),
        "stored_revision: u64".to_owned(),
    ];
    format!(
        "{}{}    // SAFETY: the pointer is neither null nor misaligned, and the caller promises that the memory is theirs;\n    \
         // zeros are no weights.\n    unsafe {{ weights.write_bytes(0, 1) }};\n    \
         // SAFETY: the pointers are not null, and the caller promises that so many bytes and a key are there, and that\n    \
         // nothing changes the bytes as long as these weights are used.\n    \
         let (bytes, key) = unsafe {{ (core::slice::from_raw_parts(bytes, len.min(isize::MAX as usize)), &*public_key) }};\n    \
         match {weights}::verify(bytes, key, stored_revision) {{\n        \
         Ok(found) => {{\n            \
         let found = {held} {{ weights: core::mem::MaybeUninit::new(found), verified: VERIFIED }};\n            \
         // SAFETY: as above.\n            unsafe {{ weights.write(found) }};\n            OK\n        }}\n        \
         Err(why) => refused(why),\n    }}\n}}\n",
        head(
            c,
            "Takes weights if they are whole, signed, for this code and not too old.",
            "verify_weights",
            &parameters
        ),
        checks(&["weights", "bytes", "public_key"]),
    )
}

fn revision(c: &C<'_>, weights: &str) -> String {
    let parameters = [parameter(weights), "revision: *mut u64".to_owned()];
    format!(
        "{}{}{}    // SAFETY: the pointer is neither null nor misaligned, and the caller promises that a number is there.\n    \
         unsafe {{ revision.write(weights.revision()) }};\n    OK\n}}\n",
        head(
            c,
            "Gives the revision that weights were signed with.",
            "weights_revision",
            &parameters
        ),
        checks(&["weights", "revision"]),
        taken()
    )
}

/// Statements that give up unless weights are verified, and else take them.
pub(super) fn taken() -> &'static str {
    "    // SAFETY: the pointer is neither null nor misaligned, and the caller promises zeros or what `verify_weights` has\n    \
     // filled.\n    \
     let Some(weights) = (unsafe { verified(weights) }) else {\n        return WEIGHTS_NOT_VERIFIED;\n    };\n"
}

/// What C holds weights of this type as: a name that neither they nor the model have.
fn held(weights: &str) -> String {
    format!("{weights}C")
}

/// The parameter of functions that read weights of this type.
pub(super) fn parameter(weights: &str) -> String {
    format!("weights: *const {}", held(weights))
}

/// The type, in C.
pub(super) fn structure(c: &C<'_>) -> String {
    let (constants, prefix) = (&c.constants, &c.prefix);
    format!(
        "\n/* Weights that are verified, once {prefix}_verify_weights has filled it; zeros, as in a static, are none. It is a\n \
         * few words and may be copied. What is in it points to the bytes that were verified: they must stay where they\n \
         * are, and as they are, as long as it is used. Erase or write that flash only when no {prefix}_weights of it is\n \
         * used any more. */\n\
         #define {constants}_PUBLIC_KEY_BYTES 32\n\
         typedef struct {prefix}_weights {{\n    uint64_t storage[{STORAGE_WORDS}];\n}} {prefix}_weights;\n"
    )
}

/// The declarations, in C.
pub(super) fn declarations(c: &C<'_>) -> String {
    let (constants, prefix) = (&c.constants, &c.prefix);
    let indent = " ".repeat(format!("int32_t {prefix}_verify_weights(").len());
    format!(
        "\n/* Takes the weights at the beginning of bytes if they are whole, signed with this key, for this code and not older\n \
         * than stored_revision; tells else why not, and weights is then none.\n \
         * bytes: a blob of `edgec sign` in flash, at a multiple of 8; nothing is copied. len may be that of the whole slot.\n \
         * public_key: what `edgec keygen` printed; it is not kept.\n \
         * stored_revision: the least revision that is accepted. Keep it where only the firmware can write, and raise it\n \
         * once newer weights have proved themselves. */\n\
         int32_t {prefix}_verify_weights({prefix}_weights *weights,\n{indent}const uint8_t *bytes,\n{indent}size_t len,\n\
         {indent}const uint8_t public_key[{constants}_PUBLIC_KEY_BYTES],\n{indent}uint64_t stored_revision);\n\n\
         /* Gives the revision that verified weights were signed with. */\n\
         int32_t {prefix}_weights_revision(const {prefix}_weights *weights, uint64_t *revision);\n"
    )
}
