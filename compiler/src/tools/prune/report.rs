//! What pruning has done to a model.

use super::choose::Choice;
use super::{Part, PruneOptions};
use crate::back::report::{Report, grouped};
use crate::middle::passes::ChannelGroups;
use crate::tools::prune_report::{Cost, shortened};
use serde::Serialize;
use std::fmt;

/// What became of a layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerChange {
    /// Name of the node.
    pub name: String,
    /// Output channels, before and after.
    pub channels: [usize; 2],
    /// Input channels, before and after.
    pub inputs: [usize; 2],
    /// Weights, and how many of them are zero now; `None` where they have not changed.
    pub zeros: Option<(usize, usize)>,
    /// What the sums have changed by on the samples: the variance of the difference, as a share of theirs. `None` where
    /// they were not fitted.
    pub change: Option<f64>,
}

/// A layer that keeps its weights, and so all channels that it reads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Untouched {
    /// Name of the node.
    pub layer: String,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Untouched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node `{}`: {}", self.layer.escape_debug(), self.reason)
    }
}

/// What pruning has done to a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PruneSummary {
    /// The layers, in order.
    pub layers: Vec<LayerChange>,
    /// Layers that keep their weights.
    pub untouched: Vec<Untouched>,
    /// What the model costs, compiled: without what is dead in it.
    pub before: Cost,
    /// What it costs now.
    pub after: Cost,
    /// Share of the multiply-accumulates that was to go.
    pub asked: Option<f64>,
    /// Samples that were used, and those that were given.
    pub samples: [usize; 2],
}

impl PruneSummary {
    pub(super) fn of(
        options: &PruneOptions,
        groups: &ChannelGroups,
        choice: &Choice,
        parts: &[Part],
        untouched: Vec<Untouched>,
        [before, after]: [&Report; 2],
    ) -> Self {
        let mut gone = vec![[0, 0]; groups.layers.len()];
        let removed = groups
            .groups
            .iter()
            .zip(&choice.removed)
            .filter(|(_, removed)| **removed);
        for (group, _) in removed {
            group.inputs.iter().for_each(|(layer, _)| gone[*layer][0] += 1);
            group.outputs.iter().for_each(|(layer, _)| gone[*layer][1] += 1);
        }
        let layers = groups.layers.iter().enumerate().map(|(index, layer)| {
            let part = parts.iter().find(|part| part.group_layer == Some(index));
            let changed = part.filter(|part| part.weights != part.site.weights);
            let zeros = |part: &Part| part.weights.iter().filter(|weight| **weight == 0.0).count();
            let inputs = if layer.depthwise { layer.outputs } else { layer.inputs };
            let read = gone[index][usize::from(layer.depthwise)];
            LayerChange {
                name: layer.name.clone(),
                channels: [layer.outputs, layer.outputs - gone[index][1]],
                inputs: [inputs, inputs - read],
                zeros: changed.map(|part| (part.weights.len(), zeros(part))),
                change: part.and_then(|part| part.error),
            }
        });
        let cost = |report: &Report| Cost {
            pruned: 0,
            macs: report.macs,
            weights: report.weights,
            ram: report.ram,
        };
        Self {
            layers: layers.collect(),
            untouched,
            before: cost(before),
            after: cost(after),
            asked: options.channels,
            samples: [0, 0],
        }
    }

    /// Share of the multiply-accumulates that is gone.
    pub fn saved(&self) -> f64 {
        1.0 - self.after.macs as f64 / self.before.macs.max(1) as f64
    }

    /// What the user should know besides.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self
            .untouched
            .iter()
            .map(|untouched| format!("{untouched}; it keeps all channels that it reads"))
            .collect();
        let [used, given] = self.samples;
        if used < given {
            notes.push(format!(
                "only the first {used} of {given} samples were used: the model takes long to run"
            ));
        }
        // The last channel that went may have been a little less than what was asked for.
        if let Some(asked) = self.asked.filter(|asked| self.saved() + 0.01 < *asked) {
            notes.push(format!(
                "only {:.1} % of the multiply-accumulates could go, not {:.1} %: the other channels are read by what \
                 needs them all, or are the last of their layers",
                100.0 * self.saved(),
                100.0 * asked
            ));
        }
        notes
    }
}

impl fmt::Display for PruneSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<32} {:>13} {:>13} {:>8} {:>8}",
            "layer", "channels", "inputs", "zeros", "change"
        )?;
        for layer in &self.layers {
            let both = |[before, after]: [usize; 2]| format!("{before} -> {after}");
            let zeros = layer.zeros.map_or(String::new(), |(all, zeros)| {
                format!("{:.1} %", 100.0 * zeros as f64 / all.max(1) as f64)
            });
            let change = match layer.change {
                Some(share) if share > 1e-9 => format!("{:.1} dB", 10.0 * libm::log10(share)),
                Some(_) => "none".into(),
                None => String::new(),
            };
            let line = format!(
                "{:<32} {:>13} {:>13} {:>8} {:>8}",
                shortened(&layer.name, 32),
                both(layer.channels),
                both(layer.inputs),
                zeros,
                change
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        writeln!(
            f,
            "zeros: of its weights in the file; change: of its sums on the samples, beside their variance\n"
        )?;
        for (what, cost) in [("before", &self.before), ("after", &self.after)] {
            let [macs, weights, ram] = [cost.macs, cost.weights as u64, cost.ram as u64].map(grouped);
            writeln!(
                f,
                "{what:<7} {macs:>15} MACs {weights:>13} B of constants {ram:>11} B of RAM"
            )?;
        }
        writeln!(f, "{:.1} % of the multiply-accumulates are gone", 100.0 * self.saved())
    }
}
