//! What differs between processors: clock, output, and the depth of the stack.

#[cfg(target_arch = "arm")]
mod cortex_m;
mod once;
#[cfg(target_arch = "riscv32")]
mod rv32;
#[cfg(target_arch = "arm")]
mod stack;

#[cfg(target_arch = "arm")]
pub(crate) use cortex_m::{Host, exit, host, now, since, stack_used, start_clock};
pub use once::Once;
#[cfg(target_arch = "riscv32")]
pub(crate) use rv32::{Host, exit, host, now, since, stack_used, start_clock};
