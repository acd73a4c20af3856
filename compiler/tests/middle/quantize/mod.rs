//! Quantization of small graphs: where conversions are put, what is refused, and how close results stay.

mod bounds;
mod build;
mod conversions;
mod refinement;
mod samples;
