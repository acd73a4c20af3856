//! The corpus of the fuzz targets, as it is and changed: bytes of any file, parts of models.
//!
//! `EDGEC_SEEDS=100000` makes so many changes of each kind instead of the few that every run makes, and
//! `EDGEC_SEEDS=40000..100000` goes on from there.

#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "the fuzz targets call these functions from another crate")]
mod targets;

use super::numbers::spoil;
use super::seeds::seeds;
use super::{MEMORY, Random, peak_memory, processor_time};
use edgec::front::proto::*;
use prost::Message;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

/// How much processor time one input may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Changes that every run makes.
const SEEDS: u64 = 600;

/// What is done with bytes.
type Target = fn(&[u8]);

/// The files of a target's corpus, by name.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Runs a target on bytes, which are kept where they make it fail.
fn survives(name: &str, target: Target, seed: u64, bytes: &[u8]) {
    let start = processor_time();
    let result = catch_unwind(AssertUnwindSafe(|| target(bytes)));
    let took = processor_time()
        .zip(start)
        .map_or(Duration::ZERO, |(end, start)| end - start);
    let much = peak_memory().is_some_and(|peak| peak > MEMORY);
    if result.is_err() || took > PATIENCE || much {
        let kept = std::env::temp_dir().join(format!("edgec-{name}-{seed}"));
        std::fs::write(&kept, bytes).unwrap();
        let panicked = result.is_err();
        panic!(
            "{name}, seed {seed} took {took:?} (panicked: {panicked}, memory: {much}); {} is its input",
            kept.display()
        );
    }
}

#[test]
fn the_corpus_and_changed_bytes() {
    let all: [(&str, Target); 3] = [
        ("read_model", targets::read_model),
        ("compile", targets::compile),
        ("arrays", targets::arrays),
    ];
    for (name, target) in all {
        let files = corpus(name);
        files.iter().for_each(|bytes| survives(name, target, 0, bytes));
        for seed in seeds(0..SEEDS) {
            let mut random = Random(seed);
            let mut bytes = files[random.below(files.len())].clone();
            for _ in 0..=random.below(3) {
                change_bytes(&mut bytes, &files, &mut random);
            }
            survives(name, target, seed, &bytes);
        }
    }
}

/// Changes, inserts, removes or repeats some bytes, or takes them from another file.
fn change_bytes(bytes: &mut Vec<u8>, files: &[Vec<u8>], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let end = (at + 1 + random.below(16)).min(bytes.len());
    match random.below(6) {
        0 => bytes
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|byte| *byte ^= 1 << random.below(8)),
        1 => bytes
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|byte| *byte = [0, 1, 127, 128, 255][random.below(5)]),
        2 => bytes.insert(at, random.below(256) as u8),
        3 => drop(bytes.drain(at..end)),
        4 => bytes.extend_from_within(at..end),
        _ => {
            let other = &files[random.below(files.len())];
            let from = random.below(other.len());
            let part = other[from..].iter().copied().take(1 + random.below(64));
            drop(bytes.splice(at..end, part));
        }
    }
}

#[test]
fn the_corpus_with_changed_parts() {
    let files = corpus("compile");
    let models: Vec<_> = files
        .iter()
        .map(|bytes| ModelProto::decode(&bytes[2..]).unwrap())
        .collect();
    for seed in seeds(0..SEEDS) {
        let mut random = Random(seed ^ 0x5eed);
        let mut model = models[random.below(models.len())].clone();
        for _ in 0..=random.below(4) {
            change_part(&mut model, &models, &mut random);
        }
        let mut bytes = vec![random.below(256) as u8, random.below(256) as u8];
        bytes.extend(model.encode_to_vec());
        survives("parts", targets::compile, seed, &bytes);
    }
}

/// Each step of a loop with a trip count is nodes of its own: what `--max-loss` tries is in proportion to the file, not
/// to these nodes.
#[test]
fn a_long_loop_quantised_to_a_bound() {
    let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/compile/scan")).unwrap();
    let mut model = ModelProto::decode(&file[2..]).unwrap();
    let x = &mut model.graph.as_mut().unwrap().input[0];
    *x = super::build::value("x", &[400, 2]);
    // To 8 bits, with equalisation, and to lose no more than 30 dB.
    survives(
        "loop",
        targets::compile,
        0,
        &[&[0x6e, 0xe4], &model.encode_to_vec()[..]].concat(),
    );
}

