//! Text of the model made into identifiers that are unique and no keywords, and into text fit for comments.

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use std::collections::{HashMap, HashSet};

/// All keywords of edition 2024, strict and reserved: no item may be called so.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "Self", "static", "struct", "super", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Characters of an identifier. Longer names lose their end.
const LONGEST: usize = 80;

/// Characters of a name in a comment.
const LONGEST_COMMENT: usize = 200;

/// Text of the model made fit for a comment or a table cell: printable ASCII without what could end either, and not
/// long.
pub fn plain(text: &str) -> String {
    let text = text.chars().take(LONGEST_COMMENT);
    let plain = |c: char| match c {
        '`' => '\'',
        '|' | '\\' => '/',
        '*' | '[' | ']' | '<' | '>' => '_',
        ' '..='~' => c,
        _ => '?',
    };
    text.map(plain).collect()
}

/// Text of any length made fit for a comment that ends with its line: printable ASCII.
pub(super) fn commented(text: &str) -> String {
    let plain = |c: char| if matches!(c, ' '..='~') { c } else { '?' };
    text.chars().map(plain).collect()
}

/// Identifiers of one scope.
#[derive(Debug, Default)]
pub struct Names {
    taken: HashSet<String>,
    /// For each name that was asked for more than once, the number that the next one gets.
    next: HashMap<String, usize>,
}

impl Names {
    /// A scope in which `reserved` are taken.
    pub fn reserving<S: Into<String>>(reserved: impl IntoIterator<Item = S>) -> Self {
        Self {
            taken: reserved.into_iter().map(S::into).collect(),
            next: HashMap::new(),
        }
    }

    /// `text` in `snake_case`.
    pub fn snake(&mut self, text: &str) -> String {
        self.unique(&words(text).to_snake_case(), "t")
    }

    /// `text` in `SHOUTY_SNAKE_CASE`.
    pub fn shouty(&mut self, text: &str) -> String {
        self.unique(&words(text).to_shouty_snake_case(), "T")
    }

    /// `text` in `UpperCamelCase`.
    pub fn camel(&mut self, text: &str) -> String {
        self.unique(&words(text).to_upper_camel_case(), "T")
    }

    fn unique(&mut self, text: &str, prefix: &str) -> String {
        let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic());
        let mut base = if starts_well {
            text.to_owned()
        } else {
            format!("{prefix}{text}")
        };
        if KEYWORDS.contains(&&*base) {
            base.push('_');
        }
        if self.taken.insert(base.clone()) {
            return base;
        }
        // `Conv2`, but `Conv1_2` and `conv_2`: what rustc takes for the case that the text is in.
        let stem = base.trim_end_matches('_');
        let camel =
            stem.starts_with(|c: char| c.is_ascii_uppercase()) && stem.ends_with(|c: char| c.is_ascii_lowercase());
        let joint = if camel { "" } else { "_" };
        let number = self.next.entry(base.clone()).or_insert(2);
        loop {
            let name = format!("{stem}{joint}{number}");
            *number += 1;
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// ASCII words of a text.
fn words(text: &str) -> String {
    let word: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let word = word.trim_matches('_');
    word[..word.len().min(LONGEST)].trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{KEYWORDS, Names};

    #[test]
    fn repetitions_are_numbered_in_the_same_case() {
        let mut names = Names::reserving(["Identity"]);
        assert_eq!(
            [names.camel("identity"), names.camel("conv1"), names.camel("conv1")],
            ["Identity2", "Conv1", "Conv1_2"]
        );
        assert_eq!(
            [names.snake("self"), names.snake("Self"), names.snake("🦀")],
            ["self_", "self_2", "t"]
        );
        assert_eq!([names.shouty("x"), names.shouty("X")], ["X", "X_2"]);
    }

    #[test]
    fn a_numbered_name_that_is_taken_is_passed_over() {
        let mut names = Names::reserving(["x_2"]);
        assert_eq!(
            [names.snake("x"), names.snake("x"), names.snake("x")],
            ["x", "x_3", "x_4"]
        );
        assert_eq!([names.snake("x_3"), names.snake("x")], ["x_3_2", "x_5"]);
    }

    #[test]
    fn no_keyword_is_an_identifier() {
        for keyword in KEYWORDS {
            let mut names = Names::default();
            let made = [names.snake(keyword), names.camel(keyword), names.shouty(keyword)];
            assert!(made.iter().all(|name| !KEYWORDS.contains(&&**name)), "{made:?}");
        }
        assert_eq!(Names::default().snake("gen"), "gen_");
    }

    #[test]
    fn many_equal_names_take_linear_time() {
        let mut names = Names::default();
        let last = (0..200_000).map(|_| names.snake("conv")).last();
        assert_eq!(last.as_deref(), Some("conv_200000"));
    }
}
