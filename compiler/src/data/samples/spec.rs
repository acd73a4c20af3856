use crate::Error;
use std::path::PathBuf;

/// Where samples are, as users write it: `FILE.npz`, `FILE.npz:KEY`, `FILE.npz:INPUT=KEY,INPUT=KEY`, `FILE.npy` or a
/// folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The file or folder.
    pub path: PathBuf,
    /// Which arrays of an archive.
    pub keys: Keys,
}

/// Which array of an archive belongs to which input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// The array named like the input.
    ByName,
    /// The array named like the input, else this one for a model with one input.
    ByNameElse(String),
    /// This one, of a model with one input.
    One(String),
    /// The key of each input, `(input, key)`; inputs that are not listed have the array named like them.
    Each(Vec<(String, String)>),
}

impl Spec {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// If it is empty or names the key of one input twice.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let plain = |path: &str| Self {
            path: path.into(),
            keys: Keys::ByName,
        };
        let end = text.to_ascii_lowercase().find(".npz:").map(|at| at + ".npz".len());
        let Some(end) = end.filter(|_| !PathBuf::from(text).exists()) else {
            return match text {
                "" => Err(wrong("there is no file")),
                path => Ok(plain(path)),
            };
        };
        Ok(Self {
            path: text[..end].into(),
            keys: Keys::parse(&text[end + 1..])?,
        })
    }
}

impl Keys {
    /// Takes `KEY` or `INPUT=KEY,INPUT=KEY` apart.
    ///
    /// # Errors
    /// If it is empty or names the key of one input twice.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(wrong("a key is empty"));
        }
        let pairs = text.split(',').map(|pair| pair.rsplit_once('='));
        let Some(pairs) = pairs.collect::<Option<Vec<_>>>() else {
            return Ok(Self::One(text.to_owned()));
        };
        let twice = |(i, (input, _)): (usize, &(&str, &str))| pairs[..i].iter().any(|(other, _)| other == input);
        if pairs.iter().enumerate().any(twice) {
            return Err(wrong("an input is named twice"));
        }
        let owned = |(input, key): &(&str, &str)| ((*input).to_owned(), (*key).to_owned());
        Ok(Self::Each(pairs.iter().map(owned).collect()))
    }
}

fn wrong(message: &str) -> Error {
    Error::usage(
        format!("samples: {message}"),
        "write FILE.npz, FILE.npz:KEY for a model with one input, FILE.npz:INPUT=KEY,INPUT=KEY, FILE.npy, or a folder of .npy files",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_after_the_file() {
        let keys = |text: &str| Spec::parse(text).unwrap().keys;
        assert_eq!(keys("a.npz"), Keys::ByName);
        assert_eq!(keys("C:/b/a.NPZ:calib"), Keys::One("calib".into()));
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            keys("a.npz:in:0=x,b=y"),
            Keys::Each(vec![pair("in:0", "x"), pair("b", "y")])
        );
        assert_eq!(Spec::parse("a.npz:k").unwrap().path, PathBuf::from("a.npz"));
        assert_eq!(Spec::parse("folder").unwrap().path, PathBuf::from("folder"));
        for bad in ["", "a.npz:", "a.npz:a=x,a=y"] {
            assert!(Spec::parse(bad).is_err(), "{bad}");
        }
    }
}
