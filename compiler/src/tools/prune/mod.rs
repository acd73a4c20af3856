//! Removes what a model needs least: channels, so that it costs less, and single weights.
//!
//! A channel goes by zeros in the weights of all layers that read it. Shapes stay, so that the file means the same to
//! every other tool, and the pass `dead-channels` does without what leads to the channel. Which channels cost least is
//! told by samples (`choose`); afterwards the layers are fitted to the samples one after the other (`fit`), each on
//! what the layers before it, already pruned, make of them.

mod choose;
mod file;
mod fit;
mod moments;
mod report;
mod site;
mod symmetric;
#[cfg(test)]
mod tests;

pub use report::{LayerChange, PruneSummary, Untouched};

use crate::Error;
use crate::compiler::{Compiled, Compiler};
use crate::data::output;
use crate::data::samples::Samples;
use crate::front::load::{self, Model};
use crate::ir::{Graph, OpError, op_error};
use crate::middle::passes::{ChannelGroups, GroupedLayer};
use crate::middle::quantize::{Layer, Patches, StartProgress};
use crate::tools::prune_report::PruneReport;
use choose::{Choice, Reader};
use file::{OnnxFile, is_pruned};
use site::Site;
use std::io::Write;
use std::path::Path;

/// Products of elements of a row that are kept for all layers together: half a gigabyte.
const MOST_PRODUCTS: usize = 1 << 26;
/// Multiply-accumulates that running the model for every layer may take altogether: some minutes ..
const WORK: u64 = 200_000_000_000;
/// .. and samples that are taken whatever that takes.
const FEWEST: usize = 16;
/// Layers that are measured at once, and products of elements that this takes at most.
const TOGETHER: (usize, usize) = (8, 1 << 24);

/// Samples that there must be: what differs between them is what matters.
const LEAST_SAMPLES: usize = 2;

/// How to prune.
#[derive(Clone, Debug)]
pub struct PruneOptions {
    /// Share of the multiply-accumulates that goes with channels, from 0 to 1.
    pub channels: Option<f64>,
    /// Share of the weights of each layer that become zero, from 0 to 1.
    pub sparsity: Option<f64>,
    /// Whether the weights that are left are fitted to make up for those that are gone.
    pub refit: bool,
    /// Makes what is told how far it is.
    pub progress: Option<StartProgress>,
}

/// A pruned model.
#[derive(Debug)]
pub struct Pruned {
    /// The ONNX file.
    pub bytes: Vec<u8>,
    /// What the compiler makes of it.
    pub compiled: Compiled,
    /// What was done to it.
    pub summary: PruneSummary,
}

impl Pruned {
    /// An error if a pruned model of this compiler must not be written there: over what is read, over a file of
    /// others, or away from files that it goes on to need.
    ///
    /// # Errors
    /// That, and if the model cannot be loaded.
    pub fn check_output(compiler: &Compiler, output: &Path) -> Result<(), Error> {
        let beside = compiler.load()?.external_files;
        compiler.guard_of(&beside)?.check(output, || is_pruned(output))?;
        let folder = |path: &Path| load::folder_of(path).canonicalize().ok();
        if !beside.is_empty() && folder(output) != compiler.path().and_then(folder) {
            return Err(Error::usage(
                "the model has tensors in files beside it, which the pruned model goes on to read",
                "write the pruned model into the folder of the model",
            ));
        }
        Ok(())
    }

    /// Writes the file, in one step.
    ///
    /// # Errors
    /// As [`check_output`](Self::check_output), and if the file cannot be written.
    pub fn write(&self, compiler: &Compiler, path: &Path) -> Result<(), Error> {
        Self::check_output(compiler, path)?;
        output::write(path, |file| file.write_all(&self.bytes)).map_err(|error| Error::io(path, error))
    }
}

/// A layer whose weights may change, and the layer of the channels' groups that it is, if it is one.
struct Part {
    site: Site,
    layer: Layer,
    group_layer: Option<usize>,
    energy: f64,
    /// The weights that it has without the channels that it does not read any more.
    weights: Vec<f64>,
    kept: Vec<usize>,
    error: Option<f64>,
}

