//! What refines weights: rounding, correction of biases, equalization.

use super::build::{Build, classifier, decibels, plain, quantised, samples, to_goal};
use edgec::Error;
use edgec::ir::primitives::BIAS;
use edgec::ir::{DType, Graph, Tensor, verify};
use edgec::middle::quantize::{Io, MaxLoss, Method, QuantizeOptions, Rounding, Scheme, equalize};

#[test]
fn what_run_takes_changes_no_weight() {
    let graph = classifier();
    let samples = samples(&graph, 100);
    let of = |io| {
        let options = QuantizeOptions {
            io,
            rounding: Rounding::Adaptive,
            bias_correction: true,
            ..plain()
        };
        to_goal(&graph, &options, &samples, Some(MaxLoss::Decibels(10.0)))
            .unwrap()
            .graph
    };
    let (outside, inside) = (of(Io::Int8), of(Io::Float));
    assert_eq!(outside.ty(outside.inputs()[0]).dtype, DType::I8);
    let integers = |graph: &Graph| -> Vec<_> {
        let nodes = graph.order().into_iter().flat_map(|id| graph.node(id).outputs.clone());
        let constants = nodes.filter_map(|value| graph.constant(value).cloned());
        constants.filter(|tensor| tensor.dtype != DType::F32).collect()
    };
    assert!(integers(&outside).len() > 2);
    assert_eq!(integers(&outside), integers(&inside));
}

#[test]
fn what_refines_weights_brings_results_closer() {
    let graph = classifier();
    let (calibration, test) = samples(&graph, 220).split_at(200).clone_pair();
    let of = |options: &QuantizeOptions| {
        let got = quantised(&graph, options, &calibration).unwrap();
        decibels(&graph, &got.graph, &test)
    };
    let nearest = of(&plain());
    let adaptive = of(&QuantizeOptions {
        rounding: Rounding::Adaptive,
        bias_correction: true,
        ..plain()
    });
    let four = |rounding| {
        of(&QuantizeOptions {
            scheme: Scheme::W4,
            rounding,
            bias_correction: rounding == Rounding::Adaptive,
            ..plain()
        })
    };
    let wide = of(&QuantizeOptions {
        scheme: Scheme::Int16x8,
        ..plain()
    });
    assert!(nearest > 30.0, "{nearest}");
    assert!(adaptive > nearest, "{adaptive} {nearest}");
    assert!(four(Rounding::Adaptive) > four(Rounding::Nearest) + 1.0);
    assert!(wide > nearest, "{wide} {nearest}");
}

trait ClonePair<T> {
    fn clone_pair(self) -> (Vec<T>, Vec<T>);
}

impl<T: Clone> ClonePair<T> for (&[T], &[T]) {
    fn clone_pair(self) -> (Vec<T>, Vec<T>) {
        (self.0.to_vec(), self.1.to_vec())
    }
}

#[test]
fn equalized_graphs_compute_the_same() {
    let mut b = Build::new();
    let x = b.x(&[1, 2, 6, 6]);
    let first = b.conv("first", x, 4);
    let relu = b.relu("relu", first);
    let second = b.conv("second", relu, 3);
    let mut graph = b.done(second);
    // Channels of very different ranges, which the second layer undoes.
    let factor = |channel: usize| 4f32.powi(channel as i32 * 2 - 3);
    for (layer, channel) in [(first, 18), (second, 9)] {
        let node = graph.value(layer).producer;
        let w = graph.node(node).inputs[1].unwrap();
        let (shape, mut values) = (graph.ty(w).shape.clone(), graph.constant(w).unwrap().to_f32().unwrap());
        for (i, w) in values.iter_mut().enumerate() {
            *w *= if layer == first {
                factor(i / channel)
            } else {
                1.0 / factor(i / channel % 4)
            };
        }
        let scaled = graph.add_constant("scaled", Tensor::f32(&shape, &values));
        graph.set_input(node, 1, scaled);
    }
    let node = graph.value(first).producer;
    let zeros = graph.add_constant("zeros", Tensor::f32(&[4], &[0.0; 4]));
    graph.set_input(node, BIAS, zeros);

    let samples = samples(&graph, 100);
    let mut equalized = graph.clone();
    let source = || -> Result<Box<dyn Iterator<Item = _>>, Error> { Ok(Box::new(samples.iter().cloned().map(Ok))) };
    assert_eq!(equalize(&mut equalized, &source, i8::MAX).unwrap(), 1);
    verify(&equalized).unwrap();
    assert!(decibels(&graph, &equalized, &samples) > 120.0);
    let closeness = |equalize| {
        let options = QuantizeOptions { equalize, ..plain() };
        decibels(&graph, &quantised(&graph, &options, &samples).unwrap().graph, &samples)
    };
    assert!(
        closeness(true) > closeness(false),
        "{} {}",
        closeness(true),
        closeness(false)
    );
}

#[test]
fn auto_keeps_the_method_with_the_best_outputs() {
    let graph = classifier();
    let mut samples = samples(&graph, 40);
    // What reaches far beyond the rest, so that the methods choose different ranges.
    let far: Vec<f32> = samples[0][0].to_f32().unwrap().iter().map(|v| v * 30.0).collect();
    samples[0][0] = Tensor::f32(&samples[0][0].shape, &far);
    let with = |method| quantised(&graph, &QuantizeOptions { method, ..plain() }, &samples).unwrap();
    let auto = with(Method::Auto);
    let tried = &auto.report.tried;
    let best = tried.iter().max_by(|a, b| a.decibels.total_cmp(&b.decibels)).unwrap();
    assert_eq!(tried.len(), 4);
    assert!(
        tried.iter().any(|other| other.decibels < best.decibels - 0.2),
        "{tried:?}"
    );
    assert_eq!(auto.report.method, Some(best.method));
    for other in tried {
        let same = format!("{:?}", with(other.method).graph) == format!("{:?}", auto.graph);
        assert_eq!(same, other.method == best.method, "{other}");
    }
    let text = auto.report.remarks()[1].reason.clone();
    assert!(
        text.contains(&format!("method {} is the best of minmax (", best.method)),
        "{text}"
    );
}

#[test]
fn auto_reaches_a_bound_in_the_fewest_bytes() {
    let graph = classifier();
    let samples = samples(&graph, 40);
    let options = QuantizeOptions {
        method: Method::Auto,
        ..plain()
    };
    let met = to_goal(&graph, &options, &samples, Some(MaxLoss::Decibels(40.0))).unwrap();
    let bytes: usize = met.report.raised.iter().map(|raised| raised.bytes).sum();
    assert!(
        met.report
            .tried
            .iter()
            .all(|other| other.bytes >= bytes && other.decibels >= 40.0)
    );
    assert!(to_goal(&graph, &options, &samples, Some(MaxLoss::Decibels(150.0))).is_err());
}
