use super::{
    Groups, Io, Layer, Patches, QuantizeOptions, Rounding, Settings, Source, Watch, adaptive, channel_sums, insert,
};
use crate::Error;
use crate::ir::{Graph, OpError, Tensor, ValueId};
use crate::middle::passes::unused;

/// Multiply-accumulates that running the layers again may take altogether: some minutes here.
const WORK: u64 = 200_000_000_000;
/// Samples that are taken whatever that takes.
const FEWEST: usize = 16;
/// Multiply-accumulates for the correlations of one layer.
const CORRELATION_WORK: usize = 4_000_000_000;
/// Most weights of a channel whose correlations are computed.
const MOST_WEIGHTS: usize = 1024;

/// What a layer reads in the quantised graph, over all samples.
struct Statistics {
    /// Mean of each element of the rows, by group.
    mean: Vec<Vec<f64>>,
    /// Mean products of the elements of a row minus those of their means, by group; empty if they were not asked for.
    covariance: Vec<Vec<f64>>,
}

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
    for (i, layer) in layers.iter().enumerate() {
        progress(i, layers.len());
        let quantised = insert(graph, groups, layers, settings, Io::Float).map_err(internal)?;
        let read = quantised.node(layer.node).inputs[0].expect("layers read a value");
        let (_, w) = layer.weights(graph);
        let Some(patches) = Patches::of(graph, layer) else {
            if options.bias_correction {
                let now = mean_sums(&quantised, std::slice::from_ref(layer), source, samples)?;
                for (channel, bias) in settings.weights[i].bias.iter_mut().enumerate() {
                    *bias += (sums[i][channel] - now[0][channel]) as f32;
                }
            }
            continue;
        };
        let adaptive = options.rounding == Rounding::Adaptive && patches.len <= MOST_WEIGHTS;
        let statistics = statistics(&quantised, read, &patches, source, samples, adaptive)?;
        let weights = &mut settings.weights[i];
        for (channel, wanted) in sums[i].iter().enumerate() {
            let group = channel / (layer.channels / layer.groups);
            let of = |element: usize| layer.element(channel, element);
            let scale = f64::from(weights.quantization.scales[layer.scale_of(channel)]);
            if adaptive {
                let real: Vec<f64> = (0..patches.len).map(|e| f64::from(w[of(e)]) / scale).collect();
                let most = f64::from(weights.most);
                let rounded = adaptive::round(&real, &statistics.covariance[group], most);
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
    Ok(())
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

/// Statistics of the rows that a layer's input `read` gives.
fn statistics(
    graph: &Graph,
    read: ValueId,
    patches: &Patches,
    source: &Source<'_>,
    samples: usize,
    correlate: bool,
) -> Result<Statistics, Error> {
    let watch = Watch::new(&only(graph, &[read])?, &[read])?;
    let len = patches.len;
    let mut mean = vec![vec![0.0; len]; patches.groups];
    let mut products = vec![vec![0.0; if correlate { len * len } else { 0 }]; patches.groups];
    let (mut rows, mut correlated) = (0usize, 0usize);
    let mut row = vec![];
    let most = (CORRELATION_WORK / (len * len * patches.groups).max(1)).max(len);
    let total = source()?.take(samples).count();
    watch.run(source()?.take(samples), &mut |_, x: &Tensor| {
        let of_x = patches.rows(x);
        let step = (of_x * total).div_ceil(most).max(1);
        let values = x.to_f32().unwrap_or_default();
        for index in 0..of_x {
            // A different part of each sample.
            let chosen = correlate && (rows + index).is_multiple_of(step);
            for group in 0..patches.groups {
                patches.read(&values, group, index, &mut row);
                mean[group].iter_mut().zip(&row).for_each(|(sum, v)| *sum += v);
                if chosen {
                    add_products(&mut products[group], &row);
                }
            }
            correlated += usize::from(chosen);
        }
        rows += of_x;
        Ok(())
    })?;
    mean.iter_mut().flatten().for_each(|sum| *sum /= rows.max(1) as f64);
    for (products, mean) in products.iter_mut().zip(&mean) {
        for (i, line) in products.chunks_mut(len.max(1)).enumerate() {
            for (j, product) in line.iter_mut().enumerate() {
                *product = *product / correlated.max(1) as f64 - mean[i] * mean[j];
            }
        }
    }
    Ok(Statistics {
        mean,
        covariance: products,
    })
}

/// Adds the products of the elements of a row.
fn add_products(products: &mut [f64], row: &[f64]) {
    for (line, a) in products.chunks_mut(row.len().max(1)).zip(row) {
        if *a != 0.0 {
            line.iter_mut().zip(row).for_each(|(sum, b)| *sum += a * b);
        }
    }
}
