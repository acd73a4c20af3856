mod edit;
mod node;
mod state;
mod streaming;
mod uses;

pub use node::{Node, NodeKind, PortSteps, Steps, Value};
pub use state::{State, Training};
pub use streaming::{StreamedInput, StreamedOutput, Streaming};

use super::{DType, Inputs, Labels, OpError, Operator, Remark, RemarkKind, Tensor, TensorType, infer};
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::NodeIndexable;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashSet};
use uses::{Use, Uses};

/// Names a node of one graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(NodeIndex);

/// Names a value of one graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(u32);

/// What folding the constants of a graph has taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folding {
    /// Steps of the kernels' loops.
    pub steps: u64,
    /// Bytes of the constants that it has made.
    pub bytes: usize,
    /// The node at which it had taken too much, if any.
    pub ended_at: Option<String>,
}

/// A data-flow graph. Values are immutable and have one producer. A copy has the same names for nodes and values.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Name of the model.
    pub name: String,
    dag: StableDiGraph<Node, Use>,
    values: Vec<Value>,
    uses: Uses,
    inputs: Vec<ValueId>,
    outputs: Vec<(String, ValueId)>,
    states: Vec<State>,
    training: Option<Training>,
    streaming: Option<Streaming>,
    constant_bytes: usize,
    stored_bytes: Option<usize>,
    folding: Folding,
    /// What the integers that the model takes and gives stand for.
    pub port_steps: PortSteps,
    /// What outputs, by name, stand for, where they stand for classes.
    pub labels: BTreeMap<String, Labels>,
    /// Numbers of the inputs that the caller gives channels-last, where the model has them channels-first.
    pub channels_last_inputs: BTreeSet<usize>,
    /// Whether other constants take the place of these after the code has been emitted. What is computed, and how, must
    /// then not depend on what they are.
    pub replaceable_constants: bool,
    remarks: Vec<Remark>,
}

impl Graph {
    /// An empty graph.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Adds an input of the model.
    pub fn add_input(&mut self, name: impl Into<String>, ty: TensorType) -> ValueId {
        let value = self.add_source(name.into(), NodeKind::Input, ty);
        self.inputs.push(value);
        value
    }

    /// Adds a constant.
    pub fn add_constant(&mut self, name: impl Into<String>, tensor: Tensor) -> ValueId {
        let ty = tensor.ty();
        self.constant_bytes = self.constant_bytes.saturating_add(tensor.bytes.len());
        self.add_source(name.into(), NodeKind::Constant(tensor), ty)
    }

    fn add_source(&mut self, name: String, kind: NodeKind, ty: TensorType) -> ValueId {
        let node = Node {
            name: name.clone(),
            kind,
            inputs: vec![],
            outputs: vec![],
            origin: vec![],
        };
        let id = NodeId(self.dag.add_node(node));
        self.add_value(id, name, ty)
    }

    fn add_value(&mut self, producer: NodeId, name: String, ty: TensorType) -> ValueId {
        let id = ValueId(self.values.len() as u32);
        self.values.push(Value {
            name,
            ty,
            producer,
            steps: None,
        });
        self.uses.add_value();
        self.dag[producer.0].outputs.push(id);
        id
    }

