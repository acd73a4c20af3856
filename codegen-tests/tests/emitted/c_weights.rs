//! Weights that are updates, from C: what is refused and why, and what verified weights compute.

use super::c::built_and_run;
use super::updates::{example, retrained};
use codegen_tests::program;
use edgec::data::blob;
use edgec::ir::Tensor;
use edgec::tools::updates::{CipherKey, SecretKey, encrypted, sign};
use edgec::{Compiler, Weights};
use std::path::Path;

/// Reads blobs into a slot and has them verified, whole and damaged; then runs the model with each of two.
const PROGRAM: &str = r#"
#include <stdio.h>
#include <string.h>
#include "digits.h"

static const uint8_t key[DIGITS_PUBLIC_KEY_BYTES] = { KEY };
static const float image[DIGITS_IMAGE_LEN] = { PIXELS };
static uint64_t slots[2][SLOT / 8];
static digits_model model;
static digits_weights weights[2];

static unsigned char *load(int slot, const char *name) {
    FILE *file = fopen(name, "rb");
    size_t len = 0;
    memset(slots[slot], 0xff, SLOT);
    if (file) {
        len = fread(slots[slot], 1, SLOT, file);
        fclose(file);
    }
    if (!len) printf("%s is not there\n", name);
    return (unsigned char *)slots[slot];
}

static void told(int32_t status) {
    printf(" %d", (int)status);
}

/* The status for the slot with one of its bytes changed. */
static void changed(unsigned char *slot, size_t at) {
    slot[at] ^= 1;
    told(digits_verify_weights(&weights[0], slot, SLOT, key, 0));
    slot[at] ^= 1;
}

static void scores(const digits_weights *of) {
    float found[DIGITS_SCORES_LEN];
    unsigned i;
    told(digits_run(&model, of, image, found));
    for (i = 0; i < DIGITS_SCORES_LEN; i++) {
        union { float number; uint32_t bits; } both;
        both.number = found[i];
        printf(" %08x", (unsigned)both.bits);
    }
    printf("\n");
}

int main(void) {
    uint8_t other_key[DIGITS_PUBLIC_KEY_BYTES];
    uint64_t revision = 0;
    float found[DIGITS_SCORES_LEN];
    unsigned char *slot;
    digits_weights copy;
    digits_init(&model);
    told(digits_run(&model, &weights[0], image, found));
    told(digits_self_test(&model, &weights[0], 0, 0));
    told(digits_weights_revision(&weights[0], &revision));
    told(digits_run(&model, 0, image, found));
    slot = load(0, "factory.bin");
    told(digits_verify_weights(0, slot, SLOT, key, 0));
    told(digits_verify_weights(&weights[0], 0, 0, key, 0));
    told(digits_verify_weights(&weights[0], slot, SLOT, 0, 0));
    printf("\n");
    told(digits_verify_weights(&weights[0], slot + 1, SLOT - 1, key, 0));
    told(digits_verify_weights(&weights[0], slot, 1000, key, 0));
    changed(slot, 0);
    changed(slot, 8);
    changed(slot, 500);
    changed(slot, 130);
    memcpy(other_key, key, sizeof key);
    other_key[0] ^= 1;
    told(digits_verify_weights(&weights[0], slot, SLOT, other_key, 0));
    told(digits_verify_weights(&weights[0], slot, SLOT, key, 2));
    slot = load(0, "other.bin");
    told(digits_verify_weights(&weights[0], slot, SLOT, key, 0));
    slot = load(0, "unsigned.bin");
    told(digits_verify_weights(&weights[0], slot, SLOT, key, 0));
    slot = load(0, "encrypted.bin");
    told(digits_verify_weights(&weights[0], slot, SLOT, key, 0));
    printf("\n");
    slot = load(0, "factory.bin");
    told(digits_verify_weights(&weights[0], slot, SLOT, key, 1));
    told(digits_self_test(&model, &weights[0], 0, 0));
    scores(&weights[0]);
    slot = load(1, "update.bin");
    told(digits_verify_weights(&weights[1], slot, SLOT, key, 1));
    told(digits_weights_revision(&weights[1], &revision));
    printf(" %u", (unsigned)revision);
    scores(&weights[1]);
    copy = weights[0];
    scores(&copy);
    /* What is refused is no weights any more. */
    told(digits_verify_weights(&weights[0], slot, SLOT, key, 3));
    told(digits_run(&model, &weights[0], image, found));
    printf("\n");
    return 0;
}
"#;

