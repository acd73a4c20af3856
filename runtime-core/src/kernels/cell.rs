//! The cells of recurrent layers: the next state, from a state and an input.

use super::chunks::rows;
use super::gates::{activated, complement, inputs, load, plus_product, product, times};
use super::recurrent_weight::{RecurrentWeight, nothing};
use super::sequences::States;
use crate::arch::Arch;
use crate::function::{Apply, Function};
use crate::pack::PANEL;

/// One step of one sequence; gates are in ONNX's order.
pub struct Step<'a, T, W> {
    /// Bound of what the functions are applied to.
    pub(super) clip: f32,
    /// Recurrent weights, then other numbers for each unit; units that fill up a panel have zeros.
    pub(super) w: &'a [W],
    /// The input's part, and the states.
    pub(super) states: States<'a, T>,
}

/// A recurrent cell.
pub trait Cell: Copy {
    /// Gates.
    const GATES: usize;
    /// How many gates have their weights side by side, in order.
    const TOGETHER: &'static [usize];
    /// States, the hidden one included.
    const STATES: usize;
    /// Rows of units to work in.
    const ROOM: usize;

    /// Numbers for each unit that come after the recurrent weights.
    fn extras(&self) -> usize;

    /// Computes the next state.
    fn step<A: Arch, T: Apply, W: RecurrentWeight<T>>(self, step: Step<'_, T, W>);
}

/// ONNX `RNN`: `f(x + R h)`. Its weights are `[panels][hidden][16]`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Rnn<F> {
    /// Of the only gate.
    pub f: F,
}

impl<F: Function> Cell for Rnn<F> {
    const GATES: usize = 1;
    const TOGETHER: &'static [usize] = &[1];
    const STATES: usize = 1;
    const ROOM: usize = 0;

    fn extras(&self) -> usize {
        0
    }

    #[inline(always)]
    fn step<A: Arch, T: Apply, W: RecurrentWeight<T>>(self, step: Step<'_, T, W>) {
        let Step { clip, w, states } = step;
        let panels = rows(w, states.state.len().wrapping_mul(PANEL));
        for ((next, panel), x) in states
            .next
            .iter_mut()
            .zip(panels)
            .zip(inputs(states.x, states.state.len()))
        {
            let [sums] = product::<A, T, W, 1, 4>(load(x), states.state, panel);
            *next = activated::<A, T, F>(sums, clip, self.f);
        }
    }
}

/// ONNX `GRU`: gates `z`, `r`, `h`. Its weights are `[panels][hidden][2][16]` for the first two, `[panels][hidden][16]`
/// for the last, and, if `linear_before_reset`, `[panels][16]`, the bias of the last one's recurrent part.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Gru<F, G> {
    /// Of the update gate and the reset gate.
    pub f: F,
    /// Of the hidden gate.
    pub g: G,
    /// Whether the reset gate applies after the product of the state by the weights, instead of before.
    pub linear_before_reset: bool,
}

impl<F: Function, G: Function> Cell for Gru<F, G> {
    const GATES: usize = 3;
    const TOGETHER: &'static [usize] = &[2, 1];
    const STATES: usize = 1;
    const ROOM: usize = 2;

    fn extras(&self) -> usize {
        usize::from(self.linear_before_reset)
    }

