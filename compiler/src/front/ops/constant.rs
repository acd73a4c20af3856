use crate::front::node::{Domain, OperatorDef};
use crate::ir::{Tensor, op_error};

/// The names of what a constant may be given as.
const FORMS: [&str; 8] = [
    "value",
    "sparse_value",
    "value_float",
    "value_floats",
    "value_int",
    "value_ints",
    "value_string",
    "value_strings",
];

/// A constant. Opset 12 added the forms other than `value`.
pub(super) const CONSTANT: OperatorDef = OperatorDef {
    name: "Constant",
    domain: Domain::Onnx,
    versions: &[1, 9, 11, 12, 13, 19, 21, 23, 24, 25],
    limits: "no strings, no sparse tensors",
    read: |cx| {
        let given: Vec<_> = FORMS.into_iter().filter(|name| cx.attributes.has(name)).collect();
        let tensor = match given[..] {
            ["value"] => cx.attributes.tensor("value")?,
            ["value_float"] => Some(Tensor::f32(&[], &[cx.attributes.float("value_float", 0.0)?])),
            ["value_int"] => Some(Tensor::i64(&[], &[cx.attributes.int("value_int", 0)?])),
            ["value_floats"] => cx
                .attributes
                .floats("value_floats")?
                .map(|v| Tensor::f32(&[v.len()], &v)),
            ["value_ints"] => cx.attributes.ints("value_ints")?.map(|v| Tensor::i64(&[v.len()], &v)),
            [form] => {
                return Err(
                    op_error(format!("a constant given by attribute `{form}` is not supported"))
                        .help("supported: dense tensors, numbers and lists of numbers"),
                );
            }
            _ => None,
        };
        let tensor = tensor.ok_or_else(|| op_error("a constant must be given by exactly one attribute"))?;
        Ok(vec![cx.add_constant(tensor)])
    },
};
