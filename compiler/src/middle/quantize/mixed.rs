use super::dtypes::clusters;
use super::quality::{Goal, Loss};
use super::{Groups, Io, Layer, Observed, QuantizeOptions, Raised, Settings, Weights, insert, method};
use crate::Error;
use crate::ir::primitives::Quantization;
use crate::ir::{DType, Graph, OpError};

/// Something that may have more bits.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// Groups whose integers must be of one type: 16 bits instead of 8.
    Activations(Vec<usize>),
    /// The weights of a layer: 8 bits instead of 4.
    Weights(usize),
}

/// By how much the range of 16 bits may grow: four bits are left over for it.
const MOST_WIDER: f64 = 16.0;

/// All there is to know of a graph that is being quantised.
pub(super) struct Quantising<'a> {
    /// The float graph, against which the loss is measured.
    pub(super) float: &'a Graph,
    /// The same with recurrent layers in integers.
    pub(super) graph: &'a Graph,
    /// Its groups.
    pub(super) groups: &'a Groups,
    /// Its layers.
    pub(super) layers: &'a [Layer],
    /// What it computes on the samples.
    pub(super) observed: &'a Observed,
    /// How it is quantised.
    pub(super) options: &'a QuantizeOptions,
}

/// Gives more bits to what loses most, until the loss is within the goal's bound. Each part is tried by itself; then the
/// fewest of those that help most are kept, and of these those that are needed. `progress` is told of each trial. Gives what
/// has more bits and what is lost then, or what is lost with all the bits that there are if that is beyond the bound.
///
/// # Errors
/// Samples that cannot be read.
pub(super) fn raise(
    at: &Quantising<'_>,
    settings: &mut Settings,
    goal: &Goal<'_>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Result<(Vec<Raised>, Loss), Loss>, Error> {
    let measure = |settings: &Settings| {
        let quantised = insert(at.graph, at.groups, at.layers, settings, Io::Float).map_err(internal)?;
        goal.measure(at.float, &quantised)
    };
    let start = measure(settings)?;
    if start.is_within(goal.bound) {
        return Ok(Ok((vec![], start)));
    }
    let parts = at.parts(settings);
    let mut loss = measure(&at.with(settings, &parts))?;
    if !loss.is_within(goal.bound) {
        return Ok(Err(loss));
    }
    let mut gains = vec![];
    for (i, part) in parts.iter().enumerate() {
        progress(i, parts.len());
        let loss = measure(&at.with(settings, std::slice::from_ref(part)))?;
        gains.push((loss.noise.noise, part.clone()));
    }
    gains.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ranked: Vec<_> = gains.iter().map(|(_, part)| part.clone()).collect();
    let (mut few, mut enough) = (0, ranked.len());
    while enough - few > 1 {
        let middle = few.midpoint(enough);
        let tried = measure(&at.with(settings, &ranked[..middle]))?;
        if tried.is_within(goal.bound) {
            (enough, loss) = (middle, tried);
        } else {
            few = middle;
        }
    }
    let mut kept = ranked[..enough].to_vec();
    for part in ranked[..enough].iter().rev().skip(1) {
        let others: Vec<_> = kept.iter().filter(|other| *other != part).cloned().collect();
        let tried = measure(&at.with(settings, &others))?;
        if tried.is_within(goal.bound) {
            (kept, loss) = (others, tried);
        }
    }
    let gain = |part: &Part| {
        let noise = gains
            .iter()
            .find(|(_, other)| other == part)
            .map_or(start.noise.noise, |g| g.0);
        10.0 * (start.noise.noise / noise).log10()
    };
    let raised = kept.iter().map(|part| at.cost(part, gain(part))).collect();
    *settings = at.with(settings, &kept);
    Ok(Ok((raised, loss)))
}