    #[inline(always)]
    fn step<A: Arch, T: Apply, W: RecurrentWeight<T>>(self, step: Step<'_, T, W>) {
        let Step { clip, w, states } = step;
        let States { state, h, .. } = states;
        let panel = state.len().wrapping_mul(PANEL);
        let all = panel.wrapping_mul(h.len());
        let (Some((both, last)), Some((update, reset))) = (
            w.split_at_checked(all.wrapping_mul(2)),
            states.room.split_at_mut_checked(h.len()),
        ) else {
            return;
        };
        let Some((last, bias)) = last.split_at_checked(all) else {
            return;
        };
        let inputs = || inputs::<T, 3>(states.x, state.len());
        let panels = rows(both, panel.wrapping_mul(2)).zip(inputs());
        for (((update, reset), h), (panel, x)) in update.iter_mut().zip(reset.iter_mut()).zip(h).zip(panels) {
            let [z, r, _] = load(x);
            let [z, r] = product::<A, T, W, 2, 2>([z, r], state, panel);
            *update = activated::<A, T, F>(z, clip, self.f);
            let r = activated::<A, T, F>(r, clip, self.f);
            *reset = if self.linear_before_reset { r } else { times(r, *h) };
        }
        let reset_state = reset.as_flattened().get(..state.len()).unwrap_or(&[]);
        let (zeros, ones, unbiased) = ([T::ZERO; PANEL], [T::ONE; PANEL], nothing());
        let mut bias = bias.as_chunks::<PANEL>().0.iter();
        let panels = rows(last, panel).zip(inputs());
        let gates = update.iter().zip(reset.iter()).zip(h);
        for ((next, ((z, r), h)), (panel, x)) in states.next.iter_mut().zip(gates).zip(panels) {
            // What is chosen is where to read: a branch would tear the sums apart.
            let [_, _, x] = load(x);
            let bias = W::widened::<A, PANEL>(bias.next().unwrap_or(&unbiased));
            let (first, state, shift, factor) = if self.linear_before_reset {
                (&bias, state, &x, r)
            } else {
                (&x, reset_state, &zeros, &ones)
            };
            let [sums] = product::<A, T, W, 1, 4>([*first], state, panel);
            let sums = plus_product::<A, T>(*shift, *factor, sums);
            let new = activated::<A, T, G>(sums, clip, self.g);
            *next = plus_product::<A, T>(times(*z, *h), complement(*z), new);
        }
    }
}

/// ONNX `LSTM`: gates `i`, `o`, `f`, `c`. Its weights are `[panels][hidden][4][16]` and, if `peephole`,
/// `[panels][3][16]`, the weights of the state in the gates `i`, `o`, `f`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Lstm<F, G, H> {
    /// Of the input, output and forget gates.
    pub f: F,
    /// Of the cell gate.
    pub g: G,
    /// Of the cell's state, where it goes into the hidden state; that is not clipped.
    pub h: H,
    /// Whether the gates see the cell's state.
    pub peephole: bool,
    /// Whether the forget gate is one minus the input gate.
    pub input_forget: bool,
}

impl<F: Function, G: Function, H: Function> Cell for Lstm<F, G, H> {
    const GATES: usize = 4;
    const TOGETHER: &'static [usize] = &[4];
    const STATES: usize = 2;
    const ROOM: usize = 0;

    fn extras(&self) -> usize {
        if self.peephole { 3 } else { 0 }
    }

    #[inline(always)]
    fn step<A: Arch, T: Apply, W: RecurrentWeight<T>>(self, step: Step<'_, T, W>) {
        let Step { clip, w, states } = step;
        let state = states.state;
        let panel = state.len().wrapping_mul(PANEL * 4);
        let Some((w, peepholes)) = w.split_at_checked(panel.wrapping_mul(states.h.len())) else {
            return;
        };
        let mut peepholes = rows(peepholes, PANEL * 3);
        let (zeros, unseen) = ([T::ZERO; PANEL], [nothing(); 3]);
        let panels = rows(w, panel).zip(inputs(states.x, state.len()));
        for ((next, c), (panel, x)) in states.next.iter_mut().zip(states.c.iter_mut()).zip(panels) {
            let [mut i, mut o, mut f, g] = product::<A, T, W, 4, 1>(load(x), state, panel);
            // Zeros where the gates do not see the state: a branch would tear the sums apart.
            let peephole = peepholes.next().and_then(|p| p.as_chunks().0.first_chunk());
            let [p_i, p_o, p_f] = peephole.unwrap_or(&unseen).each_ref().map(W::widened::<A, PANEL>);
            let seen = if self.peephole { &*c } else { &zeros };
            i = plus_product::<A, T>(i, p_i, *seen);
            f = plus_product::<A, T>(f, p_f, *seen);
            let i = activated::<A, T, F>(i, clip, self.f);
            let f = if self.input_forget {
                complement(i)
            } else {
                activated::<A, T, F>(f, clip, self.f)
            };
            let g = activated::<A, T, G>(g, clip, self.g);
            *c = plus_product::<A, T>(times(i, g), f, *c);
            let seen = if self.peephole { &*c } else { &zeros };
            o = plus_product::<A, T>(o, p_o, *seen);
            let o = activated::<A, T, F>(o, clip, self.f);
            *next = times(o, activated::<A, T, H>(*c, f32::INFINITY, self.h));
        }
    }
}
