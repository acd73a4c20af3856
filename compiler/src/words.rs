//! Words that people type and read: what a misspelt one may mean, how a shell takes one, bytes as digits, and how many
//! bytes a number with a unit is.

/// The name that differs from `word` in the fewest letters, if those are few.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().collect();
    // Of three letters, two others make another word.
    let allowed = match word.len() {
        0..=3 => 1,
        letters => 2.max(letters / 3),
    };
    let near = names.into_iter().filter_map(|name| {
        // No table for names that differ in length alone by more.
        let apart = name.chars().count().abs_diff(word.len());
        let letters = (apart <= allowed).then(|| distance(&word, name))?;
        (letters <= allowed).then_some((letters, name))
    });
    near.min_by_key(|(letters, _)| *letters).map(|(_, name)| name)
}

/// Letters to insert, remove, replace or swap with the next to make `b` of `a`.
fn distance(a: &[char], b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let replaced = above[j] + usize::from(*letter != b[j]);
            let mut least = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == b[j - 1] && a[i - 1] == b[j] {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

/// Bytes in hexadecimal, in lower case, as digests and keys are written.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a number of bytes, in units of 1024 or of its square where a letter says so: `4096`, `64K`, `1M`.
///
/// # Errors
/// What is wrong with it.
pub fn byte_count(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        _ => return Err("units are K (1024 bytes) and M (1024 K)".into()),
    };
    let number: usize = digits
        .parse()
        .map_err(|_| "a whole number of bytes, K or M is needed, such as 64K")?;
    number
        .checked_mul(unit)
        .ok_or_else(|| "this is more than there can be".into())
}

/// A word as shells take it, in quotes where it needs them: double ones where that is enough, as Windows knows no
/// others.
pub fn quoted(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        word.to_owned()
    } else if word.chars().any(char::is_control) {
        format!("$'{}'", word.chars().map(escaped).collect::<String>())
    } else if !word.contains(['"', '$', '`', '\\', '!']) {
        format!("\"{word}\"")
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A character between `$'` and `'`, which bash and zsh read: nothing else can hold the end of a line in one line.
fn escaped(c: char) -> String {
    match c {
        '\'' | '\\' => format!("\\{c}"),
        c if c.is_control() => c.to_string().bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
        c => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_has_a_nearest_name() {
        let names = ["inspect", "run", "verify", "--dim", "conv2_relu"];
        let nearest = |word| nearest(word, names);
        assert_eq!(nearest("insepct"), Some("inspect"));
        assert_eq!(nearest("rnu"), Some("run"));
        assert_eq!(nearest("--dmi"), Some("--dim"));
        assert_eq!(nearest("conv2_rel"), Some("conv2_relu"));
        assert_eq!(nearest("verfiy"), Some("verify"));
        for other in ["", "new", "compile", "m.onnx", "conv1"] {
            assert_eq!(nearest(other), None, "{other}");
        }
    }

    #[test]
    fn bytes_have_units() {
        for (text, bytes) in [("4096", 4096), ("64K", 64 << 10), ("1MiB", 1 << 20), ("7b", 7)] {
            assert_eq!(byte_count(text), Ok(bytes));
        }
        for text in ["", "K", "1.5K", "64G", "-1", "99999999999999M"] {
            assert!(byte_count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn distances() {
        let distance = |a: &str, b| distance(&a.chars().collect::<Vec<_>>(), b);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "acb"), 1);
        assert_eq!(distance("abcd", "badc"), 2);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn quotes_for_shells() {
        let words = ["past=3", "past + 1=4", "it's", "$HOME", "a\"'b", "", "a\nb'c"].map(quoted);
        assert_eq!(
            words,
            [
                "past=3",
                "\"past + 1=4\"",
                "\"it's\"",
                "'$HOME'",
                "'a\"'\\''b'",
                "\"\"",
                "$'a\\x0ab\\'c'"
            ]
        );
    }
}
