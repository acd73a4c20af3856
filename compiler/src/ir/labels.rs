/// Classes, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Classes {
    /// By name.
    Names(Vec<String>),
    /// By number.
    Numbers(Vec<i64>),
}

impl Classes {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Names(names) => names.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a tensor says by number alone: its values or its columns stand for classes. A table in the emitted file gives
/// their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Class `i` is what the integer `i`, or column `i`, stands for.
    pub classes: Classes,
    /// Whether columns stand for classes; else the integers do, which were strings in the model.
    pub of_columns: bool,
}
