use super::dtypes::{clusters, ports};
use super::{Groups, Layer, Observed, QuantizeOptions, Raised, Settings, Source, Weights, method, refine};
use crate::Error;
use crate::ir::primitives::Quantization;
use crate::ir::{DType, Graph};

/// Something that may have more bits.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// Groups whose integers must be of one type: 16 bits instead of 8.
    Activations(Vec<usize>),
    /// The weights of layers: 8 bits instead of 4.
    Weights(Vec<usize>),
}

impl Part {
    /// Whether it gives more bits to the weights of a layer.
    pub(super) fn raises(&self, layer: usize) -> bool {
        matches!(self, Self::Weights(layers) if layers.contains(&layer))
    }

    /// Joins neighbours of one kind until at most so many parts are left, or one of each kind.
    fn at_most(most: usize, parts: Vec<Self>) -> Vec<Self> {
        let together = parts.len().div_ceil(most);
        let mut joined: Vec<Self> = vec![];
        let mut count: usize = 0;
        for part in parts {
            let last = joined.last_mut().filter(|_| !count.is_multiple_of(together));
            count += 1;
            match (last, part) {
                (Some(Self::Activations(last)), Self::Activations(part))
                | (Some(Self::Weights(last)), Self::Weights(part)) => last.extend(part),
                (_, part) => {
                    joined.push(part);
                    count = 1;
                }
            }
        }
        joined
    }
}

/// By how much the range of 16 bits may grow: four bits are left over for it.
const MOST_WIDER: f64 = 16.0;

/// By how much probabilities may exceed those of the samples.
const ROOM: f64 = 1.5;

/// All there is to know of a graph that is being quantised.
pub(super) struct Quantising<'a, 's> {
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
    /// The samples.
    pub(super) source: &'a Source<'s>,
}

impl Quantising<'_, '_> {
    /// What may have more bits, in at most so many parts, or one of each kind.
    pub(super) fn parts(&self, settings: &Settings, most: usize) -> Vec<Part> {
        let clusters = clusters(self.graph, self.groups);
        let low = |group: &usize| settings.groups[*group].dtype == DType::I8;
        // What `run` takes and gives stays as it was asked for.
        let ports = ports(self.graph, self.groups, self.options.io);
        let free = |cluster: &Vec<usize>| !cluster.iter().any(|group| ports.contains(group));
        let raised = clusters.into_iter().filter(|c| c.iter().any(low) && free(c));
        let activations = raised.map(Part::Activations);
        let four_bits = self.options.most_weight() < i8::MAX;
        let weights = (0..self.layers.len()).filter(|_| four_bits);
        let weights = weights.map(|layer| Part::Weights(vec![layer]));
        Part::at_most(most, activations.chain(weights).collect())
    }

    /// The groups with more bits for these parts.
    pub(super) fn raised(&self, groups: &[Quantization], parts: &[Part]) -> Vec<Quantization> {
        let mut groups = groups.to_vec();
        for part in parts {
            if let Part::Activations(raised) = part {
                for group in raised {
                    groups[*group] = self.quantization(*group, DType::I16);
                }
            }
        }
        groups
    }

    /// Settings with weights and biases for these groups, those of `parts` with more bits.
    ///
    /// # Errors
    /// Samples that cannot be read.
    pub(super) fn fitted(
        &self,
        groups: Vec<Quantization>,
        parts: &[Part],
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Settings, Error> {
        let most = |layer: usize| {
            let raised = parts.iter().any(|part| part.raises(layer));
            if raised { i8::MAX } else { self.options.most_weight() }
        };
        let weights = self.layers.iter().enumerate();
        let weights = weights.map(|(i, layer)| self.weights(i, &groups, layer.biases(self.graph), most(i)));
        let mut settings = Settings {
            weights: weights.collect(),
            groups,
        };
        let (graph, groups, layers) = (self.graph, self.groups, self.layers);
        refine(
            graph,
            groups,
            layers,
            &mut settings,
            self.options,
            self.source,
            progress,
        )?;
        Ok(settings)
    }

    /// The quantization of a group to a type, or the one that it has already.
    pub(super) fn quantization(&self, group: usize, dtype: DType) -> Quantization {
        if let Some(fixed) = &self.groups.list[group].fixed {
            return fixed.clone();
        }
        let levels = if dtype == DType::I16 { 65536.0 } else { 256.0 };
        let (method, percentile) = (self.options.method, self.options.percentile);
        let observed = &self.observed.groups[group];
        let range = match self.groups.list[group].range {
            // Of many probabilities each is small, and 8 bits of all that they can be would leave a step or two.
            Some((least, most)) if dtype == DType::I8 && observed.extremes().1 > 0.0 => {
                (least, most.min(ROOM * observed.extremes().1))
            }
            Some(known) => known,
            None => method::range(observed, method, percentile, levels),
        };
        method::quantization(self.widened(group, range, dtype), dtype)
    }

    /// A range with the bounds of the function in it, where bits suffice: a table of 16 bits is a row of lines, off
    /// where the results were cut.
    fn widened(&self, group: usize, (least, most): (f64, f64), dtype: DType) -> (f64, f64) {
        let bounds = self.groups.list[group].bounds.filter(|_| dtype == DType::I16);
        let wider = bounds.map(|(low, high)| (least.min(low), most.max(high)));
        let affordable = wider.filter(|(low, high)| high - low <= MOST_WIDER * (most - least));
        affordable.unwrap_or((least, most))
    }

    /// The weights of a layer, each to the nearest of the integers up to `most`.
    fn weights(&self, layer: usize, groups: &[Quantization], bias: Vec<f32>, most: i8) -> Weights {
        let (squares, layer) = (&self.observed.squares[layer], &self.layers[layer]);
        let (_, w) = layer.weights(self.graph);
        let importance: Vec<f64> = (0..w.len()).map(|e| squares[layer.input_channel(e)]).collect();
        let (x, _) = groups[self.groups.of[&layer.x]].single().unwrap_or((1.0, 0));
        Weights::nearest(layer, &w, bias, most, &importance, x)
    }

    /// What a part's bits cost.
    pub(super) fn cost(&self, part: &Part, decibels: f64) -> Raised {
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
            Part::Weights(layers) => {
                let layers = layers.iter().map(|layer| &self.layers[*layer]);
                Raised {
                    what: layers.clone().map(|layer| name(layer.w)).collect(),
                    bits: 8,
                    decibels,
                    bytes: layers.clone().map(|layer| self.graph.ty(layer.w).len() / 2).sum(),
                    macs: layers.map(macs).sum(),
                }
            }
        }
    }
}
