//! Keys, and weights that are packed and signed, from file to file.

use edgec::data::blob;
use runtime_core::updates::{HEADER_BYTES, key_id};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn digits() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx")
}

/// Runs `edgec` in a folder; `DIGITS` in the arguments is the digits' model.
fn edgec(folder: &TempDir, args: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    for arg in args.split(' ') {
        match arg {
            "DIGITS" => command.arg(digits()),
            _ => command.arg(arg),
        };
    }
    command.current_dir(folder.path()).output().unwrap()
}

/// What a command prints that succeeds.
fn done(folder: &TempDir, args: &str) -> String {
    let output = edgec(folder, args);
    assert!(
        output.status.success(),
        "{args}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// What a command says that fails because of how it is called, its lines joined.
fn complaint(folder: &TempDir, args: &str) -> String {
    let output = edgec(folder, args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args}: {text}");
    let words: Vec<_> = text.split_whitespace().filter(|word| *word != "│").collect();
    words.join(" ")
}

fn read(folder: &TempDir, name: &str) -> Vec<u8> {
    std::fs::read(folder.path().join(name)).unwrap()
}

/// The bytes of a constant that `keygen` prints.
fn public_key(constant: &str) -> [u8; 32] {
    let bytes = constant
        .split("0x")
        .skip(1)
        .map(|byte| u8::from_str_radix(&byte[..2], 16).unwrap());
    bytes.collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn keys_are_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let constant = done(&folder, "keygen maker.pem");
    assert!(
        constant.starts_with("pub const PUBLIC_KEY: [u8; 32] = [\n"),
        "{constant}"
    );
    let key = read(&folder, "maker.pem");
    assert!(key.starts_with(b"-----BEGIN PRIVATE KEY-----"));
    assert!(read(&folder, "maker.pem.pub").starts_with(b"-----BEGIN PUBLIC KEY-----"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let about = std::fs::metadata(folder.path().join("maker.pem")).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(done(&folder, "keygen maker.pem --public"), constant);
    let text = complaint(&folder, "keygen maker.pem");
    assert!(text.contains("maker.pem.pub is there already"), "{text}");
    assert_eq!(read(&folder, "maker.pem"), key);
    let other = done(&folder, "keygen maker.pem --force");
    assert_ne!(public_key(&constant), public_key(&other));
    assert_eq!(done(&folder, "keygen cipher.key --cipher"), "");
    assert!(edgec::back::emit::from_hex(std::str::from_utf8(&read(&folder, "cipher.key")).unwrap().trim()).is_some());
}

#[test]
fn no_secret_key_stays_without_its_public_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("maker.pem.pub")).unwrap();
    for command in ["keygen maker.pem", "keygen maker.pem --force"] {
        assert!(!edgec(&folder, command).status.success(), "{command}");
        assert!(!folder.path().join("maker.pem").exists(), "{command}");
    }
    std::fs::remove_dir(folder.path().join("maker.pem.pub")).unwrap();
    std::fs::create_dir(folder.path().join("maker.pem")).unwrap();
    for command in ["keygen maker.pem", "keygen maker.pem --force"] {
        assert!(!edgec(&folder, command).status.success(), "{command}");
        assert!(!folder.path().join("maker.pem.pub").exists(), "{command}");
    }
}

#[test]
fn weights_are_packed_and_signed() {
    let folder = tempfile::tempdir().unwrap();
    let public = public_key(&done(&folder, "keygen maker.pem"));
    done(&folder, "DIGITS -o digits.rs --weights updatable");
    done(
        &folder,
        "sign digits.weights --key maker.pem --revision 7 -o first.weights",
    );
    done(
        &folder,
        "pack DIGITS --weights-only --for digits.rs --key maker.pem --revision 7 -o second.weights",
    );
    let (first, second) = (read(&folder, "first.weights"), read(&folder, "second.weights"));
    assert_eq!(first, second, "signatures are deterministic");
    let (header, weights) = blob::parts(&first).unwrap();
    assert_eq!(
        (header.revision, header.key, header.encrypted),
        (7, key_id(&public), false)
    );
    assert_eq!(weights, &read(&folder, "digits.weights")[HEADER_BYTES..]);
    // With the hash in the banner instead of the file.
    let source = String::from_utf8(read(&folder, "digits.rs")).unwrap();
    let hash = source
        .lines()
        .find_map(|line| line.strip_prefix("// Structure of the weights: "))
        .unwrap();
    done(
        &folder,
        &format!("pack DIGITS --weights-only --hash {hash} -o third.weights"),
    );
    assert_eq!(read(&folder, "third.weights"), read(&folder, "digits.weights"));
    // Signed again, where it is.
    done(
        &folder,
        "sign first.weights --key maker.pem --revision 8 -o first.weights",
    );
    assert_eq!(blob::parts(&read(&folder, "first.weights")).unwrap().0.revision, 8);
    // Twice the same weights, encrypted: never the same bytes.
    done(&folder, "keygen cipher.key --cipher");
    done(
        &folder,
        "pack DIGITS --weights-only --for digits.rs --encrypt cipher.key -o hidden.weights",
    );
    done(
        &folder,
        "pack DIGITS --weights-only --for digits.rs --encrypt cipher.key -o again.weights",
    );
    let (hidden, again) = (read(&folder, "hidden.weights"), read(&folder, "again.weights"));
    assert!(blob::parts(&hidden).unwrap().0.encrypted && hidden[HEADER_BYTES..] != again[HEADER_BYTES..]);
}

#[test]
fn what_cannot_be_packed_or_signed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    done(&folder, "keygen maker.pem");
    done(&folder, "DIGITS -o digits.rs --weights updatable");
    let text = complaint(
        &folder,
        "pack DIGITS --weights-only --for digits.rs --target cortex-m4f --favour flash -o w",
    );
    assert!(
        text.contains("digits.rs cannot take the weights of this model: the code would differ"),
        "{text}"
    );
    assert!(
        text.contains("`edgec digits.onnx -o digits.rs --weights updatable`"),
        "{text}"
    );
    let text = complaint(
        &folder,
        &format!("pack DIGITS --weights-only --hash {} -o w", "00".repeat(32)),
    );
    assert!(text.contains("the weights are for code of structure"), "{text}");
    assert!(complaint(&folder, "pack DIGITS --weights-only -o w").contains("--for <MODEL.rs>"));
    assert!(complaint(&folder, "pack DIGITS --for digits.rs -o w").contains("--weights-only"));
    assert!(complaint(&folder, "DIGITS -o - --weights updatable").contains("no place for a file of weights"));
    let trained = complaint(&folder, "DIGITS -o t.rs --weights updatable --trainable last:1");
    assert!(trained.contains("cannot have updatable weights yet"), "{trained}");
    let mut damaged = read(&folder, "digits.weights");
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(folder.path().join("damaged"), damaged).unwrap();
    for (file, why) in [
        ("damaged", "the weights are damaged"),
        ("digits.rs", "there are no weights"),
    ] {
        let text = complaint(&folder, &format!("sign {file} --key maker.pem --revision 1 -o w"));
        assert!(text.contains(&format!("{file} cannot be signed: {why}")), "{text}");
    }
    let text = complaint(&folder, "sign digits.weights --key maker.pem.pub --revision 1 -o w");
    assert!(text.contains("is no Ed25519 private key in PEM"), "{text}");
    let text = complaint(&folder, "sign digits.weights --key maker.pem --revision 1 -o maker.pem");
    assert!(text.contains("would be written over"), "{text}");
    let text = complaint(&folder, "sign digits.weights --key maker.pem --revision 1 -o digits.rs");
    assert!(text.contains("edgec has not written it"), "{text}");
    assert!(!folder.path().join("w").exists());
}
