//! What pruning brings: what the pass `dead-channels` removes, the zeros that are left, and what the model would cost
//! without its smallest channels.

use crate::back::report::{Origin, Report, grouped};
use crate::compiler::Compiler;
use crate::front::load::Model;
use crate::ir::{Graph, OpError};
use crate::middle::passes::{self, LayerCensus, PIPELINE, Pass};
use crate::{Error, back::portable};
use serde::Serialize;
use std::fmt;

/// The pass that removes what a model does not need.
const PASS: &str = "dead-channels";

/// Shares of the channels that are taken away to see what that would bring, in per cent.
const SHARES: [u32; 2] = [50, 75];

/// What pruning brings to one layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerReport {
    /// The layer as the model has it.
    pub before: LayerCensus,
    /// What is left of it without dead channels; `None` if nothing is.
    pub after: Option<LayerCensus>,
}

/// What a whole model costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Channels of each layer that were taken away, in per cent; 0 where only the dead ones were.
    pub pruned: u32,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Bytes of constants, as they are laid out for the kernels.
    pub weights: usize,
    /// Bytes of the arena.
    pub ram: usize,
}

/// What pruning brings to a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PruneReport {
    /// The layers, in order.
    pub layers: Vec<LayerReport>,
    /// The model with its dead channels.
    pub unpruned: Cost,
    /// The model without them, and without more and more of its smallest channels. These results are other ones: such a
    /// model has to be trained further.
    pub pruned: Vec<Cost>,
}

impl PruneReport {
    /// Whether the graph after this pass is the one that [`of`](Self::of) takes.
    pub fn follows(pass: &Pass) -> bool {
        let (early, _) = passes_around();
        early.last().is_some_and(|last| last.name == pass.name)
    }

    /// Takes the graph from before dead channels are removed, and compiles it several times over.
    ///
    /// # Errors
    /// If it does not compile.
    pub fn of(graph: &Graph) -> Result<Self, Error> {
        let (_, late) = passes_around();
        let (dead, rest) = late.split_at(1);
        let mut alive = graph.clone();
        passes::run(&mut alive, dead, &mut |_, _| {})?;
        let after = passes::layers(&alive);
        let layers = passes::layers(graph).into_iter().map(|before| LayerReport {
            after: after.iter().find(|layer| layer.name == before.name).cloned(),
            before,
        });
        let shares = [0].into_iter().chain(SHARES);
        Ok(Self {
            layers: layers.collect(),
            unpruned: cost(graph, 0, rest)?,
            pruned: shares
                .map(|share| cost(&alive, share, rest))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The same of a model.
    ///
    /// # Errors
    /// If it does not compile.
    pub fn of_model(compiler: &Compiler, model: &Model) -> Result<Self, Error> {
        let mut graph = Graph::default();
        compiler.compile_model(model, &mut |pass, after| {
            if Self::follows(pass) {
                graph = after.clone();
            }
        })?;
        Self::of(&graph)
    }
}

/// The passes before the one that removes dead channels, and that one with those after it.
fn passes_around() -> (&'static [Pass], &'static [Pass]) {
    let position = PIPELINE.iter().position(|pass| pass.name == PASS);
    PIPELINE.split_at(position.unwrap_or(0))
}

/// What a graph costs without that share of its channels, compiled by these passes.
fn cost(graph: &Graph, share: u32, passes: &[Pass]) -> Result<Cost, Error> {
    let mut graph = graph.clone();
    let broken = |e: OpError| Error::Pass {
        pass: PASS,
        message: e.message,
    };
    passes::remove_smallest(&mut graph, f64::from(share) / 100.0).map_err(broken)?;
    passes::run(&mut graph, passes, &mut |_, _| {})?;
    let (program, plan) = portable(&graph)?;
    let report = Report::of(&program, &plan, Origin::default());
    Ok(Cost {
        pruned: share,
        macs: report.macs,
        weights: report.weights,
        ram: report.ram,
    })
}

/// The last part of a name, which tells layers apart, in so many characters.
pub(super) fn shortened(name: &str, width: usize) -> String {
    let name = name.escape_debug().to_string();
    let skip = name.chars().count().saturating_sub(width);
    name.chars().skip(skip).collect()
}

impl fmt::Display for PruneReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<32} {:<13} {:>8} {:>6} {:>7} {:>7} {:>8} {:>6} {:>13} {:>11}",
            "layer", "operator", "channels", "dead", "zeros", "inputs", "outputs", "taps", "MACs", "bytes"
        )?;
        for LayerReport { before, after } in &self.layers {
            let left = after.as_ref();
            writeln!(
                f,
                "{:<32} {:<13} {:>8} {:>6} {:>5.1} % {:>7} {:>8} {:>6} {:>13} {:>11}",
                shortened(&before.name, 32),
                before.operator,
                before.channels,
                before.channels - left.map_or(0, |layer| layer.channels),
                100.0 * before.zero_weights as f64 / before.weights.max(1) as f64,
                before.zero_inputs,
                before.zero_outputs,
                before.zero_taps,
                grouped(left.map_or(0, |layer| layer.macs)),
                grouped(left.map_or(0, |layer| layer.bytes) as u64),
            )?;
        }
        writeln!(
            f,
            "dead: channels removed, with the same results; zeros, and whole inputs, outputs and taps of zeros: before"
        )?;
        writeln!(f, "MACs and bytes: after\n")?;
        let line = |f: &mut fmt::Formatter<'_>, what: &str, cost: &Cost| {
            let [macs, weights, ram] = [cost.macs, cost.weights as u64, cost.ram as u64].map(grouped);
            writeln!(
                f,
                "{what:<42} {macs:>15} MACs {weights:>13} B of constants {ram:>11} B of RAM"
            )
        };
        line(f, "with dead channels", &self.unpruned)?;
        for cost in &self.pruned {
            match cost.pruned {
                0 => line(f, "as compiled", cost)?,
                share => line(f, &format!("without {share} % of the channels, retrained"), cost)?,
            }
        }
        Ok(())
    }
}
