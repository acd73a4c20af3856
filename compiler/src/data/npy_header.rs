//! The header of an `.npy` file: a Python dictionary of three keys, read in one pass without nesting.

use crate::data::npy::{ArrayProblem, problem};
use std::io::{self, Read, Write};

/// What the file begins with.
const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// The longest dictionary that is read. NumPy's own are shorter than 200 bytes, and NumPy refuses more than 10000.
const MAX_BYTES: u32 = 1 << 16;
/// The elements of what is written begin at a multiple of this, as NumPy has it.
const ALIGNMENT: usize = 64;
/// The most dimensions of an array, as in NumPy.
const MAX_DIMENSIONS: usize = 64;

/// The values of the dictionary.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dictionary {
    /// Byte order, kind and size of an element, such as `<f4`.
    pub(super) descr: String,
    /// Whether the first axis is stored fastest.
    pub(super) fortran_order: bool,
    /// Extents, outermost first.
    pub(super) shape: Vec<usize>,
}

/// Reads the header; the elements come next.
pub(super) fn read(reader: &mut impl Read) -> Result<Dictionary, ArrayProblem> {
    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(problem)?;
    let (magic, [major, _]) = start.split_last_chunk().expect("two bytes follow the magic");
    if magic != MAGIC {
        return Err(problem("it does not begin as .npy files do"));
    }
    let len = match major {
        1 => u16::from_le_bytes(bytes(reader)?).into(),
        2 | 3 => u32::from_le_bytes(bytes(reader)?),
        _ => return Err(problem(format!("version {major} of the .npy format is not known"))),
    };
    if len > MAX_BYTES {
        return Err(problem(format!(
            "its header has {len} bytes; at most {MAX_BYTES} are read"
        )));
    }
    let mut text = vec![];
    reader.take(len.into()).read_to_end(&mut text).map_err(problem)?;
    if text.len() < len as usize {
        return Err(problem("its header is cut short"));
    }
    Parser { rest: &text }.dictionary()
}

/// Writes the header of an array that is stored with the last axis fastest.
pub(super) fn write(writer: &mut impl Write, descr: &str, shape: &[usize]) -> io::Result<()> {
    let extents: String = shape.iter().map(|extent| format!("{extent}, ")).collect();
    let extents = match shape {
        [_] => extents.trim_end(),
        _ => extents.trim_end_matches(", "),
    };
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({extents}), }}");
    // The magic, the version and the length come first, a line break last.
    let unpadded = MAGIC.len() + 4 + text.len() + 1;
    let padding = unpadded.next_multiple_of(ALIGNMENT) - unpadded;
    let len = u16::try_from(text.len() + padding + 1).map_err(|_| io::ErrorKind::InvalidInput)?;
    writer.write_all(MAGIC)?;
    writer.write_all(&[1, 0])?;
    writer.write_all(&len.to_le_bytes())?;
    writeln!(writer, "{text}{:padding$}", "")
}

fn bytes<const N: usize>(reader: &mut impl Read) -> Result<[u8; N], ArrayProblem> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(problem)?;
    Ok(bytes)
}

/// What is left of the text. Every step takes bytes from it, so parsing takes as many steps as there are bytes.
struct Parser<'a> {
    rest: &'a [u8],
}

impl<'a> Parser<'a> {
    fn dictionary(&mut self) -> Result<Dictionary, ArrayProblem> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        self.expect(b'{')?;
        while !self.takes(b'}') {
            let key = self.string()?;
            self.expect(b':')?;
            let first = match key {
                b"descr" => descr.replace(self.descr()?).is_none(),
                b"fortran_order" => fortran_order.replace(self.truth()?).is_none(),
                b"shape" => shape.replace(self.shape()?).is_none(),
                _ => return Err(wrong()),
            };
            if !first {
                return Err(wrong());
            }
            if !self.takes(b',') {
                self.expect(b'}')?;
                break;
            }
        }
        self.skip_spaces();
        match (descr, fortran_order, shape) {
            (Some(descr), Some(fortran_order), Some(shape)) if self.rest.is_empty() => Ok(Dictionary {
                descr,
                fortran_order,
                shape,
            }),
            _ => Err(wrong()),
        }
    }

    fn descr(&mut self) -> Result<String, ArrayProblem> {
        self.skip_spaces();
        if self.rest.first() == Some(&b'[') {
            return Err(problem("structured arrays are not tensors"));
        }
        Ok(String::from_utf8_lossy(self.string()?).into_owned())
    }

    fn truth(&mut self) -> Result<bool, ArrayProblem> {
        match self.word(u8::is_ascii_alphabetic) {
            b"True" => Ok(true),
            b"False" => Ok(false),
            _ => Err(wrong()),
        }
    }

    /// `()`, `(3,)`, `(3, 4)`; Python 2 writes `3L`.
    fn shape(&mut self) -> Result<Vec<usize>, ArrayProblem> {
        let mut shape = vec![];
        self.expect(b'(')?;
        while !self.takes(b')') {
            let digits = std::str::from_utf8(self.word(u8::is_ascii_digit)).unwrap_or_default();
            if digits.is_empty() {
                return Err(wrong());
            }
            shape.push(
                digits
                    .parse()
                    .map_err(|_| problem("a dimension is larger than memory"))?,
            );
            if shape.len() > MAX_DIMENSIONS {
                return Err(problem(format!("it has more than {MAX_DIMENSIONS} dimensions")));
            }
            self.takes(b'L');
            if !self.takes(b',') {
                self.expect(b')')?;
                break;
            }
        }
        Ok(shape)
    }

    /// A text in quotes, without escapes.
    fn string(&mut self) -> Result<&'a [u8], ArrayProblem> {
        self.skip_spaces();
        let quote = match self.rest.first() {
            Some(quote @ (b'\'' | b'"')) => *quote,
            _ => return Err(wrong()),
        };
        let rest = &self.rest[1..];
        let end = rest.iter().position(|b| *b == quote || *b == b'\\').ok_or_else(wrong)?;
        if rest[end] == b'\\' {
            return Err(wrong());
        }
        self.rest = &rest[end + 1..];
        Ok(&rest[..end])
    }

    fn word(&mut self, is_part: impl Fn(&u8) -> bool) -> &'a [u8] {
        self.skip_spaces();
        let end = self.rest.iter().position(|b| !is_part(b)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    fn takes(&mut self, byte: u8) -> bool {
        self.skip_spaces();
        let Some(rest) = self.rest.strip_prefix(&[byte]) else {
            return false;
        };
        self.rest = rest;
        true
    }

    fn expect(&mut self, byte: u8) -> Result<(), ArrayProblem> {
        if self.takes(byte) { Ok(()) } else { Err(wrong()) }
    }
}

