//! Arrays and samples in files.

mod npy;
pub mod npz;
pub mod samples;
