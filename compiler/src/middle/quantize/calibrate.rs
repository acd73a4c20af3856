use super::useful::useful;
use super::{Groups, Histogram, Layer, Watch, channel_sums, not_finite};
use crate::Error;
use crate::ir::{DType, Graph, Tensor, ValueId};
use std::collections::{BTreeMap, HashMap};

/// Inputs of the model, sample by sample; asked for once for every pass over the samples.
pub type Source<'a> = dyn Fn() -> Result<Box<dyn Iterator<Item = Result<Vec<Tensor>, Error>> + 'a>, Error> + 'a;

/// Fewer samples than this say nothing of a model.
const FEWEST: usize = 10;
/// With fewer samples than this a warning is due.
const FEW: usize = 100;

/// What a float graph computes on the samples.
#[derive(Debug)]
pub struct Observed {
    /// Number of samples.
    pub samples: usize,
    /// The elements of each group, those that are not finite left out, within what is [told apart](useful) of them.
    pub groups: Vec<Histogram>,
    /// The least and the greatest finite element of each value that is read or joined.
    pub extremes: HashMap<ValueId, (f64, f64)>,
    /// The groups that hold elements which are not finite: the number of the first such sample, and the value.
    pub infinite: BTreeMap<usize, (usize, ValueId)>,
    /// For each layer the mean of its sums, by channel.
    pub sums: Vec<Vec<f64>>,
    /// For each layer the mean square of what it reads, by channel.
    pub squares: Vec<Vec<f64>>,
    /// Remarks on the samples.
    pub warnings: Vec<String>,
}

/// Runs a float graph on samples; `progress` is told of each.
///
/// # Errors
/// Samples that cannot be read, are too few or are not finite.
pub fn calibrate(
    graph: &Graph,
    groups: &Groups,
    layers: &[Layer],
    source: &Source<'_>,
    progress: &mut dyn FnMut(usize),
) -> Result<Observed, Error> {
    let mut values: Vec<_> = groups.list.iter().flat_map(|group| &group.read).copied().collect();
    let read = values.len();
    values.extend(groups.list.iter().flat_map(|group| &group.parts));
    let observed = values.len();
    values.extend(layers.iter().flat_map(|layer| [layer.x, layer.y]));
    let of: Vec<_> = values[..read].iter().map(|v| groups.of[v]).collect();
    let mut histograms = vec![Histogram::default(); groups.list.len()];
    let (mut extremes, mut infinite) = (HashMap::new(), BTreeMap::new());
    let mut sums: Vec<Vec<f64>> = layers.iter().map(|layer| vec![0.0; layer.channels]).collect();
    let mut squares: Vec<Vec<f64>> = vec![vec![]; layers.len()];
    let useful = useful(graph);
    let watch = Watch::new(graph, &values)?;
    let mut watching = watch.start();
    let mut count = 0;
    for sample in source()? {
        progress(count);
        let sample = sample?;
        finite(graph, &sample, count)?;
        let (_, seen) = watching.run(&sample);
        for (i, value) in seen[..observed].iter().enumerate() {
            let mut elements = value.to_f32().unwrap_or_default();
            let all = elements.len();
            elements.retain(|v| v.is_finite());
            limit(&mut elements, useful[&values[i]]);
            if let Some(first) = elements.first() {
                let (least, most) = extremes
                    .entry(values[i])
                    .or_insert((f64::from(*first), f64::from(*first)));
                for v in elements.iter().map(|v| f64::from(*v)) {
                    (*least, *most) = (least.min(v), most.max(v));
                }
            }
            // What is joined counts in the result.
            let Some(group) = of.get(i) else { continue };
            if elements.len() < all {
                infinite.entry(*group).or_insert((count, values[i]));
            }
            histograms[*group]
                .add(&elements)
                .map_err(|_| not_finite::error(graph, values[i], count, &sample))?;
        }
        for (i, layer) in layers.iter().enumerate() {
            let [x, y] = [&seen[observed + 2 * i], &seen[observed + 2 * i + 1]];
            let (of_y, len) = channel_sums(y, layer.axis, |y| y);
            sums[i].iter_mut().zip(of_y).for_each(|(sum, y)| *sum += y / len as f64);
            let (of_x, len) = channel_sums(x, layer.axis, |x| x * x);
            squares[i].resize(of_x.len(), 0.0);
            squares[i]
                .iter_mut()
                .zip(of_x)
                .for_each(|(sum, x)| *sum += x / len as f64);
        }
        count += 1;
    }
    let mean = |all: &mut Vec<Vec<f64>>| all.iter_mut().flatten().for_each(|sum| *sum /= count.max(1) as f64);
    mean(&mut sums);
    mean(&mut squares);
    Ok(Observed {
        samples: count,
        warnings: judge(graph, groups, &histograms, count)?,
        groups: histograms,
        extremes,
        infinite,
        sums,
        squares,
    })
}

impl Observed {
    /// Refuses values that are to be integers and are not finite on the samples.
    ///
    /// # Errors
    /// The first such value.
    pub(super) fn finite(&self, graph: &Graph, source: &Source<'_>) -> Result<(), Error> {
        let Some((number, value)) = self.infinite.values().next() else {
            return Ok(());
        };
        let sample = source()?.nth(*number).transpose()?.unwrap_or_default();
        Err(not_finite::error(graph, *value, *number, &sample))
    }
}

/// Brings elements to the nearest end of a range, if they are outside.
fn limit(elements: &mut [f32], (least, most): (f64, f64)) {
    for element in elements {
        *element = element.max(least as f32).min(most as f32);
    }
}

/// Refuses samples with elements that are no numbers. Infinite ones are a mask, unless they are to be integers.
fn finite(graph: &Graph, sample: &[Tensor], number: usize) -> Result<(), Error> {
    let bad = sample.iter().position(|tensor| {
        tensor.dtype == DType::F32 && tensor.to_f32().unwrap_or_default().iter().any(|v| v.is_nan())
    });
    bad.map_or(Ok(()), |input| {
        Err(not_finite::error(graph, graph.inputs()[input], number, sample))
    })
}

/// What must be said of the samples.
fn judge(graph: &Graph, groups: &Groups, histograms: &[Histogram], count: usize) -> Result<Vec<String>, Error> {
    if count < FEWEST {
        return Err(Error::samples(
            format!("{count} calibration samples say too little of the ranges in the model"),
            format!("give at least {FEWEST}, better some hundreds, that look like what the model will see"),
        ));
    }
    let mut warnings = vec![];
    if count < FEW {
        warnings.push(format!(
            "{count} calibration samples are few; some hundreds tell ranges better"
        ));
    }
    for (group, histogram) in groups.list.iter().zip(histograms) {
        let value = group.sources[0];
        let name = graph.value(value).name.escape_debug();
        let (min, max) = histogram.extremes();
        let single = graph.constant(value).is_some() || graph.ty(value).is_empty();
        if min == max && !single {
            warnings.push(format!(
                "`{name}` is {min} in all calibration samples: its scale is made from that alone"
            ));
        }
    }
    Ok(warnings)
}
