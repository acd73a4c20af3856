use edgec::front::proto::tensor_shape_proto::{Dimension, dimension::Value};
use edgec::front::proto::*;

/// An input or output of 32-bit floats.
pub(crate) fn port(name: String, dims: impl Iterator<Item = Value>) -> ValueInfoProto {
    let dims = dims.map(|value| Dimension {
        value: Some(value),
        denotation: None,
    });
    let tensor = type_proto::Tensor {
        elem_type: Some(1),
        shape: Some(TensorShapeProto { dim: dims.collect() }),
    };
    ValueInfoProto {
        name: Some(name),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
            denotation: None,
        }),
        ..Default::default()
    }
}
