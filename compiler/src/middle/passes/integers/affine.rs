//! A factor and an offset for each channel: a depthwise convolution of one tap.

use super::super::rewrite::{input, reshaped};
use super::operands::{activation, numbers};
use super::site::{Site, is_clipped};
use super::{Outcome, empty};
use crate::ir::primitives::{Conv, Layout, QuantisedLayer, ScaleShift, Window};
use crate::ir::{DType, Graph, OpError, Tensor};

/// The weight of every channel: offsets are rounded to this part of a step.
const WEIGHT: i8 = 64;

pub(super) fn rule(graph: &mut Graph, site: &Site) -> Result<Outcome, OpError> {
    let node = graph.node(site.core);
    let Some(affine) = node.op::<ScaleShift>() else {
        return Ok(Outcome::NotMine);
    };
    if !site.is_private(graph) || !is_clipped(node) {
        return Ok(Outcome::Stays("its result is read before it is quantised".into()));
    }
    let Some(x) = activation(graph, node, 0) else {
        return Ok(Outcome::Stays(
            "its input is not quantised to 8 or 16 bits with one scale".into(),
        ));
    };
    let constant = |index| input(node, index).and_then(|value| numbers(graph, value));
    let (Some(factors), Some(offsets)) = (constant(1), constant(2)) else {
        return Ok(Outcome::Stays("its factors are computed at run time".into()));
    };
    let shape = graph.ty(x.value).shape.clone();
    let channels = shape[affine.axis];
    if factors.len() != channels || offsets.len() != channels {
        return Ok(Outcome::Stays("its factors are not one number per channel".into()));
    }
    let mut weights: Vec<i8> = factors
        .iter()
        .map(|f| if *f < 0.0 { -WEIGHT } else { WEIGHT })
        .collect();
    let scale = |factor: &f64| ((factor.abs() / f64::from(WEIGHT)) as f32).max(f32::MIN_POSITIVE);
    let mut scales: Vec<f32> = factors.iter().map(scale).collect();
    let through = (&x.quantization, &site.to);
    empty::clear(through, &mut weights, |i| i, &mut scales, &offsets);
    let x_scale = f64::from(x.quantization.scales[0]);
    let units: Vec<f64> = offsets
        .iter()
        .zip(&scales)
        .map(|(b, s)| b / (x_scale * f64::from(*s)))
        .collect();
    let layer = QuantisedLayer::new(through, &weights, |i| i, &scales, &units, site.limits);
    let Some(layer) = layer else {
        return Ok(Outcome::Stays("its factors and offsets do not fit the kernels".into()));
    };
    let conv = Conv {
        window: Window {
            kernel: vec![1],
            strides: vec![1],
            dilations: vec![1],
            pads: vec![0, 0],
        },
        groups: channels,
        layout: Layout::ChannelsFirst,
        activation: layer.activation,
    };
    let outer = shape[..affine.axis].iter().product();
    let inner = shape[affine.axis + 1..].iter().product();
    let image = reshaped(graph, site.core, x.value, vec![outer, channels, inner])?;
    let name = graph.node(site.core).name.clone();
    let weights = Tensor::new(
        DType::I8,
        vec![channels, 1, 1],
        weights.iter().map(|w| *w as u8).collect(),
    );
    let constants = [
        ("weights", weights),
        ("bias", layer.bias),
        ("multipliers", layer.multiplier),
    ];
    let constants = constants.map(|(what, tensor)| graph.add_constant(format!("{name}_{what}"), tensor));
    let y = site.put(graph, &site.nodes, conv, &[&[image], &constants[..]].concat())?;
    reshaped(graph, site.core, y, shape).map(Outcome::Integers)
}
