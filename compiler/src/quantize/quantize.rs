use super::dtypes::dtypes;
use super::prepare::add_biases;
use super::role::Role;
use super::{
    Groups, Layer, QuantizeOptions, Report, Settings, Source, Weights, calibrate, insert, quantizations, refine,
};
use crate::Error;
use crate::ir::{Graph, OpError};

/// A float graph and what makes it a quantised one.
#[derive(Debug)]
pub struct Quantized {
    /// The float graph as it was quantised: layers have a bias.
    pub float: Graph,
    /// The quantised graph. Values of the float graph have the same ids in it.
    pub graph: Graph,
    /// What was done, and what was not.
    pub report: Report,
}

/// Quantises a float graph after `passes::BEFORE_QUANTIZATION`. `progress` is told what is done, and how much of how much.
///
/// # Errors
/// Samples that cannot be read, are too few or hold what is not finite.
pub fn quantize(
    graph: &Graph,
    options: &QuantizeOptions,
    source: &Source<'_>,
    progress: &mut dyn FnMut(&str, usize, usize),
) -> Result<Quantized, Error> {
    let mut float = graph.clone();
    add_biases(&mut float).map_err(internal)?;
    let groups = Groups::new(&float);
    let layers = Layer::all(&float);
    let observed = calibrate(&float, &groups, &layers, source, &mut |sample| {
        progress("calibrating", sample, options.samples);
    })?;
    let dtypes = dtypes(&float, &groups, options.scheme, options.io);
    let ranges = quantizations(&groups, &observed, &dtypes, options);
    let weights = layers.iter().enumerate().map(|(i, layer)| {
        let (shape, w) = layer.weights(&float);
        let importance: Vec<f64> = (0..w.len())
            .map(|e| observed.squares[i][layer.input_channel(&shape, e)])
            .collect();
        let (x, _) = ranges[groups.of[&layer.x]].single().unwrap_or((1.0, 0));
        Weights::nearest(layer, &shape, &w, layer.biases(&float), options.most_weight(), &importance, x)
    });
    let mut settings = Settings {
        weights: weights.collect(),
        groups: ranges,
        io: options.io,
    };
    refine(&float, &groups, &layers, &mut settings, options, source, &mut |i, of| {
        progress("rounding weights", i, of);
    })?;
    let quantised = insert(&float, &groups, &layers, &settings).map_err(internal)?;
    let mut report = Report {
        samples: observed.samples,
        warnings: observed.warnings,
        ..Report::default()
    };
    for id in float.order() {
        if let Role::Float(reason) = groups.role(id) {
            let node = float.node(id);
            report.float.push((node.name.clone(), reason.clone()));
        }
    }
    Ok(Quantized {
        float,
        graph: quantised,
        report,
    })
}

fn internal(error: OpError) -> Error {
    Error::Pass {
        pass: "quantize",
        message: error.message,
    }
}
