use super::*;
use crate::data::{npy, npz};
use crate::ir::program::{BufferId, View};
use crate::ir::{DType, Tensor};
use tempfile::TempDir;

fn port(name: &str, dtype: DType, shape: &[usize]) -> Port {
    let ty = TensorType::new(dtype, shape);
    let view = View {
        buffer: BufferId(0),
        offset: 0,
        len: ty.len(),
    };
    Port {
        name: name.into(),
        ty,
        view,
        channels_last: false,
    }
}

/// `0, 1, 2 ..` as an array.
fn counting(shape: &[usize]) -> Tensor {
    let values: Vec<f32> = (0..shape.iter().product()).map(|i: usize| i as f32).collect();
    Tensor::f32(shape, &values)
}

/// A folder with `a.npz` of `arrays`, and the spec of that file with `keys` behind it.
fn archive(arrays: &[(&str, &Tensor)], keys: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    npz::write(&path, arrays).unwrap();
    let spec = format!("{}{keys}", path.display());
    (folder, spec)
}

fn read(spec: &str, inputs: &[Port]) -> Result<Vec<Vec<Tensor>>, Error> {
    Samples::open(spec, inputs)?.iter().collect()
}

/// The message and the help of the error that reading gives.
fn error(arrays: &[(&str, &Tensor)], keys: &str, inputs: &[Port]) -> String {
    let (_folder, spec) = archive(arrays, keys);
    format!("{:?}", read(&spec, inputs).unwrap_err())
}

#[test]
fn arrays_are_found_by_name_and_by_key() {
    let (x, s, y) = (counting(&[3, 2, 2]), counting(&[3, 1]), Tensor::i64(&[3], &[0, 1, 2]));
    let inputs = [port("in/x:0", DType::F32, &[1, 2, 2]), port("s", DType::F32, &[1])];
    let want = vec![
        Tensor::f32(&[1, 2, 2], &[4.0, 5.0, 6.0, 7.0]),
        Tensor::f32(&[1], &[1.0]),
    ];
    for (names, keys) in [
        (["s", "in/x:0"], ""),
        (["s", "in|x:0"], ""),
        (["s", "x"], ":in/x:0=x"),
        (["t", "x"], ":s=t,in/x:0=x"),
    ] {
        let (_folder, spec) = archive(&[(names[0], &s), (names[1], &x), ("y", &y)], keys);
        let samples = Samples::open(&spec, &inputs).unwrap();
        assert_eq!((samples.len(), samples.rows(), samples.notes().len()), (3, 1, 0));
        assert_eq!(samples.iter().nth(1).unwrap().unwrap(), want, "{keys}");
        assert_eq!(samples.iter().count(), 3);
    }
    let one = &inputs[..1];
    for (arrays, keys) in [(&[("x", &x), ("y", &y)][..], ":x"), (&[("arr_0", &x)], "")] {
        let (_folder, spec) = archive(arrays, keys);
        assert_eq!(read(&spec, one).unwrap()[1], want[..1]);
    }
}

#[test]
fn dimensions_of_one_do_not_matter() {
    let input = [port("x", DType::F32, &[1, 1, 2, 3])];
    for shape in [&[4, 2, 3][..], &[4, 1, 2, 3], &[4, 1, 1, 2, 3], &[4, 2, 1, 3]] {
        let (_folder, spec) = archive(&[("x", &counting(shape))], "");
        let samples = read(&spec, &input).unwrap();
        let values: Vec<f32> = (18..24).map(|v| v as f32).collect();
        assert_eq!(samples[3], [Tensor::f32(&[1, 1, 2, 3], &values)], "{shape:?}");
    }
    for shape in [&[4, 3, 2][..], &[4, 6], &[2, 3], &[6], &[]] {
        let text = error(&[("x", &counting(shape))], "", &input);
        assert!(text.contains("array `x`") && text.contains("f32[1x1x2x3]"), "{text}");
    }
}

#[test]
fn batches_take_rows() {
    let input = [port("x", DType::F32, &[2, 3])];
    let (_folder, spec) = archive(&[("x", &counting(&[6, 3]))], "");
    let samples = Samples::open(&spec, &input).unwrap();
    assert_eq!((samples.len(), samples.rows()), (3, 2));
    let last = samples.iter().last().unwrap().unwrap();
    assert_eq!(last, [Tensor::f32(&[2, 3], &[12.0, 13.0, 14.0, 15.0, 16.0, 17.0])]);
    assert!(error(&[("x", &counting(&[5, 3]))], "", &input).contains("multiple of 2"));
}

