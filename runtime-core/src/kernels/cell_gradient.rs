//! How a loss goes back through one step of a recurrent cell.

use super::chunks::{rows, rows_mut};
use crate::arch::Arch;
use crate::function::{Apply, Sigmoid, Tanh};

/// One step of one sequence, on the way back. Rows are of the hidden units.
pub struct Back<'a, T> {
    /// What [`CellGradient::forward`] has put there for each gate; becomes the gradients of the sums of the gates.
    pub(super) gates: &'a mut [T],
    /// The recurrent weights, `[gates][hidden][hidden]`.
    pub(super) w: &'a [T],
    /// The state that is kept, before the step and after it.
    pub(super) kept: [&'a [T]; 2],
    /// The gradient of the hidden state, after the step; becomes that before it.
    pub(super) h: &'a mut [T],
    /// The gradient of the cell's other state, if it has one, as `h`.
    pub(super) c: &'a mut [T],
    /// A row to work in, if the cell asks for it.
    pub(super) room: &'a mut [T],
}

/// The way back through a recurrent cell with the usual functions.
pub trait CellGradient: Copy {
    /// Sums for each unit, whose gradients are given.
    const SUMS: usize;
    /// States, the hidden one included.
    const STATES: usize;
    /// Whether a state is computed again for every step, and kept for the way back.
    const KEEPS: bool;
    /// Rows of units to work in.
    const ROOM: usize;

    /// Puts the values of the gates in the place of their sums, and gives the state that is kept.
    fn forward<A: Arch, T: Apply>(self, gates: &mut [T], before: &[T], after: &mut [T]);

    /// Goes back through a step.
    fn backward<A: Arch, T: Apply>(self, step: Back<'_, T>);
}

/// Of [`Rnn`](super::Rnn). Instead of sums it takes the slopes of its function there.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RnnGradient;

impl CellGradient for RnnGradient {
    const SUMS: usize = 1;
    const STATES: usize = 1;
    const KEEPS: bool = false;
    const ROOM: usize = 0;

    #[inline(always)]
    fn forward<A: Arch, T: Apply>(self, _: &mut [T], _: &[T], _: &mut [T]) {}

    #[inline(always)]
    fn backward<A: Arch, T: Apply>(self, step: Back<'_, T>) {
        for (gate, h) in step.gates.iter_mut().zip(step.h.iter_mut()) {
            *gate = gate.mul(*h);
            *h = T::ZERO;
        }
        add_products::<A, T>(step.h, step.w, step.gates);
    }
}

/// Of [`Gru`](super::Gru) with the reset gate before the product: sums of the gates `z`, `r`, `h`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GruGradient;

impl CellGradient for GruGradient {
    const SUMS: usize = 3;
    const STATES: usize = 1;
    const KEEPS: bool = true;
    const ROOM: usize = 1;

    #[inline(always)]
    fn forward<A: Arch, T: Apply>(self, gates: &mut [T], before: &[T], after: &mut [T]) {
        let [z, r, new] = columns(gates, before.len());
        T::apply_all::<A, Sigmoid>(z, Sigmoid);
        T::apply_all::<A, Sigmoid>(r, Sigmoid);
        T::apply_all::<A, Tanh>(new, Tanh);
        mixed::<A, T>([z, new, before], after);
    }

    #[inline(always)]
    fn backward<A: Arch, T: Apply>(self, step: Back<'_, T>) {
        let Back { gates, w, h, room, .. } = step;
        let [before, _] = step.kept;
        let hidden = h.len();
        let Some((both, last)) = w.split_at_checked(hidden.wrapping_mul(hidden).wrapping_mul(2)) else {
            return;
        };
        let [z, r, new] = columns(gates, hidden);
        unmixed([z, new, h], before);
        room.fill(T::ZERO);
        add_products::<A, T>(room, last, new);
        for (((r, h), before), of_reset) in r.iter_mut().zip(h.iter_mut()).zip(before).zip(room.iter()) {
            *h = T::fma::<A>(*of_reset, *r, *h);
            *r = of_reset.mul(*before).mul(sigmoid_slope(*r));
        }
        add_products::<A, T>(h, both, gates);
    }
}

/// Of [`Gru`](super::Gru) with the reset gate after the product, `linear_before_reset`: sums of the gates `z` and `r`,
/// and of the last gate the input's part and the state's, each by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LinearGruGradient;

impl CellGradient for LinearGruGradient {
    const SUMS: usize = 4;
    const STATES: usize = 1;
    const KEEPS: bool = true;
    const ROOM: usize = 0;

    #[inline(always)]
    fn forward<A: Arch, T: Apply>(self, gates: &mut [T], before: &[T], after: &mut [T]) {
        let [z, r, new, product] = columns(gates, before.len());
        T::apply_all::<A, Sigmoid>(z, Sigmoid);
        T::apply_all::<A, Sigmoid>(r, Sigmoid);
        for ((new, r), product) in new.iter_mut().zip(r.iter()).zip(product.iter()) {
            *new = T::fma::<A>(*r, *product, *new);
        }
        T::apply_all::<A, Tanh>(new, Tanh);
        mixed::<A, T>([z, new, before], after);
    }

