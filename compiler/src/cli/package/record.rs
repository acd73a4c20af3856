//! `edgec-package.json`: what a package is, and which files of its folder are edgec's.

use super::texts::Built;
use edgec::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path};

/// The record's file in a package.
pub(super) const RECORD: &str = "edgec-package.json";

/// What is recorded.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Record {
    /// The version of edgec.
    edgec: String,
    /// The package.
    name: String,
    version: String,
    /// SHA-256 of the model's file.
    sha256: String,
    libraries: Vec<Library>,
    /// All files that edgec has written, this one apart.
    files: BTreeSet<String>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Library {
    target: String,
    folder: String,
    flash: u64,
    ram: usize,
}

impl Record {
    /// The record of what is built.
    pub(super) fn new(version: &str, sha256: &str, all: &[Built], files: &[(String, Vec<u8>)]) -> Self {
        let libraries = all.iter().map(|built| Library {
            target: built.target.machine.name.clone(),
            folder: built.target.folder(),
            flash: built.object.flash,
            ram: built.ram,
        });
        Self {
            edgec: env!("CARGO_PKG_VERSION").into(),
            name: all[0].c.prefix.clone(),
            version: version.into(),
            sha256: sha256.into(),
            libraries: libraries.collect(),
            files: files.iter().map(|(path, _)| path.clone()).collect(),
        }
    }

    /// As the file has it.
    pub(super) fn text(&self) -> miette::Result<String> {
        let text = serde_json::to_string_pretty(self).map_err(|e| miette::miette!("{e}"))?;
        Ok(text + "\n")
    }

    /// What was recorded of a folder, if it is a package.
    pub(super) fn of(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(RECORD)).ok()?).ok()
    }

    /// Whether a file of the folder is edgec's.
    pub(super) fn has(&self, file: &str) -> bool {
        file == RECORD || self.files.contains(file)
    }

    /// Removes files that edgec has written and that are none of `files`: a library for a target that there is no more
    /// would be taken for one of this model.
    pub(super) fn remove_others(&self, folder: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Error> {
        for file in &self.files {
            let kept = files.iter().any(|(other, _)| other == file);
            // Whoever has written the record, nothing outside of the folder is touched.
            let inside = Path::new(file)
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
            let path = folder.join(file);
            if kept || !inside || !path.is_file() {
                continue;
            }
            fs::remove_file(&path).map_err(|source| Error::Io {
                path: path.clone(),
                source,
            })?;
            // Folders that are empty now.
            let folders = path.ancestors().skip(1).take_while(|parent| *parent != folder);
            let _ = folders.map(fs::remove_dir).take_while(Result::is_ok).count();
        }
        Ok(())
    }
}
