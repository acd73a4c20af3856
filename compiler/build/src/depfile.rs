//! Reads a rule of Make, as the command writes it with `--depfile`.

use std::path::PathBuf;

/// The files that the output is made of, in the order of the rule.
pub(crate) fn inputs(rule: &str) -> Vec<PathBuf> {
    let mut inputs = vec![];
    let mut name = String::new();
    let mut end = |name: &mut String| {
        if !name.is_empty() {
            inputs.push(std::mem::take(name));
        }
    };
    let mut characters = rule.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            // A line that goes on.
            ('\\', Some('\n')) => {
                characters.next();
                end(&mut name);
            }
            ('\\', Some(&escaped @ (' ' | '#'))) | ('$', Some(&escaped @ '$')) => {
                characters.next();
                name.push(escaped);
            }
            (' ' | '\n', _) => end(&mut name),
            _ => name.push(c),
        }
    }
    end(&mut name);
    // The first is the target, with its colon.
    inputs.into_iter().skip(1).map(PathBuf::from).collect()
}

#[test]
fn names_are_read_as_they_were() {
    let rule = "/out dir/m.rs: \\\n  a\\ b/$$c\\#.onnx \\\n  C:\\m.onnx\n".replace("/out dir", "/out\\ dir");
    assert_eq!(inputs(&rule), ["a b/$c#.onnx", "C:\\m.onnx"].map(PathBuf::from));
    assert!(inputs("m.rs:\n").is_empty());
}
