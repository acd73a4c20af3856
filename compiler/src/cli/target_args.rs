use clap::builder::{StringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Args, Command, ValueEnum};
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
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    ram: Option<usize>,
    /// Fail if the weights take more flash than this: bytes, `256K` of 1024 bytes each, or `1M`; the code is apart
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    flash: Option<usize>,
}

/// Reads a number of bytes, in units of 1024 or of its square where a letter says so.
pub(super) fn bytes(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        _ => return Err("units are K (1024 bytes) and M (1024 K)".into()),
    };
    let number: usize = digits
        .parse()
        .map_err(|_| "a whole number of bytes, K or M is needed, such as 64K")?;
    number
        .checked_mul(unit)
        .ok_or_else(|| "this is more than there can be".into())
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
