//! What is kept from run to run.

use super::frames::Timed;
use super::walk::{Refused, Walk};
use crate::ir::primitives::{Concat, Select, Transpose};
use crate::ir::{DType, NodeId, Tensor, ValueId};

/// Bytes of one state at most.
const MOST_BYTES: usize = 1 << 28;

/// A state, by its number, and the order of its dimensions where kernels want another than the model has.
pub(super) struct Kept {
    state: usize,
    order: Option<Transpose>,
}

impl Walk<'_> {
    /// A new state of this shape for a node; `what` says what for. It begins with `fill`, one element, or zeros. Images
    /// are kept channels-last, as the layers around them want them.
    pub(super) fn state(
        &mut self,
        node: NodeId,
        what: &str,
        shape: Vec<usize>,
        fill: Option<ValueId>,
        like: &Timed,
    ) -> Result<(Kept, ValueId), Refused> {
        let dtype = self.graph.ty(like.value).dtype;
        let rank = shape.len();
        let order = (like.is_image && rank > 2).then(|| {
            let mut perm: Vec<usize> = (0..rank).collect();
            perm[1..].rotate_left(1);
            Transpose { perm }
        });
        self.check_size(node, dtype, &shape)?;
        let kept: Vec<usize> = match &order {
            Some(order) => order.perm.iter().map(|axis| shape[*axis]).collect(),
            None => shape,
        };
        let fill = fill
            .and_then(|fill| self.graph.constant(fill))
            .map(|fill| fill.bytes.clone());
        let element = fill.unwrap_or_else(|| vec![0; dtype.size()].into());
        let initial = Tensor::new(dtype, kept.clone(), element.repeat(kept.iter().product()));
        let (state, mut value) = self.add_state(node, what, initial);
        if let Some(order) = &order {
            let back = Transpose { perm: order.inverse() };
            value = self.add(node, back, &[value])?;
        }
        Ok((Kept { state, order }, value))
    }

    /// Refuses states that no device has room for, before the compiler makes one.
    fn check_size(&mut self, node: NodeId, dtype: DType, shape: &[usize]) -> Result<(), Refused> {
        let bytes = shape
            .iter()
            .try_fold(dtype.size(), |bytes, dim| bytes.checked_mul(*dim));
        match bytes.is_some_and(|bytes| bytes <= MOST_BYTES) {
            true => Ok(()),
            false => Err(self.refuse(
                node,
                format!("it would keep more than {MOST_BYTES} bytes of earlier frames"),
            )),
        }
    }

    /// A new state for a node, that begins with a tensor: its number, and its value.
    pub(super) fn add_state(&mut self, node: NodeId, what: &str, initial: Tensor) -> (usize, ValueId) {
        let name = format!("{}_{what}", self.graph.node(node).name);
        let value = self.graph.add_state(name, initial, false);
        (self.graph.states().len() - 1, value)
    }

    /// What a run leaves in a state.
    pub(super) fn keep(&mut self, node: NodeId, kept: Kept, next: ValueId) -> Result<(), Refused> {
        let next = match kept.order {
            Some(order) => self.add(node, order, &[next])?,
            None => next,
        };
        self.graph.set_next(kept.state, next);
        Ok(())
    }

    /// One element that is constant.
    pub(super) fn element(&mut self, node: NodeId, element: Tensor) -> ValueId {
        let name = format!("{}_padding", self.graph.node(node).name);
        self.graph.add_constant(name, element)
    }

    /// The frames, with `fill` in place of those before the model's first.
    pub(super) fn begun(&mut self, node: NodeId, x: &Timed, fill: ValueId) -> Result<ValueId, Refused> {
        if x.delay == 0 {
            return Ok(x.value);
        }
        let rank = self.graph.ty(x.value).rank();
        let mask = self.mask(node, [x.frames, x.delay, x.axis, rank])?;
        self.add(node, Select, &[mask, x.value, fill])
    }

    /// Which frames of a run are the model's, where the first `delay` are not, along an axis of so many: a row of
    /// `true`s as late as the frames.
    pub(super) fn mask(&mut self, node: NodeId, [frames, delay, axis, rank]: [usize; 4]) -> Result<ValueId, Refused> {
        let key = (frames, delay, axis, rank);
        if let Some(mask) = self.begun.get(&key) {
            return Ok(*mask);
        }
        let shape = |len| {
            let mut shape = vec![1; rank];
            shape[axis] = len;
            shape
        };
        self.check_size(node, DType::Bool, &shape(delay))?;
        let trues = |len: usize, value| Tensor::new(DType::Bool, shape(len), vec![value; len]);
        let (state, begun) = self.add_state(node, "begun", trues(delay, 0));
        let new = self.element(node, trues(frames, 1));
        let all = self.add(node, Concat { axis }, &[begun, new])?;
        let bools = Timed {
            value: all,
            axis,
            frames,
            stride: 1,
            delay,
            window: frames,
            is_image: false,
            edges: vec![],
        };
        let mask = self.part(node, &bools, all, [0, 1, frames])?;
        let next = self.part(node, &bools, all, [frames, 1, delay])?;
        self.graph.set_next(state, next);
        self.begun.insert(key, mask);
        Ok(mask)
    }
}
