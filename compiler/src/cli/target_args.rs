use clap::builder::{StringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Args, Command, ValueEnum};
use edgec::data::read_text;
use edgec::machine::{Choices, Overlapping};
use edgec::words::byte_count;
use edgec::{Compiler, Machine, machine};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What the code is for.
#[derive(Debug, Args)]
pub(super) struct TargetArgs {
    /// What the code is for: a board, a microcontroller, or a target triple of rustc; `help` lists them
    #[arg(long, value_name = "NAME", value_parser = MachineParser, default_value = "board")]
    target: Machine,
    /// What matters more where a choice costs flash or time; by default what suits the target
    #[arg(long, value_enum)]
    favour: Option<Favour>,
    /// Whether 3x3 convolutions of floats may be computed with fewer products and more weights where that is faster, by
    /// Winograd's filtering
    #[arg(long, value_name = "on|off", value_parser = ["on", "off"], default_value = "on", hide_possible_values = true)]
    winograd: String,
    /// Compute layers in the ways that `edgec tune` has measured to be the fastest, from the file that it wrote
    #[arg(long, value_name = "FILE.json", value_parser = tuned)]
    tuned: Option<Tuned>,
    /// RAM for the arena and the inputs, the stack apart: bytes, `64K` of 1024 bytes each, or `1M`. A model that takes more
    /// has layers that overwrite their input, or is computed in tiles, at the cost of time; if that is not enough, it
    /// is an error
    #[arg(long, value_name = "BYTES", value_parser = byte_count)]
    ram: Option<usize>,
    /// When layers overwrite their input row by row: the arena of image networks is much smaller then, at the cost of
    /// some per cent more instructions and code
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Overlap::IfNeeded)]
    overlap: Overlap,
    /// Fail if the weights take more flash than this: bytes, `256K` of 1024 bytes each, or `1M`; the code is apart
    #[arg(long, value_name = "BYTES", value_parser = byte_count)]
    flash: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Overlap {
    /// Where the model takes more than --ram otherwise
    IfNeeded,
    /// Wherever that takes less RAM
    Always,
    /// Not at all
    Never,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Favour {
    /// Few instructions
    Speed,
    /// Little flash
    Flash,
}

/// What was measured, and the file that it is from.
#[derive(Clone, Debug)]
struct Tuned {
    path: PathBuf,
    choices: Choices,
}

/// Reads a file of `edgec tune`.
fn tuned(path: &str) -> Result<Tuned, String> {
    let advice = "`edgec tune MODEL.onnx -o FILE.json` writes one";
    let text = read_text(Path::new(path)).map_err(|e| format!("{e}; {advice}"))?;
    let choices = Choices::parse(&text)?;
    let path = path.into();
    Ok(Tuned { path, choices })
}

impl TargetArgs {
    /// The compiler, for this target.
    pub(super) fn apply(&self, compiler: Compiler) -> Compiler {
        let mut compiler = compiler.target(self.target.clone()).winograd(self.winograd == "on");
        compiler = compiler.overlap(match self.overlap {
            Overlap::IfNeeded => Overlapping::IfNeeded,
            Overlap::Always => Overlapping::Always,
            Overlap::Never => Overlapping::Never,
        });
        if let Some(bytes) = self.ram {
            compiler = compiler.ram(bytes);
        }
        if let Some(bytes) = self.flash {
            compiler = compiler.flash(bytes);
        }
        if let Some(tuned) = &self.tuned {
            compiler = compiler.tuned(tuned.choices.clone()).reads(&tuned.path);
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
        if self.winograd == "off" {
            flags.push(("--winograd", self.winograd.clone()));
        }
        // As other files, without its folder.
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        flags.extend(self.tuned.iter().map(|tuned| ("--tuned", name(&tuned.path))));
        let overlap = Some(self.overlap).filter(|overlap| *overlap != Overlap::IfNeeded);
        let overlap = overlap.and_then(|overlap| overlap.to_possible_value());
        flags.extend(overlap.map(|overlap| ("--overlap", overlap.get_name().to_owned())));
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
