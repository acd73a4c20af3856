//! What an image holds: bytes of its parts, and the symbols that firmware should not need.

use object::{Object, ObjectSection, ObjectSymbol};
use serde::Serialize;
use std::path::Path;

/// Bytes and symbols of an image, without the probe around the model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Bytes of instructions.
    pub code: u64,
    /// Bytes of constants, weights among them.
    pub constants: u64,
    /// Functions of `core::panicking`, and others that only panic.
    pub panics: Vec<String>,
    /// Functions of `core::fmt`.
    pub formats: Vec<String>,
    /// Functions of allocators.
    pub allocators: Vec<String>,
    /// Routines that compute with floats where the processor does not.
    pub soft_floats: Vec<String>,
    /// Routines that divide 64-bit integers.
    pub divisions: Vec<String>,
}

/// Reads the image at `path`.
///
/// # Errors
/// If it is no image.
pub fn contents(path: &Path) -> Result<Contents, String> {
    let text = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let bytes = std::fs::read(path).map_err(|e| text(&e))?;
    let file = object::File::parse(&*bytes).map_err(|e| text(&e))?;
    let mut contents = Contents::default();
    for section in file.sections() {
        match section.name().unwrap_or_default() {
            ".text" => contents.code += section.size(),
            ".rodata" | ".data" => contents.constants += section.size(),
            _ => {}
        }
    }
    for symbol in file.symbols() {
        let name = symbol.name().unwrap_or_default();
        // Symbols without a kind or a place are marks of the assembler and of files.
        if symbol.kind() != object::SymbolKind::Text || symbol.is_undefined() {
            continue;
        }
        if let Some(list) = contents.list(name) {
            list.push(name.to_owned());
        }
    }
    for list in contents.lists() {
        list.sort();
        list.dedup();
    }
    Ok(contents)
}

impl Contents {
    /// The list that a symbol belongs to, if any. Both manglings of rustc hold paths as `4core9panicking`.
    fn list(&mut self, name: &str) -> Option<&mut Vec<String>> {
        let holds = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        if holds(&[
            "4core9panicking",
            "13unwrap_failed",
            "13expect_failed",
            "16slice_index_fail",
        ]) {
            Some(&mut self.panics)
        } else if holds(&["4core3fmt"]) {
            Some(&mut self.formats)
        } else if holds(&[
            "__rust_alloc",
            "__rust_dealloc",
            "__rust_realloc",
            "__rustc10___rust_",
            "5alloc5alloc",
        ]) {
            Some(&mut self.allocators)
        } else if is_soft_float(name) {
            Some(&mut self.soft_floats)
        } else if holds(&[
            "ldivmod",
            "__udivdi3",
            "__divdi3",
            "__umoddi3",
            "__moddi3",
            "u64_div_rem",
            "u64_by_u32",
        ]) {
            Some(&mut self.divisions)
        } else {
            None
        }
    }

    fn lists(&mut self) -> [&mut Vec<String>; 5] {
        [
            &mut self.panics,
            &mut self.formats,
            &mut self.allocators,
            &mut self.soft_floats,
            &mut self.divisions,
        ]
    }

    /// Symbols that may not be in firmware of an integer model, each with what it is.
    pub fn forbidden<'s>(&'s self) -> Vec<(&'static str, &'s str)> {
        let kinds = [
            ("panics", &self.panics),
            ("formats", &self.formats),
            ("allocates", &self.allocators),
            ("computes with floats", &self.soft_floats),
        ];
        let named =
            |(kind, names): (&'static str, &'s Vec<String>)| names.iter().map(move |name| (kind, name.as_str()));
        kinds.into_iter().flat_map(named).collect()
    }
}

/// Names such as `__aeabi_fadd`, `__aeabi_i2d`, `__mulsf3`, `__fixdfsi` and `__extendhfsf2`, and functions of libm.
fn is_soft_float(name: &str) -> bool {
    if let Some(rest) = name.strip_prefix("__aeabi_") {
        let from_integer = ["i2f", "i2d", "ui2f", "ui2d", "l2f", "l2d", "ul2f", "ul2d"];
        return from_integer.iter().any(|start| rest.starts_with(start))
            || rest.starts_with(['f', 'd', 'h']) && !rest.starts_with("div");
    }
    let float = [
        "sf2", "df2", "sf3", "df3", "sfsi", "dfsi", "sfdi", "dfdi", "sisf", "sidf", "disf", "didf", "hfsf2", "sfhf2",
        "dfhf2",
    ];
    let is_builtin = name.starts_with("__") && float.iter().any(|end| name.ends_with(end));
    is_builtin || name.contains("4libm") || name.contains("17compiler_builtins5float")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routines_for_floats_are_told_from_others() {
        for name in [
            "__aeabi_fadd",
            "__aeabi_ddiv",
            "__aeabi_ui2f",
            "__mulsf3",
            "__fixdfsi",
            "__extendhfsf2",
        ] {
            assert!(is_soft_float(name), "{name}");
        }
        for name in [
            "__aeabi_uidiv",
            "__aeabi_idivmod",
            "__aeabi_memcpy",
            "__aeabi_lmul",
            "__aeabi_uldivmod",
        ] {
            assert!(!is_soft_float(name), "{name}");
        }
    }

    #[test]
    fn symbols_go_where_they_belong() {
        let mut contents = Contents::default();
        assert!(contents.list("_ZN4core9panicking5panic17h0123456789abcdefE").is_some());
        assert!(
            contents
                .list("_ZN12runtime_core7kernels4gemm17h0123456789abcdefE")
                .is_none()
        );
        contents.list("__aeabi_uldivmod").unwrap().push("x".into());
        assert_eq!(contents.divisions, ["x"]);
        assert!(contents.forbidden().is_empty());
    }
}
