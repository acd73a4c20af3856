use crate::ir::{DType, ValueId};

/// What a name of a model stands for while it is read.
#[derive(Clone, Debug)]
pub enum Item {
    /// A tensor.
    Tensor(ValueId),
    /// A sequence of tensors, whose number is known: it is no value of the graph.
    Sequence(Sequence),
}

/// Tensors in a row, perhaps of different shapes.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// The element type of all.
    pub dtype: DType,
    /// The tensors.
    pub tensors: Vec<ValueId>,
}

impl Item {
    /// The tensor, if it is one.
    pub fn tensor(&self) -> Option<ValueId> {
        match self {
            Self::Tensor(value) => Some(*value),
            Self::Sequence(_) => None,
        }
    }
}