    /// Adds an operator and infers the types of its outputs.
    ///
    /// # Errors
    /// Operands that do not fit it, or an output of too many dimensions or too large.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        operator: impl Into<Box<dyn Operator>>,
        inputs: &[Option<ValueId>],
        origin: &[String],
    ) -> Result<NodeId, OpError> {
        let (name, operator) = (name.into(), operator.into());
        let types = infer(operator.as_ref(), &self.operands(inputs))?;
        let node = Node {
            name: name.clone(),
            kind: NodeKind::Operator(operator),
            inputs: inputs.to_vec(),
            outputs: vec![],
            origin: origin.to_vec(),
        };
        let id = NodeId(self.dag.add_node(node));
        for (operand, value) in inputs.iter().enumerate() {
            if let Some(value) = *value {
                self.link(value, id, operand);
            }
        }
        let several = types.len() > 1;
        for (i, ty) in types.into_iter().enumerate() {
            let name = if several { format!("{name}_{i}") } else { name.clone() };
            self.add_value(id, name, ty);
        }
        Ok(id)
    }

    /// [`add`](Self::add) for operators without absent operands and with one output.
    pub fn add_op(
        &mut self,
        name: impl Into<String>,
        operator: impl Operator + 'static,
        inputs: &[ValueId],
        origin: &[String],
    ) -> Result<ValueId, OpError> {
        let inputs: Vec<_> = inputs.iter().copied().map(Some).collect();
        let id = self.add(name, Box::new(operator) as Box<dyn Operator>, &inputs, origin)?;
        Ok(self.node(id).outputs[0])
    }

    /// What inference sees of these operands.
    pub fn operands(&self, inputs: &[Option<ValueId>]) -> Inputs<'_> {
        Inputs::new(
            inputs
                .iter()
                .map(|v| v.map(|v| (&self.value(v).ty, self.constant(v))))
                .collect(),
        )
    }

    /// The types of these operands.
    pub fn types(&self, inputs: &[Option<ValueId>]) -> Vec<Option<&TensorType>> {
        inputs.iter().map(|v| v.map(|v| self.ty(v))).collect()
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.dag[id.0]
    }

    /// A node, to rename or to note its origin.
    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.dag[id.0]
    }

    /// Whether the node was not removed.
    pub fn contains(&self, id: NodeId) -> bool {
        self.dag.contains_node(id.0)
    }

    /// A value.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.0 as usize]
    }

    /// A value's type.
    pub fn ty(&self, id: ValueId) -> &TensorType {
        &self.value(id).ty
    }

    /// The node that gives a value.
    pub fn producer(&self, id: ValueId) -> &Node {
        self.node(self.value(id).producer)
    }

    /// Whether a value that some node gives is of this element type.
    pub fn has_type(&self, dtype: DType) -> bool {
        let mut nodes = self.dag.node_weights();
        nodes.any(|node| node.outputs.iter().any(|value| self.ty(*value).dtype == dtype))
    }

    /// A value known at compile time.
    pub fn constant(&self, id: ValueId) -> Option<&Tensor> {
        match &self.producer(id).kind {
            NodeKind::Constant(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// Bytes of all constants that were ever added.
    pub fn constant_bytes(&self) -> usize {
        self.constant_bytes
    }

    /// Notes how many bytes the file of the model has: what it may take is in proportion to them.
    pub fn set_stored_bytes(&mut self, bytes: usize) {
        self.stored_bytes = Some(bytes);
    }

    /// Bytes that the user gives: the inputs, and the file of the model. Where no file was read, constants that were
    /// not folded count instead.
    pub fn given_bytes(&self) -> usize {
        let inputs: usize = self.inputs.iter().map(|value| self.ty(*value).bytes()).sum();
        let constants = self.constant_bytes.saturating_sub(self.folding.bytes);
        inputs.saturating_add(self.stored_bytes.unwrap_or(constants))
    }

    /// What folding constants has taken so far, counted by whoever folds.
    pub fn folding(&self) -> &Folding {
        &self.folding
    }

    /// To count what folding takes.
    pub fn folding_mut(&mut self) -> &mut Folding {
        &mut self.folding
    }

    /// What passes have to tell the user.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// Adds a remark.
    pub fn add_remark(&mut self, remark: Remark) {
        self.remarks.push(remark);
    }

    /// Puts remarks of one kind in place of those of that kind that there are.
    pub fn set_remarks(&mut self, kind: RemarkKind, remarks: impl IntoIterator<Item = Remark>) {
        self.remarks.retain(|remark| remark.kind != kind);
        self.remarks.extend(remarks);
    }

    /// Inputs of the model, in order.
    pub fn inputs(&self) -> &[ValueId] {
        &self.inputs
    }

    /// Outputs of the model with their names, in order.
    pub fn outputs(&self) -> &[(String, ValueId)] {
        &self.outputs
    }

    /// Names of the model's inputs that `id` is computed from, in their order.
    pub fn sources(&self, id: ValueId) -> Vec<String> {
        let seen = self.ancestors([id]);
        let inputs = self.inputs.iter().map(|input| self.value(*input));
        let sources = inputs.filter(|input| seen.contains(&input.producer));
        sources.map(|input| input.name.clone()).collect()
    }

    /// The nodes that these values are computed by, from the sources on.
    pub fn ancestors(&self, values: impl IntoIterator<Item = ValueId>) -> HashSet<NodeId> {
        let mut seen = HashSet::new();
        let mut open: Vec<NodeId> = values.into_iter().map(|value| self.value(value).producer).collect();
        while let Some(node) = open.pop() {
            if seen.insert(node) {
                let inputs = self.node(node).inputs.iter().flatten();
                open.extend(inputs.map(|value| self.value(*value).producer));
            }
        }
        seen
    }

    /// Whether a value differs from run to run: it is computed from an input of the model or from a state.
    pub fn varies(&self, id: ValueId) -> bool {
        let mut ancestors = self.ancestors([id]).into_iter();
        ancestors.any(|node| matches!(self.node(node).kind, NodeKind::Input | NodeKind::State))
    }

    /// All nodes, each after those it reads; otherwise in the order they were added.
    pub fn order(&self) -> Vec<NodeId> {
        let mut missing = vec![0; self.dag.node_bound()];
        for node in self.dag.node_indices() {
            missing[node.index()] = self.dag[node].inputs.iter().flatten().count();
        }
        let mut ready: BinaryHeap<Reverse<NodeIndex>> = self
            .dag
            .node_indices()
            .filter(|n| missing[n.index()] == 0)
            .map(Reverse)
            .collect();
        let mut order = Vec::with_capacity(self.dag.node_count());
        while let Some(Reverse(node)) = ready.pop() {
            order.push(NodeId(node));
            for reader in self.readers(NodeId(node)) {
                let left = &mut missing[reader.0.index()];
                *left -= 1;
                if *left == 0 {
                    ready.push(Reverse(reader.0));
                }
            }
        }
        order
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.dag.node_count()
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.dag.node_count() == 0
    }
}

impl<T: Operator + 'static> From<T> for Box<dyn Operator> {
    fn from(operator: T) -> Self {
        Box::new(operator)
    }
}
