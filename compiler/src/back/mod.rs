//! From a [`Graph`](crate::ir::Graph) to kernel calls in planned memory, printed as source or run on the host.

pub(crate) mod channels_last;
pub mod emit;
pub mod exec;
pub mod lower;
pub mod plan;
mod summary;

pub use summary::Summary;
