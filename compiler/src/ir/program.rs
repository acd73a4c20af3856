//! What runs, as plain data: buffers and a list of kernel calls. `emit` prints it, `exec` runs it.

pub use crate::bindings::{Args, KernelCall, Value};

use crate::ir::{DType, PortSteps, Tensor, TensorType};

/// Names a buffer of one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BufferId(pub usize);

/// Where a buffer's elements are.
#[derive(Clone, Debug, PartialEq)]
pub enum Storage {
    /// In the caller's array number this.
    Input(usize),
    /// Among the weights.
    Constant(Tensor),
    /// In the arena.
    Arena,
}

/// A run of elements that calls read or write.
#[derive(Clone, Debug)]
pub struct Buffer {
    /// Name for people, not yet an identifier.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// Number of elements.
    pub len: usize,
    /// Where it is.
    pub storage: Storage,
}

impl Buffer {
    /// Bytes of all elements.
    pub fn bytes(&self) -> usize {
        self.len * self.dtype.size()
    }
}

/// Consecutive elements of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// The buffer.
    pub buffer: BufferId,
    /// First element.
    pub offset: usize,
    /// Number of elements.
    pub len: usize,
}

/// An input or output of the model.
#[derive(Clone, Debug)]
pub struct Port {
    /// Name in the model.
    pub name: String,
    /// Element type and shape.
    pub ty: TensorType,
    /// Its elements.
    pub view: View,
}

/// One kernel call.
#[derive(Debug)]
pub struct Call {
    /// The kernel and its parameters.
    pub kernel: Box<dyn KernelCall>,
    /// What it reads.
    pub inputs: Vec<View>,
    /// What it writes.
    pub outputs: Vec<View>,
    /// The input that may share storage with output 0, for kernels with an in-place form.
    pub in_place: Option<usize>,
    /// Name for people: the node's.
    pub name: String,
    /// The ONNX nodes that it stands for.
    pub origin: Vec<String>,
    /// Shape of output 0.
    pub shape: Vec<usize>,
    /// Multiply-accumulates.
    pub macs: u64,
}

/// A lowered model.
#[derive(Debug, Default)]
pub struct Program {
    /// Name of the model.
    pub name: String,
    /// Inputs, in order.
    pub inputs: Vec<Port>,
    /// Outputs, in order.
    pub outputs: Vec<Port>,
    /// What the integers of inputs and outputs stand for.
    pub port_steps: PortSteps,
    /// All buffers.
    pub buffers: Vec<Buffer>,
    /// The calls; each reads only what calls before it wrote.
    pub calls: Vec<Call>,
}

impl Program {
    /// A buffer.
    pub fn buffer(&self, id: BufferId) -> &Buffer {
        &self.buffers[id.0]
    }

    /// Multiply-accumulates of one inference.
    pub fn macs(&self) -> u64 {
        self.calls.iter().map(|c| c.macs).sum()
    }

    /// Bytes of all constants that calls read.
    pub fn weight_bytes(&self) -> usize {
        self.buffers
            .iter()
            .filter(|b| matches!(b.storage, Storage::Constant(_)))
            .map(Buffer::bytes)
            .sum()
    }
}
