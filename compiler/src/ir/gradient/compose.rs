use crate::ir::primitives::{Binary, BinaryOp, Expand, Map, Reduce, ReduceOp, Reshape, Select, Transpose};
use crate::ir::{DType, Graph, OpError, Operator, Tensor, TensorType, ValueId};
use runtime_core::function::AnyFunction;

/// Adds operators to a graph, all of one name and origin: the verbs in which gradients, losses and optimizers are
/// written.
pub struct Compose<'g> {
    graph: &'g mut Graph,
    name: String,
    origin: Vec<String>,
}

impl<'g> Compose<'g> {
    /// Gives nodes this name and the ONNX nodes that they stand for.
    pub fn new(graph: &'g mut Graph, name: impl Into<String>, origin: Vec<String>) -> Self {
        let name = name.into();
        Self { graph, name, origin }
    }

    /// A value's type.
    pub fn ty(&self, value: ValueId) -> &TensorType {
        self.graph.ty(value)
    }

    /// A value's shape.
    pub fn shape(&self, value: ValueId) -> Vec<usize> {
        self.ty(value).shape.clone()
    }

    /// The value of a constant.
    pub fn constant(&self, value: ValueId) -> Option<&Tensor> {
        self.graph.constant(value)
    }

    /// Adds an operator with one output.
    ///
    /// # Errors
    /// Operands that do not fit it.
    pub fn add(&mut self, operator: impl Operator + 'static, inputs: &[ValueId]) -> Result<ValueId, OpError> {
        self.graph.add_op(self.name.clone(), operator, inputs, &self.origin)
    }

    /// Adds an operator with several outputs.
    ///
    /// # Errors
    /// Operands that do not fit it.
    pub fn add_all(&mut self, operator: impl Operator + 'static, inputs: &[ValueId]) -> Result<Vec<ValueId>, OpError> {
        let inputs: Vec<_> = inputs.iter().copied().map(Some).collect();
        let node = self.graph.add(self.name.clone(), operator, &inputs, &self.origin)?;
        Ok(self.graph.node(node).outputs.clone())
    }

    /// A constant.
    pub fn add_constant(&mut self, tensor: Tensor) -> ValueId {
        self.graph.add_constant(self.name.clone(), tensor)
    }

    /// A constant of these numbers.
    pub fn add_numbers(&mut self, dtype: DType, shape: &[usize], numbers: &[f64]) -> ValueId {
        let scalars = numbers.iter().map(|number| Tensor::scalar(dtype, *number));
        let bytes = scalars.flat_map(|scalar| scalar.bytes.to_vec()).collect();
        self.add_constant(Tensor::new(dtype, shape.to_vec(), bytes))
    }

    /// A number.
    pub fn number(&mut self, dtype: DType, number: f64) -> ValueId {
        self.add_constant(Tensor::scalar(dtype, number))
    }

    /// A number of a value's element type.
    pub fn number_like(&mut self, value: ValueId, number: f64) -> ValueId {
        self.number(self.ty(value).dtype, number)
    }

    /// A function of two values, with broadcasting.
    ///
    /// # Errors
    /// Operands that do not fit it.
    pub fn binary(&mut self, op: BinaryOp, a: ValueId, b: ValueId) -> Result<ValueId, OpError> {
        self.add(Binary::from(op), &[a, b])
    }

    /// The product of two values, with broadcasting.
    ///
    /// # Errors
    /// Shapes that do not fit each other.
    pub fn product(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, OpError> {
        self.binary(BinaryOp::Mul, a, b)
    }

    /// A function of a value and a number.
    ///
    /// # Errors
    /// A type that the function does not take.
    pub fn with_number(&mut self, op: BinaryOp, value: ValueId, number: f64) -> Result<ValueId, OpError> {
        let number = self.number_like(value, number);
        self.binary(op, value, number)
    }

    /// `scale * value + shift`.
    ///
    /// # Errors
    /// A type that has no products.
    pub fn affine(&mut self, value: ValueId, scale: f64, shift: f64) -> Result<ValueId, OpError> {
        let scaled = self.with_number(BinaryOp::Mul, value, scale)?;
        self.with_number(BinaryOp::Add, scaled, shift)
    }

    /// One function of each element.
    ///
    /// # Errors
    /// A type that is no float.
    pub fn map(&mut self, function: impl Into<AnyFunction>, value: ValueId) -> Result<ValueId, OpError> {
        let function = function.into();
        self.add(Map { function }, &[value])
    }

    /// `a` where `x` is above `bound`, else `b`.
    ///
    /// # Errors
    /// Types that do not fit each other.
    pub fn above(&mut self, x: ValueId, bound: f64, a: ValueId, b: ValueId) -> Result<ValueId, OpError> {
        let above = self.with_number(BinaryOp::Greater, x, bound)?;
        self.add(Select, &[above, a, b])
    }

    /// The value with another shape.
    ///
    /// # Errors
    /// A shape of another number of elements.
    pub fn reshaped(&mut self, value: ValueId, shape: &[usize]) -> Result<ValueId, OpError> {
        if self.ty(value).shape == shape {
            return Ok(value);
        }
        self.add(Reshape { shape: shape.to_vec() }, &[value])
    }

    /// The value with its dimensions in another order.
    ///
    /// # Errors
    /// What is no order of its dimensions.
    pub fn transposed(&mut self, value: ValueId, perm: Vec<usize>) -> Result<ValueId, OpError> {
        self.add(Transpose { perm }, &[value])
    }

    /// The sum over some axes, which stay with an extent of one.
    ///
    /// # Errors
    /// Axes outside the value.
    pub fn sum(&mut self, value: ValueId, axes: Vec<usize>) -> Result<ValueId, OpError> {
        let op = ReduceOp::Sum;
        self.add(Reduce { op, axes }, &[value])
    }

    /// The value repeated to a shape.
    ///
    /// # Errors
    /// A shape that it does not expand to.
    pub fn expanded(&mut self, value: ValueId, shape: &[usize]) -> Result<ValueId, OpError> {
        if self.ty(value).shape == shape {
            return Ok(value);
        }
        self.add(Expand { shape: shape.to_vec() }, &[value])
    }

    /// The gradient of an operand of `shape` that was repeated by broadcasting, from that of all its repetitions: sums
    /// over them.
    ///
    /// # Errors
    /// A shape that does not broadcast to the value's.
    pub fn summed_to(&mut self, value: ValueId, shape: &[usize]) -> Result<ValueId, OpError> {
        let whole = self.shape(value);
        let added = whole.len() - shape.len();
        let repeated = |axis: &usize| *axis < added || shape[axis - added] == 1 && whole[*axis] != 1;
        let axes: Vec<usize> = (0..whole.len()).filter(repeated).collect();
        let sums = if axes.is_empty() { value } else { self.sum(value, axes)? };
        self.reshaped(sums, shape)
    }
}
