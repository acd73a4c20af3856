use super::Attributes;
use crate::fold;
use crate::ir::{DType, Graph, Inputs, OpError, Operator, Tensor, TensorType, ValueId, op_error};
use crate::primitives::{Binary, BinaryOp, Map};
use crate::proto::NodeProto;
use runtime_core::function::AnyFunction;
use std::path::Path;

/// What an operator sees of its node: attributes, operands, and the graph to add primitives to.
pub struct NodeContext<'a> {
    /// The attributes.
    pub attributes: Attributes<'a>,
    graph: &'a mut Graph,
    node: &'a NodeProto,
    inputs: Vec<Option<ValueId>>,
    opset: i64,
    added: usize,
}

impl<'a> NodeContext<'a> {
    pub(super) fn new(
        graph: &'a mut Graph,
        node: &'a NodeProto,
        inputs: Vec<Option<ValueId>>,
        opset: i64,
        base: Option<&'a Path>,
    ) -> Self {
        Self {
            attributes: Attributes::new(node, base),
            graph,
            node,
            inputs,
            opset,
            added: 0,
        }
    }

    /// Version of the operator's domain.
    pub fn opset(&self) -> i64 {
        self.opset
    }

    /// Number of inputs, absent ones included.
    pub fn input_count(&self) -> usize {
        self.inputs.len()
    }

    /// Number of outputs that the node names, absent ones included.
    pub fn output_count(&self) -> usize {
        self.node.output.len()
    }

    /// Whether something may read output `index`.
    pub fn wants_output(&self, index: usize) -> bool {
        self.node.output.get(index).is_some_and(|name| !name.is_empty())
    }

    /// Whether input `index` is given.
    pub fn has(&self, index: usize) -> bool {
        self.inputs.get(index).is_some_and(Option::is_some)
    }

    /// Input `index`.
    pub fn input(&self, index: usize) -> Result<ValueId, OpError> {
        let input = self.inputs.get(index).copied().flatten();
        input.ok_or_else(|| op_error(format!("input {index} is missing")))
    }

    /// All inputs as inference sees them.
    pub fn operands(&self) -> Inputs<'_> {
        self.graph.operands(&self.inputs)
    }

    /// Type of input `index`.
    pub fn ty(&self, index: usize) -> Result<TensorType, OpError> {
        Ok(self.graph.ty(self.input(index)?).clone())
    }

    /// Type of a value.
    pub fn value_ty(&self, value: ValueId) -> &TensorType {
        self.graph.ty(value)
    }

    /// Value of input `index`, if it is known at compile time.
    pub fn constant(&self, index: usize) -> Option<&Tensor> {
        self.graph.constant(self.inputs.get(index).copied().flatten()?)
    }

    /// Value of input `index`, called `name` in ONNX, which must be known at compile time; the error names the inputs
    /// of the model that it is computed from.
    pub fn known(&self, index: usize, name: &str) -> Result<&Tensor, OpError> {
        let value = self.input(index)?;
        self.graph.constant(value).ok_or_else(|| {
            let bake = self.graph.sources(value);
            let flags: Vec<_> = bake.iter().map(|input| format!("--bake {input}=FILE.npy")).collect();
            let unknown = op_error(format!("input `{name}` must be known at compile time"));
            let error = unknown.help(format!("give the values that it is computed from: {}", flags.join(" ")));
            OpError { bake, ..error }
        })
    }

    /// Integers of input `index`, called `name` in ONNX, which must be known at compile time.
    pub fn ints(&self, index: usize, name: &str) -> Result<Vec<i64>, OpError> {
        let value = self.known(index, name)?;
        let wrong = || op_error(format!("input `{name}` must hold integers, it is {}", value.ty()));
        value.to_i64().ok_or_else(wrong)
    }

    /// Integers that older versions give as attribute `name` and newer ones as optional input `index`.
    pub fn ints_of(&mut self, index: usize, name: &'static str) -> Result<Option<Vec<i64>>, OpError> {
        if self.has(index) {
            self.ints(index, name).map(Some)
        } else {
            self.attributes.ints(name)
        }
    }

    /// A name for something made for this node.
    fn fresh_name(&mut self) -> String {
        self.added += 1;
        if self.added == 1 {
            self.node.name().to_owned()
        } else {
            format!("{}_{}", self.node.name(), self.added)
        }
    }

    /// Adds a constant.
    pub fn add_constant(&mut self, tensor: Tensor) -> ValueId {
        let name = self.fresh_name();
        self.graph.add_constant(name, tensor)
    }

    /// Adds a primitive with one output; computes it now if its operands are known.
    pub fn add(&mut self, operator: impl Operator + 'static, inputs: &[ValueId]) -> Result<ValueId, OpError> {
        Ok(self.add_all(operator, inputs)?[0])
    }

    /// Adds a primitive; computes it now if its operands are known.
    pub fn add_all(&mut self, operator: impl Operator + 'static, inputs: &[ValueId]) -> Result<Vec<ValueId>, OpError> {
        let name = self.fresh_name();
        let origin = [self.node.name().to_owned()];
        fold::add(self.graph, &name, Box::new(operator), inputs, &origin)
    }

    /// Adds a primitive on the node's inputs `indices`; the usual last line of a reader.
    pub fn op(&mut self, operator: impl Operator + 'static, indices: &[usize]) -> Result<Vec<ValueId>, OpError> {
        let inputs = indices.iter().map(|i| self.input(*i)).collect::<Result<Vec<_>, _>>()?;
        self.add_all(operator, &inputs)
    }

    /// The node as one function of each element of input 0.
    pub fn map(&mut self, function: AnyFunction) -> Result<Vec<ValueId>, OpError> {
        self.op(Map { function }, &[0])
    }

    /// The node as one function of each pair of elements of inputs 0 and 1.
    pub fn binary(&mut self, op: BinaryOp) -> Result<Vec<ValueId>, OpError> {
        self.op(Binary::from(op), &[0, 1])
    }

    /// `value * factor`, in the value's own element type; the value itself where the factor is one.
    pub fn scaled(&mut self, value: ValueId, factor: f32) -> Result<ValueId, OpError> {
        if factor == 1.0 {
            return Ok(value);
        }
        let factor = self.scalar(self.value_ty(value).dtype, f64::from(factor));
        self.add(Binary::from(BinaryOp::Mul), &[value, factor])
    }

    /// Adds a scalar constant of type `dtype`; integers take the value truncated.
    pub fn scalar(&mut self, dtype: DType, value: f64) -> ValueId {
        self.add_constant(Tensor::scalar(dtype, value))
    }
}
