//! The `edgec` command as people run it.

mod budgets;
mod compile;
mod eval;
mod output_files;
mod terminal;
