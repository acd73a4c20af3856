//! The samples as the quantised model reads and answers them. rustc computes these integers, so that a board without
//! floats never sees one.

use crate::int8::DigitsInt8;
use crate::samples::SAMPLES;

/// A sample in steps of the model's input and output.
pub(crate) struct Image {
    /// The input.
    pub(crate) pixels: [i8; 64],
    /// The digit that was written.
    pub(crate) label: usize,
    /// The integers nearest to the scores of the model in floats.
    pub(crate) scores: [i8; 10],
}

/// The samples, in their order.
pub(crate) static IMAGES: [Image; SAMPLES.len()] = {
    let mut images = [const {
        Image {
            pixels: [0; 64],
            label: 0,
            scores: [0; 10],
        }
    }; SAMPLES.len()];
    let mut index = 0;
    while index < SAMPLES.len() {
        let (sample, image) = (&SAMPLES[index], &mut images[index]);
        image.label = sample.label;
        let mut i = 0;
        while i < 64 {
            let darkness = sample.pixels[i] as f32 / 16.0;
            image.pixels[i] = nearest(darkness / DigitsInt8::IMAGE_SCALE, DigitsInt8::IMAGE_ZERO_POINT);
            i += 1;
        }
        let mut i = 0;
        while i < 10 {
            let steps = sample.scores[i] / DigitsInt8::SCORES_SCALE;
            image.scores[i] = nearest(steps, DigitsInt8::SCORES_ZERO_POINT);
            i += 1;
        }
        index += 1;
    }
    images
};

/// The integer nearest to so many steps from the zero point.
const fn nearest(steps: f32, zero: i32) -> i8 {
    let half = if steps < 0.0 { -0.5 } else { 0.5 };
    (zero + (steps + half) as i32) as f32 as i8
}
