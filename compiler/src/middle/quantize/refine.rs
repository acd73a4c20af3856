use super::statistics::{Rows, Statistics, statistics};
use super::{
    Groups, Io, Layer, Patches, QuantizeOptions, Rounding, Settings, Source, Watch, Weights, adaptive, channel_sums,
    insert,
};
use crate::Error;
use crate::ir::{Graph, OpError, ValueId};
use crate::middle::passes::unused;

/// Multiply-accumulates that running the layers again may take altogether: some minutes here.
const WORK: u64 = 200_000_000_000;
/// Samples that are taken whatever that takes.
const FEWEST: usize = 16;
/// Most weights of a channel whose correlations are computed.
const MOST_WEIGHTS: usize = 1024;

/// Nodes that are looked at altogether to measure what layers read: beyond them, several layers are measured at once.
const MOST_NODES: usize = 1 << 18;
/// Products of elements that are kept at the same time.
const MOST_PRODUCTS: usize = 1 << 25;

/// Rounds the weights of one layer after the other and corrects their biases, each on what the layers before it,
/// already quantised, make of the samples. `progress` is told of each layer.
///
/// # Errors
/// Samples that cannot be read.
pub fn refine(
    graph: &Graph,
    groups: &Groups,
    layers: &[Layer],
    settings: &mut Settings,
    options: &QuantizeOptions,
    source: &Source<'_>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(), Error> {
    if options.rounding == Rounding::Nearest && !options.bias_correction {
        return Ok(());
    }
    let macs: u64 = graph.order().iter().filter_map(|id| macs(graph, *id)).sum();
    let runs = (layers.len() as u64 / 2 + 1).saturating_mul(macs.max(1));
    let samples = usize::try_from(WORK / runs).unwrap_or(usize::MAX).max(FEWEST);
    let sums = mean_sums(graph, layers, source, samples)?;
    let rows: Vec<_> = layers.iter().map(|layer| rows(graph, layer, options)).collect();
    let together = layers.len().saturating_mul(graph.len()).div_ceil(MOST_NODES);
    let mut next = 0;
    while next < layers.len() {
        progress(next, layers.len());
        let part = next..next + part(&rows[next..], together);
        let quantised = insert(graph, groups, layers, settings, Io::Float).map_err(internal)?;
        let (with_rows, without): (Vec<_>, Vec<_>) = part.clone().partition(|i| rows[*i].is_some());
        let wanted: Vec<_> = with_rows
            .iter()
            .filter_map(|i| Some((read(&quantised, &layers[*i]), rows[*i].as_ref()?)))
            .collect();
        let statistics = statistics(&only_of(&quantised, &wanted)?, &wanted, source, samples)?;
        for (i, statistics) in with_rows.into_iter().zip(statistics) {
            refine_layer(
                graph,
                &layers[i],
                &statistics,
                &sums[i],
                options,
                &mut settings.weights[i],
            );
        }
        if options.bias_correction && !without.is_empty() {
            let of: Vec<Layer> = without.iter().map(|i| layers[*i].clone()).collect();
            let now = mean_sums(&quantised, &of, source, samples)?;
            for (i, now) in without.into_iter().zip(now) {
                let means = sums[i].iter().zip(&now);
                let biases = settings.weights[i].bias.iter_mut();
                biases
                    .zip(means)
                    .for_each(|(bias, (wanted, now))| *bias += (wanted - now) as f32);
            }
        }
        next = part.end;
    }
    Ok(())
}

/// The rows of what a layer reads; `None` for a transposed convolution.
fn rows(graph: &Graph, layer: &Layer, options: &QuantizeOptions) -> Option<Rows> {
    let patches = Patches::of(graph, layer)?;
    let few = patches.len <= MOST_WEIGHTS && patches.products() <= MOST_PRODUCTS;
    let correlate = options.rounding == Rounding::Adaptive && few;
    Some(Rows { patches, correlate })
}