#[test]
fn folders_hold_a_file_a_sample() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, tensor: &Tensor| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut bytes = vec![];
        npy::write(&mut bytes, tensor).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let spec = folder.path().to_str().unwrap();
    let inputs = [port("x", DType::F32, &[1, 2]), port("a/s", DType::F32, &[1])];
    assert!(format!("{:?}", read(spec, &inputs[..1]).unwrap_err()).contains("no .npy files"));
    write("2.npy", &Tensor::f32(&[2], &[3.0, 4.0]));
    write("1.npy", &Tensor::f32(&[1, 1, 2], &[1.0, 2.0]));
    std::fs::write(folder.path().join("readme.txt"), "").unwrap();
    let samples = read(spec, &inputs[..1]).unwrap();
    assert_eq!(samples[1], [Tensor::f32(&[1, 2], &[3.0, 4.0])]);
    assert_eq!(samples.len(), 2);
    assert!(format!("{:?}", read(spec, &inputs).unwrap_err()).contains("sub-folder"));
    write("x/1.npy", &Tensor::f32(&[2], &[5.0, 6.0]));
    write("a|s/1.npy", &Tensor::f32(&[1], &[7.0]));
    let samples = read(spec, &inputs).unwrap();
    assert_eq!(
        samples,
        [[Tensor::f32(&[1, 2], &[5.0, 6.0]), Tensor::f32(&[1], &[7.0])]]
    );
    write("3.npy", &Tensor::f32(&[3], &[0.0; 3]));
    std::fs::remove_dir_all(folder.path().join("x")).unwrap();
    let text = format!("{:?}", read(spec, &inputs[..1]).unwrap_err());
    assert!(text.contains("3.npy") && text.contains("f32[3]"), "{text}");
    let one = folder.path().join("2.npy");
    let single = read(one.to_str().unwrap(), &[port("x", DType::F32, &[1])]).unwrap();
    assert_eq!(single[1], [Tensor::f32(&[1], &[4.0])]);
}

#[test]
fn what_is_wrong_is_named() {
    let input = [port("x", DType::F32, &[1, 2])];
    let x = counting(&[3, 2]);
    let text = error(&[("a", &x), ("b", &Tensor::i64(&[3], &[0; 3]))], "", &input);
    assert!(
        text.contains("input `x`") && text.contains("`a` f32[3x2], `b` i64[3]"),
        "{text}"
    );
    assert!(error(&[("a", &x)], ":q", &input).contains("no array `q`"));
    assert!(error(&[("a", &x)], ":z=a", &input).contains("no input `z`"));
    assert!(error(&[("x", &counting(&[0, 2]))], "", &input).contains("no samples"));
    let bytes = Tensor::new(DType::U8, vec![3, 2], vec![0; 6]);
    assert!(error(&[("x", &bytes)], "", &input).contains("scale them"));
    let two = [input[0].clone(), port("z", DType::F32, &[1])];
    assert!(error(&[("x", &x)], ":x", &two).contains("INPUT=KEY"));
    let text = error(&[("x", &x), ("z", &counting(&[2]))], "", &two);
    assert!(
        text.contains("2 samples for `z` but 3 for `x`") && text.contains("`z` lacks 1"),
        "{text}"
    );
    assert!(error(&[("a", &x), ("b", &x)], "", &two).contains("like the inputs `x`, `z`"));
    assert!(error(&[("b", &x)], ":x=b", &two).contains("like input `z`"));
    let batches = [port("x", DType::F32, &[4, 2])];
    assert!(error(&[("x", &counting(&[10, 2]))], "", &batches).contains("which is 2 more"));
    let mut values = x.to_f32().unwrap();
    values[5] = f32::NAN;
    let text = error(&[("x", &Tensor::f32(&[3, 2], &values))], "", &input);
    assert!(text.contains("sample 2 holds NaN at [1]"), "{text}");
    let missing = format!("{:?}", Samples::open("missing.npz", &input).unwrap_err());
    assert!(missing.contains("missing.npz"), "{missing}");
}