fn wrong() -> ArrayProblem {
    problem("its header is not a dictionary of `descr`, `fortran_order` and `shape`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn parse(text: &str) -> Result<Dictionary, String> {
        let mut file = MAGIC.to_vec();
        file.extend([2, 0]);
        file.extend((text.len() as u32).to_le_bytes());
        file.extend(text.bytes());
        read(&mut &file[..]).map_err(|(message, _)| message)
    }

    #[test]
    fn as_numpy_writes_them() {
        let wanted = |fortran_order, shape: &[usize]| {
            Ok(Dictionary {
                descr: "<f4".into(),
                fortran_order,
                shape: shape.to_vec(),
            })
        };
        let numpy = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }     \n";
        assert_eq!(parse(numpy), wanted(false, &[2, 3]));
        let other = "{\"shape\":(7L,),\"fortran_order\":True,\"descr\":\"<f4\"}";
        assert_eq!(parse(other), wanted(true, &[7]));
        assert_eq!(
            parse("{'descr':'<f4','fortran_order':False,'shape':()}"),
            wanted(false, &[])
        );
    }

    #[test]
    fn what_is_written_is_what_numpy_writes() {
        for (shape, written) in [
            (&[][..], "()"),
            (&[7], "(7,)"),
            (&[2, 3], "(2, 3)"),
            (
                &[1_000_000_000; 8],
                "(1000000000, 1000000000, 1000000000, 1000000000, 1000000000, 1000000000",
            ),
        ] {
            let mut file = vec![];
            write(&mut file, "<f4", shape).unwrap();
            assert_eq!((file.len() % ALIGNMENT, file.last()), (0, Some(&b'\n')));
            let text = String::from_utf8_lossy(&file);
            let start = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {written}");
            assert!(text[text.find('{').unwrap()..].starts_with(&start), "{text}");
            assert_eq!(read(&mut &file[..]).unwrap().shape, shape);
        }
    }

    /// 22 brackets kept the compiler busy for seconds, and each one more twice as long.
    #[test]
    fn hostile_headers_are_refused_at_once() {
        let of_shape = |shape: &str| format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape})}}");
        let start = Instant::now();
        for (text, said) in [
            ("[".repeat(22), "not a dictionary"),
            ("{".repeat(60_000), "not a dictionary"),
            (format!("{{'descr': {}", "[".repeat(60_000)), "structured"),
            (of_shape(&"(".repeat(60_000)), "not a dictionary"),
            (of_shape(&"9".repeat(60_000)), "larger than memory"),
            (of_shape(&"1,".repeat(30_000)), "64 dimensions"),
            (of_shape("2,-1"), "not a dictionary"),
            (of_shape("2,,"), "not a dictionary"),
            (of_shape("2)} trailing ("), "not a dictionary"),
            ("{'shape': (1,), 'shape': (1,)}".into(), "not a dictionary"),
            ("{'descr': '<f4', 'fortran_order': False}".into(), "not a dictionary"),
            ("{'descr': '\\x00".into(), "not a dictionary"),
            (" ".repeat(70_000), "at most 65536"),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.contains(said), "{error}: {}", &text[..text.len().min(60)]);
        }
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        let endless = b"\x93NUMPY\x02\x00\xff\xff\xff\xff";
        assert!(read(&mut &endless[..]).unwrap_err().0.contains("4294967295 bytes"));
        let cut = b"\x93NUMPY\x01\x00\x40\x00{'descr'";
        assert!(read(&mut &cut[..]).unwrap_err().0.contains("cut short"));
    }
}
