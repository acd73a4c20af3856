mod sketch;
mod subgraphs;

pub use sketch::Input;
pub(in crate::front) use sketch::Sketch;

use super::Attributes;
use super::item::{Item, Sequence};
use super::scope::{Made, Scope};
use crate::error::OperatorProblem;
use crate::front::load::Model;
use crate::front::proto::NodeProto;
use crate::ir::primitives::{Binary, BinaryOp, Map, Reshape};
use crate::ir::{
    Classes, DType, Inputs, Labels, OpError, Operator, Remark, RemarkKind, Tensor, TensorType, ValueId, op_error,
};
use crate::middle::fold;
use runtime_core::function::AnyFunction;
use std::cell::OnceCell;

/// What an operator sees of its node: attributes, operands, and the graph to add primitives to.
pub struct NodeContext<'a> {
    /// The attributes.
    pub attributes: Attributes<'a>,
    model: &'a Model,
    node: &'a NodeProto,
    inputs: Vec<Option<ValueId>>,
    sequences: Vec<Option<Sequence>>,
    given: Option<Vec<Item>>,
    made: &'a mut Made,
    scope: &'a Scope<'a>,
    opset: i64,
    added: usize,
    subgraphs: usize,
    inner: Option<Vec<OperatorProblem>>,
    dequantised: Vec<OnceCell<Option<Tensor>>>,
}

impl<'a> NodeContext<'a> {
    pub(super) fn new(
        model: &'a Model,
        node: &'a NodeProto,
        items: Vec<Option<Item>>,
        made: &'a mut Made,
        scope: &'a Scope<'a>,
    ) -> Self {
        let dequantised = items.iter().map(|_| OnceCell::new()).collect();
        let inputs = items.iter().map(|item| item.as_ref().and_then(Item::tensor)).collect();
        let sequence = |item| match item {
            Some(Item::Sequence(sequence)) => Some(sequence),
            _ => None,
        };
        let sequences = items.into_iter().map(sequence).collect();
        Self {
            attributes: Attributes::new(node, model.base.as_deref()),
            model,
            node,
            inputs,
            sequences,
            given: None,
            made,
            scope,
            opset: model.opset(node),
            added: 0,
            subgraphs: 0,
            inner: None,
            dequantised,
        }
    }

    /// The problems of a sub-graph that could not be read, which stand for the node's own.
    pub(super) fn into_problems(self) -> Option<Vec<OperatorProblem>> {
        self.inner
    }

    /// Most trips of loops whose number of trips is only known at run time, if the user has said it.
    pub fn max_trips(&self) -> Option<usize> {
        self.made.max_trips
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
        self.inputs.get(index).is_some_and(Option::is_some) || self.is_sequence(index)
    }

    /// Whether input `index` is a sequence.
    pub fn is_sequence(&self, index: usize) -> bool {
        self.sequences.get(index).is_some_and(Option::is_some)
    }

    /// Input `index`, which must be a sequence.
    pub fn sequence(&self, index: usize) -> Result<&Sequence, OpError> {
        let sequence = self.sequences.get(index).and_then(Option::as_ref);
        sequence.ok_or_else(|| match self.input(index) {
            Ok(value) => op_error(format!(
                "input {index} is {}, it must be a sequence",
                self.value_ty(value)
            )),
            Err(missing) => missing,
        })
    }

    /// Input `index`, be it a tensor or a sequence.
    pub fn item(&self, index: usize) -> Result<Item, OpError> {
        if self.is_sequence(index) {
            self.sequence(index).cloned().map(Item::Sequence)
        } else {
            self.input(index).map(Item::Tensor)
        }
    }

    /// Gives the node these outputs, where some may be sequences; what its reader gives then does not count. The last
    /// line of such a reader.
    pub fn give(&mut self, outputs: Vec<Item>) -> Result<Vec<ValueId>, OpError> {
        self.given = Some(outputs);
        Ok(vec![])
    }

    /// The outputs of [`give`](Self::give), if it was called.
    pub(super) fn take_given(&mut self) -> Option<Vec<Item>> {
        self.given.take()
    }

    /// Input `index`.
    pub fn input(&self, index: usize) -> Result<ValueId, OpError> {
        let input = self.inputs.get(index).copied().flatten();
        input.ok_or_else(|| match self.sequences.get(index).and_then(Option::as_ref) {
            Some(sequence) => op_error(format!(
                "input {index} is a sequence of {} tensors, where this operator takes a tensor",
                sequence.tensors.len()
            )),
            None => op_error(format!("input {index} is missing")),
        })
    }