fn compiler(model: &Path) -> Compiler {
    Compiler::new(model).name("Digits").self_test(true)
}

fn image() -> impl Iterator<Item = f32> {
    (0..64).map(|i| (i * 37 % 17) as f32 / 16.0)
}

/// What C prints of the scores of a model.
fn scores(model: &Path) -> String {
    let compiled = compiler(model).weights(Weights::Inline).compile().unwrap();
    let image = Tensor::f32(&[1, 1, 8, 8], &image().collect::<Vec<_>>());
    let scores = compiled.executor().run(&[image]).remove(0).to_f32().unwrap();
    let bits = scores.iter().map(|score| format!(" {:08x}", score.to_bits()));
    format!(" 0{}\n", bits.collect::<String>())
}

#[test]
fn c_and_cpp_take_verified_weights_only() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edgec/c_weights");
    let sources = folder.join("src");
    std::fs::create_dir_all(&sources).unwrap();
    let models = tempfile::tempdir().unwrap();
    let (digits, retrained) = (example("digits.onnx"), retrained(&models));
    let updatable = |model: &Path| compiler(model).weights(Weights::Updatable);
    let first = updatable(&digits).c_header(folder.join("digits.h")).force(true);
    let compiled = first.compile().unwrap();
    first.write(&compiled, &sources.join("digits.rs")).unwrap();

    let key = SecretKey::from_seed(&[7; 32]);
    let block = first.block(&compiled).unwrap();
    let second = updatable(&retrained);
    let other = second.block(&second.compile().unwrap()).unwrap();
    let unsigned = blob::unsigned(block.structure, &block.bytes);
    let of_other_model = blob::unsigned([1; 32], &block.bytes);
    let hidden = encrypted(&block, &CipherKey::generate().unwrap()).unwrap();
    let update = blob::unsigned(other.structure, &other.bytes);
    for (name, bytes) in [
        ("factory", sign(&unsigned, &key, 1).unwrap()),
        ("update", sign(&update, &key, 2).unwrap()),
        ("other", sign(&of_other_model, &key, 1).unwrap()),
        ("encrypted", sign(&hidden, &key, 1).unwrap()),
        ("unsigned", unsigned.clone()),
    ] {
        std::fs::write(folder.join(name).with_extension("bin"), bytes).unwrap();
    }
    let list = |numbers: &mut dyn Iterator<Item = String>| numbers.collect::<Vec<_>>().join(", ");
    let program = PROGRAM
        .replace(
            "KEY }",
            &format!("{} }}", list(&mut key.public_key().iter().map(u8::to_string))),
        )
        .replace("PIXELS", &list(&mut image().map(|pixel| format!("{pixel:?}f"))))
        .replace("SLOT", &unsigned.len().next_multiple_of(4096).to_string());
    for file in ["main.c", "main.cpp"] {
        std::fs::write(folder.join(file), &program).unwrap();
    }
    let library = "#![deny(warnings)]\nmod digits;\nmod digits_c;\n";
    let built = program::static_library(&folder, &["updates"], library);
    let expected = [
        " 4 4 4 1 1 1 1\n 5 6 7 8 9 13 12 14 10 11 15\n 0 0",
        &scores(&digits),
        " 0 0 2",
        &scores(&retrained),
        &scores(&digits),
        " 14 4\n",
    ]
    .concat();
    assert_eq!(built_and_run(&folder, &built), [expected.clone(), expected]);
}

#[test]
fn functions_and_header_of_updatable_weights() {
    let compiler = compiler(&example("digits.onnx")).weights(Weights::Updatable);
    let c = compiler.emit_c(&compiler.compile().unwrap(), "digits", "digits.h");
    let declared = c.header.split("int32_t ").filter_map(|text| text.split_once('('));
    let declared: Vec<_> = declared
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("digits_"))
        .collect();
    assert_eq!(declared, c.functions);
    assert!(c.header.is_ascii() && c.source.is_ascii());
    insta::assert_snapshot!("functions_of_weights", c.source);
    insta::assert_snapshot!("header_of_weights", c.header);
}
