mod repeat;

use crate::ir::primitives::{Reshape, Transpose};
use crate::ir::program::{Buffer, BufferId, Call, Choice, Instance, KernelCall, Program, Storage, View};
use crate::ir::{Candidate, DType, Graph, Node, Offers, OpError, Select, Steps, Tensor, TensorType, ValueId, op_error};
use crate::machine::Machine;
use std::collections::HashMap;

pub(crate) use repeat::check_body;

/// Where each value's elements are.
#[derive(Default)]
pub(crate) struct Values {
    views: HashMap<ValueId, View>,
    constants: HashMap<Tensor, View>,
    /// Whether equal constants are one.
    shares_constants: bool,
    steps: HashMap<ValueId, Steps>,
}

impl Values {
    /// Nothing has a place yet. What integers stand for is told where operators only move them as well.
    pub(crate) fn of(graph: &Graph) -> Self {
        let mut steps: HashMap<ValueId, Steps> = HashMap::new();
        let order = graph.order();
        let values = order.iter().flat_map(|id| &graph.node(*id).outputs);
        steps.extend(values.filter_map(|value| Some((*value, graph.value(*value).steps?))));
        for id in order.iter().chain(order.iter().rev()) {
            let node = graph.node(*id);
            if node.op::<Transpose>().is_none() && node.op::<Reshape>().is_none() {
                continue;
            }
            let ends = [node.inputs[0], Some(node.outputs[0])];
            let known = ends.into_iter().flatten().find_map(|value| steps.get(&value).copied());
            if let Some(known) = known {
                ends.into_iter().flatten().for_each(|value| {
                    steps.entry(value).or_insert(known);
                });
            }
        }
        Self {
            steps,
            shares_constants: !graph.replaceable_constants,
            ..Self::default()
        }
    }

    pub(crate) fn set(&mut self, value: ValueId, view: View) {
        self.views.insert(value, view);
    }

    pub(crate) fn add_buffer(&self, program: &mut Program, name: &str, ty: &TensorType, storage: Storage) -> View {
        let buffer = BufferId(program.buffers.len());
        program.buffers.push(Buffer {
            name: name.to_owned(),
            role: None,
            dtype: ty.dtype,
            len: ty.len(),
            storage,
        });
        View {
            buffer,
            offset: 0,
            len: ty.len(),
        }
    }

    pub(crate) fn constant(&mut self, program: &mut Program, name: &str, tensor: Tensor) -> View {
        let tensor = tensor.reshaped(&[tensor.len()]);
        if let Some(view) = self.constants.get(&tensor) {
            return *view;
        }
        let view = self.add_buffer(program, name, &tensor.ty(), Storage::Constant(tensor.clone()));
        if self.shares_constants {
            self.constants.insert(tensor, view);
        }
        view
    }

    pub(crate) fn view(&mut self, graph: &Graph, program: &mut Program, value: ValueId) -> View {
        match (self.views.get(&value), graph.constant(value)) {
            (Some(view), _) => *view,
            (None, Some(tensor)) => {
                let view = self.constant(program, &graph.value(value).name, tensor.clone());
                self.set(value, view);
                view
            }
            (None, None) => unreachable!("`{}` is read before it is computed", graph.value(value).name),
        }
    }

    pub(crate) fn add_copy(
        &self,
        program: &mut Program,
        kernel: impl KernelCall + 'static,
        from: View,
        to: View,
        name: &str,
        value: ValueId,
        ty: &TensorType,
    ) {
        program.calls.push(Call {
            kernel: Box::new(kernel),
            inputs: vec![from],
            outputs: vec![to],
            in_place: None,
            name: name.to_owned(),
            origin: vec![],
            operands: vec![ty.clone()],
            shape: ty.shape.clone(),
            steps: self.steps.get(&value).copied(),
            macs: 0,
            choice: None,
            instance: Instance::default(),
            part: None,
        });
    }
}

/// What an operator sees while it is lowered: its operands' storage, and where to put kernel calls.
pub struct Lowering<'a> {
    graph: &'a Graph,
    select: &'a dyn Select,
    node: &'a Node,
    program: &'a mut Program,
    values: &'a mut Values,
    first_call: usize,
}

