use super::file::OnnxFile;
use super::*;
use crate::data::npz;
use crate::front::proto::tensor_proto::DataType;
use crate::front::proto::tensor_shape_proto::{Dimension, dimension};
use crate::front::proto::{
    GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
    type_proto,
};
use crate::ir::Tensor;
use crate::middle::quantize::Noise;
use prost::Message;
use tempfile::TempDir;

/// Numbers between minus one and one, the same in every run.
fn numbers(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn port(name: &str, shape: &[i64]) -> ValueInfoProto {
    let dim = |size: &i64| Dimension {
        value: Some(dimension::Value::DimValue(*size)),
        ..Dimension::default()
    };
    let ty = type_proto::Tensor {
        elem_type: Some(DataType::Float as i32),
        shape: Some(TensorShapeProto {
            dim: shape.iter().map(dim).collect(),
        }),
    };
    ValueInfoProto {
        name: Some(name.into()),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(ty)),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}

fn node(operator: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: Some(operator.into()),
        input: inputs.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.into()],
        ..NodeProto::default()
    }
}

fn stored(name: &str, dims: &[i64], values: Vec<f32>) -> TensorProto {
    TensorProto {
        name: Some(name.into()),
        dims: dims.to_vec(),
        data_type: Some(DataType::Float as i32),
        float_data: values,
        ..TensorProto::default()
    }
}

/// `x` of three rows through these nodes to `y`, with 60 samples of `x`.
fn setup(nodes: Vec<NodeProto>, initializers: Vec<TensorProto>) -> (TempDir, Compiler, Samples) {
    let folder = tempfile::tempdir().unwrap();
    let graph = GraphProto {
        node: nodes,
        initializer: initializers,
        input: vec![port("x", &[3, 4])],
        output: vec![port("y", &[3, 3])],
        ..GraphProto::default()
    };
    let model = ModelProto {
        ir_version: Some(8),
        opset_import: vec![OperatorSetIdProto {
            version: Some(17),
            ..OperatorSetIdProto::default()
        }],
        graph: Some(graph),
        ..ModelProto::default()
    };
    let (path, samples) = (folder.path().join("m.onnx"), folder.path().join("s.npz"));
    std::fs::write(&path, model.encode_to_vec()).unwrap();
    let x: Vec<f32> = numbers(1, 60 * 12).iter().map(|number| number + 0.5).collect();
    npz::write(&samples, &[("x", &Tensor::f32(&[60, 3, 4], &x))]).unwrap();
    let compiler = Compiler::new(path);
    let inputs = compiler.compile().unwrap().program.inputs;
    let samples = Samples::open(samples.to_str().unwrap(), &inputs).unwrap();
    (folder, compiler, samples)
}

/// Two products; the last of the five channels between them is the sum of the first two.
fn redundant() -> (TempDir, Compiler, Samples) {
    let mut w: Vec<f32> = numbers(2, 20);
    for row in w.chunks_exact_mut(5) {
        row[4] = row[0] + row[1];
    }
    setup(
        vec![
            node("MatMul", &["x", "w"], "h"),
            node("MatMul", &["h", "v"], "s"),
            node("Add", &["s", "b"], "y"),
        ],
        vec![
            stored("w", &[4, 5], w),
            stored("v", &[5, 3], numbers(3, 15)),
            stored("b", &[3], vec![0.5; 3]),
        ],
    )
}

fn options(channels: Option<f64>, sparsity: Option<f64>, refit: bool) -> PruneOptions {
    PruneOptions {
        channels,
        sparsity,
        refit,
        progress: None,
    }
}

fn noise(compiler: &Compiler, pruned: &Pruned, samples: &Samples) -> Noise {
    let before = compiler.compile().unwrap();
    let (mut before, mut after) = (before.executor(), pruned.compiled.executor());
    let mut noise = Noise::default();
    for sample in samples {
        let sample = sample.unwrap();
        noise.add_tensor(&before.run(&sample)[0], &after.run(&sample)[0]);
    }
    noise
}

#[test]
fn a_channel_that_others_give_costs_nothing_once_weights_are_fitted() {
    let (_folder, compiler, samples) = redundant();
    let fitted = prune(&compiler, &samples, &options(Some(0.15), None, true)).unwrap();
    let plain = prune(&compiler, &samples, &options(Some(0.15), None, false)).unwrap();
    for pruned in [&fitted, &plain] {
        let cost = (pruned.summary.before.macs, pruned.summary.after.macs);
        assert_eq!(cost, (105, 84), "{}", pruned.summary);
        assert_eq!(pruned.summary.layers[1].inputs, [5, 4]);
        assert_eq!(pruned.summary.notes(), [""; 0]);
    }
    let [fitted, plain] = [fitted, plain].map(|pruned| noise(&compiler, &pruned, &samples).decibels());
    assert!(fitted > 40.0 && plain < 20.0, "{fitted} dB, {plain} dB without fitting");
}

