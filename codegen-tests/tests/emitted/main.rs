//! Emitted code: its text, and what it computes once it is built.

mod beginnings;
mod boxed;
mod c;
mod c_weights;
mod input_layout;
mod loops;
mod machines;
mod messages;
mod names;
mod overlaps;
mod panic_free;
mod power_cuts;
mod profiles;
mod quantised_resize;
mod readme;
mod self_test;
mod small_weights;
mod states;
mod streams;
#[cfg(target_arch = "x86_64")]
mod target_cpu;
mod text;
mod training;
mod training_through_time;
mod updates;
