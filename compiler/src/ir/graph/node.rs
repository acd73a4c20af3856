use super::{NodeId, ValueId};
use crate::ir::{Operator, Tensor, TensorType};
use std::collections::BTreeMap;

/// What a node is.
#[derive(Debug)]
pub enum NodeKind {
    /// Gives one value: an input of the model.
    Input,
    /// Gives one value: what the run before left, zeros at first. It is known in shape only.
    State,
    /// Gives one value: a constant.
    Constant(Tensor),
    /// Computes its outputs.
    Operator(Box<dyn Operator>),
}

impl Clone for NodeKind {
    fn clone(&self) -> Self {
        match self {
            Self::Input => Self::Input,
            Self::State => Self::State,
            Self::Constant(tensor) => Self::Constant(tensor.clone()),
            Self::Operator(operator) => Self::Operator(operator.boxed()),
        }
    }
}

/// A source or an operator.
#[derive(Clone, Debug)]
pub struct Node {
    /// Name from the model, or made from what it was made of.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
    /// Operands; `None` where an optional one is absent.
    pub inputs: Vec<Option<ValueId>>,
    /// Results.
    pub outputs: Vec<ValueId>,
    /// Names of the ONNX nodes that it stands for.
    pub origin: Vec<String>,
}

impl Node {
    /// The operator, if it is of type `T`.
    pub fn op<T: Operator + 'static>(&self) -> Option<&T> {
        self.operator()?.as_any().downcast_ref()
    }

    /// The operator; `None` for inputs, states and constants.
    pub fn operator(&self) -> Option<&dyn Operator> {
        match &self.kind {
            NodeKind::Operator(op) => Some(op.as_ref()),
            _ => None,
        }
    }
}

/// A tensor that flows through the graph.
#[derive(Clone, Debug)]
pub struct Value {
    /// Name from the model, or made from its node's.
    pub name: String,
    /// Element type and shape.
    pub ty: TensorType,
    /// The node that gives it.
    pub producer: NodeId,
    /// What its integers stand for, where that is known.
    pub steps: Option<Steps>,
}

/// What the integers of an input or output of the model stand for: `(integer - zero) * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// The scale.
    pub scale: f32,
    /// The zero point.
    pub zero: i32,
}

/// What the integers of the model's inputs and outputs stand for, where that is known, by their numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PortSteps {
    /// Of inputs.
    pub inputs: BTreeMap<usize, Steps>,
    /// Of outputs.
    pub outputs: BTreeMap<usize, Steps>,
}