#[test]
fn single_weights_become_zero_and_the_others_are_fitted() {
    let (_folder, compiler, samples) = redundant();
    let fitted = prune(&compiler, &samples, &options(None, Some(0.2), true)).unwrap();
    let plain = prune(&compiler, &samples, &options(None, Some(0.2), false)).unwrap();
    let zeros = |pruned: &Pruned| {
        let layers = pruned.summary.layers.iter();
        layers.map(|layer| layer.zeros.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(zeros(&fitted), [(20, 4), (15, 3)]);
    assert_eq!(zeros(&plain), [(20, 4), (15, 3)]);
    let [fitted, plain] = [fitted, plain].map(|pruned| noise(&compiler, &pruned, &samples).decibels());
    assert!(fitted > plain + 3.0, "{fitted} dB, {plain} dB without fitting");
}

/// Channels go from a model of which single weights are zero already.
#[test]
fn channels_go_from_a_sparse_model() {
    let (folder, compiler, samples) = redundant();
    let sparse = prune(&compiler, &samples, &options(None, Some(0.2), true)).unwrap();
    let path = folder.path().join("sparse.onnx");
    std::fs::write(&path, &sparse.bytes).unwrap();
    let pruned = prune(&Compiler::new(path), &samples, &options(Some(0.15), None, true)).unwrap();
    let cost = (pruned.summary.before.macs, pruned.summary.after.macs);
    assert!(cost.1 < cost.0, "{}", pruned.summary);
}

/// Channels that are gone stay away, weights that are zero stay zero, and the file says all that was done.
#[test]
fn a_pruned_model_can_be_pruned_again() {
    let (folder, compiler, samples) = redundant();
    let path = folder.path().join("again.onnx");
    for refit in [true, false] {
        let mut bytes = prune(&compiler, &samples, &options(Some(0.15), None, true))
            .unwrap()
            .bytes;
        let mut zeros = zeros_in(&bytes);
        for share in [0.4, 0.1] {
            std::fs::write(&path, &bytes).unwrap();
            let next = prune(&Compiler::new(&path), &samples, &options(None, Some(share), refit)).unwrap();
            let cost = (next.summary.before.macs, next.summary.after.macs);
            assert_eq!(cost, (84, 84), "{}", next.summary);
            bytes = next.bytes;
            let now = zeros_in(&bytes);
            let kept = zeros.iter().zip(&now).all(|(before, now)| !before || *now);
            assert!(kept && now.len() == zeros.len(), "{}", next.summary);
            zeros = now;
        }
        let said = String::from_utf8_lossy(&bytes).contains("channels 15 %; sparsity 40 %; sparsity 10 %");
        assert!(said, "the file says what was done");
    }
}

/// Of each weight of a file, whether it is zero.
fn zeros_in(bytes: &[u8]) -> Vec<bool> {
    let model = ModelProto::decode(bytes).unwrap();
    let tensors = model.graph.unwrap().initializer.into_iter();
    let weights = tensors.filter(|tensor| tensor.dims.len() == 2);
    weights
        .flat_map(|tensor| crate::front::load::tensor(&tensor, None).unwrap().to_f64())
        .map(|weight| weight == 0.0)
        .collect()
}

/// A matrix that two layers share stays what it is for the one that reads all channels.
#[test]
fn shared_weights_are_no_longer_shared() {
    let nodes = vec![
        node("MatMul", &["x", "w"], "h"),
        node("Relu", &["h"], "r"),
        node("MatMul", &["r", "v"], "s"),
        node("MatMul", &["x", "v"], "t"),
        node("Add", &["s", "t"], "y"),
    ];
    let w = stored("w", &[4, 4], numbers(5, 16));
    let (_folder, compiler, samples) = setup(nodes, vec![w, stored("v", &[4, 3], numbers(6, 12))]);
    let pruned = prune(&compiler, &samples, &options(Some(0.15), None, true)).unwrap();
    let model = ModelProto::decode(&*pruned.bytes).unwrap().graph.unwrap();
    let of = |output: &str| {
        let node = model
            .node
            .iter()
            .find(|node| node.output[0].starts_with(output) && node.op_type() == "MatMul");
        let tensor = model.initializer.iter().find(|t| t.name() == node.unwrap().input[1]);
        load::tensor(tensor.unwrap(), None).unwrap().to_f32().unwrap()
    };
    assert_eq!(of("t"), numbers(6, 12));
    let zero = of("s")
        .chunks_exact(3)
        .filter(|row| row.iter().all(|w| *w == 0.0))
        .count();
    assert_eq!(zero, 1, "{}", pruned.summary);
    assert!(noise(&compiler, &pruned, &samples).decibels() > 10.0);
}

#[test]
fn a_model_without_channels_between_layers_is_refused() {
    let v = stored("v", &[4, 3], numbers(6, 12));
    let (_folder, compiler, samples) = setup(vec![node("MatMul", &["x", "v"], "y")], vec![v]);
    let error = prune(&compiler, &samples, &options(Some(0.2), None, true)).unwrap_err();
    assert!(
        error.to_string().contains("no channel of the model can be removed"),
        "{error}"
    );
}

#[test]
fn what_is_written_is_known_again() {
    let (folder, compiler, _samples) = redundant();
    let mut file = OnnxFile::read(&compiler).unwrap();
    file.note("channels 30 %");
    let path = folder.path().join("p.onnx");
    std::fs::write(&path, file.bytes()).unwrap();
    let model = compiler.path().unwrap();
    assert!(is_pruned(&path) && !is_pruned(model));
    assert!(Pruned::check_output(&compiler, &path).is_ok());
    let error = Pruned::check_output(&compiler, model).unwrap_err();
    assert!(error.to_string().contains("which is read"), "{error}");
}
