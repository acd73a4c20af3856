use crate::ir::ValueId;

/// What a loop reads of a tensor in a step: the element `start + step * i` along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::front) struct Element {
    /// The tensor, outside of the loop.
    pub(in crate::front) value: ValueId,
    /// Along which it is read.
    pub(in crate::front) axis: usize,
    /// Index of the first step's element.
    pub(in crate::front) start: i64,
    /// How far those of neighbouring steps are apart.
    pub(in crate::front) step: i64,
}

/// A state: what it is in the body, before the first step, and what the body makes of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) open: ValueId,
    pub(super) initial: ValueId,
    pub(super) new: ValueId,
}