    /// All inputs as inference sees them.
    pub fn operands(&self) -> Inputs<'_> {
        self.made.graph.operands(&self.inputs)
    }

    /// Type of input `index`.
    pub fn ty(&self, index: usize) -> Result<TensorType, OpError> {
        Ok(self.made.graph.ty(self.input(index)?).clone())
    }

    /// Type of a value.
    pub fn value_ty(&self, value: ValueId) -> &TensorType {
        self.made.graph.ty(value)
    }

    /// Value of input `index`, if it is known at compile time.
    pub fn constant(&self, index: usize) -> Option<&Tensor> {
        let value = self.inputs.get(index).copied().flatten()?;
        let dequantised = || self.dequantised[index].get_or_init(|| fold::dequantised(&self.made.graph, value));
        self.made.graph.constant(value).or_else(|| dequantised().as_ref())
    }

    /// Input `index`, the numbers themselves where it is a constant that is dequantised: for operators that have no use
    /// for its integers.
    pub fn dequantised_input(&mut self, index: usize) -> Result<ValueId, OpError> {
        let value = self.input(index)?;
        match self.dequantised[index]
            .get_or_init(|| fold::dequantised(&self.made.graph, value))
            .clone()
        {
            Some(numbers) => Ok(self.add_constant(numbers)),
            None => Ok(value),
        }
    }

    /// A value, if it is known at compile time.
    pub fn value(&self, value: ValueId) -> Option<&Tensor> {
        self.made.graph.constant(value)
    }

    /// Value of input `index`, called `name` in ONNX, which must be known at compile time; the error names the inputs
    /// of the model that it is computed from.
    pub fn known(&self, index: usize, name: &str) -> Result<&Tensor, OpError> {
        let value = self.input(index)?;
        let unknown = || self.unknown(value, format!("input `{name}` must be known at compile time"));
        self.constant(index).ok_or_else(unknown)
    }

    /// An error about `value`, which is not known at compile time; it names the inputs that the value is computed from.
    pub fn unknown(&self, value: ValueId, message: impl Into<String>) -> OpError {
        let bake = self.made.graph.sources(value);
        let flags = self.made.bake_flags(&bake);
        let help = format!("give the values that it is computed from: {flags}");
        OpError {
            bake,
            ..op_error(message).help(help)
        }
    }

    /// Advice to end the model before this node, with the names of the tensors that it computes for it.
    pub fn end_before(&self) -> String {
        super::end_before(self.model, self.node)
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

    /// Tells the user something of this node.
    pub fn remark(&mut self, kind: RemarkKind, reason: impl Into<String>) {
        let name = format!("{}{}", self.scope.prefix, self.node.name());
        self.made.graph.add_remark(Remark::on(kind, name, reason));
    }

    /// A name for something made for this node.
    fn fresh_name(&mut self) -> String {
        self.added += 1;
        let (prefix, name) = (&self.scope.prefix, self.node.name());
        if self.added == 1 {
            format!("{prefix}{name}")
        } else {
            format!("{prefix}{name}_{}", self.added)
        }
    }

    /// Adds a constant.
    pub fn add_constant(&mut self, tensor: Tensor) -> ValueId {
        let name = self.fresh_name();
        self.made.graph.add_constant(name, tensor)
    }

    /// Adds a primitive with one output; computes it now if its operands are known.
    pub fn add(&mut self, operator: impl Operator + 'static, inputs: &[ValueId]) -> Result<ValueId, OpError> {
        Ok(self.add_all(operator, inputs)?[0])
    }

    /// Adds a primitive; computes it now if its operands are known.
    pub fn add_all(&mut self, operator: impl Operator + 'static, inputs: &[ValueId]) -> Result<Vec<ValueId>, OpError> {
        let name = self.fresh_name();
        let origin = [self.node.name().to_owned()];
        let known = self.made.folded.get(inputs).into_iter().flatten();
        if let Some((_, outputs)) = known.clone().find(|(other, _)| other.same(&operator)) {
            return Ok(outputs.clone());
        }
        let kept = operator.boxed();
        let outputs = fold::add(&mut self.made.graph, &name, Box::new(operator), inputs, &origin)?;
        if !inputs.is_empty() && outputs.iter().all(|output| self.made.graph.constant(*output).is_some()) {
            self.made
                .folded
                .entry(inputs.to_vec())
                .or_default()
                .push((kept, outputs.clone()));
        }
        Ok(outputs)
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

    /// The value as one whose integers or columns stand for classes.
    pub fn labelled(&mut self, value: ValueId, labels: Labels) -> Result<ValueId, OpError> {
        // A value of its own: other nodes may read the integers as numbers.
        let shape = self.value_ty(value).shape.clone();
        let value = self.add(Reshape { shape }, &[value])?;
        self.made.labels.insert(value, labels);
        Ok(value)
    }

    /// What the integers of input `index` are called, if it was strings in the model.
    pub fn names(&self, index: usize) -> Option<&[String]> {
        let value = self.inputs.get(index).copied().flatten()?;
        match &self.made.names(value)?.classes {
            Classes::Names(names) => Some(names),
            Classes::Numbers(_) => None,
        }
    }

    /// Adds a scalar constant of type `dtype`; integers take the value truncated.
    pub fn scalar(&mut self, dtype: DType, value: f64) -> ValueId {
        self.add_constant(Tensor::scalar(dtype, value))
    }
}
