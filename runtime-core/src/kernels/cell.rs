//! The cells of recurrent layers: what becomes of a state and an input.

use super::chunks::rows;
use super::gates::{Units, activated, load, product, store};
use crate::arch::Arch;
use crate::function::{Apply, Function};
use crate::pack::PANEL;

/// One step of one sequence. Gates are in ONNX's order.
pub struct Step<'a, T> {
    pub(super) hidden: usize,
    pub(super) clip: f32,
    /// Panels of the recurrent weights, then other numbers for each unit.
    pub(super) w: &'a [T],
    /// For each gate the input's part of its sums.
    pub(super) x: &'a [T],
    /// The hidden state.
    pub(super) h: &'a [T],
    /// The cell's own state.
    pub(super) c: &'a mut [T],
    /// Room for numbers of all units.
    pub(super) room: &'a mut [T],
    /// The hidden state after the step.
    pub(super) next: &'a mut [T],
}

/// A recurrent cell.
pub trait Cell: Copy {
    /// Gates.
    const GATES: usize;
    /// States, the hidden one included.
    const STATES: usize;
    /// Rows of `hidden` elements to work in.
    const ROOM: usize;

    /// Numbers for each unit besides the panels.
    fn extras(&self) -> usize;

    /// Elements of the panels of the recurrent weights: for each 16 units, for each state that is read, 16 numbers of each
    /// gate.
    fn panels_len(hidden: usize) -> usize {
        let units = hidden.div_ceil(PANEL).saturating_mul(PANEL);
        units.saturating_mul(hidden).saturating_mul(Self::GATES)
    }

    /// Computes the next state.
    fn step<A: Arch, T: Apply>(self, step: Step<'_, T>);
}

/// ONNX `RNN`: `f(x + R h)`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Rnn<F> {
    /// Of the only gate.
    pub f: F,
}

impl<F: Function> Cell for Rnn<F> {
    const GATES: usize = 1;
    const STATES: usize = 1;
    const ROOM: usize = 1;

    fn extras(&self) -> usize {
        0
    }

    #[inline(always)]
    fn step<A: Arch, T: Apply>(self, step: Step<'_, T>) {
        let Step {
            hidden,
            clip,
            w,
            x,
            h,
            next,
            ..
        } = step;
        for (panel, at) in rows(w, hidden.wrapping_mul(PANEL)).zip((0..hidden).step_by(PANEL)) {
            let [sums] = product::<A, T, 1, 4>([load(x, at)], h, panel);
            store(activated::<A, T, F>(sums, clip, self.f), next, at);
        }
    }
}

/// ONNX `GRU`: gates `z`, `r`, `h`. Its weights are the panels of the first two, those of the last, and, if
/// `linear_before_reset`, the bias of the last one's recurrent part.
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
    const STATES: usize = 1;
    const ROOM: usize = 3;

    fn extras(&self) -> usize {
        usize::from(self.linear_before_reset)
    }

    #[inline(always)]
    fn step<A: Arch, T: Apply>(self, step: Step<'_, T>) {
        let Step {
            hidden,
            clip,
            w,
            x,
            h,
            room,
            next,
            ..
        } = step;
        let panel = hidden.wrapping_mul(PANEL);
        let split = Self::panels_len(hidden) / 3;
        let (Some((w, last)), Some((update, reset))) = (
            w.split_at_checked(split.wrapping_mul(2)),
            room.split_at_mut_checked(hidden),
        ) else {
            return;
        };
        let (Some((last, bias)), Some((x_update, x))) = (last.split_at_checked(split), x.split_at_checked(hidden))
        else {
            return;
        };
        let Some((x_reset, x)) = x.split_at_checked(hidden) else {
            return;
        };
        for (panel, at) in rows(w, panel.wrapping_mul(2)).zip((0..hidden).step_by(PANEL)) {
            let [z, r] = product::<A, T, 2, 2>([load(x_update, at), load(x_reset, at)], h, panel);
            store(activated::<A, T, F>(z, clip, self.f), update, at);
            let r = activated::<A, T, F>(r, clip, self.f);
            store(
                if self.linear_before_reset {
                    r
                } else {
                    times(r, load(h, at))
                },
                reset,
                at,
            );
        }
        for (panel, at) in rows(last, panel).zip((0..hidden).step_by(PANEL)) {
            let sums = if self.linear_before_reset {
                let [sums] = product::<A, T, 1, 4>([load(bias, at)], h, panel);
                plus_product::<A, T>(load(x, at), load(reset, at), sums)
            } else {
                product::<A, T, 1, 4>([load(x, at)], reset, panel)[0]
            };
            let new = activated::<A, T, G>(sums, clip, self.g);
            let (z, old) = (load(update, at), load(h, at));
            store(plus_product::<A, T>(times(z, old), minus(z), new), next, at);
        }
    }
}

