//! Link sections of weights and arena: names that are refused, and what the emitted file and the summary say.

use super::digits::{compile, said};
use std::fs;

#[test]
fn names_that_no_section_has_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |flags: &[&str]| {
        let output = compile(folder.path(), flags);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {}", said(&output));
        assert!(!folder.path().join("d.rs").exists());
        said(&output)
    };
    for name in ["", "a\"b", "a b", "a\nb", "ä", "seg,sect", &".x".repeat(100)] {
        for flag in ["--weights-section", "--arena-section"] {
            let said = refused(&[flag, name]);
            assert!(said.contains("is no name of a section"), "{said}");
        }
    }
    for name in [".text", ".text.weights", ".bss.weights", ".debug_info"] {
        let said = refused(&["--weights-section", name]);
        assert!(said.contains("do not hold what is read as data"), "{said}");
    }
    let said = refused(&["--fast-weights", ".a=4K", "--arena-section", ".a"]);
    assert!(
        said.contains("--fast-weights and --arena-section are both `.a`"),
        "{said}"
    );
    let said = refused(&["--weights-section", ".a", "--weights", "updatable"]);
    assert!(said.contains("updatable weights are no part of the program"), "{said}");
    assert!(refused(&["--fast-weights", "0"]).contains("has no bytes"));
    assert!(refused(&["--fast-weights", "many"]).contains("units are K (1024 bytes)"));
}

#[test]
fn the_weights_that_are_read_most_are_put_apart() {
    let folder = tempfile::tempdir().unwrap();
    let source = || fs::read_to_string(folder.path().join("d.rs")).unwrap();
    let flags = [
        "--target",
        "cortex-m7",
        "--weights",
        "sidecar",
        "--weights-section",
        ".model",
        "--fast-weights",
        ".tcm=10K",
        "--arena-section",
        ".bss.tcm",
    ];
    let output = compile(folder.path(), &flags);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    // The first two convolutions are computed at 64 positions, the third at 16, and the last layer once. What is left
    // of the memory takes biases of the others.
    let told = said(&output);
    assert!(told.contains("fast weights `.tcm`: 10 088 of 10 240 B"), "{told}");
    let layers = "640 B of l00_conv, 9 280 B of l01_conv, 128 B of l03_conv, 40 B of l05_gemm";
    assert!(told.contains(layers), "{told}");
    let code = source().split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "--weights-section .model --fast-weights .tcm=10240 --arena-section .bss.tcm",
        "/// - All other weights are in the link section `.model`.",
        "Each byte is read 64 times an inference.",
        "#[allow(unsafe_code)] #[unsafe(link_section = \".tcm\")] pub static L01_CONV_WEIGHTS: Weights<",
        "#[allow(unsafe_code)] #[unsafe(link_section = \".model\")] static FILE: Sidecar<",
        "pub static L03_CONV_WEIGHTS: &[f32; 4608] = FILE.tensor",
        "macro_rules! digits_static",
        "#[unsafe(link_section = \".bss.tcm\")]",
    ] {
        assert!(code.contains(part), "{part}\nis not in\n{code}");
    }
    // Nothing of it where nobody asks for it.
    fs::remove_file(folder.path().join("d.rs")).unwrap();
    assert_eq!(compile(folder.path(), &[]).status.code(), Some(0));
    assert!(!source().contains("unsafe") && !source().contains("section"));
}
