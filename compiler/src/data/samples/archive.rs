use super::array::ArrayFile;
use crate::Error;
use crate::data::npz;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use zip::{CompressionMethod, ZipArchive};

/// The arrays of an `.npz` file, each of them readable as a stream of its own.
#[derive(Clone, Debug)]
pub(super) struct Archive {
    /// The file.
    pub(super) path: PathBuf,
    arrays: Vec<(String, Entry)>,
}

/// Where the bytes of an array are in an archive.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    start: u64,
    packed: u64,
    size: u64,
    crc: u32,
    deflated: bool,
}

impl Archive {
    /// Reads the list of arrays.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let wrong =
            |message: String| Error::samples(format!("{}: {message}", path.display()), "np.savez writes such files");
        let file = File::open(path).map_err(|e| Error::io(path, e))?;
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|e| wrong(format!("not an .npz file: {e}")))?;
        let mut arrays = vec![];
        for index in 0..zip.len() {
            let entry = zip.by_index(index).map_err(|e| wrong(e.to_string()))?;
            let file_name = entry.name().map_err(|e| wrong(e.to_string()))?.into_owned();
            let Some(name) = npz::array_name(&file_name) else {
                continue;
            };
            let deflated = match entry.compression() {
                CompressionMethod::Stored => false,
                CompressionMethod::Deflated => true,
                other => {
                    return Err(wrong(format!(
                        "array `{}` is compressed by {other}",
                        name.escape_debug()
                    )));
                }
            };
            let start = entry
                .data_start()
                .ok_or_else(|| wrong(format!("array `{}` has no data", name.escape_debug())))?;
            arrays.push((
                name.to_owned(),
                Entry {
                    start,
                    packed: entry.compressed_size(),
                    size: entry.size(),
                    crc: entry.crc32(),
                    deflated,
                },
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            arrays,
        })
    }

    /// The array `key`.
    pub(super) fn get(&self, key: &str) -> Option<ArrayFile> {
        let found = self.arrays.iter().find(|(name, _)| name == key);
        found.map(|(name, entry)| ArrayFile::in_archive(&self.path, name, entry.clone()))
    }

    /// The array that `is_it` tells by its name.
    pub(super) fn find(&self, is_it: impl Fn(&str) -> bool) -> Option<ArrayFile> {
        let found = self.arrays.iter().find(|(name, _)| is_it(name));
        found.and_then(|(name, _)| self.get(name))
    }

    /// The array, if there is no other.
    pub(super) fn only(&self) -> Option<ArrayFile> {
        match &self.arrays[..] {
            [(name, _)] => self.get(name),
            _ => None,
        }
    }

    /// The arrays with types and shapes, for people.
    pub(super) fn describe(&self) -> String {
        let one = |(name, entry): &(String, Entry)| {
            let array = ArrayFile::in_archive(&self.path, name, entry.clone());
            let ty = array.open().map_or("unreadable".to_owned(), |a| a.ty().to_string());
            format!("`{}` {ty}", name.escape_debug())
        };
        match &self.arrays[..] {
            [] => "it holds no arrays".to_owned(),
            arrays => format!("it holds {}", arrays.iter().map(one).collect::<Vec<_>>().join(", ")),
        }
    }
}

impl Entry {
    /// The bytes of the array's `.npy` file. They are checked against the archive's checksum when the last one is read.
    pub(super) fn stream(&self, path: &Path) -> io::Result<impl Read + Send + use<>> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(self.start))?;
        let packed = BufReader::new(file.take(self.packed));
        let inner: Box<dyn Read + Send> = if self.deflated {
            Box::new(flate2::bufread::DeflateDecoder::new(packed))
        } else {
            Box::new(packed)
        };
        let crc = self.crc;
        Ok(BufReader::new(Checked {
            inner: inner.take(self.size),
            sum: flate2::Crc::new(),
            crc,
        }))
    }
}

/// Reads to the end of an entry and compares its checksum there.
struct Checked {
    inner: io::Take<Box<dyn Read + Send>>,
    sum: flate2::Crc,
    crc: u32,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let open = self.inner.limit() > 0;
        let count = self.inner.read(buffer)?;
        self.sum.update(&buffer[..count]);
        if open && self.inner.limit() == 0 && self.sum.sum() != self.crc {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the archive is damaged: its checksum is another",
            ));
        }
        Ok(count)
    }
}
