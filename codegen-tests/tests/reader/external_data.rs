//! Tensors in files beside the model.

use super::{add, refused, sample};
use codegen_tests::model_builder::Encoding;
use edgec::front::load::{LoadError, Model, load_bytes};
use edgec::ir::DType;
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

fn external(location: &str, offset: usize, folder: &Path) -> Result<Model, LoadError> {
    let encoding = Encoding::External {
        location: location.into(),
        offset,
    };
    load_bytes(&add(&sample(DType::F32), encoding).bytes(), Some(folder))
}
