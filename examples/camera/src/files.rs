use std::io;
use std::path::{Path, PathBuf};

/// The file itself, or the files in a folder, by name.
///
/// # Errors
/// If there is no such file or folder, or if it cannot be read.
pub fn pictures(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.metadata()?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries: io::Result<Vec<PathBuf>> = path.read_dir()?.map(|entry| Ok(entry?.path())).collect();
    let mut files = entries?;
    files.retain(|file| file.is_file());
    files.sort();
    Ok(files)
}
