//! Random layers of every shape: kernels on the layouts of certain cores give the integers of the kernels on panels,
//! and touch nothing but their operands. They run on this machine and, in an emulator, on Cortex-M0 to M55.

mod convolutions;
mod depthwise;
mod operands;
mod packing;
mod products;
mod random;
mod sums;

pub(crate) use convolutions::convolutions;
pub(crate) use depthwise::depthwise_convolutions;
pub(crate) use operands::Place;
pub(crate) use products::products;
pub(crate) use sums::sums;
