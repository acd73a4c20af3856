//! Readings of the counter between the kernel calls of an emitted file.

/// How a kernel call begins in the emitted file: the file is formatted, and these are the statements of `run_in`.
const CALL: &str = "        kernels::";

/// The file with a reading before the first of its `calls` kernel calls and after each. The first call's operands are borrowed
/// after the first reading.
///
/// # Errors
/// If the file does not have so many kernel calls.
pub fn with_hooks(source: &str, calls: usize) -> Result<String, String> {
    let mut text = String::with_capacity(source.len() + 40 * calls);
    let (mut found, mut open) = (0, false);
    for line in source.lines() {
        text.push_str(line);
        text.push('\n');
        if line == "        let simd = Simd::detect();" {
            text.push_str("        crate::hook();\n");
        }
        open |= line.starts_with(CALL);
        if open && line.ends_with(");") {
            text.push_str("        crate::hook();\n");
            found += 1;
            open = false;
        }
    }
    if found == calls && !open {
        return Ok(text);
    }
    Err(format!(
        "{calls} kernel calls were compiled, but {found} are found in the emitted file"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_stand_around_each_call() {
        let source = "        let simd = Simd::detect();\n        kernels::a(simd, x, y);\n        kernels::b(\n            simd,\n        );\n";
        let text = with_hooks(source, 2).unwrap();
        assert_eq!(text.matches("crate::hook();").count(), 3);
        assert!(text.ends_with(");\n        crate::hook();\n"));
        assert!(with_hooks(source, 3).is_err());
    }
}