/// Changes a model to one that is a model still.
fn change_part(model: &mut ModelProto, models: &[ModelProto], random: &mut Random) {
    let other = models[random.below(models.len())].graph.clone().unwrap();
    match random.below(10) {
        0 | 1 => return spoil(model, random),
        2 => model
            .opset_import
            .iter_mut()
            .for_each(|opset| opset.version = Some(1 + random.below(26) as i64)),
        _ => {}
    }
    let graph = model.graph.as_mut().unwrap();
    let mut names: Vec<String> = graph.input.iter().map(|value| value.name().to_owned()).collect();
    names.extend(graph.initializer.iter().map(|tensor| tensor.name().to_owned()));
    names.extend(graph.node.iter().flat_map(|node| node.output.clone()));
    names.push(String::new());
    let count = graph.node.len();
    if count == 0 {
        return;
    }
    let at = random.below(count);
    match random.below(9) {
        0 => graph.node[at].op_type = other.node[random.below(other.node.len())].op_type.clone(),
        1 => {
            let inputs = graph.node[at].input.len();
            let name = names[random.below(names.len())].clone();
            match graph.node[at].input.get_mut(random.below(inputs + 1)) {
                Some(input) => *input = name,
                None => graph.node[at].input.push(name),
            }
        }
        2 => drop(graph.node.remove(at)),
        3 => graph.node[at]
            .attribute
            .extend(other.node[random.below(other.node.len())].attribute.clone()),
        4 => drop(graph.node[at].attribute.pop()),
        5 => change_tensor(graph, random),
        6 => change_input(graph, random),
        7 => append(graph, &other, random),
        _ => {
            let mut copy = graph.node[at].clone();
            copy.output.iter_mut().for_each(|name| name.push('2'));
            graph.node.push(copy);
        }
    }
}

/// Gives a stored tensor another shape or type, with as many bytes as they take.
fn change_tensor(graph: &mut GraphProto, random: &mut Random) {
    let count = graph.initializer.len();
    let Some(tensor) = graph.initializer.get_mut(random.below(count.max(1))) else {
        return;
    };
    if random.below(3) == 0 {
        tensor.data_type = Some([1, 2, 3, 6, 7, 9, 10, 11, 16][random.below(9)]);
    } else if let Some(dim) = tensor.dims.get_mut(0) {
        *dim = random.below(7) as i64;
    } else {
        tensor.dims.push(1 + random.below(3) as i64);
    }
    let elements: i64 = tensor.dims.iter().product();
    let size = [4, 1, 1, 0, 4, 8, 0, 1, 2, 8, 0, 0, 0, 0, 0, 2][(tensor.data_type() as usize).saturating_sub(1) % 16];
    let raw = tensor.raw_data.take().unwrap_or_default();
    let bytes = raw.iter().copied().chain(std::iter::repeat(1));
    tensor.raw_data = Some(bytes.take(elements.clamp(0, 4096) as usize * size).collect());
}

/// Gives an input another dimension.
fn change_input(graph: &mut GraphProto, random: &mut Random) {
    use tensor_shape_proto::dimension::Value;
    let count = graph.input.len();
    let Some(input) = graph.input.get_mut(random.below(count.max(1))) else {
        return;
    };
    let Some(type_proto::Value::TensorType(ty)) = input.r#type.as_mut().and_then(|ty| ty.value.as_mut()) else {
        return;
    };
    let dims = &mut ty.shape.get_or_insert_default().dim;
    let rank = dims.len();
    if let Some(dim) = dims.get_mut(random.below(rank.max(1))) {
        dim.value = Some(Value::DimValue([0, 1, 2, 3, 5, 8, 17, 64, 1000][random.below(9)]));
    }
}

/// Puts the nodes of another graph behind an output of this one.
fn append(graph: &mut GraphProto, other: &GraphProto, random: &mut Random) {
    let renamed = |name: &String| {
        if name.is_empty() {
            String::new()
        } else {
            format!("o.{name}")
        }
    };
    let before = graph.output[random.below(graph.output.len())].name().to_owned();
    let first = other
        .input
        .first()
        .map(|input| renamed(&input.name.clone().unwrap_or_default()));
    graph
        .initializer
        .extend(other.initializer.iter().map(|tensor| TensorProto {
            name: tensor.name.as_ref().map(renamed),
            ..tensor.clone()
        }));
    graph.node.extend(other.node.iter().map(|node| {
        let read = |name: &String| Some(renamed(name)).filter(|name| Some(name) != first.as_ref());
        NodeProto {
            input: node
                .input
                .iter()
                .map(|name| read(name).unwrap_or_else(|| before.clone()))
                .collect(),
            output: node.output.iter().map(renamed).collect(),
            name: None,
            ..node.clone()
        }
    }));
    if let Some(output) = other.output.first() {
        graph.output = vec![ValueInfoProto {
            name: output.name.as_ref().map(renamed),
            ..output.clone()
        }];
    }
}
