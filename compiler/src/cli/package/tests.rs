//! The texts of packages, without libraries in them.
#![allow(clippy::print_stderr, reason = "tests say what they skip")]

use super::object::Combined;
use super::target::Target;
use super::texts::{About, Built, files};
use edgec::Machine;
use edgec::back::emit::{CArray, CInterface};
use std::fs;
use std::path::Path;
use std::process::Command;

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
    let version = format!("edgec {}", env!("CARGO_PKG_VERSION"));
    shown.collect::<String>().replace(&version, "edgec VERSION")
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

/// Functions of ESP-IDF and Zephyr that say what they are given.
const STUBS: &str = "
function(idf_component_register)
endfunction()
function(idf_build_get_property variable property)
    set(${variable} ${CHIP} PARENT_SCOPE)
endfunction()
function(add_prebuilt_library name library)
    message(${library})
endfunction()
function(target_link_libraries)
endfunction()
function(zephyr_library_import name library)
    message(${library})
endfunction()
function(zephyr_include_directories)
endfunction()
include(${FILE})
";

/// What CMake says of a file of the package in a folder, with these variables.
fn cmake(folder: &Path, file: &str, variables: &str) -> String {
    let mut command = Command::new("cmake");
    command.arg(format!("-DFILE={}", folder.join(file).display()));
    command.args(variables.split(' ').map(|variable| format!("-D{variable}")));
    let output = command.arg("-P").arg(folder.join("stubs.cmake")).output().unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn build_systems_choose_the_library() {
    if Command::new("cmake").arg("--version").output().is_err() {
        eprintln!("skipped: cmake is missing");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let names = ["cortex-m4f", "cortex-m33", "cortex-m55", "cortex-m0", "rv32imac"];
    let about = About {
        model: "",
        command: "",
        version: "1.2.3",
    };
    for (path, bytes) in files(&about, &names.map(|name| built(name, name))) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::write(folder.path().join("stubs.cmake"), STUBS).unwrap();
    let (esp_idf, zephyr) = ("CMakeLists.txt", "zephyr/CMakeLists.txt");
    let none = "has no library";
    for (file, variables, said) in [
        (
            esp_idf,
            "ESP_PLATFORM=1 CHIP=esp32c6",
            "/lib/riscv32imac-unknown-none-elf/libear.a",
        ),
        (esp_idf, "ESP_PLATFORM=1 CHIP=esp32c3", none),
        (esp_idf, "ESP_PLATFORM=1 CHIP=esp32s3", none),
        (zephyr, "CONFIG_CPU_CORTEX_M0PLUS=y", "/lib/thumbv6m-none-eabi/libear.a"),
        (
            zephyr,
            "CONFIG_CPU_CORTEX_M7=y CONFIG_FP_HARDABI=y",
            "/lib/thumbv7em-none-eabihf/libear.a",
        ),
        (zephyr, "CONFIG_CPU_CORTEX_M4=y", none),
        (
            zephyr,
            "CONFIG_ARMV8_M_MAINLINE=y CONFIG_FP_HARDABI=y",
            "/lib/thumbv8m.main-none-eabihf/libear.a",
        ),
        (
            zephyr,
            "CONFIG_ARMV8_M_MAINLINE=y CONFIG_ARMV8_1_M_MVEI=y CONFIG_FP_HARDABI=y",
            "/lib/thumbv8m.main-none-eabihf+mve/libear.a",
        ),
        (
            zephyr,
            "CONFIG_RISCV=y CONFIG_RISCV_ISA_EXT_A=y",
            "/lib/riscv32imac-unknown-none-elf/libear.a",
        ),
        (zephyr, "CONFIG_RISCV=y CONFIG_RISCV_ISA_EXT_A=y CONFIG_64BIT=y", none),
    ] {
        let found = cmake(folder.path(), file, &format!("CONFIG_EDGEC_EAR=y {variables}"));
        assert!(found.contains(said), "{variables}: {found}");
    }
}
