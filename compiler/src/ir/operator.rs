use super::{DType, Tensor};
use crate::ir::{Gradient, Lowering, OverTime, Time};
use std::any::Any;
use std::fmt;

/// Most dimensions of a tensor: what kernels walk.
pub const MAX_RANK: usize = crate::bindings::HOST_RANK;

/// Largest tensor, in bytes: far beyond any device that this compiler is for.
pub const MAX_TENSOR_BYTES: usize = 1 << 31;

/// Element type and shape of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TensorType {
    /// Element type.
    pub dtype: DType,
    /// Extents, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
}

impl TensorType {
    /// A type.
    pub fn new(dtype: DType, shape: impl Into<Vec<usize>>) -> Self {
        Self {
            dtype,
            shape: shape.into(),
        }
    }

    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Bytes of all elements.
    pub fn bytes(&self) -> usize {
        self.len() * self.dtype.size()
    }

    /// Checks that it has at most [`MAX_RANK`] dimensions and takes at most [`MAX_TENSOR_BYTES`], dimensions of 0 taken
    /// as 1, so that neither sizes nor strides can overflow.
    pub fn check(&self) -> Result<(), OpError> {
        if self.rank() > MAX_RANK {
            return Err(op_error(format!(
                "a tensor of {} dimensions: at most {MAX_RANK} are supported",
                self.rank()
            ))
            .help("join dimensions in the model"));
        }
        let bytes = self
            .shape
            .iter()
            .try_fold(self.dtype.size(), |bytes, dim| bytes.checked_mul((*dim).max(1)));
        match bytes {
            Some(bytes) if bytes <= MAX_TENSOR_BYTES => Ok(()),
            _ => Err(op_error(format!("a tensor of {self} is larger than 2 GiB"))),
        }
    }

    /// The same element type with another shape.
    pub fn with_shape(&self, shape: impl Into<Vec<usize>>) -> Self {
        Self::new(self.dtype, shape)
    }

    /// Turns an ONNX axis, negative from the end, into an index.
    pub fn axis(&self, axis: i64) -> Result<usize, OpError> {
        let rank = self.rank() as i64;
        match axis {
            0.. if axis < rank => Ok(axis as usize),
            _ if axis < 0 && axis >= -rank => Ok((axis + rank) as usize),
            _ => Err(op_error(format!(
                "axis {axis} is outside the {rank} dimensions of {self}"
            ))),
        }
    }

    /// [`axis`](Self::axis) of each, refusing repetitions.
    pub fn axes(&self, axes: &[i64]) -> Result<Vec<usize>, OpError> {
        let axes = axes.iter().map(|a| self.axis(*a)).collect::<Result<Vec<_>, _>>()?;
        match axes.iter().enumerate().find(|(i, a)| axes[..*i].contains(a)) {
            Some((_, axis)) => Err(op_error(format!("axis {axis} is named twice"))),
            None => Ok(axes),
        }
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}[{}]",
            self.dtype,
            self.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
        )
    }
}

/// What is wrong with one operator and what to do; the caller adds the node, the operator and the opset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OpError {
    /// What is wrong.
    pub message: String,
    /// What is supported, or what to do.
    pub help: Option<String>,
    /// Inputs of the model whose values would have to be known at compile time.
    pub bake: Vec<String>,
}

impl OpError {
    /// Adds what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// An [`OpError`] without help.
pub fn op_error(message: impl Into<String>) -> OpError {
    OpError {
        message: message.into(),
        help: None,
        bake: vec![],
    }
}

/// An operator's operands as inference sees them: types, and the values of those known at compile time.
#[derive(Clone, Default)]
pub struct Inputs<'a> {
    operands: Vec<Option<(&'a TensorType, Option<&'a Tensor>)>>,
}

impl<'a> Inputs<'a> {
    /// Operands in order; `None` where an optional one is absent.
    pub fn new(operands: Vec<Option<(&'a TensorType, Option<&'a Tensor>)>>) -> Self {
        Self { operands }
    }

    /// Number of operands, absent ones included.
    pub fn len(&self) -> usize {
        self.operands.len()
    }

    /// Whether there are no operands.
    pub fn is_empty(&self) -> bool {
        self.operands.is_empty()
    }

    /// Type of operand `index`, or an error if it is absent.
    pub fn ty(&self, index: usize) -> Result<&'a TensorType, OpError> {
        self.get(index)
            .ok_or_else(|| op_error(format!("input {index} is missing")))
    }

    /// Type of operand `index`, if present.
    pub fn get(&self, index: usize) -> Option<&'a TensorType> {
        self.operands.get(index).copied().flatten().map(|(ty, _)| ty)
    }

    /// Value of operand `index`, if it is known at compile time.
    pub fn constant(&self, index: usize) -> Option<&'a Tensor> {
        self.operands.get(index).copied().flatten().and_then(|(_, value)| value)
    }

    /// The types of all present operands.
    pub fn types(&self) -> impl Iterator<Item = &'a TensorType> + '_ {
        self.operands.iter().flatten().map(|(ty, _)| *ty)
    }

    /// An error unless all present operands have one element type.
    pub fn same_dtype(&self) -> Result<DType, OpError> {
        let first = self.ty(0)?.dtype;
        match self.types().find(|t| t.dtype != first) {
            Some(other) => Err(op_error(format!(
                "operands mix element types {first} and {}",
                other.dtype
            ))),
            None => Ok(first),
        }
    }
}

