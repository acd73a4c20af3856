use super::pairs::{Pair, pairs};
use super::{Boundary, Spread};
use crate::Error;
use crate::ir::primitives::Quantization;
use crate::ir::{DType, Graph, Tensor, ValueId};
use crate::middle::quantize::{Noise, Quantized, Watch};
use serde::Serialize;

/// How far a result is, in the quantised graph, from what it is in the float graph: what quantization before it and of
/// it add up to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Layer {
    /// The node, or the input of the model.
    pub name: String,
    /// Its operator; `Input` for an input of the model.
    pub operator: String,
    /// Shape of the result.
    pub shape: Vec<usize>,
    /// Type of the integers; float32 where the result stays in floats.
    pub dtype: DType,
    /// The scale of the integers; `None` in floats.
    pub scale: Option<f32>,
    /// Their zero point.
    pub zero: Option<i32>,
    /// The result against that of the float graph, on all samples.
    pub sqnr: Noise,
    /// How the numbers of the float graph are spread.
    #[serde(skip)]
    pub spread: Spread,
}

/// Runs both graphs side by side and compares their results: those that are quantised, outputs of the model, and those
/// of operators that stay in floats. The worst come first. `samples` are for the float graph.
///
/// # Errors
/// A sample that cannot be read.
///
/// # Panics
/// If samples are not of the float graph's inputs.
pub fn layers(
    quantized: &Quantized,
    samples: impl IntoIterator<Item = Result<Vec<Tensor>, Error>>,
) -> Result<Vec<Layer>, Error> {
    let Quantized { float, graph, report } = quantized;
    let stays = |value: ValueId| {
        let name = &float.producer(value).name;
        float.is_output(value) || report.float.iter().any(|(node, _)| node == name)
    };
    let mut pairs = pairs(float, graph);
    pairs.retain(|pair| pair.integers.is_some() || stays(pair.float));
    let values = |of: fn(&Pair) -> ValueId| pairs.iter().map(of).collect::<Vec<_>>();
    let wanted = Watch::new(float, &values(|pair| pair.float))?;
    let got = Watch::new(graph, &values(|pair| pair.quantised))?;
    let (mut wanted, mut got) = (wanted.start(), got.start());
    let boundary = Boundary::of(graph);
    let mut found = vec![(Noise::default(), Spread::default()); pairs.len()];
    for sample in samples {
        let sample = sample?;
        let results = wanted
            .run(&sample)
            .1
            .into_iter()
            .zip(got.run(&boundary.inputs(&sample)).1);
        for ((noise, spread), (wanted, got)) in found.iter_mut().zip(results) {
            noise.add_tensor(&wanted, &got);
            spread.add(&wanted);
        }
    }
    let mut layers: Vec<_> = pairs
        .iter()
        .zip(found)
        .map(|(pair, (sqnr, spread))| layer(float, pair, sqnr, spread))
        .collect();
    layers.sort_by(|a, b| a.sqnr.decibels().total_cmp(&b.sqnr.decibels()));
    Ok(layers)
}

fn layer(float: &Graph, pair: &Pair, sqnr: Noise, spread: Spread) -> Layer {
    let node = float.producer(pair.float);
    let single = pair.integers.as_ref().and_then(Quantization::single);
    Layer {
        name: node.name.clone(),
        operator: node.operator().map_or("Input", |op| op.name()).to_owned(),
        shape: float.ty(pair.float).shape.clone(),
        dtype: pair.integers.as_ref().map_or(float.ty(pair.float).dtype, |q| q.dtype),
        scale: single.map(|(scale, _)| scale),
        zero: single.map(|(_, zero)| zero),
        sqnr,
        spread,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::TensorType;
    use crate::ir::primitives::{DequantizeLinear, Map, QuantizeLinear};
    use crate::middle::quantize::Report;
    use runtime_core::function::Relu;

    #[test]
    fn results_are_compared_after_their_integers() {
        let mut float = Graph::new("g");
        let x = float.add_input("x", TensorType::new(DType::F32, [2]));
        let y = float.add_op("relu", Map { function: Relu.into() }, &[x], &[]).unwrap();
        float.add_output("y", y);
        let mut graph = float.clone();
        let to = Quantization::uniform(DType::I8, 1.0, 0);
        let integers = graph.add_op("q", QuantizeLinear { to: to.clone() }, &[x], &[]).unwrap();
        let numbers = graph
            .add_op("d", DequantizeLinear { from: to }, &[integers], &[])
            .unwrap();
        let relu = graph.value(y).producer;
        graph.set_input(relu, 0, numbers);
        let quantized = Quantized {
            float,
            graph,
            report: Report::default(),
        };
        let samples = [[4.0, 3.0], [-3.0, 1.5]].map(|v| Ok(vec![Tensor::f32(&[2], &v)]));
        let layers = layers(&quantized, samples).unwrap();
        let [worst, other] = &layers[..] else {
            panic!("{layers:?}")
        };
        // 1.5 is read as 2 by both; the ReLU loses the -3 of the signal.
        assert_eq!(
            (&worst.name[..], &worst.operator[..], worst.dtype),
            ("relu", "Map", DType::F32)
        );
        assert_eq!((worst.sqnr.signal, worst.sqnr.noise), (27.25, 0.25));
        assert_eq!((&other.name[..], other.scale, other.zero), ("x", Some(1.0), Some(0)));
        assert_eq!((other.sqnr.signal, other.sqnr.noise), (36.25, 0.25));
        assert_eq!(worst.spread.range(), Some((0.0, 4.0)), "of the ReLU in floats");
    }
}
