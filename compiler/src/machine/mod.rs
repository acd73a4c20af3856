//! The machine that emitted code is for, as plain data: lowering, planning and the choice of kernels ask it.
//!
//! | file | holds |
//! |---|---|
//! | `features` | the extensions of instruction sets that kernels ask for |
//! | `named` | one row per machine that `--target` knows by name |
//! | `parse` | from a name or a target triple of rustc to a machine |
//! | `choices` | ways to compute layers that were measured |
//! | `host` | what this machine is called |
//! | `cost` | the estimated cost of computing a node, and which of two is better on a machine |
//!
//! What else depends on the family, such as the layout of packed weights, is a method of [`Machine`] in a file of its
//! own here. Nothing in this folder knows graphs or kernels.

mod choices;
mod cost;
mod features;
mod host;
mod named;
mod parse;

pub use choices::{Choices, WRITTEN_BY, Way};
pub use cost::Cost;
pub use features::{Feature, Features};
pub use host::processor;
pub use named::{NAMED, Named};
pub use parse::UnknownMachine;

use serde::{Deserialize, Serialize};
use std::fmt;

/// What the compiler knows of the machine that runs the emitted code. Any file still compiles for any other machine and
/// computes the same integers there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// The name that it was asked for by: one of [`NAMED`], or a target triple of rustc, with features added to it.
    pub name: String,
    /// Architecture.
    pub family: Family,
    /// Whether programs run from flash without an operating system.
    pub microcontroller: bool,
    /// Features that every machine of this name has: code uses them without asking.
    pub fixed: Features,
    /// Features that some machines of this name have: code looks for them when it starts.
    pub detected: Features,
    /// Vector registers that the fixed features promise.
    pub vectors: Vectors,
    /// What matters more where a choice costs flash or time.
    pub favour: Favour,
    /// Whether convolutions of floats may be computed by [Winograd's filtering](runtime_core::winograd), which rounds
    /// in another way and has more weights.
    pub winograd: bool,
    /// What was measured on such a machine.
    #[serde(skip_serializing_if = "Choices::is_empty")]
    pub tuned: Choices,
    /// Bytes of RAM for the model, if there is a limit.
    pub ram: Option<usize>,
    /// Whether layers overwrite their input row by row.
    pub overlap: Overlapping,
    /// Bytes of flash for weights and code, if there is a limit.
    pub flash: Option<usize>,
    /// Threads that one inference may use.
    pub threads: usize,
}

/// Architectures with kernels or layouts of their own, and the one for all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Nothing is known: what runs well everywhere.
    Portable,
    /// 64-bit x86.
    #[serde(rename = "x86-64")]
    X86_64,
    /// 64-bit Arm.
    Aarch64,
    /// 32-bit Arm with an operating system.
    Armv7,
    /// Arm microcontrollers, M profile.
    CortexM,
    /// 32-bit RISC-V.
    Rv32,
    /// 32-bit WebAssembly.
    Wasm32,
}

/// Vector registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Vectors {
    /// How many there are.
    pub count: usize,
    /// Bytes of each.
    pub bytes: usize,
}

/// What matters more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Favour {
    /// Few instructions; flash decides between equals.
    Speed,
    /// Little flash; instructions decide between equals.
    Flash,
}

/// When layers overwrite their input row by row: their rows are computed by calls of their own, which takes some more
/// instructions and code, and less RAM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlapping {
    /// Where the model does not fit its RAM otherwise.
    #[default]
    IfNeeded,
    /// Wherever that takes less RAM.
    Always,
    /// Not at all.
    Never,
}

impl Machine {
    /// A machine of which nothing is known. Constants fold for it, so that the same model gives the same bytes for
    /// every target and on every host.
    pub fn portable() -> Self {
        Self {
            name: "portable".into(),
            family: Family::Portable,
            microcontroller: false,
            fixed: Features::NONE,
            detected: Features::NONE,
            vectors: Vectors { count: 16, bytes: 16 },
            favour: Favour::Speed,
            winograd: true,
            tuned: Choices::default(),
            ram: None,
            overlap: Overlapping::IfNeeded,
            flash: None,
            threads: 1,
        }
    }

    /// Any Linux board or PC: the default.
    pub fn board() -> Self {
        named::BOARD.machine()
    }

    /// Any microcontroller, with little flash.
    pub fn mcu() -> Self {
        named::MCU.machine()
    }

    /// The machine that `--target` calls so: a name of [`NAMED`] or a target triple of rustc, in any case of letters,
    /// and `+FEATURE` behind it for what it has beyond.
    ///
    /// # Errors
    /// If there is none; the error suggests the nearest name.
    pub fn named(name: &str) -> Result<Self, UnknownMachine> {
        name.parse()
    }

    /// The same machine with another [`Favour`].
    pub fn favour(mut self, favour: Favour) -> Self {
        self.favour = favour;
        self
    }

    /// The same machine with layers that overwrite their input then.
    pub fn overlap(mut self, when: Overlapping) -> Self {
        self.overlap = when;
        self
    }

    /// Whether code for this machine may rely on `feature`.
    pub fn has(&self, feature: Feature) -> bool {
        self.fixed.has(feature)
    }

    /// Whether it has kernels for cores that load and multiply one number at a time: Cortex-M, also where it has more
    /// than that, and RV32.
    pub fn multiplies_alone(&self) -> bool {
        matches!(self.family, Family::CortexM | Family::Rv32) && self.has(Feature::Multiply)
    }

    /// Bytes that every block of the arena is aligned to: the largest element on microcontrollers, else a vector of 128
    /// bits, which the smallest vector unit of a board loads at once.
    pub fn alignment(&self) -> usize {
        if self.microcontroller { 8 } else { 16 }
    }

    /// Names and target triples that `--target` takes, one per line, with what each stands for.
    pub fn list() -> String {
        named::list()
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::board()
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
