use super::dtypes::dtypes;
use super::masked::masked;
use super::mixed::Quantising;
use super::recurrences::{Recurrences, Replaced};
use super::{Groups, Layer, Observed, Progress, QuantizeOptions, Settings, Source, calibrate};
use crate::Error;
use crate::ir::{Graph, NodeId};
use std::collections::HashMap;

/// A float graph and how it is to be quantised.
pub(super) struct Refining<'a, 's> {
    /// The float graph. Layers have a bias.
    pub(super) float: &'a Graph,
    /// Its recurrent layers.
    pub(super) recurrences: &'a Recurrences,
    /// How it is quantised.
    pub(super) options: &'a QuantizeOptions,
    /// The samples.
    pub(super) source: &'a Source<'s>,
}

/// A graph and the integers that it is to have.
pub(super) struct Refined {
    /// The float graph with recurrent layers in integers.
    pub(super) graph: Graph,
    /// Its groups.
    pub(super) groups: Groups,
    /// Its layers.
    pub(super) layers: Vec<Layer>,
    /// What it computes on the samples.
    pub(super) observed: Observed,
    /// The integers.
    pub(super) settings: Settings,
    /// What became of its recurrent layers.
    pub(super) replaced: Replaced,
    /// Why some values have more bits than asked for.
    pub(super) notes: Vec<String>,
}

impl Refining<'_, '_> {
    /// Calibrates the graph and rounds its weights. The recurrent layers `kept` stay in floats.
    ///
    /// # Errors
    /// Samples that cannot be read, are too few or hold what is not finite.
    pub(super) fn run(&self, kept: &[NodeId], progress: &mut Progress<'_>) -> Result<Refined, Error> {
        let mut graph = self.float.clone();
        let replaced = self.recurrences.replace(&mut graph, kept)?;
        let options = self.options;
        let layers = Layer::all(&graph);
        let mut floats = HashMap::new();
        let (groups, observed) = loop {
            let groups = Groups::new(&graph, options.io, &floats);
            let observed = calibrate(&graph, &groups, &layers, self.source, &mut |sample| {
                progress("calibrating", sample, 0);
            })?;
            let masked = masked(&graph, &groups, &observed);
            if masked.is_empty() {
                break (groups, observed);
            }
            floats.extend(masked);
        };
        observed.finite(&graph, self.source)?;
        let at = Quantising {
            float: self.float,
            graph: &graph,
            groups: &groups,
            layers: &layers,
            observed: &observed,
            options,
            source: self.source,
        };
        let types = dtypes(&graph, &groups, &observed, options);
        let ranges: Vec<_> = types
            .of
            .iter()
            .enumerate()
            .map(|(i, dtype)| at.quantization(i, *dtype))
            .collect();
        let settings = at.fitted(ranges, &[], &mut |i, of| progress("rounding weights", i, of))?;
        Ok(Refined {
            graph,
            groups,
            layers,
            observed,
            settings,
            replaced,
            notes: types.notes,
        })
    }
}
