//! The cells of recurrent layers in integers.

use super::chunks::rows;
use super::gates::{inputs, load};
use super::qlinear_gates::{ARGUMENT_FRACTION, FRACTION, ONE, TANH_FRACTION, narrowed, product, sigmoid, tanh};
use super::sequences::States;
use crate::arch::Arch;
use crate::pack::PANEL;
use crate::requantize::rescale;

/// One step of one sequence; gates are in ONNX's order.
pub struct QlinearStep<'a> {
    /// Multiplier of the input's part.
    pub(super) input: i32,
    /// Bits to shift by after multiplying.
    pub(super) shift: u32,
    /// Recurrent weights; units that fill up a panel have zeros.
    pub(super) w: &'a [i8],
    /// The multiplier of each sum.
    pub(super) multiplier: &'a [i32],
    /// What is added to some of the sums.
    pub(super) bias: &'a [i32],
    /// The input's part, and the states.
    pub(super) states: States<'a, i16>,
}

impl QlinearStep<'_> {
    /// What a gate's function is applied to, from the input's part and a sum of products.
    #[inline(always)]
    fn argument(&self, x: i16, sum: i64, multiplier: i32) -> i64 {
        let input = i64::from(x).wrapping_mul(self.input.into());
        let sum = sum.wrapping_mul(multiplier.into());
        rescale(input.wrapping_add(sum), 1, self.shift)
    }
}

/// A recurrent cell in integers.
pub trait QlinearCell: Copy {
    /// Gates.
    const GATES: usize;
    /// How many gates have their weights side by side, in order.
    const TOGETHER: &'static [usize];
    /// States, the hidden one included.
    const STATES: usize;
    /// Rows of units to work in.
    const ROOM: usize;

    /// Biases for each unit.
    fn biases(&self) -> usize;

    /// Computes the next state.
    fn step<A: Arch>(self, step: QlinearStep<'_>);
}

/// ONNX `RNN` with `Tanh`: `tanh(x + R h)`. Its weights are `[panels][hidden][16]`, its multipliers `[panels][16]`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct QlinearRnn;

impl QlinearCell for QlinearRnn {
    const GATES: usize = 1;
    const TOGETHER: &'static [usize] = &[1];
    const STATES: usize = 1;
    const ROOM: usize = 0;

    fn biases(&self) -> usize {
        0
    }

    #[inline(always)]
    fn step<A: Arch>(self, mut step: QlinearStep<'_>) {
        let States { x, state, .. } = step.states;
        let panels = rows(step.w, state.len().wrapping_mul(PANEL)).zip(inputs(x, state.len()));
        let panels = panels.zip(step.multiplier.as_chunks::<PANEL>().0);
        let next = core::mem::take(&mut step.states.next);
        for (next, ((panel, x), multiplier)) in next.iter_mut().zip(panels) {
            let ([x], [sums]) = (load(x), product::<A, _>(state, panel));
            for j in 0..PANEL {
                let value = tanh(step.argument(x[j], sums[j], multiplier[j]));
                next[j] = narrowed(rescale(value.into(), 1, TANH_FRACTION - FRACTION));
            }
        }
    }
}

/// ONNX `GRU` with `Sigmoid` and `Tanh`: gates `z`, `r`, `h`. Its weights are `[panels][hidden][2][16]` for the first
/// two and `[panels][hidden][16]` for the last, its multipliers `[panels][2][16]` and `[panels][16]`. If
/// `linear_before_reset`, it has biases `[panels][16]`, of the sums of the last gate.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct QlinearGru {
    /// Whether the reset gate applies after the product of the state by the weights, instead of before.
    pub linear_before_reset: bool,
}

impl QlinearCell for QlinearGru {
    const GATES: usize = 3;
    const TOGETHER: &'static [usize] = &[2, 1];
    const STATES: usize = 1;
    const ROOM: usize = 2;

    fn biases(&self) -> usize {
        usize::from(self.linear_before_reset)
    }