/// A header of a few bytes can tell of any number of them.
#[test]
fn samples_without_elements_are_refused() {
    let (folder, _) = archive(&[("x", &counting(&[1]))], "");
    let path = folder.path().join("x.npy");
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000000, 0), }\n";
    let bytes = [
        b"\x93NUMPY\x01\0",
        &(header.len() as u16).to_le_bytes()[..],
        header.as_bytes(),
    ]
    .concat();
    std::fs::write(&path, bytes).unwrap();
    let refused = read(&path.to_string_lossy(), &[port("x", DType::F32, &[0])]).unwrap_err();
    assert!(refused.to_string().contains("the inputs have no elements"), "{refused}");
}

#[test]
fn what_a_file_lacks_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("short.npy");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2), }";
    bytes.extend(format!("{header:<117}\n").bytes());
    bytes.extend([0; 26]);
    std::fs::write(&path, bytes).unwrap();
    let error = read(&path.to_string_lossy(), &[port("x", DType::F32, &[1, 2])]).unwrap_err();
    assert!(error.to_string().contains("6 of 8 values, 2 are missing"), "{error}");
}

#[test]
fn doubles_are_rounded_with_a_note() {
    let (_folder, spec) = archive(&[("x", &Tensor::f64(&[2, 1], &[0.1, 1e300]))], "");
    let samples = Samples::open(&spec, &[port("x", DType::F32, &[1])]).unwrap();
    assert!(samples.notes()[0].contains("f64 is rounded to f32"));
    let mut iter = samples.iter();
    assert_eq!(iter.next().unwrap().unwrap(), [Tensor::f32(&[1], &[0.1])]);
    assert!(iter.next().unwrap().is_err() && iter.next().is_none());
}

#[test]
fn damage_is_seen() {
    let stored = |bytes: &mut Vec<u8>, at: usize| bytes[at] ^= 1;
    let (_folder, spec) = archive(&[("x", &counting(&[300, 2]))], "");
    let mut bytes = std::fs::read(&spec).unwrap();
    let middle = bytes.len() / 2;
    stored(&mut bytes, middle);
    std::fs::write(&spec, bytes).unwrap();
    assert!(read(&spec, &[port("x", DType::F32, &[2])]).is_err());
}

#[test]
fn labels_are_classes() {
    let labels = |tensor: &Tensor| {
        let (_folder, spec) = archive(&[("y", tensor)], ":y");
        Labels::read(&Spec::parse(&spec).unwrap()).map(|l| l.unwrap().classes().to_vec())
    };
    assert_eq!(labels(&Tensor::i64(&[3], &[2, 0, 1])).unwrap(), [2, 0, 1]);
    assert_eq!(
        labels(&Tensor::new(DType::U8, vec![2, 1], vec![7, 255])).unwrap(),
        [7, 255]
    );
    let hot = Tensor::f32(&[2, 3], &[0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    assert_eq!(labels(&hot).unwrap(), [2, 0]);
    for bad in [
        Tensor::f32(&[2], &[0.0, 1.0]),
        Tensor::i64(&[2], &[0, -1]),
        Tensor::f32(&[1, 2], &[1.0, 1.0]),
        Tensor::f32(&[1, 2], &[1.0, 0.5]),
        Tensor::i64(&[1, 2, 2], &[0; 4]),
    ] {
        assert!(
            format!("{:?}", labels(&bad).unwrap_err()).contains("array `y`"),
            "{bad:?}"
        );
    }
    // More classes than a number can count.
    let (folder, _) = archive(&[("x", &hot)], "");
    let path = folder.path().join("y.npy");
    let header = "{'descr': '<i8', 'fortran_order': False, 'shape': (0, 1099511627776, 1099511627776), }\n";
    let bytes = [
        &b"\x93NUMPY\x01\0"[..],
        &(header.len() as u16).to_le_bytes(),
        header.as_bytes(),
    ]
    .concat();
    std::fs::write(&path, bytes).unwrap();
    assert!(Labels::read(&Spec::parse(&path.to_string_lossy()).unwrap()).is_err());
    let (_folder, spec) = archive(&[("x", &hot)], ":y");
    assert_eq!(Labels::read(&Spec::parse(&spec).unwrap()).unwrap(), None);
}
