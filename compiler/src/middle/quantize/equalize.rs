use super::{Layer, Source, Watch};
use crate::Error;
use crate::ir::linear::WEIGHTS;
use crate::ir::primitives::{BIAS, Map, Pool, Reduce, ReduceOp, Reshape};
use crate::ir::{Graph, NodeId, Tensor, ValueId};
use runtime_core::function::AnyFunction;

/// Exponents that are tried between leaving ranges to the activations, 0, and making them all alike, 1.
const EXPONENTS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// Factors beyond this and its inverse are not worth what they do to other numbers.
const MOST: f64 = 1024.0;

/// Two layers with only operators between them that scale with their operands, channel by channel.
struct Pair {
    first: usize,
    second: usize,
}

/// What a layer reads, by its channels.
struct Input {
    greatest: Vec<f64>,
    squares: Vec<f64>,
}

/// Brings the channels between neighbouring layers to like ranges: the first layer's channels are divided by factors
/// that the second layer's weights are multiplied by, so that the graph computes the same. The factors of each pair are
/// those of the least noise that 8-bit integers are expected to add to the second layer's sums. Gives the number of
/// pairs that change.
///
/// # Errors
/// Samples that cannot be read.
pub fn equalize(graph: &mut Graph, source: &Source<'_>, most_weight: i8) -> Result<usize, Error> {
    let layers = Layer::all(graph);
    let pairs: Vec<_> = (0..layers.len())
        .filter_map(|second| pair(graph, &layers, second))
        .collect();
    if pairs.is_empty() {
        return Ok(0);
    }
    let inputs = observe(graph, &layers, &pairs, source)?;
    let mut changed = 0;
    for (pair, input) in pairs.iter().zip(inputs) {
        // With the weights that the pair before has left; what the second layer reads is not changed by that.
        let now = [pair.first, pair.second].map(|i| Layer::of(graph, layers[i].node));
        if let [Some(first), Some(second)] = now {
            let factors = factors(graph, &first, &second, &input, f64::from(most_weight));
            if factors.iter().any(|f| *f != 1.0) {
                apply(graph, &first, &second, &factors);
                changed += 1;
            }
        }
    }
    Ok(changed)
}

/// The pair that ends with layer `second`.
fn pair(graph: &Graph, layers: &[Layer], second: usize) -> Option<Pair> {
    let mut value = layers[second].x;
    loop {
        graph.only_user(value)?;
        let producer = graph.value(value).producer;
        if let Some(first) = layers.iter().position(|layer| layer.node == producer) {
            let spread = channels(graph, &layers[second]).checked_rem(layers[first].channels)? == 0;
            let constants = [&layers[first], &layers[second]].map(|layer| graph.users(layer.w).len() == 1);
            return (spread && constants == [true, true]).then_some(Pair { first, second });
        }
        value = scales_along(graph, producer)?;
    }
}

/// The operand of a node whose results scale with it, channel by channel, if channels come first and stay in order.
fn scales_along(graph: &Graph, id: NodeId) -> Option<ValueId> {
    let node = graph.node(id);
    let (x, y) = (node.inputs.first().copied().flatten()?, *node.outputs.first()?);
    let (from, to) = (&graph.ty(x).shape, &graph.ty(y).shape);
    let map = |map: &Map| matches!(map.function, AnyFunction::Relu(_) | AnyFunction::LeakyRelu(_));
    let reduce = |reduce: &Reduce| {
        matches!(reduce.op, ReduceOp::Mean | ReduceOp::Max | ReduceOp::Sum) && reduce.axes.iter().all(|axis| *axis > 1)
    };
    // What follows the channels joins them, or has one element only.
    let reshape = |_: &Reshape| {
        let joined: usize = from.iter().skip(1).product();
        from.first() == to.first() && (to.get(1) == from.get(1) || (to.len() == 2 && to.get(1) == Some(&joined)))
    };
    let scales = node.op::<Map>().is_some_and(map)
        || node.op::<Pool>().is_some()
        || node.op::<Reduce>().is_some_and(reduce)
        || node.op::<Reshape>().is_some_and(reshape);
    (scales && from.len() > 1).then_some(x)
}

/// Channels that a layer reads.
fn channels(graph: &Graph, layer: &Layer) -> usize {
    graph.ty(layer.x).shape[layer.axis]
}