/// How many of the next layers are measured at once: `together`, or fewer if their products take too much memory.
fn part(rows: &[Option<Rows>], together: usize) -> usize {
    let products = |rows: &Option<Rows>| rows.as_ref().map_or(0, Rows::products);
    let mut sum: usize = 0;
    let fit = rows.iter().take_while(|rows| {
        sum = sum.saturating_add(products(rows));
        sum <= MOST_PRODUCTS
    });
    fit.take(together).count().max(1)
}

/// What a layer reads.
fn read(graph: &Graph, layer: &Layer) -> ValueId {
    graph.node(layer.node).inputs[0].expect("layers read a value")
}

fn only_of(graph: &Graph, wanted: &[(ValueId, &Rows)]) -> Result<Graph, Error> {
    only(graph, &wanted.iter().map(|(value, _)| *value).collect::<Vec<_>>())
}

/// Rounds the weights of a layer and corrects its bias, for sums of the means `sums`.
fn refine_layer(
    graph: &Graph,
    layer: &Layer,
    statistics: &Statistics,
    sums: &[f64],
    options: &QuantizeOptions,
    weights: &mut Weights,
) {
    let (_, w) = layer.weights(graph);
    for (channel, wanted) in sums.iter().enumerate() {
        let group = channel / (layer.channels / layer.groups);
        let of = |element: usize| layer.element(channel, element);
        let scale = f64::from(weights.quantization.scales[layer.scale_of(channel)]);
        if let Some(covariance) = statistics.covariance.get(group) {
            let elements = 0..statistics.mean[group].len();
            let real: Vec<f64> = elements.map(|e| f64::from(w[of(e)]) / scale).collect();
            let most = f64::from(weights.most);
            let rounded = adaptive::round(&real, covariance, most);
            for (element, integer) in rounded.iter().enumerate() {
                weights.integers[of(element)] = *integer as i8;
            }
        }
        if options.bias_correction {
            let products = statistics.mean[group].iter().enumerate();
            let sum: f64 = products
                .map(|(e, mean)| mean * f64::from(weights.integers[of(e)]) * scale)
                .sum();
            weights.bias[channel] = (wanted - sum) as f32;
        }
    }
}

/// A node's multiply-accumulates.
pub(super) fn macs(graph: &Graph, id: crate::ir::NodeId) -> Option<u64> {
    let node = graph.node(id);
    let outputs: Vec<_> = node.outputs.iter().map(|v| graph.ty(*v)).collect();
    Some(node.operator()?.macs(&graph.types(&node.inputs), &outputs))
}

/// For each layer the mean of its sums, by channel, over the first `samples` samples.
fn mean_sums(graph: &Graph, layers: &[Layer], source: &Source<'_>, samples: usize) -> Result<Vec<Vec<f64>>, Error> {
    let values: Vec<_> = layers.iter().map(|layer| layer.y).collect();
    let watch = Watch::new(&only(graph, &values)?, &values)?;
    let mut sums: Vec<Vec<f64>> = layers.iter().map(|layer| vec![0.0; layer.channels]).collect();
    let count = watch.run(source()?.take(samples), &mut |i, y| {
        let (of_y, len) = channel_sums(y, layers[i].axis, |y| y);
        sums[i].iter_mut().zip(of_y).for_each(|(sum, y)| *sum += y / len as f64);
        Ok(())
    })?;
    sums.iter_mut().flatten().for_each(|sum| *sum /= count.max(1) as f64);
    Ok(sums)
}

/// A graph of what these values need.
fn only(graph: &Graph, values: &[ValueId]) -> Result<Graph, Error> {
    let mut graph = graph.clone();
    graph.clear_outputs();
    for value in values {
        graph.add_output(graph.value(*value).name.clone(), *value);
    }
    unused::run(&mut graph).map_err(internal)?;
    graph.clear_outputs();
    Ok(graph)
}

fn internal(error: OpError) -> Error {
    Error::Pass {
        pass: "quantize",
        message: error.message,
    }
}
