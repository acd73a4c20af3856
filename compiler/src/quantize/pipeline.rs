use super::dtypes::dtypes;
use super::mixed::{Quantising, raise};
use super::prepare::add_biases;
use super::quality::Goal;
use super::role::Role;
use super::{
    Groups, Io, Layer, QuantizeOptions, Report, Settings, Source, calibrate, equalize, insert, recurrences, refine,
};
use crate::Error;
use crate::ir::{DType, Graph, OpError};
use crate::passes::unused;

/// A float graph and what became of it.
#[derive(Debug)]
pub struct Quantized {
    /// The float graph as it was quantised: layers have a bias.
    pub float: Graph,
    /// The quantised graph. Values of the float graph that it still has have the same ids in it.
    pub graph: Graph,
    /// What was done, and what was not.
    pub report: Report,
}

/// Told what is being done, and how much of how much of it is done: of 0 where that is the number of samples.
pub type Progress<'a> = dyn FnMut(&str, usize, usize) + 'a;

/// Quantises a float graph as it is after `passes::BEFORE_QUANTIZATION`. `goal` says where more bits are due.
///
/// # Errors
/// Samples that cannot be read, are too few or hold what is not finite; a goal that is not reached.
pub fn quantize(
    graph: &Graph,
    options: &QuantizeOptions,
    source: &Source<'_>,
    goal: Option<&Goal<'_>>,
    progress: &mut Progress<'_>,
) -> Result<Quantized, Error> {
    let mut float = graph.clone();
    add_biases(&mut float).map_err(internal)?;
    let equalized = if options.equalize {
        equalize(&mut float, source, options.most_weight())?
    } else {
        0
    };
    let in_floats_only = float.clone();
    let recurrences = recurrences::quantise(&mut float, source)?;
    let groups = Groups::new(&float);
    let layers = Layer::all(&float);
    let observed = calibrate(&float, &groups, &layers, source, &mut |sample| {
        progress("calibrating", sample, 0);
    })?;
    let at = Quantising {
        graph: &float,
        groups: &groups,
        layers: &layers,
        observed: &observed,
        options,
    };
    let dtypes = dtypes(&float, &groups, options.scheme, options.io);
    let ranges: Vec<_> = dtypes
        .iter()
        .enumerate()
        .map(|(i, dtype)| at.quantization(i, *dtype))
        .collect();
    let weights = layers.iter().enumerate();
    let weights = weights.map(|(i, layer)| at.weights(i, &ranges, layer.biases(&float), options.most_weight()));
    let mut settings = Settings {
        weights: weights.collect(),
        groups: ranges,
    };
    refine(
        &float,
        &groups,
        &layers,
        &mut settings,
        options,
        source,
        &mut |i, of| {
            progress("rounding weights", i, of);
        },
    )?;
    let mut report = Report {
        samples: observed.samples,
        layers: layers.len() + recurrences.layers,
        equalized,
        tensors: groups.of.len(),
        warnings: [&observed.warnings[..], &recurrences.warnings].concat(),
        float: in_floats(&float, &groups, &recurrences.float),
        ..Report::default()
    };
    if let Some(goal) = goal {
        let (raised, loss) = raise(&at, &mut settings, goal, &mut |i, of| progress("measuring", i, of))?;
        report.raised = raised;
        report.loss = Some(loss.text(goal.bound));
    }
    let mut quantised = insert(&float, &groups, &layers, &settings, options.io).map_err(internal)?;
    unused::run(&mut quantised).map_err(internal)?;
    if options.io == Io::Int8 {
        report.warnings.extend(float_ports(&quantised));
    }
    Ok(Quantized {
        graph: quantised,
        report,
        float: in_floats_only,
    })
}

/// Remarks on the inputs and outputs that are floats all the same.
fn float_ports(graph: &Graph) -> Vec<String> {
    let inputs = graph.inputs().iter().map(|v| ("input", &graph.value(*v).name, *v));
    let outputs = graph.outputs().iter().map(|(name, v)| ("output", name, *v));
    let floats = inputs
        .chain(outputs)
        .filter(|(_, _, v)| graph.ty(*v).dtype == DType::F32);
    floats
        .map(|(kind, name, _)| {
            let name = name.escape_debug();
            format!("{kind} `{name}` stays in floats: what is next to it does not compute in 8-bit integers")
        })
        .collect()
}

/// The nodes that stay in floats, and why; of some that is `known`.
fn in_floats(graph: &Graph, groups: &Groups, known: &[(String, String)]) -> Vec<(String, String)> {
    let nodes = graph.order().into_iter();
    let floats = nodes.filter_map(|id| {
        let name = &graph.node(id).name;
        let Role::Float(reason) = groups.role(id) else {
            return None;
        };
        let known = known.iter().find(|(node, _)| node == name);
        Some((name.clone(), known.map_or(reason, |(_, reason)| reason).clone()))
    });
    floats.collect()
}

fn internal(error: OpError) -> Error {
    Error::Pass {
        pass: "quantize",
        message: error.message,
    }
}