/// What the second layers of pairs read.
fn observe(graph: &Graph, layers: &[Layer], pairs: &[Pair], source: &Source<'_>) -> Result<Vec<Input>, Error> {
    let values: Vec<_> = pairs.iter().map(|pair| layers[pair.second].x).collect();
    let size = |pair: &Pair| channels(graph, &layers[pair.second]);
    let empty = |pair: &Pair| Input {
        greatest: vec![0.0; size(pair)],
        squares: vec![0.0; size(pair)],
    };
    let mut inputs: Vec<_> = pairs.iter().map(empty).collect();
    Watch::new(graph, &values)?.run(source()?, &mut |i, x| {
        let axis = layers[pairs[i].second].axis;
        let inner: usize = x.shape[axis + 1..].iter().product();
        let values = x.to_f32().unwrap_or_default();
        let count = (values.len() / x.shape[axis].max(1)).max(1) as f64;
        for (index, value) in values.iter().enumerate() {
            let (channel, value) = (index / inner.max(1) % x.shape[axis], f64::from(*value));
            inputs[i].greatest[channel] = inputs[i].greatest[channel].max(value.abs());
            inputs[i].squares[channel] += value * value / count;
        }
        Ok(())
    })?;
    Ok(inputs)
}

/// The factors of the channels of `first`, all 1 if nothing is gained.
fn factors(graph: &Graph, first: &Layer, second: &Layer, input: &Input, most_weight: f64) -> Vec<f64> {
    let (_, w) = second.weights(graph);
    let spread = input.greatest.len() / first.channels;
    // By channel of the first layer.
    let mut greatest = vec![0.0f64; first.channels];
    let mut heaviest = vec![0.0f64; first.channels];
    for (channel, range) in input.greatest.iter().enumerate() {
        greatest[channel / spread] = greatest[channel / spread].max(*range);
    }
    for (index, w) in w.iter().enumerate() {
        let channel = second.input_channel(index) / spread;
        heaviest[channel] = heaviest[channel].max(f64::from(w.abs()));
    }
    let noise = |factors: &[f64]| {
        let range = greatest.iter().zip(factors).map(|(g, f)| g / f).fold(0.0, f64::max);
        let step = range / 255.0;
        // By channel of the second layer: greatest weight, noise of the input, energy of the input.
        let mut sums = vec![(0.0f64, 0.0, 0.0); second.channels];
        for (index, w) in w.iter().enumerate() {
            let channel = second.input_channel(index);
            let factor = factors[channel / spread];
            let (w, sum) = (f64::from(*w) * factor, &mut sums[second.channel(index)]);
            sum.0 = sum.0.max(w.abs());
            sum.1 += w * w * step * step;
            sum.2 += input.squares[channel] / (factor * factor);
        }
        let total = sums
            .iter()
            .map(|(heaviest, read, energy)| read + (heaviest / most_weight).powi(2) * energy);
        total.sum::<f64>()
    };
    let none = vec![1.0; first.channels];
    let candidates = EXPONENTS.iter().map(|exponent| {
        let raw = greatest.iter().zip(&heaviest).map(|(g, h)| {
            let usable = *g > 0.0 && *h > 0.0;
            usable.then(|| libm::pow(*g, *exponent) / libm::pow(*h, 1.0 - exponent))
        });
        let raw: Vec<_> = raw.collect();
        let logs: Vec<f64> = raw.iter().flatten().map(|f| libm::log(*f)).collect();
        let mean = libm::exp(logs.iter().sum::<f64>() / logs.len().max(1) as f64);
        // Powers of two leave every float as exact as it was.
        let nearest = |f: f64| libm::log2((f / mean).clamp(1.0 / MOST, MOST)).round().exp2();
        let factor = |f: Option<f64>| f.map_or(1.0, nearest);
        raw.into_iter().map(factor).collect::<Vec<f64>>()
    });
    let start = noise(&none);
    let best = candidates.map(|c| (noise(&c), c)).min_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(noise, _)| *noise < 0.95 * start)
        .map_or(none, |(_, factors)| factors)
}

/// Divides the channels of `first` by the factors, and multiplies the weights of `second` by them.
fn apply(graph: &mut Graph, first: &Layer, second: &Layer, factors: &[f64]) {
    let (shape, mut w) = first.weights(graph);
    for (index, w) in w.iter_mut().enumerate() {
        *w = (f64::from(*w) / factors[first.channel(index)]) as f32;
    }
    let bias = first.biases(graph);
    let bias: Vec<f32> = bias
        .iter()
        .zip(factors)
        .map(|(b, f)| (f64::from(*b) / f) as f32)
        .collect();
    put(graph, first.node, WEIGHTS, first.w, Tensor::f32(&shape, &w));
    if let Some(old) = first.bias {
        put(graph, first.node, BIAS, old, Tensor::f32(&[bias.len()], &bias));
    }
    let spread = channels(graph, second) / factors.len();
    let (shape, mut w) = second.weights(graph);
    for (index, w) in w.iter_mut().enumerate() {
        *w = (f64::from(*w) * factors[second.input_channel(index) / spread]) as f32;
    }
    put(graph, second.node, WEIGHTS, second.w, Tensor::f32(&shape, &w));
}

fn put(graph: &mut Graph, node: NodeId, operand: usize, old: ValueId, tensor: Tensor) {
    let name = graph.value(old).name.clone();
    let value = graph.add_constant(name, tensor);
    graph.set_input(node, operand, value);
}
