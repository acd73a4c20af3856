//! What the firmware harness measures of layers is a profile that pages show.

use codegen_tests::firmware::Layer;
use edgec::page::{Profile, Unit};
use serde_json::json;

#[test]
fn layers_that_are_measured_are_a_profile() {
    let layer = Layer {
        name: "l00_conv".into(),
        kernel: "qlinear_conv2d_paired".into(),
        output: vec![1, 8, 8, 16],
        macs: 9216,
        instructions: 12_345,
        unit: Unit::Instructions,
        limit: Some(4608),
    };
    let profiles =
        Profile::parse(&json!([{ "on": "m4f in QEMU, opt-level 3", "layers": [layer] }]).to_string()).unwrap();
    let measured = &profiles[0].layers[0];
    assert_eq!(
        (measured.name.as_str(), measured.value, measured.limit),
        ("l00_conv", 12_345.0, Some(4608.0))
    );
    assert_eq!(measured.kernel.as_deref(), Some("qlinear_conv2d_paired"));
}
