//! `Graph` -> `Graph`. The list is the pipeline; each entry says what it needs from those above it.

mod affine_into_weights;
mod attention_layout;
mod changes;
mod common_subexpressions;
mod constant_folding;
mod dead_channels;
mod dequantize_constants;
mod fuse_activation;
mod fuse_pad;
mod fuse_residual;
mod gelu;
mod gemm_rows;
mod half_weights;
mod halves_in_floats;
mod integers;
mod mat_mul_to_gemm;
mod no_ops;
mod note_ports;
mod polynomial;
mod quantise_recurrence;
mod recognise_activations;
mod recognise_attention;
mod recognise_dequantization;
mod recognise_normalization;
mod recognise_softmax;
mod rewrite;
mod sink_transposes;
mod small_weights;
mod statistics;
pub(crate) mod unused;

pub use changes::{Changes, PassChange};
pub use quantise_recurrence::{CellObserver, RecurrenceRanges, quantise_recurrence};

pub use dead_channels::{ChannelGroup, ChannelGroups, GroupedLayer, LayerCensus, layers, remove_smallest};

use crate::Error;
use crate::ir::{Graph, OpError, verify};

/// One rewrite of the graph.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// Name, as `--print-after` takes it.
    pub name: &'static str,
    /// Rewrites the graph.
    pub run: fn(&mut Graph) -> Result<(), OpError>,
}

const fn pass(name: &'static str, run: fn(&mut Graph) -> Result<(), OpError>) -> Pass {
    Pass { name, run }
}

/// What brings a graph into few forms, in floats: the graph that is quantised.
pub const BEFORE_QUANTIZATION: &[Pass] = &[
    // The graph as it was read.
    pass("import", |_| Ok(())),
    // What the passes below need not look through or look at.
    pass("no-ops", no_ops::run),
    pass("constant-folding", constant_folding::run),
    // While readers' casts can be told from those of the model.
    pass("halves-in-floats", halves_in_floats::run),
    pass("common-subexpressions", common_subexpressions::run),
    pass("unused", unused::run),
    // Before the conversions of models that come quantised are taken.
    pass("note-ports", note_ports::run),
    // Before the passes that know dequantised constants.
    pass("recognise-dequantization", recognise_dequantization::run),
    // Models that come quantised, before passes for floats change what the quantised tensors are.
    pass("integers", integers::run),
    // Matrices that no operator in integers took, before they become floats.
    pass("small-weights", small_weights::run),
    // What no operator in integers took.
    pass("dequantize-constants", dequantize_constants::run),
    pass("constant-folding", constant_folding::run),
    pass("unused", unused::run),
    // SiLU, HardSwish and GELU as exporters write them, before their parts are fused into producers.
    pass("recognise-activations", recognise_activations::run),
    pass("recognise-normalization", recognise_normalization::run),
    pass("recognise-softmax", recognise_softmax::run),
    // After its softmax, and before products become others.
    pass("recognise-attention", recognise_attention::run),
    // What swaps heads and tokens next to it, before other passes take it apart.
    pass("attention-layout", attention_layout::run),
    // Products with constant weights, so that the next pass finds their biases and scales.
    pass("mat-mul-to-gemm", mat_mul_to_gemm::run),
    // BatchNormalization and other constant factors and offsets of channels, into weights and bias.
    pass("affine-into-weights", affine_into_weights::run),
];

/// Weights that are stored as small integers become floats, which quantization and passes over layers know.
pub const WIDE_WEIGHTS: &[Pass] = &[
    pass("wide-weights", small_weights::widen),
    pass("mat-mul-to-gemm", mat_mul_to_gemm::run),
    pass("affine-into-weights", affine_into_weights::run),
];

/// What follows quantization, where that is asked for.
pub const QUANTIZATION: &[Pass] = &[
    pass("quantize", unused::run),
    pass("note-ports", note_ports::run),
    pass("integers", integers::run),
    // What no operator in integers took.
    pass("dequantize-constants", dequantize_constants::run),
    pass("constant-folding", constant_folding::run),
    pass("unused", unused::run),
];

