//! Tensors in files beside the model.

use super::{add, refused, sample};
use codegen_tests::model_builder::{Encoding, ModelBuilder};
use edgec::front::import::{Dimensions, import};
use edgec::front::load::{LoadError, Model, load_bytes};
use edgec::ir::{DType, Tensor};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn external_data_stays_in_the_folder() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("model");
    std::fs::create_dir_all(folder.join("sub")).unwrap();
    std::fs::write(root.path().join("outside.bin"), [0; 24]).unwrap();
    std::fs::write(folder.join("inside.bin"), [0; 24]).unwrap();

    let outside = root.path().join("outside.bin");
    let refused = ["../outside.bin", "sub/../../outside.bin", outside.to_str().unwrap()];
    for location in refused {
        let message = external(location, 0, &folder).unwrap_err().to_string();
        assert!(message.contains("outside the model's folder"), "{location}: {message}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&outside, folder.join("link.bin")).unwrap();
        let message = external("link.bin", 0, &folder).unwrap_err().to_string();
        assert!(message.contains("outside the model's folder"), "{message}");
    }
    external("inside.bin", 0, &folder).unwrap();
    external("sub/../inside.bin", 0, &folder).unwrap();
}

#[test]
fn external_data_that_is_not_there() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("w.bin"), [0; 24]).unwrap();
    let message = |location, offset| external(location, offset, root.path()).unwrap_err().to_string();
    assert!(message("none.bin", 0).contains("`none.bin`, which cannot be read"));
    assert!(message(".", 0).contains("not a file"));
    assert!(message("", 0).contains("without a `location`"));
    assert!(message("w.bin", 1).contains("at bytes 1..25, but the file has 24 bytes"));
    assert!(message("w.bin", usize::MAX).contains("the file has 24 bytes"));
    assert!(message("w\0.bin", 0).contains("cannot be read"));

    let location = Encoding::External {
        location: "w.bin".into(),
        offset: 0,
    };
    refused(
        &add(&sample(DType::F32), location.clone()),
        &["`w`", "not loaded from a file"],
    );
    for (key, value) in [("offset", "-1"), ("length", "many"), ("length", "23")] {
        let model = add(&sample(DType::F32), location.clone()).edit(|model| {
            let data = &mut model.graph.mut_or_insert_default().initializer[0].external_data;
            data.iter_mut()
                .filter(|entry| entry.key == key)
                .for_each(|entry| entry.value = value.to_owned());
        });
        let message = load_bytes(&model.bytes(), Some(root.path())).unwrap_err().to_string();
        assert!(message.contains(value), "{message}");
    }
}

/// A file of holes, so that nothing is written.
fn sparse(folder: &Path, name: &str, bytes: u64) {
    std::fs::File::create(folder.join(name))
        .unwrap()
        .set_len(bytes)
        .unwrap();
}

/// A model whose constants are `count` tensors of `len` floats, each `apart` bytes after the one before it.
fn constants(count: usize, len: usize, apart: usize) -> Vec<u8> {
    let mut model = ModelBuilder::new(17).input("x", DType::F32, &[1]);
    let mut sum = "x".to_owned();
    for i in 0..count {
        let (name, next) = (format!("w{i}"), format!("s{i}"));
        let location = Encoding::External {
            location: "w.bin".into(),
            offset: i * apart,
        };
        model = model
            .initializer(&name, &Tensor::f32(&[1], &[0.0]), location)
            .edit(|model| {
                let tensor = model.graph.mut_or_insert_default().initializer.last_mut().unwrap();
                tensor.dims = vec![len as i64];
                tensor.external_data.retain(|entry| entry.key != "length");
            })
            .node("Add", &[&sum, &name], &[&next], &[]);
        sum = next;
    }
    model.untyped_output(&sum).bytes()
}

#[test]
fn tensors_of_the_same_bytes_share_them() {
    let root = tempfile::tempdir().unwrap();
    sparse(root.path(), "w.bin", 1 << 20);
    let model = load_bytes(&constants(6, 256, 0), Some(root.path())).unwrap();
    let graph = import(&model, "g", &Dimensions::default()).unwrap().graph;
    let values = graph.order().into_iter().flat_map(|id| graph.node(id).outputs.clone());
    let held: BTreeSet<_> = values
        .filter_map(|value| Some(graph.constant(value)?.bytes.as_ptr()))
        .collect();
    assert_eq!(held.len(), 1, "six tensors hold {} copies", held.len());
}

#[test]
fn what_is_held_is_counted() {
    let root = tempfile::tempdir().unwrap();
    // None of it is read here.
    sparse(root.path(), "w.bin", 6 << 30);
    let of = |apart| load_bytes(&constants(6, 1 << 28, apart), Some(root.path())).map(drop);
    of(0).unwrap();
    let refused = of(1 << 30).unwrap_err().to_string();
    assert!(refused.contains("4294967296 bytes"), "{refused}");
}

fn external(location: &str, offset: usize, folder: &Path) -> Result<Model, LoadError> {
    let encoding = Encoding::External {
        location: location.into(),
        offset,
    };
    load_bytes(&add(&sample(DType::F32), encoding).bytes(), Some(folder))
}
