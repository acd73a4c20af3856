//! The texts of packages, without libraries in them.

use super::object::Combined;
use super::target::Target;
use super::texts::{About, Built, files};
use edgec::Machine;
use edgec::back::emit::{CArray, CInterface};

fn built(name: &str, header: &str) -> Built {
    let mut targets = Target::all(&[Machine::named(name).unwrap()]).unwrap();
    let array = |name: &str, element, len, is_input| CArray {
        name: name.into(),
        element,
        length: format!("EAR_{}_LEN", name[name.len() - 1..].to_uppercase()),
        len,
        is_input,
    };
    Built {
        target: targets.remove(0),
        c: CInterface {
            source: String::new(),
            header: format!("/* Generated. */\n{header}\n"),
            prefix: "ear".into(),
            functions: ["ear_init", "ear_run", "ear_self_test"].map(str::to_owned).into(),
            arrays: vec![
                array("in_x", "float", 64, true),
                array("in_y", "int8_t", 0, true),
                array("out_z", "int64_t", 4, false),
            ],
        },
        object: Combined {
            bytes: b"object".to_vec(),
            flash: 4321,
        },
        ram: 1234,
    }
}

/// All files, libraries by their names alone.
fn shown(all: &[Built]) -> String {
    let about = About {
        model: "ear.onnx",
        command: "edgec package ear.onnx -o ear --target ..",
        version: "1.2.3",
    };
    let files = files(&about, all);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let shown = files.into_iter().map(|(path, bytes)| match path.ends_with(".a") {
        true => format!("== {path}\n"),
        false if path == "LICENSE.kernels" => format!("== {path}\n"),
        false => format!("== {path}\n{}", text(bytes)),
    });
    shown.collect()
}

#[test]
fn a_package_for_one_target() {
    insta::assert_snapshot!(shown(&[built(
        "x86_64-unknown-linux-gnu",
        "#define EAR_STORAGE_BYTES 64"
    )]));
}

#[test]
fn a_package_for_many_targets() {
    let names = [
        "cortex-m4f",
        "cortex-m33",
        "cortex-m55",
        "cortex-m0",
        "rv32imc",
        "rv32imac",
    ];
    let all = names.map(|name| built(name, &format!("#define EAR_STORAGE_BYTES {}", name.len())));
    insta::assert_snapshot!(shown(&all));
}

#[test]
fn names_in_the_templates_are_filled() {
    for names in [&["cortex-m4f", "rv32imc"][..], &["aarch64-unknown-linux-musl"]] {
        let all: Vec<_> = names.iter().map(|name| built(name, "same")).collect();
        let text = shown(&all);
        let left = text.split('@').skip(1).step_by(2).find(|word| {
            let is_name = |c: char| c.is_ascii_alphabetic() || c == '_';
            !word.is_empty() && word.chars().all(is_name)
        });
        assert_eq!(left, None);
        assert!(!text.contains("#if"), "one header is the same as all");
    }
}
