//! Values that depend on time: what is known of them, and how they are made to agree.

use super::walk::{Refused, Walk};
use crate::ir::primitives::{Concat, Slice};
use crate::ir::{NodeId, ValueId};

/// What a value of the model is in a run.
#[derive(Clone, Debug)]
pub(super) enum Role {
    /// New frames.
    Timed(Timed),
    /// What the model makes of its whole window.
    Latest(Latest),
    /// Not known, for a reason that was told.
    Refused,
}

/// New frames of a value.
#[derive(Clone, Debug)]
pub(super) struct Timed {
    /// They.
    pub(super) value: ValueId,
    /// The axis of time.
    pub(super) axis: usize,
    /// Frames of a run.
    pub(super) frames: usize,
    /// Frames of the first streamed input for each of these.
    pub(super) stride: usize,
    /// Frames that come before the model's first: whatever is computed of frames that were not there yet.
    pub(super) delay: usize,
    /// Frames of the model's window.
    pub(super) window: usize,
    /// Whether kernels want its channels last.
    pub(super) is_image: bool,
    /// Nodes before it that see something else at the edges of the model's window than a stream has there.
    pub(super) edges: Vec<NodeId>,
}

/// What the model makes of its whole window, from the newest frames.
#[derive(Clone, Debug)]
pub(super) struct Latest {
    /// It.
    pub(super) value: ValueId,
    /// How many frames of the first streamed input after the last of the window; before it, if negative.
    pub(super) delay: isize,
    /// The node that leaves no time.
    pub(super) of: NodeId,
}

impl Timed {
    /// A slice of a tensor of this rank along time.
    pub(super) fn slice(&self, shape: &[usize], start: usize, step: usize, len: usize) -> Slice {
        let mut slice = Slice {
            starts: vec![0; shape.len()],
            steps: vec![1; shape.len()],
            lens: shape.to_vec(),
        };
        slice.starts[self.axis] = start;
        slice.steps[self.axis] = step as isize;
        slice.lens[self.axis] = len;
        slice
    }
}

impl Walk<'_> {
    /// Frames `start`, `start + step` and so on, `len` of them, of a tensor like these frames.
    pub(super) fn part(
        &mut self,
        node: NodeId,
        like: &Timed,
        value: ValueId,
        [start, step, len]: [usize; 3],
    ) -> Result<ValueId, Refused> {
        let shape = self.graph.ty(value).shape.clone();
        if (start, step, len) == (0, 1, shape[like.axis]) {
            return Ok(value);
        }
        self.add(node, like.slice(&shape, start, step, len), &[value])
    }

    /// The `count` frames before these and then these. What is kept begins with `fill`, one element; with zeros where
    /// nobody sees it.
    pub(super) fn with_history(
        &mut self,
        node: NodeId,
        x: &Timed,
        count: usize,
        fill: Option<ValueId>,
    ) -> Result<ValueId, Refused> {
        let mut shape = self.graph.ty(x.value).shape.clone();
        shape[x.axis] = count;
        let (state, before) = self.state(node, "frames", shape, fill, x)?;
        let all = self.add(node, Concat { axis: x.axis }, &[before, x.value])?;
        let next = self.part(node, x, all, [x.frames, 1, count])?;
        self.keep(node, state, next)?;
        Ok(all)
    }

    /// The same frames, `count` frames later. Those before the first are `fill`.
    pub(super) fn delayed(
        &mut self,
        node: NodeId,
        x: &Timed,
        count: usize,
        fill: Option<ValueId>,
    ) -> Result<Timed, Refused> {
        if count == 0 {
            return Ok(x.clone());
        }
        let all = self.with_history(node, x, count, fill)?;
        let value = self.part(node, x, all, [0, 1, x.frames])?;
        Ok(Timed {
            value,
            delay: x.delay + count,
            ..x.clone()
        })
    }

    /// The same values, all as late as the latest of them.
    pub(super) fn aligned(&mut self, node: NodeId, values: Vec<Option<Timed>>) -> Result<Vec<Option<Timed>>, Refused> {
        let timed = || values.iter().flatten();
        let delay = timed().map(|x| x.delay).max().unwrap_or(0);
        if timed().any(|x| timed().any(|y| x.frames != y.frames)) {
            return Err(self.refuse(node, "its operands bring different numbers of frames with each run"));
        }
        let delayed = values.into_iter().map(|value| {
            let value = value.map(|x| self.delayed(node, &x, delay - x.delay, None));
            value.transpose()
        });
        delayed.collect()
    }
}
