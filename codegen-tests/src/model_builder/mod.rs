//! Builds ONNX models for tests, with the encoder of the `onnx-protobuf` crate.
//!
//! ```
//! use codegen_tests::model_builder::{Attr, ModelBuilder};
//! use edgec::ir::DType;
//!
//! let bytes = ModelBuilder::new(17)
//!     .input("x", DType::F32, &[1, 3, 8, 8])
//!     .initializer_f32("w", &[4, 3, 3, 3], &[0.5; 108])
//!     .node("Conv", &["x", "w"], &["y"], &[("pads", Attr::Ints(vec![1, 1, 1, 1]))])
//!     .output("y", DType::F32, &[1, 4, 8, 8])
//!     .bytes();
//! assert_eq!(edgec::front::load::load_bytes(&bytes, None).unwrap().graph.node[0].name(), "Conv_0");
//! ```

mod encode;

pub use encode::tensor_proto;

use edgec::ir::{DType, Tensor};
use encode::{attribute, node, opset, strings, value};
use onnx_protobuf::{FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use protobuf::Message;

/// One dimension of a declared shape.
#[derive(Clone, Debug)]
pub enum Dim {
    /// A number.
    Fixed(i64),
    /// A symbol, such as `batch`.
    Named(String),
    /// Neither.
    Unknown,
}

impl From<i32> for Dim {
    fn from(dim: i32) -> Self {
        Dim::Fixed(dim.into())
    }
}

impl From<i64> for Dim {
    fn from(dim: i64) -> Self {
        Dim::Fixed(dim)
    }
}

impl From<usize> for Dim {
    fn from(dim: usize) -> Self {
        Dim::Fixed(dim as i64)
    }
}

impl From<&str> for Dim {
    fn from(name: &str) -> Self {
        Dim::Named(name.to_owned())
    }
}

/// The value of an attribute.
#[derive(Clone, Debug)]
pub enum Attr {
    /// `INT`.
    Int(i64),
    /// `FLOAT`.
    Float(f32),
    /// `STRING`.
    Str(&'static str),
    /// `INTS`.
    Ints(Vec<i64>),
    /// `FLOATS`.
    Floats(Vec<f32>),
    /// `STRINGS`.
    Strs(Vec<&'static str>),
    /// `TENSOR`, stored raw.
    Tensor(Tensor),
    /// `TENSOR`, as it is.
    TensorProto(TensorProto),
    /// `GRAPH`: the builder's graph; its opsets do not count.
    Graph(ModelBuilder),
    /// Inside a function: the attribute of this name of the call.
    Ref(&'static str),
}

/// How a tensor's elements are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// In `raw_data`.
    Raw,
    /// In the field of the element type, such as `float_data`.
    Typed,
    /// In a file beside the model, which the test has to write.
    External {
        /// Path of the file.
        location: String,
        /// First byte.
        offset: usize,
    },
}

/// Builds a model, or a graph inside one ([`Attr::Graph`]).
#[derive(Clone, Debug)]
pub struct ModelBuilder {
    model: ModelProto,
}

impl ModelBuilder {
    /// An empty model of the given opset of the ONNX operators.
    pub fn new(opset: i64) -> Self {
        let graph = GraphProto {
            name: "test".to_owned(),
            ..GraphProto::new()
        };
        let model = ModelProto {
            ir_version: 10,
            graph: Some(graph).into(),
            ..ModelProto::new()
        };
        Self { model }.opset("", opset)
    }

    /// Imports an operator domain.
    pub fn opset(mut self, domain: &str, version: i64) -> Self {
        self.model.opset_import.push(opset(domain, version));
        self
    }

    /// Adds a graph input. The shape of a scalar is `&[0; 0]`.
    pub fn input<D: Into<Dim> + Clone>(mut self, name: &str, dtype: DType, shape: &[D]) -> Self {
        self.graph().input.push(value(name, dtype, shape));
        self
    }

    /// Adds a graph output.
    pub fn output<D: Into<Dim> + Clone>(mut self, name: &str, dtype: DType, shape: &[D]) -> Self {
        self.graph().output.push(value(name, dtype, shape));
        self
    }

    /// Adds a graph output without a type.
    pub fn untyped_output(mut self, name: &str) -> Self {
        self.graph().output.push(ValueInfoProto {
            name: name.to_owned(),
            ..ValueInfoProto::new()
        });
        self
    }

    /// Adds an initializer.
    pub fn initializer(mut self, name: &str, tensor: &Tensor, encoding: Encoding) -> Self {
        self.graph().initializer.push(tensor_proto(name, tensor, encoding));
        self
    }

    /// Adds an `f32` initializer, stored raw.
    pub fn initializer_f32(self, name: &str, shape: &[usize], values: &[f32]) -> Self {
        self.initializer(name, &Tensor::f32(shape, values), Encoding::Raw)
    }

    /// Adds an `i64` initializer, stored raw.
    pub fn initializer_i64(self, name: &str, shape: &[usize], values: &[i64]) -> Self {
        self.initializer(name, &Tensor::i64(shape, values), Encoding::Raw)
    }

    /// Adds a node of the ONNX operators, without a name.
    pub fn node(mut self, op: &str, inputs: &[&str], outputs: &[&str], attributes: &[(&str, Attr)]) -> Self {
        self.graph().node.push(node(op, inputs, outputs, attributes));
        self
    }

    /// Names the node added last.
    pub fn named(self, name: &str) -> Self {
        self.edit_node(|node| node.name = name.to_owned())
    }

    /// Moves the node added last to another operator domain.
    pub fn of_domain(self, domain: &str) -> Self {
        self.edit_node(|node| node.domain = domain.to_owned())
    }

    /// Adds a function.
    pub fn function(mut self, function: FunctionBuilder) -> Self {
        self.model.functions.push(function.function);
        self
    }

    /// Changes anything.
    pub fn edit(mut self, change: impl FnOnce(&mut ModelProto)) -> Self {
        change(&mut self.model);
        self
    }

    /// The model's file.
    ///
    /// # Panics
    /// If the encoder fails, which it does not for messages it can represent.
    pub fn bytes(&self) -> Vec<u8> {
        self.model.write_to_bytes().expect("the message can be encoded")
    }

    fn graph(&mut self) -> &mut GraphProto {
        self.model.graph.mut_or_insert_default()
    }

    fn edit_node(mut self, change: impl FnOnce(&mut NodeProto)) -> Self {
        if let Some(node) = self.graph().node.last_mut() {
            change(node);
        }
        self
    }
}

/// Builds a function of a model.
#[derive(Clone, Debug)]
pub struct FunctionBuilder {
    function: FunctionProto,
}

impl FunctionBuilder {
    /// A function without nodes.
    pub fn new(domain: &str, name: &str, inputs: &[&str], outputs: &[&str]) -> Self {
        let function = FunctionProto {
            domain: domain.to_owned(),
            name: name.to_owned(),
            input: strings(inputs),
            output: strings(outputs),
            ..FunctionProto::new()
        };
        Self { function }
    }

    /// Imports an operator domain.
    pub fn opset(mut self, domain: &str, version: i64) -> Self {
        self.function.opset_import.push(opset(domain, version));
        self
    }

    /// Declares an attribute without a default.
    pub fn attribute(mut self, name: &str) -> Self {
        self.function.attribute.push(name.to_owned());
        self
    }

    /// Declares an attribute with a default.
    pub fn default(mut self, name: &str, value: Attr) -> Self {
        self.function.attribute_proto.push(attribute(name, value));
        self
    }

    /// Adds a node of the ONNX operators, without a name.
    pub fn node(self, op: &str, inputs: &[&str], outputs: &[&str], attributes: &[(&str, Attr)]) -> Self {
        self.node_of("", op, inputs, outputs, attributes)
    }

    /// Adds a node of any domain, without a name.
    pub fn node_of(
        mut self,
        domain: &str,
        op: &str,
        inputs: &[&str],
        outputs: &[&str],
        attributes: &[(&str, Attr)],
    ) -> Self {
        let node = NodeProto {
            domain: domain.to_owned(),
            ..node(op, inputs, outputs, attributes)
        };
        self.function.node.push(node);
        self
    }
}
