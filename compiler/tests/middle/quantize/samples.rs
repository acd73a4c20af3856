//! Samples that cannot be used, or that say little.

use super::build::{classifier, plain, quantised, samples};
use edgec::ir::Tensor;
use edgec::middle::quantize::{QuantizeOptions, Watch};

#[test]
fn bad_samples_are_refused() {
    let graph = classifier();
    let few = quantised(&graph, &plain(), &samples(&graph, 3)).unwrap_err();
    assert!(few.to_string().contains("3 calibration samples"), "{few}");
    for bad in [f32::NAN, f32::INFINITY] {
        let mut samples = samples(&graph, 20);
        samples[17][0] = Tensor::f32(&[1, 2, 6, 6], &[bad; 72]);
        let error = quantised(&graph, &plain(), &samples).unwrap_err().to_string();
        assert!(error.contains("sample 17 of input `x`"), "{error}");
    }
    let mut large = samples(&graph, 20);
    large[4][0] = Tensor::f32(&[1, 2, 6, 6], &[f32::MAX; 72]);
    let error = quantised(&graph, &plain(), &large).unwrap_err().to_string();
    assert!(error.contains("sample 4: ") && error.contains("infinite"), "{error}");
}

#[test]
fn samples_that_say_little_are_remarked() {
    let graph = classifier();
    for value in [0.0, 0.25, 1e-42] {
        let constant = vec![vec![Tensor::f32(&[1, 2, 6, 6], &[value; 72])]; 20];
        let got = quantised(&graph, &QuantizeOptions::new(""), &constant).unwrap();
        let warnings = got.report.warnings.join("\n");
        assert!(warnings.contains("20 calibration samples are few"), "{warnings}");
        assert!(warnings.contains("`x` is "), "{warnings}");
        let watch = Watch::new(&got.graph, &[]).unwrap();
        let (outputs, _) = watch.start().run(&samples(&graph, 1)[0]);
        assert!(outputs[0].to_f32().unwrap().iter().all(|v| v.is_finite()));
    }
}
