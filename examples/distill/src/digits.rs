//! The digits, as build.rs takes them out of digits.npz.

/// Darkness of 8 rows of 8 pixels, 0 to 16.
pub(crate) type Image = [u8; 64];

/// Digits to learn from.
pub(crate) static UNLABELLED: &[Image] = include_bytes!(concat!(env!("OUT_DIR"), "/unlabelled")).as_chunks().0;
/// What the first of them are.
pub(crate) static KNOWN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/known"));
/// Digits that neither the teacher nor a student learns from.
pub(crate) static HELD_OUT: &[Image] = include_bytes!(concat!(env!("OUT_DIR"), "/images")).as_chunks().0;
/// What these are.
pub(crate) static LABELS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/labels"));

/// As the networks take it: sixteenths.
pub(crate) fn image(pixels: &Image) -> [f32; 64] {
    pixels.map(|darkness| f32::from(darkness) / 16.0)
}
