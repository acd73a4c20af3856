//! Kernels that compute with floats, against plain loops in double precision.

mod attention;
mod conv;
mod elementwise;
mod fft;
mod functions;
mod images;
mod inputs;
mod learning;
mod normalization;
mod recurrence;
mod recurrence_gradient;
mod reductions;
mod sum_order;
mod windows;
mod winograd;
