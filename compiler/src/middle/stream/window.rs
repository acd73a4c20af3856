//! Windows that slide over frames, and what leaves out, or puts in front, some.

use super::frames::{Role, Timed};
use super::walk::{Refused, Walk};
use crate::ir::primitives::{Conv, Pool, QlinearAveragePool};
use crate::ir::{Framewise, NodeId, Operator, TimeWindow, ValueId};

/// Where windows of frames are: frame `i` of the result is made of `span` frames from `i * stride - before` on.
#[derive(Clone, Copy)]
struct Place {
    span: usize,
    stride: usize,
    before: isize,
}

/// How they are placed in a run.
struct Placed {
    /// Frames of earlier runs that are read; those of this one that are left out, if negative.
    history: isize,
    /// Delay of the result.
    delay: usize,
    /// Windows of a run.
    frames: usize,
}

impl Walk<'_> {
    /// Finds the least delay with which windows can be computed. Window `i` of the model begins at frame `i * stride -
    /// before`, which is number `delay` more of those that the runs give; window `w` of a run begins at `w * stride` of
    /// the frames from `history` before the run's on. Both being the same for all windows gives `history`, which must
    /// let the last window of a run end with the run.
    fn place(&mut self, x: &Timed, place: Place) -> Result<Placed, Refused> {
        let Place { span, stride, before } = place;
        if !x.frames.is_multiple_of(stride) {
            let (mut a, mut b) = (x.frames, stride);
            while b != 0 {
                (a, b) = (b, a % b);
            }
            // What the rest of the walk finds does not count.
            self.factor = self.factor.max(stride / a);
            return Err(Refused);
        }
        let (step, least) = (stride as isize, span as isize - stride as isize);
        let late = least - before + x.delay as isize;
        let delay = late.max(0) as usize / stride + usize::from(late > 0 && late % step != 0);
        Ok(Placed {
            history: delay as isize * step + before - x.delay as isize,
            delay,
            frames: x.frames / stride,
        })
    }

    /// The frames that the windows of a run cover.
    fn covered(
        &mut self,
        id: NodeId,
        x: &Timed,
        place: Place,
        fill: Option<ValueId>,
    ) -> Result<(ValueId, Placed), Refused> {
        let placed = self.place(x, place)?;
        let (start, all) = match usize::try_from(placed.history) {
            Ok(0) => (0, x.value),
            Ok(count) => (0, self.with_history(id, x, count, fill)?),
            Err(_) => (placed.history.unsigned_abs(), x.value),
        };
        let len = (placed.frames - 1) * place.stride + place.span;
        Ok((self.part(id, x, all, [start, 1, len])?, placed))
    }

    /// A window over the frames of operand 0.
    pub(super) fn window(
        &mut self,
        id: NodeId,
        window: &TimeWindow,
        timed: &[Option<Timed>],
    ) -> Result<Vec<Role>, Refused> {
        let mut x = self.first(id, timed)?;
        let place = Place {
            span: window.span,
            stride: window.stride,
            before: window.before as isize,
        };
        x.is_image |= is_of_images(window.operator.as_ref());
        let fill = match window.before {
            0 => None,
            _ => Some(self.element(id, window.fill.element(self.graph.ty(x.value).dtype))),
        };
        if let Some(fill) = fill {
            x.value = self.begun(id, &x, fill)?;
        }
        if window.before + window.after > 0 {
            x.edges.push(id);
        }
        let (covered, placed) = self.covered(id, &x, place, fill)?;
        let mut inputs = self.operands(id, timed);
        inputs[0] = Some(covered);
        let value = self.add_all(id, window.operator.boxed(), &inputs)?[0];
        let old = self.graph.node(id).outputs[0];
        Ok(vec![Role::Timed(Timed {
            value,
            axis: window.axis,
            frames: placed.frames,
            stride: x.stride * window.stride,
            delay: placed.delay,
            window: self.graph.ty(old).shape[window.axis],
            ..x
        })])
    }

    /// Some frames of operand 0, each by itself.
    pub(super) fn every(
        &mut self,
        id: NodeId,
        [start, step]: [usize; 2],
        each: &Framewise,
        timed: &[Option<Timed>],
    ) -> Result<Vec<Role>, Refused> {
        let x = self.first(id, timed)?;
        let value = self.add_all(id, each.operator.boxed(), &self.operands(id, timed))?[0];
        let x = Timed { value, ..x };
        let before = -(start as isize);
        let one = Place {
            span: 1,
            stride: step,
            before,
        };
        let placed = self.place(&x, one)?;
        // Never more than the frames of this run.
        let start = placed.history.unsigned_abs();
        let value = self.part(id, &x, x.value, [start, step, placed.frames])?;
        let old = self.graph.node(id).outputs[0];
        Ok(vec![Role::Timed(Timed {
            value,
            frames: placed.frames,
            stride: x.stride * step,
            delay: placed.delay,
            window: self.graph.ty(old).shape[x.axis],
            ..x
        })])
    }

    /// Frames of operand 0 after `before` of operand 1. A delay that is there anyway has room for them.
    pub(super) fn padded(
        &mut self,
        id: NodeId,
        before: usize,
        each: &Framewise,
        timed: &[Option<Timed>],
    ) -> Result<Vec<Role>, Refused> {
        let x = self.first(id, timed)?;
        let fill = self.graph.node(id).inputs.get(1).copied().flatten();
        let Some(fill) = fill.filter(|fill| self.graph.constant(*fill).is_some()) else {
            return Err(self.refuse(id, "what it pads with is not constant"));
        };
        let value = self.add_all(id, each.operator.boxed(), &self.operands(id, timed))?[0];
        let x = Timed { value, ..x };
        let value = self.begun(id, &x, fill)?;
        let rest = before.saturating_sub(x.delay);
        let delayed = self.delayed(id, &Timed { value, ..x.clone() }, rest, Some(fill))?;
        let old = self.graph.node(id).outputs[0];
        let window = self.graph.ty(old).shape[x.axis];
        Ok(vec![Role::Timed(Timed {
            value: delayed.value,
            delay: x.delay.saturating_sub(before),
            window,
            ..x
        })])
    }
}

/// Whether kernels of it want channels last.
fn is_of_images(operator: &dyn Operator) -> bool {
    let any = operator.as_any();
    any.is::<Conv>() || any.is::<Pool>() || any.is::<QlinearAveragePool>()
}
