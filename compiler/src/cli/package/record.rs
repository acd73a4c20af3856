//! `edgec-package.json`: what a package is, and which files of its folder are edgec's.

use super::texts::Built;
use edgec::Error;
use edgec::words::hex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path};

/// The record's file in a package.
pub(super) const RECORD: &str = "edgec-package.json";
/// A larger file is no record.
const MOST_BYTES: u64 = 1 << 20;

/// What is recorded.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Record {
    /// The version of edgec.
    edgec: String,
    /// The package.
    name: String,
    version: String,
    /// SHA-256 of the model's file.
    sha256: String,
    libraries: Vec<Library>,
    /// SHA-256 of all files that edgec has written, this one apart.
    files: BTreeMap<String, String>,
    /// Those of a package that is being replaced: all files are known at any time, should writing them be interrupted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    replaced: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
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
        let files = files.iter().map(|(path, bytes)| (path.clone(), digest(bytes)));
        Self {
            edgec: env!("CARGO_PKG_VERSION").into(),
            name: all[0].c.prefix.clone(),
            version: version.into(),
            sha256: sha256.into(),
            libraries: libraries.collect(),
            files: files.collect(),
            replaced: BTreeMap::new(),
        }
    }

    /// This record while its files take the place of those of another.
    pub(super) fn replacing(&self, other: &Self) -> Self {
        // What was interrupted before may have left files of either.
        let left = other.replaced.iter().chain(&other.files);
        Self {
            replaced: left.map(|(path, digest)| (path.clone(), digest.clone())).collect(),
            ..self.clone()
        }
    }

    /// As the file has it.
    pub(super) fn text(&self) -> miette::Result<String> {
        let text = serde_json::to_string_pretty(self).map_err(|e| miette::miette!("{e}"))?;
        Ok(text + "\n")
    }

    /// What was recorded of a folder, if it is a package.
    pub(super) fn of(folder: &Path) -> Option<Self> {
        let path = folder.join(RECORD);
        let about = fs::symlink_metadata(&path).ok()?;
        if !about.is_file() || about.len() > MOST_BYTES {
            return None;
        }
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    /// Whether a file of the folder is as edgec has written it.
    pub(super) fn has(&self, folder: &Path, file: &str) -> bool {
        let mut known = [&self.files, &self.replaced]
            .into_iter()
            .filter_map(|files| files.get(file));
        file == RECORD || digest_in(folder, file).is_some_and(|found| known.any(|digest| *digest == found))
    }

    /// An error if files were changed since edgec has written them, or if links took the place of folders: what they
    /// hold is the user's.
    pub(super) fn refuse_changed(&self, folder: &Path) -> Result<(), Error> {
        let paths = self.files.keys().chain(self.replaced.keys());
        let is_changed = |file: &&String| fs::symlink_metadata(folder.join(file)).is_ok() && !self.has(folder, file);
        let mut changed: Vec<_> = paths.filter(is_changed).map(String::as_str).collect();
        changed.sort_unstable();
        changed.dedup();
        if changed.is_empty() {
            return Ok(());
        }
        Err(Error::Usage {
            message: format!(
                "not as `edgec package` has written it in {}: {}",
                folder.display(),
                changed.join(", ")
            ),
            help: Some("move it out of the folder, or --force to replace it".into()),
        })
    }

    /// Removes files that edgec has written and that are none of `files`: a library for a target that there is no more
    /// would be taken for one of this model.
    pub(super) fn remove_others(&self, folder: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Error> {
        for file in self.files.keys().chain(self.replaced.keys()) {
            let kept = files.iter().any(|(other, _)| other == file);
            if kept || !self.has(folder, file) {
                continue;
            }
            let path = folder.join(file);
            fs::remove_file(&path).map_err(|error| Error::io(&path, error))?;
            // Folders that are empty now.
            let folders = path.ancestors().skip(1).take_while(|parent| *parent != folder);
            let _ = folders.map(fs::remove_dir).take_while(Result::is_ok).count();
        }
        Ok(())
    }
}

/// SHA-256, in hexadecimal.
fn digest(bytes: &[u8]) -> String {
    hex(&hmac_sha256::Hash::hash(bytes))
}

/// That of a file in a folder. Whoever has written the record, nothing outside of the folder is meant, by way of a
/// symbolic link neither.
fn digest_in(folder: &Path, file: &str) -> Option<String> {
    let mut path = folder.to_owned();
    for part in Path::new(file).components() {
        let Component::Normal(part) = part else { return None };
        path.push(part);
        if fs::symlink_metadata(&path).ok()?.is_symlink() {
            return None;
        }
    }
    if !fs::metadata(&path).ok()?.is_file() {
        return None;
    }
    Some(digest(&fs::read(&path).ok()?))
}
