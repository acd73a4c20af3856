//! Attributes and constants that are out of range.

use super::build::value;
use super::single_nodes::nodes_with_numbers;
use super::{Random, ZOO_TIME, survives, zoo};
use edgec::front::proto::tensor_proto::DataType;
use edgec::front::proto::*;
use prost::Message;
use std::time::Instant;

/// Numbers that are not meant to be where they are put.
const NUMBERS: [i64; 16] = [
    i64::MIN,
    i64::MIN + 1,
    -(1 << 31),
    -2,
    -1,
    0,
    1,
    3,
    1000,
    1 << 20,
    i32::MAX as i64,
    1 << 31,
    1 << 32,
    1 << 48,
    1 << 62,
    i64::MAX,
];

/// Puts a wrong number in the place of one in an attribute or a stored tensor of integers.
pub(crate) fn spoil(model: &mut ModelProto, random: &mut Random) {
    let graph = model.graph.as_mut().unwrap();
    let number = NUMBERS[random.below(NUMBERS.len())];
    let float = [f32::NAN, f32::INFINITY, -1.0, 0.0, 1e-30, 1e30, 1e6, 0.5][random.below(8)];
    let mut places: Vec<Box<dyn FnMut() + '_>> = vec![];
    for attribute in graph.node.iter_mut().flat_map(|node| &mut node.attribute) {
        if let Some(i) = &mut attribute.i {
            places.push(Box::new(move || *i = number));
        }
        if let Some(f) = &mut attribute.f {
            places.push(Box::new(move || *f = float));
        }
        for i in &mut attribute.ints {
            places.push(Box::new(move || *i = number));
        }
        for f in &mut attribute.floats {
            places.push(Box::new(move || *f = float));
        }
    }
    for tensor in &mut graph.initializer {
        let (ty, rank) = (DataType::try_from(tensor.data_type()), tensor.dims.len());
        for i in tensor.int64_data.iter_mut().take(8) {
            places.push(Box::new(move || *i = number));
        }
        let bytes = match ty {
            Ok(DataType::Int64) => number.to_le_bytes().to_vec(),
            Ok(DataType::Float) if rank == 1 => float.to_le_bytes().to_vec(),
            _ => continue,
        };
        let elements = tensor
            .raw_data
            .iter_mut()
            .flat_map(|raw| raw.chunks_exact_mut(bytes.len()));
        for element in elements.take(8) {
            let bytes = bytes.clone();
            places.push(Box::new(move || element.copy_from_slice(&bytes)));
        }
    }
    if !places.is_empty() {
        let place = random.below(places.len());
        places[place]();
    }
}

#[test]
fn numbers_out_of_place() {
    let mut compiled = 0;
    for known in [false, true] {
        for (op, model) in nodes_with_numbers(known) {
            for seed in 0..150 {
                let (mut model, mut random) = (model.clone(), Random(seed));
                for _ in 0..=random.below(3) {
                    spoil(&mut model, &mut random);
                }
                let what = format!("{op} with the numbers of seed {seed} (constant: {known})");
                compiled += usize::from(survives(&what, &model.encode_to_vec()).is_ok());
            }
        }
    }
    assert!(compiled > 100, "only {compiled} of the models are any good");
}

#[test]
fn large_inputs() {
    // 2 GiB and a little less, in few and in many dimensions; attributes as they should be.
    for shape in [
        &[1, 4, 11_585, 11_585][..],
        &[1, 4, 1, 1 << 27],
        &[0, 4, 1 << 13, 1 << 13],
        &[2; 8],
        &[1; 9],
    ] {
        for (op, mut model) in nodes_with_numbers(false) {
            model.graph.as_mut().unwrap().input = vec![value("x", shape)];
            let refused = survives(&format!("{op} of {shape:?}"), &model.encode_to_vec());
            let reads_x = model.graph.unwrap().node[0].input.contains(&"x".to_owned());
            if shape.len() > 8 && reads_x {
                assert!(refused.unwrap_err().contains("9 dimensions: at most 8"), "{op}");
            }
        }
    }
}

#[test]
fn numbers_out_of_place_in_the_zoo() {
    let start = Instant::now();
    for path in zoo(512 << 10) {
        let model = ModelProto::decode(&*std::fs::read(&path).unwrap()).unwrap();
        for seed in 0..20 {
            let (mut model, mut random) = (model.clone(), Random(seed));
            spoil(&mut model, &mut random);
            let _ = survives(
                &format!("{} with the number of seed {seed}", path.display()),
                &model.encode_to_vec(),
            );
            if start.elapsed() > ZOO_TIME {
                return;
            }
        }
    }
}