    #[inline(always)]
    fn backward<A: Arch, T: Apply>(self, step: Back<'_, T>) {
        let Back { gates, w, h, .. } = step;
        let [before, _] = step.kept;
        let hidden = h.len();
        let Some((both, last)) = w.split_at_checked(hidden.wrapping_mul(hidden).wrapping_mul(2)) else {
            return;
        };
        let [z, r, new, product] = columns(gates, hidden);
        unmixed([z, new, h], before);
        for ((r, product), new) in r.iter_mut().zip(product.iter_mut()).zip(new.iter()) {
            let (reset, of_state) = (*r, *product);
            *r = new.mul(of_state).mul(sigmoid_slope(reset));
            *product = new.mul(reset);
        }
        add_products::<A, T>(h, last, product);
        add_products::<A, T>(h, both, gates);
    }
}

/// Of [`Lstm`](super::Lstm): sums of the gates `i`, `o`, `f`, `c`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LstmGradient;

impl CellGradient for LstmGradient {
    const SUMS: usize = 4;
    const STATES: usize = 2;
    const KEEPS: bool = true;
    const ROOM: usize = 1;

    #[inline(always)]
    fn forward<A: Arch, T: Apply>(self, gates: &mut [T], before: &[T], after: &mut [T]) {
        let [i, o, f, new] = columns(gates, before.len());
        for gate in [&mut *i, o, &mut *f] {
            T::apply_all::<A, Sigmoid>(gate, Sigmoid);
        }
        T::apply_all::<A, Tanh>(new, Tanh);
        let kept = f.iter().zip(before);
        for (((after, i), new), (f, before)) in after.iter_mut().zip(i.iter()).zip(new.iter()).zip(kept) {
            *after = T::fma::<A>(*f, *before, i.mul(*new));
        }
    }

    #[inline(always)]
    fn backward<A: Arch, T: Apply>(self, step: Back<'_, T>) {
        let Back {
            gates, w, h, c, room, ..
        } = step;
        let [before, after] = step.kept;
        for (to, from) in room.iter_mut().zip(after) {
            *to = *from;
        }
        T::apply_all::<A, Tanh>(room, Tanh);
        let [i, o, f, new] = columns(gates, h.len());
        let states = before.iter().zip(room.iter()).zip(h.iter_mut().zip(c.iter_mut()));
        let gate = i.iter_mut().zip(o).zip(f).zip(new);
        for ((((i, o), f), new), ((before, seen), (h, c))) in gate.zip(states) {
            let of_seen = h.mul(*o);
            let of_state = T::fma::<A>(of_seen, tanh_slope(*seen), *c);
            *o = h.mul(*seen).mul(sigmoid_slope(*o));
            *c = of_state.mul(*f);
            *f = of_state.mul(*before).mul(sigmoid_slope(*f));
            let of_input = of_state.mul(*new).mul(sigmoid_slope(*i));
            *new = of_state.mul(*i).mul(tanh_slope(*new));
            *i = of_input;
            *h = T::ZERO;
        }
        add_products::<A, T>(h, w, gates);
    }
}

/// The state after a step of a GRU: `z * before + (1 - z) * new`.
#[inline(always)]
fn mixed<A: Arch, T: Apply>([z, new, before]: [&[T]; 3], after: &mut [T]) {
    for (((after, z), new), before) in after.iter_mut().zip(z).zip(new).zip(before) {
        *after = T::fma::<A>(T::ONE.sub(*z), *new, z.mul(*before));
    }
}

/// From the gradient `h` of [`mixed`], those of the sums of `z` and of `new` in their places, and that of `before`, as
/// far as it goes past the gates, in the place of `h`.
#[inline(always)]
fn unmixed<T: Apply>([z, new, h]: [&mut [T]; 3], before: &[T]) {
    for (((z, new), h), before) in z.iter_mut().zip(new).zip(h).zip(before) {
        let (update, value, of_state) = (*z, *new, *h);
        *z = of_state.mul(before.sub(value)).mul(sigmoid_slope(update));
        *new = of_state.mul(T::ONE.sub(update)).mul(tanh_slope(value));
        *h = of_state.mul(update);
    }
}

/// The slope of a sigmoid, from its value.
#[inline(always)]
fn sigmoid_slope<T: Apply>(y: T) -> T {
    y.mul(T::ONE.sub(y))
}

/// The slope of a hyperbolic tangent, from its value.
#[inline(always)]
fn tanh_slope<T: Apply>(y: T) -> T {
    T::ONE.sub(y.mul(y))
}

/// `h[j] += sum over k of gradients[k] * w[k][j]`: back through the product of a state by weights.
#[inline(always)]
fn add_products<A: Arch, T: Apply>(h: &mut [T], w: &[T], gradients: &[T]) {
    for (row, gradient) in rows(w, h.len()).zip(gradients) {
        for (h, w) in h.iter_mut().zip(row) {
            *h = T::fma::<A>(*gradient, *w, *h);
        }
    }
}

/// The first `N` rows of `width`; empty where there is none.
#[inline(always)]
fn columns<T, const N: usize>(gates: &mut [T], width: usize) -> [&mut [T]; N] {
    let mut rows = rows_mut(gates, width);
    [(); N].map(|()| rows.next().unwrap_or(&mut []))
}
