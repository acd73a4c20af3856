use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes that a text has at most: figures of some hundred thousand layers.
const MOST: u64 = 64 << 20;

/// Reads a text that a tool has written, also from a pipe.
///
/// # Errors
/// If it cannot be read, is no UTF-8, or is longer than any tool makes it.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST {
        return Err(io::Error::other(format!("it is longer than {} MiB", MOST >> 20)));
    }
    Ok(text)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_refused() {
        let error = read_text(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.to_string(), "it is longer than 64 MiB");
    }
}