impl Quantising<'_> {
    /// What may have more bits.
    fn parts(&self, settings: &Settings) -> Vec<Part> {
        let clusters = clusters(self.graph, self.groups);
        let low = |group: &usize| settings.groups[*group].dtype == DType::I8;
        // What `run` takes and gives stays as it was asked for.
        let outputs = self.graph.outputs().iter().map(|(_, v)| v);
        let ports: Vec<_> = self.graph.inputs().iter().chain(outputs).collect();
        let is_port = |group: &usize| ports.iter().any(|v| self.groups.of.get(v) == Some(group));
        let free = |cluster: &Vec<usize>| self.options.io == Io::Float || !cluster.iter().any(is_port);
        let raised = clusters.into_iter().filter(|c| c.iter().any(low) && free(c));
        let activations = raised.map(Part::Activations);
        let four_bits = self.options.most_weight() < i8::MAX;
        let weights = (0..self.layers.len()).filter(|_| four_bits).map(Part::Weights);
        activations.chain(weights).collect()
    }

    /// The settings with more bits for these parts.
    fn with(&self, settings: &Settings, parts: &[Part]) -> Settings {
        let mut settings = settings.clone();
        for part in parts {
            if let Part::Activations(groups) = part {
                for group in groups {
                    settings.groups[*group] = self.quantization(*group, DType::I16);
                }
            }
        }
        // Weights after what they are applied to, in whatever order the parts are.
        for part in parts {
            if let Part::Weights(layer) = part {
                let bias = settings.weights[*layer].bias.clone();
                settings.weights[*layer] = self.weights(*layer, &settings.groups, bias, i8::MAX);
            }
        }
        settings
    }

    /// The quantization of a group to a type, or the one that it has already.
    pub(super) fn quantization(&self, group: usize, dtype: DType) -> Quantization {
        if let Some(fixed) = &self.groups.list[group].fixed {
            return fixed.clone();
        }
        let levels = if dtype == DType::I16 { 65536.0 } else { 256.0 };
        let (method, percentile) = (self.options.method, self.options.percentile);
        let range = self.groups.list[group]
            .range
            .unwrap_or_else(|| method::range(&self.observed.groups[group], method, percentile, levels));
        method::quantization(self.widened(group, range, dtype), dtype)
    }

    /// A range with the bounds of the function in it, where bits suffice: a table of 16 bits is a row of lines, off where the
    /// results were cut.
    fn widened(&self, group: usize, (least, most): (f64, f64), dtype: DType) -> (f64, f64) {
        let bounds = self.groups.list[group].bounds.filter(|_| dtype == DType::I16);
        let wider = bounds.map(|(low, high)| (least.min(low), most.max(high)));
        let affordable = wider.filter(|(low, high)| high - low <= MOST_WIDER * (most - least));
        affordable.unwrap_or((least, most))
    }

    /// The weights of a layer, each to the nearest of the integers up to `most`.
    pub(super) fn weights(&self, layer: usize, groups: &[Quantization], bias: Vec<f32>, most: i8) -> Weights {
        let (squares, layer) = (&self.observed.squares[layer], &self.layers[layer]);
        let (_, w) = layer.weights(self.graph);
        let importance: Vec<f64> = (0..w.len()).map(|e| squares[layer.input_channel(e)]).collect();
        let (x, _) = groups[self.groups.of[&layer.x]].single().unwrap_or((1.0, 0));
        Weights::nearest(layer, &w, bias, most, &importance, x)
    }

    /// What a part's bits cost.
    fn cost(&self, part: &Part, decibels: f64) -> Raised {
        let name = |v| self.graph.value(v).name.clone();
        let macs = |layer: &Layer| {
            let node = self.graph.node(layer.node);
            node.operator().map_or(0, |op| {
                let outputs: Vec<_> = node.outputs.iter().map(|v| self.graph.ty(*v)).collect();
                op.macs(&self.graph.types(&node.inputs), &outputs)
            })
        };
        match part {
            Part::Activations(groups) => {
                let values = groups.iter().flat_map(|group| &self.groups.list[*group].values);
                let reads = |layer: &&Layer| self.groups.of.get(&layer.x).is_some_and(|group| groups.contains(group));
                Raised {
                    what: groups
                        .iter()
                        .map(|group| name(self.groups.list[*group].sources[0]))
                        .collect(),
                    bits: 16,
                    decibels,
                    bytes: values.map(|v| self.graph.ty(*v).len()).sum(),
                    macs: self.layers.iter().filter(reads).map(macs).sum(),
                }
            }
            Part::Weights(layer) => {
                let layer = &self.layers[*layer];
                Raised {
                    what: vec![name(layer.w)],
                    bits: 8,
                    decibels,
                    bytes: self.graph.ty(layer.w).len() / 2,
                    macs: macs(layer),
                }
            }
        }
    }
}

fn internal(error: OpError) -> Error {
    Error::Pass {
        pass: "quantize",
        message: error.message,
    }
}
