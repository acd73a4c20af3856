// Written by train.py.

/// What the scores stand for.
pub(crate) const WORDS: [&str; 5] = ["nothing", "yes", "no", "stop", "hey"];

/// Samples of 8 bits at 8 kHz: voices that the model has not heard in training.
pub(crate) static RECORDING: &[u8; 63104] = include_bytes!("recording.raw");

/// The words in it.
pub(crate) const SAID: [&str; 5] = ["hey", "yes", "no", "stop", "no"];
