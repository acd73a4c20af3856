//! What README.md shows of emitted code and says of ONNX's tests is what is so now.

use edgec::Compiler;
use std::path::{Path, PathBuf};

fn repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

fn text(file: &str) -> String {
    std::fs::read_to_string(repository(file)).unwrap()
}

/// The parts of README's example between `// ..`, each as lines without indentation.
fn parts(readme: &str) -> Vec<Vec<&str>> {
    let (_, section) = readme.split_once("## What comes out").expect("the section is there");
    let (_, block) = section.split_once("```rust\n").expect("it has a block");
    let (block, _) = block.split_once("\n```").expect("which ends");
    let lines: Vec<&str> = block.lines().map(str::trim).collect();
    lines
        .split(|line| *line == "// ..")
        .map(|part| part.iter().copied().filter(|line| !line.is_empty()).collect())
        .collect()
}

#[test]
fn the_example_is_what_is_emitted() {
    let compiler = Compiler::new(repository("examples/digits/digits.onnx"));
    let compiled = compiler.compile().unwrap();
    let source = compiler.emit(&compiled, "digits.weights").source;
    // The command puts its own arguments into this line.
    let shown = |line: &&str| !line.is_empty() && !line.starts_with("// Regenerate:");
    let source: Vec<&str> = source.lines().map(str::trim).filter(shown).collect();
    let readme = text("README.md");
    let parts = parts(&readme);
    assert!(parts.len() > 5, "{parts:?}");
    let mut from = 0;
    for part in parts {
        let part: Vec<&str> = part.into_iter().filter(shown).collect();
        let found = source[from..].windows(part.len()).position(|lines| lines == part);
        let at = found.unwrap_or_else(|| panic!("README.md shows what is not emitted, or not there: {part:#?}"));
        from += at + part.len();
    }
}

#[test]
fn the_number_of_node_tests_is_that_of_the_report() {
    let report = text("docs/conformance.md");
    let (_, rest) = report.split_once("**").unwrap();
    let (numbers, _) = rest
        .split_once(" tests in scope pass")
        .expect("the report says how many pass");
    let readme = text("README.md");
    assert!(
        readme.contains(&format!("[{numbers} node tests]")),
        "README.md: {numbers}"
    );
}
