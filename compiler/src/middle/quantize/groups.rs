use super::Io;
use super::group::Group;
use super::inside::is_inside;
use super::role::{Role, role};
use super::sets::Sets;
use crate::ir::primitives::{DequantizeLinear, Quantization};
use crate::ir::{DType, Graph, NodeId, ValueId};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The groups of the values that get a quantization.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    /// The groups, in the order of their first values.
    pub list: Vec<Group>,
    /// The group of each value.
    pub of: HashMap<ValueId, usize>,
    /// The role of each node.
    roles: HashMap<NodeId, Role>,
    /// Values that operators in integers make, or that are integers from the start.
    made: HashSet<ValueId>,
}

impl Groups {
    /// Finds the values of `graph` that get a quantization; `io` is what `run` takes and gives. The nodes of `floats`
    /// stay in floats for the reasons given.
    pub fn new(graph: &Graph, io: Io, floats: &HashMap<NodeId, String>) -> Self {
        let order = graph.order();
        let of = |id: &NodeId| {
            floats
                .get(id)
                .map_or_else(|| role(graph, *id), |why| Role::Float(why.clone()))
        };
        let mut groups = Self {
            roles: order.iter().map(|id| (*id, of(id))).collect(),
            ..Self::default()
        };
        for value in order.iter().flat_map(|id| &graph.node(*id).outputs) {
            if groups.is_made(graph, *value, io) {
                groups.made.insert(*value);
            }
        }
        let mut sets = groups.moved_together(graph, &order);
        let quantised = groups.quantised(graph, &order, &sets, io);
        groups.join_operands(graph, &order, &mut sets, &quantised);
        let roots: HashSet<_> = quantised.iter().map(|root| sets.root(*root)).collect();
        let mut index = BTreeMap::new();
        for value in order.iter().flat_map(|id| &graph.node(*id).outputs).copied() {
            let root = sets.root(value);
            if graph.ty(value).dtype == DType::F32 && roots.contains(&root) {
                let group = *index.entry(root).or_insert(groups.list.len());
                if group == groups.list.len() {
                    groups.list.push(Group::default());
                }
                groups.of.insert(value, group);
                groups.list[group].values.push(value);
            }
        }
        for index in 0..groups.list.len() {
            let values = std::mem::take(&mut groups.list[index].values);
            groups.list[index] = Group::new(graph, &groups, index, values);
        }
        groups
    }

    /// Whether a value's numbers are those of integers; values before it are known.
    fn is_made(&self, graph: &Graph, value: ValueId, io: Io) -> bool {
        let producer = graph.value(value).producer;
        match &self.roles[&producer] {
            Role::Computes(_) | Role::Limits => true,
            Role::Moves(_) | Role::Joins(_) => {
                let moved = self.moved(graph, producer).into_iter();
                moved.into_iter().any(|x| self.made.contains(&x))
            }
            Role::Float(_) => false,
            Role::Other if graph.inputs().contains(&value) => io == Io::Int8,
            Role::Other => true,
        }
    }

    /// The sets of values of which one is moved from the other. What is moved from floats is quantised where it is
    /// read, with a range of its own.
    fn moved_together(&self, graph: &Graph, order: &[NodeId]) -> Sets {
        let mut sets = Sets::default();
        for id in order {
            if let Role::Moves(_) = &self.roles[id] {
                for x in self.moved(graph, *id) {
                    if self.made.contains(&x) {
                        sets.join(x, graph.node(*id).outputs[0]);
                    }
                }
            }
        }
        sets
    }

    /// The roots of the sets whose values get a quantization: those that are computed with, and those that a quantised
    /// join puts together. A join that only leads to outputs in floats is one of floats: each operand keeps its own
    /// steps there.
    fn quantised(&self, graph: &Graph, order: &[NodeId], sets: &Sets, io: Io) -> HashSet<ValueId> {
        let mut roots = HashSet::new();
        let mut joins = vec![];
        for id in order {
            let node = graph.node(*id);
            match &self.roles[id] {
                Role::Computes(operands) => {
                    let operands = operands.iter().filter_map(|i| node.inputs[*i]);
                    let values = operands.chain(node.outputs.iter().copied());
                    let outside = values.filter(|v| !is_inside(graph, &self.roles, *v));
                    roots.extend(outside.map(|v| sets.root(v)));
                }
                Role::Limits => roots.extend(node.outputs.iter().map(|v| sets.root(*v))),
                Role::Joins(_) => joins.push(*id),
                Role::Moves(_) | Role::Float(_) | Role::Other => {}
            }
        }
        // Integers that leave the model must be joined as such.
        let mut leaving: HashSet<_> = match io {
            Io::Int8 => graph.outputs().iter().map(|(_, v)| sets.root(*v)).collect(),
            Io::Float => HashSet::new(),
        };
        for id in joins.iter().rev() {
            if leaving.contains(&sets.root(graph.node(*id).outputs[0])) {
                leaving.extend(self.joined(graph, *id).into_iter().map(|x| sets.root(x)));
            }
        }
        loop {
            let before = roots.len();
            for id in &joins {
                let y = sets.root(graph.node(*id).outputs[0]);
                let operands = self.joined(graph, *id).into_iter().map(|x| sets.root(x));
                let operands: Vec<_> = operands.collect();
                if leaving.contains(&y) && operands.iter().any(|x| roots.contains(x)) {
                    roots.insert(y);
                }
                if roots.contains(&y) {
                    roots.extend(operands);
                }
            }
            if roots.len() == before {
                return roots;
            }
        }
    }

