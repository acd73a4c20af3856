//! A static library of one object.

/// What a static library begins with.
const MAGIC: &str = "!<arch>\n";
/// The object's name in it: tools that take libraries apart show it.
const MEMBER: &str = "model.o/";

/// The bytes of a library as GNU's `ar` writes it, with an index of these symbols and without times and owners: the
/// same bytes for the same object.
pub(super) fn archive(object: &[u8], symbols: &[String]) -> Vec<u8> {
    let names: Vec<u8> = symbols
        .iter()
        .flat_map(|name| [name.as_bytes(), b"\0"].concat())
        .collect();
    let index = 4 + 4 * symbols.len() + names.len();
    let mut bytes = MAGIC.as_bytes().to_vec();
    bytes.extend(header("/", index.next_multiple_of(2)));
    // Numbers of the index are big-endian, whatever the target is; all symbols are in the member behind it.
    let member = (bytes.len() + index.next_multiple_of(2)) as u32;
    bytes.extend((symbols.len() as u32).to_be_bytes());
    symbols.iter().for_each(|_| bytes.extend(member.to_be_bytes()));
    bytes.extend(names);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes.extend(header(MEMBER, object.len()));
    bytes.extend(object);
    bytes.resize(bytes.len().next_multiple_of(2), b'\n');
    bytes
}

/// Name, time, owner, group, mode and size of a member.
fn header(name: &str, size: usize) -> Vec<u8> {
    format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", "0", "0", "0", "644").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_begin_at_even_places_and_the_index_says_where() {
        for symbols in [&["a_run".to_owned()][..], &["ab_init".to_owned(), "ab_run".to_owned()]] {
            let library = archive(b"object", symbols);
            let text = String::from_utf8_lossy(&library).into_owned();
            let place = text.find(MEMBER).unwrap();
            assert_eq!((place % 2, library.len() % 2), (0, 0));
            let first = MAGIC.len() + 60;
            assert_eq!(library[first..first + 4], (symbols.len() as u32).to_be_bytes());
            assert_eq!(library[first + 4..first + 8], (place as u32).to_be_bytes());
            assert_eq!(&library[place + 60..], b"object");
        }
    }
}
