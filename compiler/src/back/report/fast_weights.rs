//! The weights that an inference reads most, chosen for fast memory.

use super::grouped;
use crate::back::sections::FastWeights;
use crate::ir::program::{BufferId, Program, Storage};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

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
pub(super) fn choose(program: &Program, names: &[&str], fast: &FastWeights, alignment: usize) -> FastReport {
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
/// A fully connected layer reads each weight once, a convolution once for each position of its output. Biases and
/// factors count as the weights of their layer. A table is read once for each result.
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
