//! Ways to compute layers, measured on this machine.

use super::Compiler;
use super::tuned::way;
use crate::Error;
use crate::back::exec::Executor;
use crate::back::lower::{lower, lower_by};
use crate::back::plan;
use crate::data::{self, output};
use crate::ir::program::Program;
use crate::ir::{Candidate, Printable, Select, Tensor, TensorType};
use crate::machine::{self, Choices, Family, Machine, WRITTEN_BY, Way};
use serde::Serialize;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Runs of each program at least.
const LEAST_RUNS: usize = 5;
/// What another way must save to be taken instead of the estimated one: less is noise.
const NOISE: f64 = 0.02;

/// What tuning has found, in the form that `--tuned` reads.
#[derive(Clone, Debug, Serialize)]
pub struct Tuning {
    /// What marks the file as one that may be replaced.
    pub written_by: &'static str,
    /// The model's file.
    pub model: String,
    /// The SHA-256 of that file.
    pub sha256: String,
    /// The name of the machine that the layers are for.
    pub target: String,
    /// The processor that was measured, or its architecture where the name is not known.
    pub processor: String,
    /// The layers that can be computed in several ways, in the order in which they run.
    pub layers: Vec<TunedLayer>,
}

/// A layer that can be computed in several ways.
#[derive(Clone, Debug, Serialize)]
pub struct TunedLayer {
    /// The name of its node.
    pub name: String,
    /// The way that is the fastest, or as fast and the one that the estimates choose.
    #[serde(flatten)]
    pub chosen: TimedWay,
    /// What the estimates choose.
    pub estimated: Way,
    /// The other ways.
    pub others: Vec<TimedWay>,
}

/// A way to compute a layer, and the least time that it took.
#[derive(Clone, Debug, Serialize)]
pub struct TimedWay {
    /// The way.
    #[serde(flatten)]
    pub way: Way,
    /// Microseconds.
    pub micros: f64,
}

impl TunedLayer {
    /// Microseconds that what the estimates choose takes.
    pub fn estimated_micros(&self) -> f64 {
        let mut ways = std::iter::once(&self.chosen).chain(&self.others);
        ways.find(|timed| timed.way == self.estimated)
            .map_or(self.chosen.micros, |timed| timed.micros)
    }
}

impl Compiler {
    /// Checks that what [`tune`](Self::tune) is going to find can be written: measuring takes a while.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn may_write_tuning(&self, output: &Path) -> Result<(), Error> {
        let is_ours = || data::read_text(output).is_ok_and(|text| Choices::are_written(&text));
        self.guard_of(&self.load()?.external_files)?.check(output, is_ours)?;
        let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
        if output == Path::new("-") || output.is_dir() || folder.is_some_and(|folder| !folder.is_dir()) {
            return Err(Error::usage(
                format!(
                    "{} is no name of a file in a folder that is there",
                    Printable(output.display())
                ),
                "give -o the name of a file, such as model.tuned.json",
            ));
        }
        Ok(())
    }

    /// Writes what [`tune`](Self::tune) has found as the file that `--tuned` reads, in one step.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_tuning(&self, tuning: &Tuning, output: &Path) -> Result<(), Error> {
        self.may_write_tuning(output)?;
        let text = serde_json::to_string_pretty(tuning).map_err(|e| Error::io(output, e.into()))? + "\n";
        output::write(output, |file| file.write_all(text.as_bytes())).map_err(|e| Error::io(output, e))
    }

    /// Measures all ways to compute each layer on this machine: they take turns on inputs that `sample` gives, for
    /// about `time`. The same kernels run here as in emitted code, but none is specialised to a layer. What is compiled
    /// without optimisation or with checks of its arithmetic measures something else: use a release build.
    ///
    /// # Errors
    /// If the model does not compile, or is for another kind of processor than this machine's.
    pub fn tune(&self, time: Duration, sample: impl Fn(&TensorType) -> Tensor) -> Result<Tuning, Error> {
        let machine = self.machine();
        if !is_this_machine(&machine) {
            return Err(Error::usage(
                format!(
                    "{} is no machine like this one, which is what is measured",
                    machine.name
                ),
                "leave out --target, or tune on such a machine; `report` shows what layers are estimated to take",
            ));
        }
        let model = self.load()?;
        let graph = self.graph(&model, &mut |_, _| {})?.graph;
        let estimated = lower(&graph, &machine)?;
        let mut programs = vec![];
        loop {
            let select = Numbered {
                machine: &machine,
                number: programs.len(),
                most: Cell::new(1),
            };
            programs.push(lower_by(&graph, &select)?);
            if programs.len() >= select.most.get() {
                break;
            }
        }
        let inputs: Vec<Tensor> = estimated.inputs.iter().map(|port| sample(&port.ty)).collect();
        let times = times(&programs, &machine, &inputs, time);
        Ok(Tuning {
            written_by: WRITTEN_BY,
            model: self.file_name(),
            sha256: model.sha256,
            target: machine.name.clone(),
            processor: machine::processor(),
            layers: layers(&estimated, &programs, &times),
        })
    }
}