/// Prunes the model of a compiler that neither quantises nor trains it.
///
/// # Errors
/// If the model does not compile, if samples cannot be read, and if there is nothing that could be pruned.
pub fn prune(compiler: &Compiler, samples: &Samples, options: &PruneOptions) -> Result<Pruned, Error> {
    let mut progress = options.progress.as_ref().map(StartProgress::start);
    let mut told = |what: &str, done: usize, of: usize| {
        if let Some(progress) = &mut progress {
            progress(what, done, of);
        }
    };
    let model = compiler.load()?;
    let mut graph = Graph::default();
    let compiled = compiler.compile_model(&model, &mut |pass, after| {
        if PruneReport::follows(pass) {
            graph = after.clone();
        }
    })?;
    let mut file = OnnxFile::read(compiler)?;
    let plain = site::plain(compiler, &model)?;
    let groups = ChannelGroups::of(&graph).map_err(internal)?;
    let (mut parts, untouched) = parts(&plain, &model, &file, &groups);
    if parts.is_empty() {
        return Err(nothing(&untouched));
    }
    let runs = compiled.report.macs.saturating_mul(2 * parts.len() as u64 + 1);
    let most = usize::try_from(WORK / runs.max(1)).unwrap_or(usize::MAX);
    let (given, samples) = (samples.len(), &samples.clone().first(most.max(FEWEST)));
    if samples.len() < LEAST_SAMPLES {
        return Err(Error::samples(
            format!("one sample does not tell what matters: {LEAST_SAMPLES} are the least"),
            "give some hundred typical ones",
        ));
    }
    let mut readers = measure(&plain, &mut parts, groups.layers.len(), samples, &mut told)?;
    let choice = match options.channels {
        Some(share) => choose::choose(&groups, &mut readers, share),
        None => Choice::default(),
    };
    if options.channels.is_some_and(|share| share > 0.0) && choice.macs[0] == choice.macs[1] {
        return Err(nothing(&untouched));
    }
    for part in &mut parts {
        part.lose(&groups, &choice, &readers, options.refit);
    }
    let sparsity = options.sparsity.unwrap_or(0.0);
    if options.refit {
        refit(compiler, &plain, &mut parts, &mut file, samples, sparsity, &mut told)?;
    } else {
        for part in &mut parts {
            part.write_unfitted(&mut file, sparsity);
        }
    }
    file.note(&described(options));
    let bytes = file.bytes();
    let after = compiler.compile_model(&compiler.load_bytes(&bytes)?, &mut |_, _| {})?;
    if after.report.macs > compiled.report.macs {
        return Err(Error::usage(
            format!(
                "the pruned model would take {} multiply-accumulates, more than the {} of the model",
                after.report.macs, compiled.report.macs
            ),
            "some of its layers are computed once for several places that read the same weights, and would no longer be: \
             prune before such a model is put together",
        ));
    }
    let costs = [&compiled.report, &after.report];
    let mut summary = PruneSummary::of(options, &groups, &choice, &parts, untouched, costs);
    summary.samples = [samples.len(), given];
    Ok(Pruned {
        bytes,
        compiled: after,
        summary,
    })
}

