use super::{Item, OperatorDef, Refusal};
use crate::front::proto::TensorProto;
use crate::ir::{Graph, Labels, Operator, ValueId};
use std::collections::HashMap;

/// What reading has made so far.
pub(in crate::front) struct Made {
    /// The graph.
    pub(in crate::front) graph: Graph,
    /// Constants of the tensors that sub-graphs store, by their place in the model: a loop reads them once.
    pub(super) stored: HashMap<*const TensorProto, ValueId>,
    /// What operators made of constants, by these: layers that share weights share what reading makes of them.
    pub(super) folded: HashMap<Vec<ValueId>, Vec<Folded>>,
    /// What values stand for that were strings or maps in the model.
    pub(in crate::front) labels: HashMap<ValueId, Labels>,
    /// Nodes of sub-graphs, counted each time that they are read.
    pub(super) unrolled: usize,
    /// Bytes of the names that these have.
    pub(super) named: usize,
    /// Nodes of sub-graphs that were only looked at; `None` inside of one: none is looked at there.
    pub(super) looked_at: Option<usize>,
    /// Bytes of constants that the graph may hold.
    pub(super) room: usize,
    /// Most trips of loops whose number of trips is only known at run time.
    pub(super) max_trips: Option<usize>,
    /// Finds an operator by its domain and name.
    pub(super) find: Find,
}

/// An operator on constants, and those that it gives.
type Folded = (Box<dyn Operator>, Vec<ValueId>);

/// Finds an operator by its domain and name; gives the reason where it is refused, if one is known.
pub(in crate::front) type Find = fn(&str, &str) -> Result<&'static OperatorDef, Option<Refusal>>;

impl Made {
    /// Nothing but `graph`, which may grow to `room` bytes of constants.
    pub(in crate::front) fn new(graph: Graph, room: usize, max_trips: Option<usize>, find: Find) -> Self {
        Self {
            graph,
            stored: HashMap::new(),
            folded: HashMap::new(),
            labels: HashMap::new(),
            unrolled: 0,
            named: 0,
            looked_at: Some(0),
            room,
            max_trips,
            find,
        }
    }

    /// The flags that give these inputs of the model their values: as a number where there is one element.
    pub(super) fn bake_flags(&self, inputs: &[String]) -> String {
        let is_number = |name: &String| {
            let mut types = self.graph.inputs().iter().map(|input| self.graph.value(*input));
            types.any(|input| input.name == *name && input.ty.len() == 1)
        };
        let flag = |name: &String| match is_number(name) {
            true => format!("--bake {name}=NUMBER"),
            false => format!("--bake {name}=FILE.npy"),
        };
        inputs.iter().map(flag).collect::<Vec<_>>().join(" ")
    }

    /// What the integers of a value are called, which was strings in the model.
    pub(super) fn names(&self, value: ValueId) -> Option<&Labels> {
        self.labels.get(&value).filter(|labels| !labels.of_columns)
    }
}

/// The values of a graph's tensors by name, and of those of the graphs around it.
pub(in crate::front) struct Scope<'a> {
    values: HashMap<String, Item>,
    outer: Option<&'a Scope<'a>>,
    /// What the names of all that its nodes make begin with: tells the iterations of a loop apart.
    pub(super) prefix: String,
}

impl<'a> Scope<'a> {
    /// The scope of the model's graph.
    pub(in crate::front) fn outermost() -> Self {
        Self {
            values: HashMap::new(),
            outer: None,
            prefix: String::new(),
        }
    }

    /// The scope of a sub-graph, inside this one.
    pub(super) fn inside(&'a self, prefix: String) -> Self {
        Self {
            values: HashMap::new(),
            outer: Some(self),
            prefix,
        }
    }

    pub(in crate::front) fn insert(&mut self, name: &str, value: ValueId) {
        self.insert_item(name, Item::Tensor(value));
    }

    pub(super) fn insert_item(&mut self, name: &str, item: Item) {
        self.values.insert(name.to_owned(), item);
    }

    /// What a name stands for; `None` if the node that gives it could not be read.
    pub(in crate::front) fn find(&self, name: &str) -> Option<Item> {
        let own = self.values.get(name).cloned();
        own.or_else(|| self.outer?.find(name))
    }
}
