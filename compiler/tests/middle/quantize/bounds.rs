//! Bounds on the loss, which decide where more bits or floats are needed.

use super::build::{Build, classifier, decibels, plain, quantised, recurrent, recurrent_clipped_at, samples, to_goal};
use edgec::Error;
use edgec::ir::primitives::{DequantizeLinear, QlinearRecurrence};
use edgec::ir::{DType, Graph, Tensor};
use edgec::middle::quantize::{Goal, MaxLoss, QuantizeOptions, Quantized, Scheme, Watch, quantize};
use edgec::tools::eval::Classes;

#[test]
fn bounds_are_met_with_more_bits_or_refused() {
    let graph = classifier();
    let samples = samples(&graph, 100);
    let reached = |got: &Quantized| decibels(&graph, &got.graph, &samples);
    let low = quantised(&graph, &plain(), &samples).unwrap();
    let scheme = Scheme::Int16x8;
    let high = quantised(&graph, &QuantizeOptions { scheme, ..plain() }, &samples).unwrap();
    let bound = reached(&low).midpoint(reached(&high));
    assert!(bound > reached(&low) + 0.5, "{bound}");
    let met = to_goal(&graph, &plain(), &samples, Some(MaxLoss::Decibels(bound))).unwrap();
    assert!(reached(&met) >= bound);
    assert!(!met.report.raised.is_empty() && met.report.raised.iter().all(|raised| raised.bits == 16));
    let enough = to_goal(&graph, &plain(), &samples, Some(MaxLoss::Decibels(10.0))).unwrap();
    assert!(enough.report.raised.is_empty());
    let error = to_goal(&graph, &plain(), &samples, Some(MaxLoss::Decibels(150.0))).unwrap_err();
    assert!(error.to_string().contains("with all the bits"), "{error}");
}

/// Names of the recurrent layers in integers.
fn integer_recurrences(graph: &Graph) -> Vec<&str> {
    let nodes = graph.order().into_iter().map(|id| graph.node(id));
    let integers = nodes.filter(|node| node.op::<QlinearRecurrence>().is_some());
    integers.map(|node| &*node.name).collect()
}

#[test]
fn the_loss_of_recurrent_layers_counts() {
    let graph = recurrent();
    let samples = samples(&graph, 100);
    let low = quantised(&graph, &plain(), &samples).unwrap();
    assert_eq!(integer_recurrences(&low.graph).len(), 2);
    let reached = decibels(&graph, &low.graph, &samples);
    let met = to_goal(&graph, &plain(), &samples, Some(MaxLoss::Decibels(reached - 0.1))).unwrap();
    assert_eq!(met.report.raised, []);
    assert_eq!(met.report.loss, Some(format!("an SQNR of {reached:.1} dB")));
}

#[test]
fn recurrent_layers_stay_in_floats_where_a_bound_asks_for_it() {
    let graph = recurrent();
    let samples = samples(&graph, 100);
    let scheme = Scheme::Int16x8;
    let wide = quantised(&graph, &QuantizeOptions { scheme, ..plain() }, &samples).unwrap();
    let bound = decibels(&graph, &wide.graph, &samples) + 2.0;
    let met = to_goal(&graph, &plain(), &samples, Some(MaxLoss::Decibels(bound))).unwrap();
    assert!(decibels(&graph, &met.graph, &samples) >= bound);
    assert_eq!(integer_recurrences(&met.graph), ["fine"]);
    let raised = &met.report.raised[0];
    assert_eq!((&*raised.what, raised.bits), (&["coarse".to_owned()][..], 32));
    assert_eq!((raised.bytes, raised.macs), (3 * 256, 6 * 256));
    assert!(raised.decibels > 1.0, "{raised:?}");
    assert!(met.report.raised[1..].iter().all(|raised| raised.bits == 16));
    let notes = met
        .report
        .remarks()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(notes.contains("floats for `coarse`: +"), "{notes}");
    assert!(
        notes.contains("`coarse` stays in floats: in integers it loses more than"),
        "{notes}"
    );
    let error = to_goal(&graph, &plain(), &samples, Some(MaxLoss::Decibels(150.0))).unwrap_err();
    assert!(error.to_string().contains("and recurrent layers in floats"), "{error}");
}

#[test]
fn what_a_recurrent_layer_in_floats_reads_has_16_bits() {
    let graph = recurrent_clipped_at(3.0);
    let got = quantised(&graph, &plain(), &samples(&graph, 100)).unwrap().graph;
    assert_eq!(integer_recurrences(&got), ["fine"]);
    let coarse = got.order().into_iter().find(|id| got.node(*id).name == "coarse");
    let mut reads = got.node(coarse.unwrap()).inputs[0].unwrap();
    let from = loop {
        let producer = got.producer(reads);
        if let Some(numbers) = producer.op::<DequantizeLinear>() {
            break numbers.from.dtype;
        }
        reads = producer.inputs[0].unwrap();
    };
    assert_eq!(from, DType::I16);
}

#[test]
fn bounds_in_points_of_accuracy_are_met_with_more_bits() {
    // Many classes with close scores.
    let mut b = Build::new();
    let x = b.x(&[1, 8]);
    let hidden = b.gemm("hidden", x, 16);
    let hidden = b.relu("relu", hidden);
    let y = b.gemm("scores", hidden, 10);
    let graph = b.done(y);
    let samples = samples(&graph, 400);
    let classes = Classes { rows: 1, count: 10 };
    let classify = |graph: &Graph| -> Vec<usize> {
        let watch = Watch::new(graph, &[]).unwrap();
        let mut watching = watch.start();
        let best = |sample: &Vec<Tensor>| classes.best(&watching.run(sample).0[0])[0];
        samples.iter().map(best).collect()
    };
    let labels = classify(&graph);
    let wrong = |graph: &Graph| classify(graph).iter().zip(&labels).filter(|(a, b)| a != b).count();
    let source = || -> Result<Box<dyn Iterator<Item = _>>, Error> { Ok(Box::new(samples.iter().cloned().map(Ok))) };
    let four = QuantizeOptions {
        scheme: Scheme::W4,
        ..plain()
    };
    let within = |bound: &str| {
        let goal = Goal {
            source: &source,
            labels: Some((0, classes, &labels)),
            bound: bound.parse().unwrap(),
        };
        quantize(&graph, &four, &source, Some(&goal), &mut |_, _, _| {})
    };
    let low = quantised(&graph, &four, &samples).unwrap();
    assert!(wrong(&low.graph) > 2, "{}", wrong(&low.graph));
    let met = within("0.5%").unwrap();
    assert!(wrong(&met.graph) <= 2, "{}", wrong(&met.graph));
    assert!(
        met.report.raised.iter().any(|raised| raised.bits == 8),
        "{:?}",
        met.report.raised
    );
    assert!(met.report.loss.unwrap().ends_with("points of accuracy"));
    let enough = within("50%").unwrap();
    assert_eq!(enough.report.raised, []);
}
