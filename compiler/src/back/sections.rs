//! Where the linker is to put weights and arena: names of its sections, and which weights go into fast memory.

use crate::back::report::grouped;
use crate::error::Error;
use crate::ir::program::{BufferId, Program, Storage};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// What a section is called, unless the user says so, that holds the weights which are read most.
pub const FAST_WEIGHTS: &str = ".fast_weights";
/// Beginnings of names that linkers take for something else than constants.
const TAKEN: [&str; 9] = [
    ".text", ".bss", ".sbss", ".tbss", ".tdata", ".note", ".init", ".fini", ".debug",
];
/// Longest name: more than any linker script needs.
const LONGEST: usize = 128;

/// Names of link sections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sections {
    /// Of the weights.
    pub weights: Option<String>,
    /// Of the static that holds the model.
    pub arena: Option<String>,
    /// Of the weights that are read most.
    pub fast_weights: Option<FastWeights>,
}

/// Fast memory for weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FastWeights {
    /// Its section.
    pub section: String,
    /// Its size.
    pub bytes: usize,
}

impl Sections {
    /// Whether anything has a section.
    pub fn any(&self) -> bool {
        self.weights.is_some() || self.arena.is_some() || self.fast_weights.is_some()
    }

    /// The flags that ask for these, with what each names.
    fn named(&self) -> Vec<(&'static str, &str)> {
        let fast = self.fast_weights.as_ref().map(|fast| &fast.section);
        let all = [
            ("--weights-section", self.weights.as_ref()),
            ("--fast-weights", fast),
            ("--arena-section", self.arena.as_ref()),
        ];
        let given = all.into_iter().filter_map(|(flag, name)| Some((flag, name?.as_str())));
        given.collect()
    }

    /// Whether the names are such as sections of ELF files have, and do not mix what linkers keep apart.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), Error> {
        let names = self.named();
        for (flag, name) in &names {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '$' | '-');
            if name.is_empty() || name.len() > LONGEST || !name.chars().all(fits) {
                return Err(Error::usage(
                    format!("{flag}: `{}` is no name of a section", name.escape_default()),
                    format!("use letters, digits, and . _ $ -, at most {LONGEST}, such as {FAST_WEIGHTS}"),
                ));
            }
            let taken = TAKEN.iter().find(|start| {
                let rest = name.strip_prefix(**start);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '_']))
            });
            // What is zero at first may be where the zeros of other statics are.
            if let Some(start) = taken.filter(|start| !(**start == ".bss" && *flag == "--arena-section")) {
                return Err(Error::usage(
                    format!("{flag}: sections named {start} do not hold what is read as data"),
                    "choose another name and give it a place in the linker script",
                ));
            }
        }
        let arena = self.arena.as_deref();
        if let Some((flag, name)) = names
            .iter()
            .find(|(flag, name)| *flag != "--arena-section" && Some(*name) == arena)
        {
            return Err(Error::usage(
                format!(
                    "{flag} and --arena-section are both `{name}`: constants and what is written need two sections"
                ),
                "give them two names; the linker script can put both into one memory",
            ));
        }
        if self.fast_weights.as_ref().is_some_and(|fast| fast.bytes == 0) {
            return Err(Error::usage(
                "--fast-weights has no bytes",
                "say how much fast memory there is, such as 64K",
            ));
        }
        Ok(())
    }
}

/// A constant that goes into fast memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FastTensor {
    /// The first call that reads it, by its name in the emitted file.
    pub call: String,
    /// Bytes.
    pub bytes: usize,
    /// How often an inference reads each of them.
    pub reads: u64,
    /// The constant.
    #[serde(skip)]
    pub buffer: BufferId,
}

/// The weights that are read most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FastReport {
    /// Their section.
    pub section: String,
    /// Bytes that there are.
    pub budget: usize,
    /// Bytes that they take, with what is lost between them.
    pub bytes: usize,
    /// Reads of bytes of weights by an inference.
    pub reads: u64,
    /// Those of them that the section serves.
    pub fast_reads: u64,
    /// The constants, those that are read most often first.
    pub tensors: Vec<FastTensor>,
}

impl fmt::Display for FastReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = 100.0 * self.fast_reads as f64 / self.reads.max(1) as f64;
        let [bytes, budget] = [self.bytes, self.budget].map(|bytes| grouped(bytes as u64));
        write!(
            f,
            "`{}`: {bytes} of {budget} B, {percent:.1} % of what an inference reads of weights",
            self.section
        )?;
        let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
        for tensor in &self.tensors {
            *calls.entry(&tensor.call).or_default() += tensor.bytes;
        }
        let calls = calls
            .iter()
            .map(|(call, bytes)| format!("{} B of {call}", grouped(*bytes as u64)));
        match calls.collect::<Vec<_>>().join(", ") {
            calls if calls.is_empty() => write!(f, "; there is room for none"),
            calls => write!(f, ": {calls}"),
        }
    }
}

/// Chooses the constants for fast memory: those whose bytes are read most often, as long as there is room. `names` are
/// those of the calls of the program.
pub(in crate::back) fn choose(program: &Program, names: &[&str], fast: &FastWeights, alignment: usize) -> FastReport {
    let mut tensors: Vec<FastTensor> = reads(program)
        .into_iter()
        .map(|(buffer, (call, reads))| FastTensor {
            call: names[call].to_owned(),
            bytes: program.buffer(buffer).bytes(),
            reads,
            buffer,
        })
        .collect();
    let all = |tensors: &[FastTensor]| tensors.iter().map(|tensor| tensor.bytes as u64 * tensor.reads).sum();
    let reads = all(&tensors);
    // Those that are read as often in the order of the program.
    tensors.sort_by_key(|tensor| std::cmp::Reverse(tensor.reads));
    let mut bytes = 0;
    tensors.retain(|tensor| {
        let end = bytes + tensor.bytes.next_multiple_of(alignment);
        let fits = tensor.bytes > 0 && end <= fast.bytes;
        bytes = if fits { end } else { bytes };
        fits
    });
    FastReport {
        section: fast.section.clone(),
        budget: fast.bytes,
        bytes,
        reads,
        fast_reads: all(&tensors),
        tensors,
    }
}

/// For each constant that calls of an inference read, the first of them and how often all of them read each byte.
///
/// A layer multiplies each of its weights so many times as it has multiplications for one weight: once in a fully
/// connected layer, once a position in a convolution. What it has beside them, biases and factors, it reads as often,
/// and tables once for each result.
fn reads(program: &Program) -> BTreeMap<BufferId, (usize, u64)> {
    let mut found: BTreeMap<BufferId, (usize, u64)> = BTreeMap::new();
    for (index, call) in program.calls[..program.inference_calls()].iter().enumerate() {
        let constants = call.inputs.iter().filter(|view| {
            let buffer = program.buffer(view.buffer);
            matches!(buffer.storage, Storage::Constant(_))
        });
        let constants: Vec<_> = constants.collect();
        let largest = constants.iter().map(|view| view.len).max().unwrap_or(0) as u64;
        let results: usize = call.outputs.iter().map(|view| view.len).sum();
        let accesses = call.macs.max(results as u64);
        let reads = accesses.checked_div(largest).unwrap_or(0).max(1);
        for view in constants {
            found.entry(view.buffer).or_insert((index, 0)).1 += reads;
        }
    }
    found
}
