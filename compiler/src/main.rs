//! The `edgec` command.
#![forbid(unsafe_code)]
// `cli` writes through functions that escape what a terminal would take for a command.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