/// ONNX `LSTM`: gates `i`, `o`, `f`, `c`. Its weights are the panels and, if `peephole`, the weights of the state in the
/// gates `i`, `o`, `f`.
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
    const STATES: usize = 2;
    const ROOM: usize = 1;

    fn extras(&self) -> usize {
        if self.peephole { 3 } else { 0 }
    }

    #[inline(always)]
    fn step<A: Arch, T: Apply>(self, step: Step<'_, T>) {
        let Step {
            hidden,
            clip,
            w,
            x,
            h,
            c,
            next,
            ..
        } = step;
        let Some((w, peephole)) = w.split_at_checked(Self::panels_len(hidden)) else {
            return;
        };
        for (panel, at) in rows(w, hidden.wrapping_mul(PANEL * 4)).zip((0..hidden).step_by(PANEL)) {
            let x = [0, 1, 2, 3].map(|gate| part(x, hidden, gate, at));
            let [mut i, mut o, mut f, g] = product::<A, T, 4, 1>(x, h, panel);
            let old = load(c, at);
            if self.peephole {
                i = plus_product::<A, T>(i, part(peephole, hidden, 0, at), old);
                f = plus_product::<A, T>(f, part(peephole, hidden, 2, at), old);
            }
            let i = activated::<A, T, F>(i, clip, self.f);
            let f = if self.input_forget {
                minus(i)
            } else {
                activated::<A, T, F>(f, clip, self.f)
            };
            let g = activated::<A, T, G>(g, clip, self.g);
            let new = plus_product::<A, T>(times(i, g), f, old);
            store(new, c, at);
            if self.peephole {
                o = plus_product::<A, T>(o, part(peephole, hidden, 1, at), new);
            }
            let o = activated::<A, T, F>(o, clip, self.f);
            store(times(o, activated::<A, T, H>(new, f32::INFINITY, self.h)), next, at);
        }
    }
}

/// Of gate number `gate` the units from `at` on.
#[inline(always)]
fn part<T: Apply>(x: &[T], hidden: usize, gate: usize, at: usize) -> Units<T> {
    let first = gate.wrapping_mul(hidden);
    let gate = x.get(first..).and_then(|x| x.get(..hidden));
    load(gate.unwrap_or(&[]), at)
}

/// `a * b`.
#[inline(always)]
fn times<T: Apply>(mut a: Units<T>, b: Units<T>) -> Units<T> {
    for (a, b) in a.iter_mut().zip(b) {
        *a = a.mul(b);
    }
    a
}

/// `a + b * c`.
#[inline(always)]
fn plus_product<A: Arch, T: Apply>(mut a: Units<T>, b: Units<T>, c: Units<T>) -> Units<T> {
    for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
        *a = T::fma::<A>(b, c, *a);
    }
    a
}

/// `1 - a`.
#[inline(always)]
fn minus<T: Apply>(mut a: Units<T>) -> Units<T> {
    for a in &mut a {
        *a = T::ONE.sub(*a);
    }
    a
}