/// An operator rewritten for transposed operands; see [`Operator::permute`].
pub struct Permuted {
    /// The operator with its axes renamed.
    pub operator: Box<dyn Operator>,
    /// For each input, whether it must be transposed too (others are left as they are).
    pub transposed: Vec<bool>,
}

/// Operands whose elements an operator passes on as they are; see [`Operator::movement`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The operands that elements of the results come from.
    pub elements: Vec<usize>,
    /// The operand whose single element stands where those leave room.
    pub filler: Option<usize>,
}

impl Movement {
    /// The elements are those of operand 0.
    pub fn of_first() -> Self {
        Self {
            elements: vec![0],
            filler: None,
        }
    }

    /// All operands that give elements.
    pub fn operands(&self) -> impl Iterator<Item = usize> + '_ {
        self.elements.iter().copied().chain(self.filler)
    }
}

/// Which parts of an operand along an axis the parts of the result are made of; see [`Operator::parts`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Their axis in the result.
    pub axis: usize,
    /// Of each part of the result its place, after the place in the operand of the one that it is made of.
    pub pairs: Vec<(usize, usize)>,
}

impl Parts {
    /// Each of `count` parts gives the part at its own place.
    pub fn same(axis: usize, count: usize) -> Self {
        Self {
            axis,
            pairs: (0..count).map(|i| (i, i)).collect(),
        }
    }
}

/// What the compiler knows of one operator: its attributes are the implementing struct's fields.
pub trait Operator: fmt::Debug + Send + Sync + OperatorObject {
    /// The ONNX operator's name, or an internal name for what only passes make.
    fn name(&self) -> &'static str;

    /// Types of the outputs, from those of the inputs.
    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError>;

    /// Emits the kernel calls that compute it.
    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError>;

    /// Adds what computes the gradients of the operands that [are asked for](Gradient::wants) from that of the output.
    /// Sees graphs as they are read, before passes: images are channels-first, and layers have no activation.
    ///
    /// # Errors
    /// That the gradient is not known, for this operator or these attributes.
    fn gradient(&self, _cx: &mut Gradient<'_>) -> Result<(), OpError> {
        Err(op_error("its gradient is not known"))
    }

    /// Multiply-accumulates for these operand types.
    fn macs(&self, _inputs: &[Option<&TensorType>], _outputs: &[&TensorType]) -> u64 {
        0
    }

    /// Steps that computing it takes, which decides whether that is done at compile time.
    fn work(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        self.macs(inputs, outputs)
    }

    /// The operator that gives the same output transposed by `perm`, from inputs transposed by `perm`.
    ///
    /// `perm[i]` is the axis of the original that becomes axis `i`. `None` where axes cannot be renamed.
    fn permute(&self, _perm: &[usize], _inputs: &[Option<&TensorType>]) -> Option<Permuted> {
        None
    }

    /// Which of so many operands the elements of the results are taken from, if they are only moved, repeated, left out
    /// or chosen by their order, and none is computed. Whatever stands for numbers in the same order, such as their
    /// integers, can then be moved in their place.
    fn movement(&self, _operands: usize) -> Option<Movement> {
        None
    }

    /// Where the parts of operand 0 along `axis`, such as channels, are in the result, if each part of the result is
    /// made of one of them and of what is the same for all. `x` and `y` are the shapes of the operand and of the
    /// result. `None` where parts mix. Operators that [are elementwise](Self::is_elementwise) need not say it.
    fn parts(&self, _axis: usize, _x: &[usize], _y: &[usize]) -> Option<Parts> {
        None
    }

    /// How it treats time, one axis of its operands, where a model is computed frame by frame. Sees graphs before
    /// kernels and layouts are chosen: images are channels-first, and layers have no residual.
    ///
    /// # Errors
    /// Why its frames cannot be computed one after another: a clause about the operator, `it`.
    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        if self.is_elementwise() {
            return time.elementwise(self.boxed());
        }
        Err("it is not known how to compute it frame by frame".to_owned())
    }

    /// Whether each output element depends only on the input elements at the same place (with broadcasting).
    fn is_elementwise(&self) -> bool {
        false
    }
}

/// Types of an operator's outputs, each of them checked.
///
/// # Errors
/// What the operator's own inference finds, or an output that fails [`TensorType::check`].
pub fn infer(operator: &dyn Operator, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
    let types = operator.infer(inputs)?;
    types.iter().try_for_each(TensorType::check)?;
    Ok(types)
}

/// Copies and comparisons of operators behind a pointer; implemented for every comparable operator.
pub trait OperatorObject: Any {
    /// For downcasts.
    fn as_any(&self) -> &dyn Any;
    /// Whether `other` is the same operator with the same attributes.
    fn same(&self, other: &dyn Operator) -> bool;
    /// A copy.
    fn boxed(&self) -> Box<dyn Operator>;
}

impl<T: Operator + Clone + PartialEq + 'static> OperatorObject for T {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn same(&self, other: &dyn Operator) -> bool {
        other.as_any().downcast_ref::<T>() == Some(self)
    }

    fn boxed(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
