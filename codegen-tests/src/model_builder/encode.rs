//! Tensors, nodes and attributes in the format's terms.

use super::{Attr, Dim, Encoding};
use edgec::ir::{DType, Tensor};
use onnx_protobuf::attribute_proto::AttributeType;
use onnx_protobuf::tensor_proto::DataLocation;
use onnx_protobuf::tensor_shape_proto::{Dimension, dimension};
use onnx_protobuf::{AttributeProto, NodeProto, OperatorSetIdProto, TensorProto};
use onnx_protobuf::{StringStringEntryProto, ValueInfoProto};
use protobuf::Enum;

/// A tensor in the format's terms.
pub fn tensor_proto(name: &str, tensor: &Tensor, encoding: Encoding) -> TensorProto {
    let mut proto = TensorProto {
        name: name.to_owned(),
        dims: tensor.shape.iter().map(|dim| *dim as i64).collect(),
        data_type: data_type(tensor.dtype),
        ..TensorProto::new()
    };
    match encoding {
        Encoding::Raw => proto.raw_data = tensor.bytes.to_vec(),
        Encoding::Typed => fill_typed(&mut proto, tensor),
        Encoding::External { location, offset } => {
            proto.data_location = DataLocation::EXTERNAL.into();
            let (offset, length) = (offset.to_string(), tensor.bytes.len().to_string());
            for (key, value) in [("location", location), ("offset", offset), ("length", length)] {
                proto.external_data.push(StringStringEntryProto {
                    key: key.to_owned(),
                    value,
                    ..Default::default()
                });
            }
        }
    }
    proto
}

/// Fills the field of the element type.
fn fill_typed(proto: &mut TensorProto, tensor: &Tensor) {
    let bytes = &tensor.bytes;
    let (pairs, fours, eights) = (
        bytes.as_chunks::<2>().0,
        bytes.as_chunks::<4>().0,
        bytes.as_chunks::<8>().0,
    );
    let pairs = pairs.iter().copied();
    let (fours, eights) = (fours.iter().copied(), eights.iter().copied());
    match tensor.dtype {
        DType::F32 => proto.float_data = fours.map(f32::from_le_bytes).collect(),
        DType::F64 => proto.double_data = eights.map(f64::from_le_bytes).collect(),
        DType::I64 => proto.int64_data = eights.map(i64::from_le_bytes).collect(),
        DType::U64 => proto.uint64_data = eights.map(u64::from_le_bytes).collect(),
        DType::U32 => proto.uint64_data = fours.map(|b| u32::from_le_bytes(b).into()).collect(),
        DType::I32 => proto.int32_data = fours.map(i32::from_le_bytes).collect(),
        DType::I16 => proto.int32_data = pairs.map(|b| i16::from_le_bytes(b).into()).collect(),
        DType::U16 | DType::F16 | DType::Bf16 => {
            proto.int32_data = pairs.map(|b| u16::from_le_bytes(b).into()).collect();
        }
        DType::I8 => proto.int32_data = bytes.iter().map(|b| (*b as i8).into()).collect(),
        DType::U8 | DType::Bool => proto.int32_data = bytes.iter().map(|b| (*b).into()).collect(),
    }
}

fn data_type(dtype: DType) -> i32 {
    use onnx_protobuf::tensor_proto::DataType;
    let data_type = match dtype {
        DType::F32 => DataType::FLOAT,
        DType::F64 => DataType::DOUBLE,
        DType::F16 => DataType::FLOAT16,
        DType::Bf16 => DataType::BFLOAT16,
        DType::I8 => DataType::INT8,
        DType::I16 => DataType::INT16,
        DType::I32 => DataType::INT32,
        DType::I64 => DataType::INT64,
        DType::U8 => DataType::UINT8,
        DType::U16 => DataType::UINT16,
        DType::U32 => DataType::UINT32,
        DType::U64 => DataType::UINT64,
        DType::Bool => DataType::BOOL,
    };
    data_type.value()
}

pub(super) fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(super) fn opset(domain: &str, version: i64) -> OperatorSetIdProto {
    OperatorSetIdProto {
        domain: domain.to_owned(),
        version,
        ..OperatorSetIdProto::new()
    }
}

pub(super) fn value<D: Into<Dim> + Clone>(name: &str, dtype: DType, shape: &[D]) -> ValueInfoProto {
    let mut value = ValueInfoProto {
        name: name.to_owned(),
        ..ValueInfoProto::new()
    };
    let tensor = value.type_.mut_or_insert_default().mut_tensor_type();
    tensor.elem_type = data_type(dtype);
    tensor.shape.mut_or_insert_default().dim = shape
        .iter()
        .map(|dim| {
            let value = match dim.clone().into() {
                Dim::Fixed(dim) => Some(dimension::Value::DimValue(dim)),
                Dim::Named(name) => Some(dimension::Value::DimParam(name)),
                Dim::Unknown => None,
            };
            Dimension {
                value,
                ..Dimension::new()
            }
        })
        .collect();
    value
}

pub(super) fn node(op: &str, inputs: &[&str], outputs: &[&str], attributes: &[(&str, Attr)]) -> NodeProto {
    NodeProto {
        op_type: op.to_owned(),
        input: strings(inputs),
        output: strings(outputs),
        attribute: attributes
            .iter()
            .map(|(name, value)| attribute(name, value.clone()))
            .collect(),
        ..NodeProto::new()
    }
}

pub(super) fn attribute(name: &str, value: Attr) -> AttributeProto {
    let kind = match &value {
        Attr::Int(_) => AttributeType::INT,
        Attr::Float(_) => AttributeType::FLOAT,
        Attr::Str(_) => AttributeType::STRING,
        Attr::Ints(_) => AttributeType::INTS,
        Attr::Floats(_) => AttributeType::FLOATS,
        Attr::Strs(_) => AttributeType::STRINGS,
        Attr::Tensor(_) | Attr::TensorProto(_) => AttributeType::TENSOR,
        Attr::Graph(_) => AttributeType::GRAPH,
        Attr::Ref(_) => AttributeType::UNDEFINED,
    };
    let mut proto = AttributeProto {
        name: name.to_owned(),
        type_: kind.into(),
        ..AttributeProto::new()
    };
    match value {
        Attr::Int(value) => proto.i = value,
        Attr::Float(value) => proto.f = value,
        Attr::Str(value) => proto.s = value.into(),
        Attr::Ints(values) => proto.ints = values,
        Attr::Floats(values) => proto.floats = values,
        Attr::Strs(values) => proto.strings = values.into_iter().map(Vec::from).collect(),
        Attr::Tensor(tensor) => proto.t = Some(tensor_proto("", &tensor, Encoding::Raw)).into(),
        Attr::TensorProto(tensor) => proto.t = Some(tensor).into(),
        Attr::Graph(builder) => proto.g = builder.model.graph,
        Attr::Ref(target) => proto.ref_attr_name = target.to_owned(),
    }
    proto
}
