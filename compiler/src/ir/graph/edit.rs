//! Changing what is there: names, types, outputs, and who reads what.

use super::{Graph, NodeId, Steps, ValueId};
use crate::ir::DType;
use crate::ir::primitives::{Reshape, Transpose};
use std::collections::BTreeMap;

impl Graph {
    /// Renames a value.
    pub fn rename(&mut self, id: ValueId, name: impl Into<String>) {
        self.values[id.0 as usize].name = name.into();
    }

    /// Adds an output of the model.
    pub fn add_output(&mut self, name: impl Into<String>, value: ValueId) {
        self.outputs.push((name.into(), value));
        self.uses.add_result(value);
    }

    /// Removes all outputs of the model, so that other values can be outputs.
    pub fn clear_outputs(&mut self) {
        for (_, value) in std::mem::take(&mut self.outputs) {
            self.uses.remove_result(value);
        }
    }

    /// Makes output number `index` of the model another value; its name stays.
    pub fn set_output(&mut self, index: usize, value: ValueId) {
        let old = std::mem::replace(&mut self.outputs[index].1, value);
        self.uses.replace_result(old, value);
    }

    /// Gives an input of the model another element type. What reads it must be changed to fit.
    pub fn set_input_type(&mut self, input: ValueId, dtype: DType) {
        self.values[input.0 as usize].ty.dtype = dtype;
    }

    /// Gives an input of the model another shape. What reads it must be changed to fit.
    pub fn set_input_shape(&mut self, input: ValueId, shape: Vec<usize>) {
        self.values[input.0 as usize].ty.shape = shape;
    }

    /// Notes what a value's integers stand for, unless that is known.
    pub fn note_steps(&mut self, id: ValueId, steps: Steps) {
        self.values[id.0 as usize].steps.get_or_insert(steps);
    }

    /// Makes `user` read `value` as its operand number `operand`.
    pub fn set_input(&mut self, user: NodeId, operand: usize, value: ValueId) {
        if let Some(old) = self.dag[user.0].inputs[operand].replace(value) {
            self.unlink(old, user, operand);
        }
        self.link(value, user, operand);
    }

    /// Makes all that reads `old`, outputs of the model and what is kept included, read `new`. Integers of the same
    /// type stand for the same, and so do those that `new` only has in another order or shape.
    pub fn replace_uses(&mut self, old: ValueId, new: ValueId) {
        self.share_steps(old, new);
        for (user, operand) in self.users(old) {
            self.set_input(user, operand, new);
        }
        self.replace_results(|value| if value == old { new } else { value });
    }

    /// [`replace_uses`](Self::replace_uses) of each value by the one that stands beside it, none of which is replaced
    /// itself. In time that grows with the graph: one after another, a node with many operands would be searched for
    /// each of them.
    pub fn replace_all_uses(&mut self, replaced: &BTreeMap<ValueId, ValueId>) {
        for (old, new) in replaced {
            self.share_steps(*old, *new);
        }
        self.replace_results(|value| *replaced.get(&value).unwrap_or(&value));
        self.unlink_all();
        for user in self.dag.node_indices().collect::<Vec<_>>() {
            for operand in 0..self.dag[user].inputs.len() {
                let Some(value) = &mut self.dag[user].inputs[operand] else {
                    continue;
                };
                *value = *replaced.get(value).unwrap_or(value);
                let value = *value;
                self.link(value, NodeId(user), operand);
            }
        }
    }

    /// Notes what the integers of `new` stand for, which takes the place of `old`.
    fn share_steps(&mut self, old: ValueId, new: ValueId) {
        let Some(steps) = self.value(old).steps else { return };
        if self.ty(old).dtype != self.ty(new).dtype {
            return;
        }
        let mut value = Some(new);
        while let Some(same) = value {
            self.note_steps(same, steps);
            let producer = self.producer(same);
            let moves = producer.op::<Transpose>().is_some() || producer.op::<Reshape>().is_some();
            value = producer.inputs.first().copied().flatten().filter(|_| moves);
        }
    }

    /// Removes a node whose outputs nothing reads.
    ///
    /// # Panics
    /// If something reads them.
    pub fn remove(&mut self, id: NodeId) {
        for output in &self.node(id).outputs {
            assert!(
                self.users(*output).is_empty() && !self.is_output(*output),
                "removed node is in use"
            );
        }
        for (operand, value) in self.node(id).inputs.clone().into_iter().enumerate() {
            if let Some(value) = value {
                self.uses.remove(value, id, operand);
            }
        }
        self.dag.remove_node(id.0);
    }
}
