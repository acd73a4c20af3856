//! Back-propagation: from the gradient of what an operator gives, the gradients of what it reads.
//!
//! A gradient of a value is the derivative of one number, the loss, by each element of the value; it has the value's
//! type. Rules stand beside the operators, in [`Operator::gradient`](super::Operator::gradient), and are written in
//! operators themselves, so that the steps of training are planned, folded and computed as those of inference are.

mod compose;
mod functions;
mod through_time;
mod windows;

pub use compose::Compose;
pub(super) use functions::of_function;
pub(super) use through_time::through_time;
pub(super) use windows::{of_bias, scattered, spread, weights_of_conv};

use super::{Graph, NodeId, OpError, ValueId, op_error};
use std::ops::{Deref, DerefMut};

/// What the rule of one operator sees, and what it gives.
pub struct Gradient<'g> {
    compose: Compose<'g>,
    inputs: Vec<Option<ValueId>>,
    outputs: Vec<ValueId>,
    of_outputs: Vec<Option<ValueId>>,
    wanted: Vec<bool>,
    given: Vec<Option<ValueId>>,
}

impl<'g> Gradient<'g> {
    /// For a node whose outputs have these gradients, `None` where the loss does not depend on one. `wanted` says of
    /// each operand whether its gradient is asked for.
    pub fn new(graph: &'g mut Graph, node: NodeId, of_outputs: Vec<Option<ValueId>>, wanted: Vec<bool>) -> Self {
        let node = graph.node(node);
        let (inputs, outputs) = (node.inputs.clone(), node.outputs.clone());
        let (name, origin) = (format!("{}_gradient", node.name), node.origin.clone());
        Self {
            given: vec![None; inputs.len()],
            compose: Compose::new(graph, name, origin),
            inputs,
            outputs,
            of_outputs,
            wanted,
        }
    }

    /// The gradients of the operands, as far as they were asked for and are not zero.
    pub fn finish(self) -> Vec<Option<ValueId>> {
        self.given
    }

    /// Operand `index`.
    ///
    /// # Errors
    /// If it is absent.
    pub fn input(&self, index: usize) -> Result<ValueId, OpError> {
        let value = self.inputs.get(index).copied().flatten();
        value.ok_or_else(|| op_error(format!("input {index} is missing")))
    }

    /// Number of operands, absent ones included.
    pub fn input_count(&self) -> usize {
        self.inputs.len()
    }

    /// Result `index`.
    pub fn output(&self, index: usize) -> ValueId {
        self.outputs[index]
    }

    /// The gradient of result 0: rules are for operators whose other results the loss does not depend on.
    ///
    /// # Errors
    /// If the loss depends on another result.
    pub fn of_output(&self) -> Result<ValueId, OpError> {
        match self.of_outputs[..] {
            [Some(gradient), ref rest @ ..] if rest.iter().all(Option::is_none) => Ok(gradient),
            _ => Err(op_error(
                "the loss depends on its second output, whose gradient is not known",
            )),
        }
    }

    /// The gradient of result `index`, if there is such a result and the loss depends on it: for rules of operators
    /// with several results.
    pub fn of_outputs(&self, index: usize) -> Option<ValueId> {
        self.of_outputs.get(index).copied().flatten()
    }

    /// Whether the gradient of operand `index` is asked for.
    pub fn wants(&self, index: usize) -> bool {
        self.wanted.get(index).copied().unwrap_or(false)
    }

    /// Gives the gradient of operand `index`.
    ///
    /// # Errors
    /// If it is not of the operand's type: a fault of the rule.
    pub fn give(&mut self, index: usize, gradient: ValueId) -> Result<(), OpError> {
        let (found, expected) = (self.ty(gradient), self.ty(self.input(index)?));
        if found != expected {
            return Err(op_error(format!("the gradient of {expected} came out as {found}")));
        }
        self.given[index] = Some(gradient);
        Ok(())
    }
}

impl<'g> Deref for Gradient<'g> {
    type Target = Compose<'g>;

    fn deref(&self) -> &Self::Target {
        &self.compose
    }
}

impl DerefMut for Gradient<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.compose
    }
}
