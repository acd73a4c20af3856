use super::Compiler;
use crate::Error;
use crate::back::emit::WeightsMode;
use crate::front::import;
use crate::front::load::Model;
use crate::ir::primitives::Cast;
use crate::ir::{DType, Graph, Remark, RemarkKind};
use crate::middle::passes::{self, Changes, Pass, PassChange};
use crate::middle::quantize::{Calibration, QuantizeOptions, Quantized, Scheme};
use crate::middle::{stream, train};
use std::collections::BTreeMap;

/// A graph that is ready to be lowered.
pub(super) struct Ready {
    pub(super) graph: Graph,
    pub(super) remarks: Vec<Remark>,
    pub(super) quantized: Option<Quantized>,
    /// The outputs that are casts of narrower floats.
    pub(super) narrow_outputs: BTreeMap<String, DType>,
    /// What each pass did.
    pub(super) changes: Vec<PassChange>,
}

impl Compiler {
    /// A loaded model as a graph, before any pass.
    pub(crate) fn imported(&self, model: &Model) -> Result<Graph, Error> {
        Ok(import::import(model, &self.stem(), &self.dimensions)?.graph)
    }

    /// Imports a model, adds what is asked for, and runs the passes; `after` sees the graph after each.
    pub(super) fn graph(&self, model: &Model, after: &mut dyn FnMut(&Pass, &Graph)) -> Result<Ready, Error> {
        let mut changes = Changes::default();
        let after: &mut dyn FnMut(&Pass, &Graph) = &mut |pass, graph| {
            changes.see(pass, graph);
            after(pass, graph);
        };
        self.check_streaming()?;
        self.check_sections()?;
        let mut dimensions = self.dimensions.clone();
        if let Some(options) = &self.train {
            self.check_training()?;
            dimensions.trained = import::trainable(model, &options.layers)?;
            dimensions.init = options.init;
        }
        let imported = import::import(model, &self.stem(), &dimensions)?;
        let mut graph = imported.graph;
        graph.replaceable_constants = self.weights == WeightsMode::Updatable;
        import::bind_states(&mut graph, &self.states)?;
        if let Some(options) = &self.train {
            train::add_step(&mut graph, options)?;
        }
        let computes_in_halves = graph.has_type(DType::F16);
        let narrow_outputs = narrow_outputs(&graph);
        passes::run(&mut graph, passes::BEFORE_QUANTIZATION, after)?;
        if self.quantize.is_some() {
            passes::run(&mut graph, passes::WIDE_WEIGHTS, after)?;
        }
        let quantized = self.quantized(&mut graph, after)?;
        if !self.streams.is_empty() {
            // Padding becomes that of the layers it pads, of which a stream knows more.
            passes::run(&mut graph, passes::BEFORE_STREAMING, after)?;
            stream::stream(&mut graph, &self.streams)?;
            passes::run(&mut graph, passes::STREAMING, after)?;
        }
        // Samples for quantization are in the model's layout; from here on the caller's counts.
        self.input_layouts.apply(&mut graph)?;
        passes::run(&mut graph, passes::AFTER_QUANTIZATION, after)?;
        let scheme = self.quantize.as_ref().map(|options| options.scheme);
        if scheme == Some(Scheme::F16) {
            passes::run(&mut graph, passes::HALF_WEIGHTS, after)?;
        } else if computes_in_halves {
            passes::run(&mut graph, passes::EXACT_HALF_WEIGHTS, after)?;
        }
        Ok(Ready {
            remarks: remarks(imported.remarks, quantized.as_ref(), &graph),
            graph,
            quantized,
            narrow_outputs,
            changes: changes.list(),
        })
    }

    /// Puts the quantised graph in the place of the one in floats, if that is asked for: of a model that learns only
    /// the part that no gradient passes through.
    fn quantized(&self, graph: &mut Graph, after: &mut dyn FnMut(&Pass, &Graph)) -> Result<Option<Quantized>, Error> {
        let options = self.quantize.as_ref().filter(|options| options.scheme != Scheme::F16);
        let Some(options) = options else { return Ok(None) };
        if !self.states.is_empty() {
            return Err(Error::usage(
                "a model with states cannot be quantised yet: its samples would have to follow one another",
                "quantise it without --state, or bind the states of a model that is quantised already",
            ));
        }
        let found = if self.train.is_some() {
            let frozen = train::Frozen::of(graph)?;
            let options = QuantizeOptions {
                is_part: true,
                ..options.clone()
            };
            let mut found = Calibration::open(&options, &frozen.graph)?.quantize(&frozen.graph)?;
            frozen.replace(graph, &found.graph)?;
            found.report.float.extend(frozen.floats);
            found
        } else {
            let found = Calibration::open(options, graph)?.quantize(graph)?;
            *graph = found.graph.clone();
            found
        };
        passes::run(graph, passes::QUANTIZATION, after)?;
        Ok(Some(found))
    }
}

/// What the user should know, each once.
fn remarks(mut remarks: Vec<Remark>, quantized: Option<&Quantized>, graph: &Graph) -> Vec<Remark> {
    let quantization = quantized.iter().flat_map(|quantized| quantized.report.remarks());
    for remark in quantization.chain(graph.remarks().iter().cloned()) {
        // Passes find again what quantization has left in floats, without its reason.
        if !remarks.iter().any(|told: &Remark| told.repeats(&remark)) {
            remarks.push(remark);
        }
    }
    remarks.extend(graph.folding().ended_at.iter().map(|node| {
        let reason =
            "is where constants take too long to compute: from here on, each inference computes the large ones";
        Remark::on(RemarkKind::LeftUnfolded, node, reason)
    }));
    remarks
}

/// The outputs that are casts of narrower floats, as converters write them that keep a model's outputs.
fn narrow_outputs(graph: &Graph) -> BTreeMap<String, DType> {
    let outputs = graph.outputs().iter();
    let narrow = outputs.filter_map(|(name, value)| {
        let node = graph.producer(*value);
        let from = graph.ty((*node.inputs.first()?)?).dtype;
        let casts = node.op::<Cast>().is_some() && graph.ty(*value).dtype == DType::F32;
        (casts && matches!(from, DType::F16 | DType::Bf16)).then(|| (name.clone(), from))
    });
    narrow.collect()
}
