use super::cell::{Cell, Step};
use super::recurrent_weight::RecurrentWeight;
use super::sequences::States;
use crate::arch::Arch;
use crate::function::{Apply, Round};

/// A cell that multiplies the hidden state by its weights after rounding it to 8 bits by its own range: at each step,
/// for each sequence, as `DynamicQuantizeLSTM` of ONNX Runtime does for a batch of one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DynamicState<C> {
    /// What is computed with the rounded state.
    pub cell: C,
}

impl<C: Cell> Cell for DynamicState<C> {
    const GATES: usize = C::GATES;
    const TOGETHER: &'static [usize] = C::TOGETHER;
    const STATES: usize = C::STATES;
    const ROOM: usize = C::ROOM + 1;

    fn extras(&self) -> usize {
        self.cell.extras()
    }

    #[inline(always)]
    fn step<A: Arch, T: Apply, W: RecurrentWeight<T>>(self, step: Step<'_, T, W>) {
        let Step { clip, w, states } = step;
        let Some((rounded, room)) = states.room.split_at_mut_checked(states.h.len()) else {
            return;
        };
        let Some(rounded) = rounded.as_flattened_mut().get_mut(..states.state.len()) else {
            return;
        };
        round::<A, T>(states.state, rounded);
        self.cell.step::<A, T, W>(Step {
            clip,
            w,
            states: States {
                state: rounded,
                room,
                ..states
            },
        });
    }
}

/// The numbers that 255 steps between the least and the greatest of `x` and zero stand for, nearest to each of `x`.
/// Zero stays zero, as the zero point is rounded too.
#[inline(always)]
fn round<A: Arch, T: Apply>(x: &[T], y: &mut [T]) {
    let (mut least, mut greatest) = (T::ZERO, T::ZERO);
    for x in x {
        (least, greatest) = (least.min(*x), greatest.max(*x));
    }
    let most = T::from_f32(255.0);
    let scale = if least == greatest {
        T::ONE
    } else {
        greatest.sub(least).div(most)
    };
    let limited = |x: T| x.max(T::ZERO).min(most);
    let zero = limited(least.div(scale).neg()).apply::<A, _>(Round);
    for (y, x) in y.iter_mut().zip(x) {
        let integer = limited(x.div(scale).apply::<A, _>(Round).add(zero));
        *y = integer.sub(zero).mul(scale);
    }
}
