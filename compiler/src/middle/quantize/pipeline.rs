use super::auto::best_of_all;
use super::bound::meet;
use super::check::check;
use super::nothing::something;
use super::prepare::add_biases;
use super::recurrences::Recurrences;
use super::refined::{Refined, Refining};
use super::role::Role;
use super::{Goal, Groups, Io, Method, QuantizeOptions, Report, Scheme, Source, equalize, insert};
use crate::Error;
use crate::ir::{DType, Graph, OpError};
use crate::middle::passes::unused;

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

/// Quantises a float graph as it is after `passes::BEFORE_QUANTIZATION`. `goal` says where more bits are due; where
/// they do not suffice, recurrent layers stay in floats, the one that loses most by integers first.
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
    let mut by = |options: &QuantizeOptions| by_method(graph, options, source, goal, progress);
    let mut quantised = match options.method {
        Method::Auto => best_of_all(options, goal.is_some(), by)?,
        _ => by(options)?,
    };
    let report = &mut quantised.report;
    if report.checked.is_poor() && options.scheme != Scheme::Int16x8 && goal.is_none() {
        // Whether more bits would help: advice that is not tried may be wrong.
        let wide = QuantizeOptions {
            scheme: Scheme::Int16x8,
            method: report.method.unwrap_or(options.method),
            ..options.clone()
        };
        let wide = by_method(graph, &wide, source, None, progress);
        report.checked.with_16_bits = wide.ok().map(|wide| wide.report.checked.outputs);
    }
    report.poor = report.warning(options);
    Ok(quantised)
}

/// The same with ranges by one method, and without a word on poor outputs.
///
/// # Errors
/// Those of [`quantize`].
fn by_method(
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
    let recurrences = Recurrences::observe(&float, source)?;
    let refining = Refining {
        float: &float,
        recurrences: &recurrences,
        options,
        source,
    };
    let mut refined = refining.run(&[], progress)?;
    let mut report = Report::default();
    if let Some(goal) = goal {
        let (raised, loss) = meet(&refining, &mut refined, goal, progress)?;
        report.raised = raised;
        report.loss = Some(loss.text(goal.bound));
    }
    let Refined {
        graph: partly,
        groups,
        layers,
        observed,
        settings,
        replaced,
        notes,
    } = refined;
    let mut report = Report {
        samples: observed.samples,
        layers: layers.len() + replaced.layers,
        equalized,
        tensors: groups.of.len(),
        warnings: [observed.warnings, replaced.warnings, notes].concat(),
        float: in_floats(&partly, &groups, &replaced.float),
        ..report
    };
    something(&partly, &groups, &report)?;
    let measured = insert(&partly, &groups, &layers, &settings, Io::Float).map_err(internal)?;
    report.checked = match goal {
        Some(goal) => check(&float, &measured, &groups, goal.source)?,
        None => check(&float, &measured, &groups, source)?,
    };
    let mut quantised = insert(&partly, &groups, &layers, &settings, options.io).map_err(internal)?;
    unused::run(&mut quantised).map_err(internal)?;
    if options.io == Io::Int8 {
        report.warnings.extend(float_ports(&quantised));
    }
    Ok(Quantized {
        graph: quantised,
        report,
        float,
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