/// Whether code for this machine runs on the one that compiles it.
fn is_this_machine(machine: &Machine) -> bool {
    match machine.family {
        Family::Portable => !machine.microcontroller,
        Family::X86_64 => cfg!(target_arch = "x86_64"),
        Family::Aarch64 => cfg!(target_arch = "aarch64"),
        Family::Armv7 => cfg!(target_arch = "arm"),
        Family::CortexM | Family::Rv32 | Family::Wasm32 => false,
    }
}

/// Takes the candidate of this number, or the last.
struct Numbered<'m> {
    machine: &'m Machine,
    number: usize,
    /// The most candidates that a node has.
    most: Cell<usize>,
}

impl Select for Numbered<'_> {
    fn machine(&self) -> &Machine {
        self.machine
    }

    fn select(&self, _: &str, candidates: &[Candidate<'_>]) -> (usize, String) {
        self.most.set(self.most.get().max(candidates.len()));
        (self.number.min(candidates.len() - 1), String::new())
    }
}

/// The least time of each call of each program, which take turns.
fn times(programs: &[Program], machine: &Machine, inputs: &[Tensor], time: Duration) -> Vec<Vec<Duration>> {
    let plans: Vec<_> = programs.iter().map(|program| plan::quick(program, machine)).collect();
    let mut executors: Vec<_> = programs
        .iter()
        .zip(&plans)
        .map(|(program, plan)| Executor::new(program, plan))
        .collect();
    let mut least: Vec<Vec<Duration>> = programs
        .iter()
        .map(|program| vec![Duration::MAX; program.calls.len()])
        .collect();
    let start = Instant::now();
    let mut runs = 0;
    while runs < LEAST_RUNS || start.elapsed() < time {
        for (executor, least) in executors.iter_mut().zip(&mut least) {
            for (least, took) in least.iter_mut().zip(executor.time(inputs)) {
                *least = took.min(*least);
            }
        }
        runs += 1;
    }
    least
}

/// Each layer with its ways, from the times of the calls of each program.
fn layers(estimated: &Program, programs: &[Program], times: &[Vec<Duration>]) -> Vec<TunedLayer> {
    // A layer may take several calls.
    let mut found: BTreeMap<&str, Vec<TimedWay>> = BTreeMap::new();
    for (program, times) in programs.iter().zip(times) {
        let mut of_program: BTreeMap<&str, TimedWay> = BTreeMap::new();
        for (call, time) in program.calls.iter().zip(times) {
            if let Some(way) = way(call) {
                let timed = of_program.entry(&call.name).or_insert(TimedWay { way, micros: 0.0 });
                timed.micros += time.as_secs_f64() * 1e6;
            }
        }
        for (name, timed) in of_program {
            let ways = found.entry(name).or_default();
            match ways.iter_mut().find(|other| other.way == timed.way) {
                Some(same) => same.micros = same.micros.min(timed.micros),
                None => ways.push(timed),
            }
        }
    }
    let mut layers: Vec<TunedLayer> = vec![];
    for call in &estimated.calls {
        // Other calls of the node, such as a change of layout, are none of its ways.
        let Some(estimated) = way(call) else { continue };
        let Some(ways) = found.remove(call.name.as_str()) else {
            continue;
        };
        if ways.len() > 1 {
            layers.extend(tuned(&call.name, estimated, ways));
        }
    }
    layers
}

/// Chooses among the ways of a layer.
fn tuned(name: &str, estimated: Way, mut ways: Vec<TimedWay>) -> Option<TunedLayer> {
    ways.sort_by(|a, b| a.micros.total_cmp(&b.micros));
    let enough = ways.first()?.micros / (1.0 - NOISE);
    let is_estimated = |timed: &TimedWay| timed.way == estimated && timed.micros <= enough;
    let chosen = ways.remove(ways.iter().position(is_estimated).unwrap_or(0));
    Some(TunedLayer {
        name: name.to_owned(),
        chosen,
        estimated,
        others: ways,
    })
}