    /// Joins the sets of operands that nothing but one join reads with that of its result: they lose nothing by its
    /// range, and need not be rescaled. The others keep their own.
    fn join_operands(&self, graph: &Graph, order: &[NodeId], sets: &mut Sets, quantised: &HashSet<ValueId>) {
        let moved = sets.clone();
        let mut members: HashMap<ValueId, Vec<ValueId>> = HashMap::new();
        for value in order.iter().flat_map(|id| &graph.node(*id).outputs) {
            members.entry(moved.root(*value)).or_default().push(*value);
        }
        // From the last on, so that joins of joins are one set.
        for id in order
            .iter()
            .rev()
            .filter(|id| matches!(self.roles[*id], Role::Joins(_)))
        {
            let y = graph.node(*id).outputs[0];
            if !quantised.contains(&moved.root(y)) {
                continue;
            }
            let of = |x: &ValueId| &members[&moved.root(*x)];
            let operands = self.joined(graph, *id);
            let given: Vec<_> = operands.iter().map(|x| given(graph, of(x))).collect();
            let alike = given.windows(2).all(|pair| pair[0] == pair[1]);
            for (x, given) in operands.iter().zip(&given) {
                let free = given.is_none() && of(x).iter().all(|v| self.is_read_by(graph, *v, sets, y));
                if free || (given.is_some() && alike) {
                    sets.join(*x, y);
                }
            }
        }
    }

    /// Whether a value only goes into the set of `y`.
    fn is_read_by(&self, graph: &Graph, value: ValueId, sets: &Sets, y: ValueId) -> bool {
        let inside = |user: NodeId| {
            let root = sets.root(graph.node(user).outputs[0]);
            match &self.roles[&user] {
                Role::Moves(_) => root == sets.root(value),
                Role::Joins(_) => root == sets.root(y),
                _ => false,
            }
        };
        !graph.is_output(value) && graph.users(value).iter().all(|(user, _)| inside(*user))
    }

    /// What a node moves.
    pub fn moved(&self, graph: &Graph, id: NodeId) -> Vec<ValueId> {
        match &self.roles[&id] {
            Role::Moves(operands) | Role::Joins(operands) => {
                operands.iter().filter_map(|i| graph.node(id).inputs[*i]).collect()
            }
            _ => vec![],
        }
    }

    /// The operands of a join that are integers before it. Those in floats become what its result is, as constants do.
    fn joined(&self, graph: &Graph, id: NodeId) -> Vec<ValueId> {
        let mut operands = self.moved(graph, id);
        operands.retain(|x| self.made.contains(x) && graph.constant(*x).is_none());
        operands
    }

    /// Whether an operand is read with its quantization.
    pub fn reads(&self, graph: &Graph, (id, operand): (NodeId, usize)) -> bool {
        let x = graph.node(id).inputs[operand];
        match &self.roles[&id] {
            Role::Computes(operands) => operands.contains(&operand),
            Role::Moves(_) | Role::Joins(_) => {
                let constant = |x: &ValueId| graph.constant(*x).is_some() && matches!(self.roles[&id], Role::Joins(_));
                let mut moved = self.moved(graph, id).into_iter();
                let quantised = self.of.contains_key(&graph.node(id).outputs[0]);
                quantised && moved.any(|v| Some(v) == x && self.made.contains(&v) && !constant(&v))
            }
            _ => false,
        }
    }

    /// Whether a value is quantised as it is made, for all that reads it.
    pub fn makes(&self, value: ValueId) -> bool {
        self.made.contains(&value)
    }

    /// The role of a node.
    pub fn role(&self, id: NodeId) -> &Role {
        &self.roles[&id]
    }
}

/// The quantization that integers among these values come with.
fn given(graph: &Graph, values: &[ValueId]) -> Option<Quantization> {
    let from = |v: &ValueId| graph.producer(*v).op::<DequantizeLinear>().map(|op| op.from.clone());
    values.iter().find_map(from)
}
