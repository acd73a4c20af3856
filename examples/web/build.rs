//! Has the command `edgec` write the model and its functions for C into `$OUT_DIR`. Other examples compile the compiler
//! for their build script; with the profile of this one, that would be done once more.

use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    edgec_build::Model::new("../digits/digits.onnx")
        .args(["--name", "Digits", "--target", "wasm32+simd128", "--c-header"])
        .arg(out.join("digits.h"))
        .emit_to_out_dir("digits.rs");

    // Memory from here on is the page's: nothing in the module allocates.
    println!("cargo::rustc-link-arg-cdylib=--export=__heap_base");
    // rustc would reserve a megabyte. A stack that overflows ends the call.
    println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
}