/// What was asked for, for the file's metadata.
fn described(options: &PruneOptions) -> String {
    let share = |name: &str, share: Option<f64>| share.map(|share| format!("{name} {} %", 100.0 * share));
    let shares = [share("channels", options.channels), share("sparsity", options.sparsity)];
    shares.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn internal(error: OpError) -> Error {
    Error::Pass {
        pass: "dead-channels",
        message: error.message,
    }
}

fn nothing(untouched: &[Untouched]) -> Error {
    let reasons: Vec<String> = untouched.iter().map(Untouched::to_string).collect();
    let reasons = if reasons.is_empty() {
        String::new()
    } else {
        format!(": {}", reasons.join("; "))
    };
    Error::usage(
        format!("no channel of the model can be removed{reasons}"),
        "channels are those between convolutions and products with constant weights of 32-bit floats, through what \
         keeps channels apart: prune the model in floats, before it is quantised",
    )
}

/// The layers whose weights may change, and why others may not.
fn parts(plain: &Graph, model: &Model, file: &OnnxFile, groups: &ChannelGroups) -> (Vec<Part>, Vec<Untouched>) {
    let (mut parts, mut untouched): (Vec<Part>, Vec<Untouched>) = (vec![], vec![]);
    let mut products = 0_usize;
    for layer in Layer::all(plain).into_iter().filter(|layer| layer.groups == 1) {
        let site = Site::of(plain, &layer, model, file).and_then(|site| {
            products = products.saturating_add(site.patches.products());
            let fits = products <= MOST_PRODUCTS && parts.iter().all(|part| part.site.name != site.name);
            let reason = "the layers before it take all memory that there is for correlations";
            fits.then_some(site.clone()).ok_or((site.name, reason.into()))
        });
        match site {
            Ok(site) => parts.push(Part::of(site, layer, groups)),
            Err((layer, reason)) => untouched.push(Untouched { layer, reason }),
        }
    }
    (parts, untouched)
}

impl Part {
    fn of(site: Site, layer: Layer, groups: &ChannelGroups) -> Self {
        let is_it = |layer: &GroupedLayer| {
            let same = [layer.inputs, layer.outputs] == [site.inputs, site.outputs];
            same && !layer.depthwise && layer.origin.contains(&site.name)
        };
        let mut found = (0..groups.layers.len()).filter(|i| is_it(&groups.layers[*i]));
        let group_layer = found.next().filter(|_| found.next().is_none());
        // What no output reads any more stays unread.
        let is_read = |element: &usize| {
            let mut of_element = site.weights.iter().skip(*element).step_by(site.patches.len.max(1));
            of_element.any(|weight| *weight != 0.0)
        };
        Self {
            weights: site.weights.clone(),
            kept: (0..site.patches.len).filter(is_read).collect(),
            site,
            layer,
            group_layer,
            energy: 0.0,
            error: None,
        }
    }

    /// Takes the weights of the channels away that the layer does not read any more.
    fn lose(&mut self, groups: &ChannelGroups, choice: &Choice, readers: &[Option<Reader>], refit: bool) {
        let Some(layer) = self.group_layer else { return };
        let removed = groups
            .groups
            .iter()
            .zip(&choice.removed)
            .filter(|(_, removed)| **removed);
        let mut gone = vec![false; self.site.inputs];
        let read = removed.flat_map(|(group, _)| &group.inputs);
        for (_, channel) in read.filter(|(of, _)| *of == layer) {
            gone[*channel] = true;
        }
        let (n, taps) = (self.site.patches.len, self.site.patches.len / self.site.inputs.max(1));
        if refit && let Some(reader) = &readers[layer] {
            let fitted = self.site.weights.iter().zip(reader.weights());
            let fitted = fitted.map(|(own, fitted)| if *own == 0.0 { 0.0 } else { *fitted });
            self.weights = fitted.collect();
        }
        self.kept.retain(|element| !gone[element / taps.max(1)]);
        for row in self.weights.chunks_exact_mut(n.max(1)) {
            let lost = (0..n).filter(|element| gone[element / taps.max(1)]);
            lost.for_each(|element| row[element] = 0.0);
        }
    }

    /// Writes the weights that are left as they were.
    fn write_unfitted(&mut self, file: &mut OnnxFile, sparsity: f64) {
        let n = self.site.patches.len;
        let one: Vec<f64> = (0..n * n).map(|i| f64::from(u8::from(i / n == i % n))).collect();
        let zero = fit::smallest(&self.weights, &one, n, sparsity);
        let gone = self.weights.iter_mut().zip(zero).filter(|(_, zero)| *zero);
        gone.for_each(|(weight, _)| *weight = 0.0);
        if self.weights != self.site.weights {
            self.site.write(file, &self.weights, None);
        }
    }
}

/// Measures what the layers read, some at a time. Gives those that read channels of groups, by their number.
fn measure(
    plain: &Graph,
    parts: &mut [Part],
    layers: usize,
    samples: &Samples,
    told: &mut dyn FnMut(&str, usize, usize),
) -> Result<Vec<Option<Reader>>, Error> {
    let mut readers: Vec<Option<Reader>> = (0..layers).map(|_| None).collect();
    let all = parts.len();
    let mut first = 0;
    while first < all {
        told("measuring layers", first, all);
        let mut products = 0;
        let fits = |part: &&Part| {
            products += part.site.patches.products();
            products <= TOGETHER.1
        };
        let count = parts[first..].iter().take(TOGETHER.0).take_while(fits).count().max(1);
        let some = &mut parts[first..first + count];
        let of: Vec<(&Layer, &Patches)> = some.iter().map(|part| (&part.layer, &part.site.patches)).collect();
        let measured = moments::of_layers(plain, &of, samples)?;
        for (part, moments) in some.iter_mut().zip(measured) {
            if !moments.is_finite() {
                return Err(not_finite(&part.site.name));
            }
            part.energy = choose::energy(&moments.covariances(), &part.site.weights, moments.len);
            if let Some(layer) = part.group_layer {
                readers[layer] = Reader::of(&part.site, &moments);
            }
        }
        first += count;
    }
    Ok(readers)
}

fn not_finite(node: &str) -> Error {
    Error::samples(
        format!("what node `{}` reads is not finite on the samples", node.escape_debug()),
        "give samples on which the model computes finite numbers",
    )
}

/// Fits one layer after the other, from the first that changes on, and writes it.
fn refit(
    compiler: &Compiler,
    plain: &Graph,
    parts: &mut [Part],
    file: &mut OnnxFile,
    samples: &Samples,
    sparsity: f64,
    told: &mut dyn FnMut(&str, usize, usize),
) -> Result<(), Error> {
    let all = parts.len();
    let mut changed = sparsity > 0.0;
    for (number, part) in parts.iter_mut().enumerate() {
        changed |= part.weights != part.site.weights;
        if !changed {
            continue;
        }
        told("fitting layers", number, all);
        let now = site::plain(compiler, &compiler.load_bytes(&file.bytes())?)?;
        let layer = site::layer_of(&now, &part.site.name);
        let layer = layer.ok_or_else(|| internal(op_error(format!("node `{}` is lost", part.site.name))))?;
        let moments = moments::of_pair([&now, plain], [&layer, &part.layer], &part.site.patches, samples)?;
        let Some(fit) = fit::fit(&part.site, &part.weights, &part.kept, &moments, sparsity) else {
            return Err(not_finite(&part.site.name));
        };
        part.error = Some(((fit.error + part.energy) / part.energy.max(f64::MIN_POSITIVE)).max(0.0));
        part.site.write(file, &fit.weights, Some(&fit.bias));
        part.weights = fit.weights;
    }
    Ok(())
}
