//! Models that are streamed give, frame by frame, the bits that the whole model gives of a window.

mod branches;
mod integers;
mod layers;
mod refused;
mod run;
mod whole;