/// What comes before a model is streamed: padding becomes that of the layers behind it.
pub const BEFORE_STREAMING: &[Pass] = &[pass("fuse-pad", fuse_pad::run)];

/// What follows that: the nodes over the whole window go.
pub const STREAMING: &[Pass] = &[
    pass("stream", unused::run),
    pass("no-ops", no_ops::run),
    pass("constant-folding", constant_folding::run),
    pass("common-subexpressions", common_subexpressions::run),
    pass("unused", unused::run),
];

/// What chooses kernels and layout.
pub const AFTER_QUANTIZATION: &[Pass] = &[
    pass("fuse-pad", fuse_pad::run),
    // After the biases, which come before the activation.
    pass("fuse-activation", fuse_activation::run),
    // After the additions have taken their activations, which then follow the residual.
    pass("fuse-residual", fuse_residual::run),
    // When every sum has its bias and its activation, before layers' weights are laid out for channels-last kernels.
    pass("dead-channels", dead_channels::run),
    pass("zero-taps", dead_channels::zero_taps),
    // Transposes around every image operator; those that meet cancel in the next pass.
    pass("channels-last", channels_last),
    pass("sink-transposes", sink_transposes::run),
    // What came to lie next to attention.
    pass("attention-layout", attention_layout::run),
    // The transpose that remains before a classifier, into its weights.
    pass("gemm-rows", gemm_rows::run),
    // When nothing asks any more which gate and unit a weight belongs to.
    pass("gate-panels", gate_panels),
    // What became alike or superfluous.
    pass("constant-folding", constant_folding::run),
    pass("no-ops", no_ops::run),
    pass("common-subexpressions", common_subexpressions::run),
    pass("unused", unused::run),
];

/// The whole pipeline.
pub const PIPELINE: &[Pass] = &{
    let mut passes = [BEFORE_QUANTIZATION[0]; BEFORE_QUANTIZATION.len() + AFTER_QUANTIZATION.len()];
    let mut i = 1;
    while i < passes.len() {
        passes[i] = match i.checked_sub(BEFORE_QUANTIZATION.len()) {
            Some(after) => AFTER_QUANTIZATION[after],
            None => BEFORE_QUANTIZATION[i],
        };
        i += 1;
    }
    passes
};

/// What lowering cannot do without: image operators and recurrent layers in the layout that kernels exist for.
pub const REQUIRED: &[Pass] = &[pass("channels-last", channels_last), pass("gate-panels", gate_panels)];

/// What a graph needs that is lowered as it is between passes: numbers of quantised weights besides.
pub const UNFINISHED: &[Pass] = &[
    pass("dequantize-constants", dequantize_constants::run),
    pass("channels-last", channels_last),
    pass("gate-panels", gate_panels),
];

/// Weights stored as `f16`. After [`PIPELINE`], which computes with weights.
pub const HALF_WEIGHTS: &[Pass] = &[pass("half-weights", half_weights::run)];

/// Weights stored as `f16` where that changes no number, for models that have them so.
pub const EXACT_HALF_WEIGHTS: &[Pass] = &[pass("exact-half-weights", half_weights::exact)];

/// Image operators in the layout of their fast kernels; transposes of constants are computed at once.
fn channels_last(graph: &mut Graph) -> Result<(), OpError> {
    crate::back::channels_last::channels_last(graph, rewrite::add)
}

/// Recurrent layers' weights in the order in which their kernels read them; those that are constants at once.
fn gate_panels(graph: &mut Graph) -> Result<(), OpError> {
    crate::back::gate_panels::gate_panels(graph, rewrite::add)
}

/// Runs passes in order and verifies the graph after each; `after` sees it then.
///
/// # Errors
/// The pass that failed or broke the graph.
pub fn run(graph: &mut Graph, passes: &[Pass], after: &mut dyn FnMut(&Pass, &Graph)) -> Result<(), Error> {
    for pass in passes {
        let broken = |e: OpError| Error::Pass {
            pass: pass.name,
            message: e.message,
        };
        (pass.run)(graph).map_err(broken)?;
        verify(graph).map_err(broken)?;
        after(pass, graph);
    }
    Ok(())
}