    #[inline(always)]
    fn step<A: Arch>(self, mut step: QlinearStep<'_>) {
        let States { x, state, h, .. } = step.states;
        let (next, room) = (
            core::mem::take(&mut step.states.next),
            core::mem::take(&mut step.states.room),
        );
        let panel = state.len().wrapping_mul(PANEL);
        let both = panel.wrapping_mul(h.len()).wrapping_mul(2);
        let multipliers = h.len().wrapping_mul(PANEL * 2);
        let (Some((both, last)), Some((both_by, last_by)), Some((update, reset))) = (
            step.w.split_at_checked(both),
            step.multiplier.split_at_checked(multipliers),
            room.split_at_mut_checked(h.len()),
        ) else {
            return;
        };
        // Sigmoids minus one, which fit where one itself does not.
        let less_one = |sigmoid: i32| narrowed((sigmoid - ONE).into());
        let panels = rows(both, panel.wrapping_mul(2)).zip(inputs::<i16, 3>(x, state.len()));
        let panels = panels.zip(both_by.as_chunks::<PANEL>().0.as_chunks::<2>().0);
        for (((update, reset), h), ((panel, x), by)) in update.iter_mut().zip(reset.iter_mut()).zip(h).zip(panels) {
            let [z, r, _] = load(x);
            let [z_sums, r_sums] = product::<A, _>(state, panel);
            for j in 0..PANEL {
                update[j] = less_one(sigmoid(step.argument(z[j], z_sums[j], by[0][j])));
                let r = sigmoid(step.argument(r[j], r_sums[j], by[1][j]));
                reset[j] = if self.linear_before_reset {
                    less_one(r)
                } else {
                    narrowed(rescale(h[j].into(), r, FRACTION))
                };
            }
        }
        let reset_state = reset.as_flattened().get(..state.len()).unwrap_or(&[]);
        let factors = if self.linear_before_reset { state } else { reset_state };
        let zeros = [0; PANEL];
        let mut biases = step.bias.as_chunks::<PANEL>().0.iter();
        let panels = rows(last, panel).zip(inputs::<i16, 3>(x, state.len()));
        let panels = panels.zip(last_by.as_chunks::<PANEL>().0);
        let gates = update.iter().zip(reset.iter()).zip(h);
        for ((next, ((z, r), h)), ((panel, x), by)) in next.iter_mut().zip(gates).zip(panels) {
            let [_, _, x] = load(x);
            let [sums] = product::<A, _>(factors, panel);
            let bias = biases.next().unwrap_or(&zeros);
            for j in 0..PANEL {
                let argument = if self.linear_before_reset {
                    let recurrent = rescale(sums[j] + i64::from(bias[j]), by[j], step.shift);
                    let reset = rescale(recurrent, i32::from(r[j]) + ONE, FRACTION);
                    step.argument(x[j], 0, 0) + reset
                } else {
                    step.argument(x[j], sums[j], by[j])
                };
                let old = i64::from(h[j]) * i64::from(i32::from(z[j]) + ONE);
                let new = i64::from(-i32::from(z[j])) * i64::from(tanh(argument));
                next[j] = narrowed(rescale((old << (TANH_FRACTION - FRACTION)) + new, 1, TANH_FRACTION));
            }
        }
    }
}

/// ONNX `LSTM` with `Sigmoid`, `Tanh`, `Tanh`: gates `i`, `o`, `f`, `c`. Its weights are `[panels][hidden][4][16]`, its
/// multipliers `[panels][4][16]`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct QlinearLstm {
    /// Bits after the point of the cell's state, 0 to 15.
    pub cell_fraction: u32,
}

impl QlinearCell for QlinearLstm {
    const GATES: usize = 4;
    const TOGETHER: &'static [usize] = &[4];
    const STATES: usize = 2;
    const ROOM: usize = 0;

    fn biases(&self) -> usize {
        0
    }

    #[inline(always)]
    fn step<A: Arch>(self, mut step: QlinearStep<'_>) {
        // Of a sigmoid times a hyperbolic tangent.
        const PRODUCT: u32 = FRACTION + TANH_FRACTION;
        let States { x, state, .. } = step.states;
        let (next, c) = (
            core::mem::take(&mut step.states.next),
            core::mem::take(&mut step.states.c),
        );
        let fraction = self.cell_fraction.min(FRACTION);
        let panels = rows(step.w, state.len().wrapping_mul(PANEL * 4)).zip(inputs(x, state.len()));
        let panels = panels.zip(step.multiplier.as_chunks::<PANEL>().0.as_chunks::<4>().0);
        for ((next, c), ((panel, x), by)) in next.iter_mut().zip(c).zip(panels) {
            let (x, sums) = (load::<i16, 4>(x), product::<A, 4>(state, panel));
            for j in 0..PANEL {
                let argument = |gate: usize| step.argument(x[gate][j], sums[gate][j], by[gate][j]);
                let (i, o, f) = (sigmoid(argument(0)), sigmoid(argument(1)), sigmoid(argument(2)));
                let new = i64::from(i) * i64::from(tanh(argument(3)));
                let kept = (i64::from(f) * i64::from(c[j])) << (TANH_FRACTION - fraction);
                c[j] = narrowed(rescale(kept + new, 1, PRODUCT - fraction));
                // Of the state before it is rounded.
                let seen = tanh(rescale(kept + new, 1, PRODUCT - ARGUMENT_FRACTION));
                next[j] = narrowed(rescale(seen.into(), o, PRODUCT - FRACTION));
            }
        }
    }
}
