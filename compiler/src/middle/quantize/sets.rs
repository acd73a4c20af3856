use crate::ir::ValueId;
use std::collections::HashMap;

/// Values in disjoint sets.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets {
    parents: HashMap<ValueId, ValueId>,
}

impl Sets {
    /// The value that stands for the set of another.
    pub(super) fn root(&self, value: ValueId) -> ValueId {
        let mut root = value;
        while let Some(parent) = self.parents.get(&root) {
            root = *parent;
        }
        root
    }

    /// Makes one set of those of `a` and `b`.
    pub(super) fn join(&mut self, a: ValueId, b: ValueId) {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            self.parents.insert(a.max(b), a.min(b));
        }
    }
}