/// What more there is to say of a call.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallOptions {
    /// The input that may share storage with output 0; the kernel must have an in-place form for it.
    pub in_place: Option<usize>,
}

impl<'a> Lowering<'a> {
    pub(crate) fn new(
        graph: &'a Graph,
        select: &'a dyn Select,
        node: &'a Node,
        program: &'a mut Program,
        values: &'a mut Values,
    ) -> Self {
        let first_call = program.calls.len();
        Self {
            graph,
            select,
            node,
            program,
            values,
            first_call,
        }
    }

    /// Multiply-accumulates of the node.
    pub(crate) fn macs(&self) -> u64 {
        let outputs: Vec<_> = self.node.outputs.iter().map(|v| self.graph.ty(*v)).collect();
        self.node
            .operator()
            .map_or(0, |op| op.macs(&self.graph.types(&self.node.inputs), &outputs))
    }

    /// Gives the node's multiply-accumulates to its first call.
    pub(crate) fn finish(self) {
        let macs = self.macs();
        if let Some(call) = self.program.calls.get_mut(self.first_call) {
            call.macs = macs;
        }
    }

    /// The machine that the calls are for.
    pub fn machine(&self) -> &'a Machine {
        self.select.machine()
    }

    /// Number of operands, absent ones included.
    pub fn input_count(&self) -> usize {
        self.node.inputs.len()
    }

    /// Whether operand `index` is present.
    pub fn has(&self, index: usize) -> bool {
        self.node.inputs.get(index).is_some_and(Option::is_some)
    }

    /// Number of results.
    pub fn output_count(&self) -> usize {
        self.node.outputs.len()
    }

    /// Whether anything reads result `index`.
    pub fn is_read(&self, index: usize) -> bool {
        let value = self.node.outputs[index];
        self.graph.is_output(value) || !self.graph.users(value).is_empty()
    }

    /// Type of operand `index`.
    ///
    /// # Panics
    /// If it is absent, which inference has checked.
    pub fn ty(&self, index: usize) -> &'a TensorType {
        self.graph.ty(self.value(index))
    }

    /// Type of result `index`.
    pub fn output_ty(&self, index: usize) -> &'a TensorType {
        self.graph.ty(self.node.outputs[index])
    }

    /// Whether other constants take the place of these after the code has been emitted.
    pub fn replaces_constants(&self) -> bool {
        self.graph.replaceable_constants
    }

    /// Value of operand `index` if it is known at compile time.
    pub fn constant(&self, index: usize) -> Option<&'a Tensor> {
        self.graph.constant(self.node.inputs.get(index).copied().flatten()?)
    }

    fn value(&self, index: usize) -> ValueId {
        self.node.inputs[index].expect("inference has checked that the operand is present")
    }

    /// Elements of operand `index`.
    pub fn input(&mut self, index: usize) -> View {
        let value = self.value(index);
        self.values.view(self.graph, self.program, value)
    }

    /// Elements of operand `index`, with what they are to the kernel if they are constant, such as `bias`.
    pub fn input_as(&mut self, index: usize, role: &'static str) -> View {
        let view = self.input(index);
        self.program.buffers[view.buffer.0].role.get_or_insert(role);
        view
    }

    /// Room for result `index`.
    pub fn output(&mut self, index: usize) -> View {
        let id = self.node.outputs[index];
        let value = self.graph.value(id);
        let view = self
            .values
            .add_buffer(self.program, &value.name, &value.ty, Storage::Arena);
        self.values.set(id, view);
        view
    }

    /// Makes result `index` the elements `view`, without a copy.
    pub fn alias(&mut self, index: usize, view: View) {
        debug_assert_eq!(self.output_ty(index).len(), view.len);
        self.values.set(self.node.outputs[index], view);
    }

    /// Consecutive elements of an operand, if they can be used where they are: only inside the arena, since part of
    /// an input's or a constant's array would need a bounds check in emitted code.
    pub fn part(&self, view: View, offset: usize, len: usize) -> Option<View> {
        let storage = &self.program.buffer(view.buffer).storage;
        storage.is_in_arena().then_some(View {
            buffer: view.buffer,
            offset: view.offset + offset,
            len,
        })
    }

    /// Room for `len` elements while this operator runs, with what it is to the kernel, such as `scratch`.
    pub fn temporary(&mut self, role: &'static str, dtype: DType, len: usize) -> View {
        let (name, ty) = (format!("{}_{role}", self.node.name), TensorType::new(dtype, [len]));
        let view = self.values.add_buffer(self.program, &name, &ty, Storage::Arena);
        self.program.buffers[view.buffer.0].role = Some(role);
        view
    }

    /// A constant made while lowering, such as packed weights, with what it is to the kernel, such as `weights`.
    pub fn add_constant(&mut self, role: &'static str, tensor: Tensor) -> View {
        let name = format!("{}_{role}", self.node.name);
        let view = self.values.constant(self.program, &name, tensor);
        self.program.buffers[view.buffer.0].role.get_or_insert(role);
        view
    }

    /// Adds the calls of one of these candidates. An operator that has a single way to be computed adds its calls
    /// itself.
    ///
    /// # Errors
    /// Those of the candidate that is chosen.
    pub fn choose<'c>(&mut self, offers: impl Into<Offers<'c>>) -> Result<(), OpError> {
        let Offers {
            mut candidates,
            declined,
        } = offers.into();
        let first = self.program.calls.len();
        let selected = match candidates.len() {
            1 if !declined.is_empty() => Some((0, "it is the only one".to_owned())),
            0 | 1 => None,
            _ => Some(self.select.select(&self.node.name, &candidates)),
        };
        let index = selected.as_ref().map_or(0, |(index, _)| *index);
        if index >= candidates.len() {
            return Err(op_error("no kernel computes it"));
        }
        let Candidate {
            kernel,
            layout,
            cost,
            lower,
        } = candidates.swap_remove(index);
        lower(self)?;
        for call in &mut self.program.calls[first..] {
            call.choice = selected.as_ref().map(|(_, reason)| Choice {
                kernel,
                layout,
                cost,
                reason: reason.clone(),
                declined: declined.clone(),
            });
        }
        Ok(())
    }

    /// Adds a kernel call.
    pub fn call(&mut self, kernel: impl KernelCall + 'static, inputs: &[View], outputs: &[View]) {
        self.call_with(kernel, inputs, outputs, CallOptions::default());
    }

    /// Adds a kernel call with options.
    pub fn call_with(
        &mut self,
        kernel: impl KernelCall + 'static,
        inputs: &[View],
        outputs: &[View],
        options: CallOptions,
    ) {
        let operands = self.node.inputs.iter().flatten();
        let computed = operands.filter(|value| self.graph.constant(**value).is_none());
        let operands = computed.map(|value| self.graph.ty(*value).clone()).collect();
        self.push(Box::new(kernel), inputs, outputs, options, operands);
    }

    /// Adds a kernel call that reads one operand of the node, of which there may be many.
    pub fn call_of_operand(
        &mut self,
        operand: usize,
        kernel: impl KernelCall + 'static,
        inputs: &[View],
        outputs: &[View],
    ) {
        let value = self.node.inputs.get(operand).copied().flatten();
        let computed = value.filter(|value| self.graph.constant(*value).is_none());
        let operands = computed.map(|value| self.graph.ty(value).clone()).into_iter().collect();
        self.push(Box::new(kernel), inputs, outputs, CallOptions::default(), operands);
    }

    fn push(
        &mut self,
        kernel: Box<dyn KernelCall>,
        inputs: &[View],
        outputs: &[View],
        options: CallOptions,
        operands: Vec<TensorType>,
    ) {
        self.program.calls.push(Call {
            kernel,
            inputs: inputs.to_vec(),
            outputs: outputs.to_vec(),
            in_place: options.in_place,
            name: self.node.name.clone(),
            origin: self.node.origin.clone(),
            operands,
            shape: self.output_ty(0).shape.clone(),
            steps: self.values.steps.get(&self.node.outputs[0]).copied(),
            macs: 0,
            choice: None,
            instance: Instance::default(),
            part: None,
        });
    }
}
