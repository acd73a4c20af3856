use clap::builder::{StringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Args, Command, ValueEnum};
use edgec::words::byte_count;
use edgec::{Compiler, Machine, machine};
use std::ffi::OsStr;

/// What the code is for.
#[derive(Debug, Args)]
pub(super) struct TargetArgs {
    /// What the code is for: a board, a microcontroller, or a target triple of rustc; `help` lists them
    #[arg(long, value_name = "NAME", value_parser = MachineParser, default_value = "board")]
    target: Machine,
    /// What matters more where a choice costs flash or time; by default what suits the target
    #[arg(long, value_enum)]
    favour: Option<Favour>,
    /// RAM for the arena and the inputs, the stack apart: bytes, `64K` of 1024 bytes each, or `1M`. A model that takes more
    /// is computed in tiles, at the cost of time; if that is not enough, it is an error
    #[arg(long, value_name = "BYTES", value_parser = byte_count)]
    ram: Option<usize>,
    /// Fail if the weights take more flash than this: bytes, `256K` of 1024 bytes each, or `1M`; the code is apart
    #[arg(long, value_name = "BYTES", value_parser = byte_count)]
    flash: Option<usize>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Favour {
    /// Few instructions
    Speed,
    /// Little flash
    Flash,
}

impl TargetArgs {
    /// The compiler, for this target.
    pub(super) fn apply(&self, compiler: Compiler) -> Compiler {
        let mut compiler = compiler.target(self.target.clone());
        if let Some(bytes) = self.ram {
            compiler = compiler.ram(bytes);
        }
        if let Some(bytes) = self.flash {
            compiler = compiler.flash(bytes);
        }
        match self.favour {
            Some(Favour::Speed) => compiler.favour(machine::Favour::Speed),
            Some(Favour::Flash) => compiler.favour(machine::Favour::Flash),
            None => compiler,
        }
    }

    /// The flags that were given and are not the default.
    pub(super) fn flags(&self) -> Vec<(&'static str, String)> {
        let mut flags = vec![];
        if self.target != Machine::default() {
            flags.push(("--target", self.target.name.clone()));
        }
        if let Some(favour) = self.favour.and_then(|favour| favour.to_possible_value()) {
            flags.push(("--favour", favour.get_name().to_owned()));
        }
        flags.extend(self.ram.map(|bytes| ("--ram", bytes.to_string())));
        flags.extend(self.flash.map(|bytes| ("--flash", bytes.to_string())));
        flags
    }
}

/// Reads a target, or prints the list of them.
#[derive(Clone)]
struct MachineParser;

impl TypedValueParser for MachineParser {
    type Value = Machine;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Machine, clap::Error> {
        let name = StringValueParser::new().parse_ref(command, arg, value)?;
        if name == "help" {
            return Err(clap::Error::raw(ErrorKind::DisplayHelp, Machine::list()));
        }
        Machine::named(&name).map_err(|error| clap::Error::raw(ErrorKind::InvalidValue, format!("{error}\n")))
    }
}
