//! A rule of Make, as `cc -MF` writes it, that says which files an output was made of: build systems read it to know
//! when to make the output again.

use super::{Compiled, Compiler};
use crate::Error;
use crate::data::{self, output};
use std::io::Write;
use std::path::{Path, PathBuf};

impl Compiler {
    /// The files that decide what is compiled: the model, those that hold its tensors, its samples, and what was given
    /// to [`reads`](Self::reads).
    ///
    /// # Errors
    /// If samples are written in no form that is known.
    pub fn inputs(&self, compiled: &Compiled) -> Result<Vec<PathBuf>, Error> {
        Ok([self.read()?, compiled.external_files.clone()].concat())
    }

    /// Writes a rule of Make by which `output` is made of [`inputs`](Self::inputs).
    ///
    /// # Errors
    /// As [`write`](Self::write), and if a name has no place in such a file: it is no UTF-8, or has several lines.
    pub fn write_depfile(&self, compiled: &Compiled, output: &Path, depfile: &Path) -> Result<(), Error> {
        let target = format!("{}:", escaped(output)?);
        let is_ours = || data::read_text(depfile).is_ok_and(|text| text.starts_with(&target));
        output::distinct(&[output, depfile])?;
        self.guard(compiled)?.check(depfile, is_ours)?;
        let mut rule = target.clone();
        for input in self.inputs(compiled)? {
            rule.push_str(" \\\n  ");
            rule.push_str(&escaped(&input)?);
        }
        rule.push('\n');
        output::write(depfile, |file| file.write_all(rule.as_bytes())).map_err(|e| Error::io(depfile, e))
    }
}

/// A name as Make, Ninja and rustc read it in such a file.
fn escaped(path: &Path) -> Result<String, Error> {
    let name = path.to_str().filter(|name| !name.contains(['\n', '\r']));
    let name = name.ok_or_else(|| {
        Error::usage(
            format!("a depfile cannot name {path:?}"),
            "rename the file or its folder, or leave out --depfile",
        )
    })?;
    Ok(name.replace(' ', "\\ ").replace('#', "\\#").replace('$', "$$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_as_make_has_it() {
        assert_eq!(escaped(Path::new("a b/$c#.onnx")).unwrap(), "a\\ b/$$c\\#.onnx");
        let message = escaped(Path::new("a\nb: c")).unwrap_err().to_string();
        assert!(message.contains(r#""a\nb: c""#), "{message}");
    }
}
