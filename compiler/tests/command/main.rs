//! The `edgec` command as people run it.

mod bake;
mod bench;
mod budgets;
mod compile;
mod digits;
mod eval;
mod first_hour;
mod mistakes;
mod output_files;
mod package;
mod port;
mod prune;
mod report;
mod sections;
mod stack;
mod terminal;
mod threads;
mod training;
mod tune;
mod updates;
