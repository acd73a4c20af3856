use super::role::{Role, role, table};
use crate::ir::primitives::{Concat, DequantizeLinear, Map, Quantization, QuantizeLinear, Resize, Softmax};
use crate::ir::{DType, Graph, NodeId, ValueId};
use runtime_core::function::AnyFunction;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Values that share one quantization: what is moved or chosen from a value has that of the value.
#[derive(Clone, Debug)]
pub struct Group {
    /// The values, each after those it is made of.
    pub values: Vec<ValueId>,
    /// Those that the others are made of.
    pub sources: Vec<ValueId>,
    /// The range if it is known without samples.
    pub range: Option<(f64, f64)>,
    /// The limits of the function that gives a value, whatever the samples are.
    pub bounds: Option<(f64, f64)>,
    /// The quantization if the graph has one already.
    pub fixed: Option<Quantization>,
}

/// The groups of the values that get a quantization.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    /// The groups, in the order of their first values.
    pub list: Vec<Group>,
    /// The group of each value.
    pub of: HashMap<ValueId, usize>,
    /// The role of each node.
    roles: HashMap<NodeId, Role>,
}

impl Groups {
    /// Finds the values of `graph` that get a quantization.
    pub fn new(graph: &Graph) -> Self {
        let order = graph.order();
        let roles: HashMap<_, _> = order.iter().map(|id| (*id, role(graph, *id))).collect();
        let mut sets = Sets::default();
        let mut needed = HashSet::new();
        // Results that a concatenation's operands with other readers must be quantised with.
        let mut together = vec![];
        for id in &order {
            let node = graph.node(*id);
            let data = |operands: &[usize]| operands.iter().filter_map(|i| node.inputs[*i]).collect::<Vec<_>>();
            match &roles[id] {
                Role::Computes(operands) => {
                    needed.extend(data(operands).into_iter().filter(|v| !is_inside(graph, &roles, *v)));
                    needed.extend(node.outputs.iter().filter(|v| !is_inside(graph, &roles, **v)));
                }
                Role::Limits => needed.extend(node.outputs.iter().copied()),
                Role::Moves(operands) => {
                    for x in data(operands) {
                        let y = node.outputs[0];
                        if node.op::<Concat>().is_some() && graph.only_user(x).is_none() {
                            together.push((x, y));
                        } else {
                            sets.join(x, y);
                        }
                    }
                }
                Role::Float(_) | Role::Other => {}
            }
        }
        let mut roots: HashSet<_> = needed.iter().map(|v| sets.root(*v)).collect();
        loop {
            let before = roots.len();
            for (x, y) in &together {
                let pair = [sets.root(*x), sets.root(*y)];
                if pair.iter().any(|root| roots.contains(root)) {
                    roots.extend(pair);
                }
            }
            if roots.len() == before {
                break;
            }
        }
        let mut groups = Self {
            roles,
            ..Self::default()
        };
        let mut index = BTreeMap::new();
        for value in order.iter().flat_map(|id| &graph.node(*id).outputs).copied() {
            let root = sets.root(value);
            if graph.ty(value).dtype == DType::F32 && roots.contains(&root) {
                groups.add(graph, value, *index.entry(root).or_insert(usize::MAX));
                index.insert(root, groups.of[&value]);
            }
        }
        groups
    }

    fn add(&mut self, graph: &Graph, value: ValueId, group: usize) {
        let group = if group == usize::MAX {
            self.list.push(Group {
                values: vec![],
                sources: vec![],
                range: None,
                bounds: None,
                fixed: None,
            });
            self.list.len() - 1
        } else {
            group
        };
        self.of.insert(value, group);
        let producer = graph.value(value).producer;
        let moved = self
            .moved(graph, producer)
            .iter()
            .any(|x| self.of.get(x) == Some(&group));
        let group = &mut self.list[group];
        group.values.push(value);
        if !moved {
            group.sources.push(value);
        }
        let to = |id: NodeId| graph.node(id).op::<QuantizeLinear>().map(|op| &op.to);
        let given = graph.node(producer).op::<DequantizeLinear>().map(|op| &op.from);
        let wanted = graph.users(value).into_iter().find_map(|(id, _)| to(id));
        let uniform = given
            .or(wanted)
            .filter(|q| matches!(q.dtype, DType::I8 | DType::I16) && q.single().is_some());
        if group.fixed.is_none() {
            group.fixed = uniform.cloned();
        }
        if graph.node(producer).op::<Softmax>().is_some_and(|softmax| !softmax.log) {
            group.range = Some((0.0, 1.0));
        }
        let map = graph.node(producer).op::<Map>();
        group.bounds = group.bounds.or(map.and_then(|map| bounds(map.function)));
    }

    /// What a node moves.
    pub fn moved(&self, graph: &Graph, id: NodeId) -> Vec<ValueId> {
        match &self.roles[&id] {
            Role::Moves(operands) => operands.iter().filter_map(|i| graph.node(id).inputs[*i]).collect(),
            _ => vec![],
        }
    }

    /// Whether an operand is read with its quantization.
    pub fn reads(&self, graph: &Graph, (id, operand): (NodeId, usize)) -> bool {
        match &self.roles[&id] {
            Role::Computes(operands) => operands.contains(&operand),
            Role::Moves(operands) => operands.contains(&operand) && self.of.contains_key(&graph.node(id).outputs[0]),
            _ => false,
        }
    }

    /// Whether the results of a node are quantised as they are made.
    pub fn makes(&self, id: NodeId) -> bool {
        matches!(self.roles[&id], Role::Computes(_) | Role::Moves(_) | Role::Limits)
    }

    /// The role of a node.
    pub fn role(&self, id: NodeId) -> &Role {
        &self.roles[&id]
    }
}

/// The limits of a bounded function.
fn bounds(function: AnyFunction) -> Option<(f64, f64)> {
    match function {
        AnyFunction::Sigmoid(_) => Some((0.0, 1.0)),
        AnyFunction::Tanh(_) | AnyFunction::Softsign(_) | AnyFunction::Erf(_) => Some((-1.0, 1.0)),
        _ => None,
    }
}

/// Whether a value lies between an operator and its limits, between functions that make one, or between the two axes of a
/// resize.
fn is_inside(graph: &Graph, roles: &HashMap<NodeId, Role>, value: ValueId) -> bool {
    let is_function = |id: NodeId| table(graph, graph.node(id)).is_some();
    graph.only_user(value).is_some_and(|user| {
        let computes = matches!(roles[&user], Role::Computes(_));
        roles[&user] == Role::Limits
            || (computes && is_function(user) && is_function(graph.value(value).producer))
            || (graph.node(user).op::<Resize>().is_some() && resized_axes(graph, value) % 2 == 1)
    })
}

/// How many resizes of one axis each follow one another up to a value.
fn resized_axes(graph: &Graph, value: ValueId) -> usize {
    let node = graph.producer(value);
    match node.inputs.first().copied().flatten() {
        Some(x) if node.op::<Resize>().is_some() => 1 + resized_axes(graph, x),
        _ => 0,
    }
}

/// Values in disjoint sets.
#[derive(Default)]
struct Sets {
    parents: HashMap<ValueId, ValueId>,
}

impl Sets {
    fn root(&self, value: ValueId) -> ValueId {
        let mut root = value;
        while let Some(parent) = self.parents.get(&root) {
            root = *parent;
        }
        root
    }

    fn join(&mut self, a: ValueId, b: ValueId) {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            self.parents.insert(a.max(b), a.min(b));
        }
    }
}
