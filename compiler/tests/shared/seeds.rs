//! The seeds of tests on random inputs.

use std::ops::Range;

/// `usual`, or those that `EDGEC_SEEDS` asks for: `1000` for the first thousand, or `40000..100000`.
///
/// # Panics
/// If it is neither.
pub fn seeds(usual: Range<u64>) -> Range<u64> {
    let Ok(text) = std::env::var("EDGEC_SEEDS") else {
        return usual;
    };
    let (first, end) = text.split_once("..").unwrap_or(("0", &text));
    let number = |text: &str| text.parse().expect("EDGEC_SEEDS is a number, or a range as in 0..1000");
    number(first)..number(end)
}
