//! The gates of recurrent cells: products of the hidden state by packed weights, and functions of the sums.

use super::chunks::{Blocks, blocks, rows};
use super::recurrent_weight::RecurrentWeight;
use crate::Number;
use crate::arch::Arch;
use crate::function::{Apply, Function};
use crate::pack::PANEL;
use crate::unrolled::unrolled;

/// A number for each of a panel's hidden units.
pub(super) type Units<T> = [T; PANEL];

/// `acc[g] + sum over k of h[k] * panel[k][g]`, for `G` gates of a panel's units, as `S` sums: one alone would wait for
/// each multiply-add before the next where there are few gates.
#[inline(always)]
pub(super) fn product<A: Arch, T: Apply, W: RecurrentWeight<T>, const G: usize, const S: usize>(
    mut acc: [Units<T>; G],
    h: &[T],
    panel: &[W],
) -> [Units<T>; G] {
    let panel = panel.as_chunks::<PANEL>().0.as_chunks::<G>().0;
    if A::NARROW {
        narrow::<A, T, W, G>(&mut acc, h, panel);
        return acc;
    }
    let (parts, rest) = h.as_chunks::<S>();
    let (panels, panels_rest) = panel.as_chunks::<S>();
    let mut sums = [[[T::ZERO; PANEL]; G]; S];
    for (h, panel) in parts.iter().zip(panels) {
        unrolled!(s in 0..S {
            unrolled!(g in 0..G {
                let weights = W::widened::<A, PANEL>(&panel[s][g]);
                for j in 0..PANEL {
                    sums[s][g][j] = T::fma::<A>(h[s], weights[j], sums[s][g][j]);
                }
            });
        });
    }
    for (h, panel) in rest.iter().zip(panels_rest) {
        unrolled!(g in 0..G {
            let weights = W::widened::<A, PANEL>(&panel[g]);
            for j in 0..PANEL {
                acc[g][j] = T::fma::<A>(*h, weights[j], acc[g][j]);
            }
        });
    }
    unrolled!(s in 0..S {
        unrolled!(g in 0..G {
            for j in 0..PANEL {
                acc[g][j] = acc[g][j].add(sums[s][g][j]);
            }
        });
    });
    acc
}

/// [`product`] for eight units of one gate after the other: as many sums as a small machine has registers for.
#[inline(always)]
fn narrow<A: Arch, T: Apply, W: RecurrentWeight<T>, const G: usize>(
    acc: &mut [Units<T>; G],
    h: &[T],
    panel: &[[[W; PANEL]; G]],
) {
    for (index, acc) in acc.as_flattened_mut().as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let mut sums = *acc;
        for (h, panel) in h.iter().zip(panel) {
            let Some(weights) = panel.as_flattened().as_chunks::<8>().0.get(index) else {
                return;
            };
            let weights = W::widened::<A, 8>(weights);
            for j in 0..8 {
                sums[j] = T::fma::<A>(*h, weights[j], sums[j]);
            }
        }
        *acc = sums;
    }
}

/// The function of each number, brought between `-clip` and `clip` first.
#[inline(always)]
pub(super) fn activated<A: Arch, T: Apply, F: Function>(mut x: Units<T>, clip: f32, function: F) -> Units<T> {
    let (least, greatest) = (T::from_f32(-clip), T::from_f32(clip));
    for x in &mut x {
        let bounded = if *x < least { least } else { *x };
        *x = if bounded > greatest { greatest } else { bounded };
    }
    T::apply_all::<A, F>(&mut x, function);
    x
}

/// The numbers of each panel's units for `G` gates; the last panel may have fewer.
pub(super) struct Inputs<'a, T, const G: usize> {
    gates: [Blocks<'a, T>; G],
}

impl<'a, T, const G: usize> Iterator for Inputs<'a, T, G> {
    type Item = [&'a [T]; G];

    #[inline(always)]
    fn next(&mut self) -> Option<[&'a [T]; G]> {
        let panel = self.gates.each_mut().map(|gate| gate.next().unwrap_or(&[]));
        Some(panel).filter(|panel| panel.iter().all(|units| !units.is_empty()))
    }
}

/// The panels of `x`, which is `[G][hidden]`.
#[inline(always)]
pub(super) fn inputs<T, const G: usize>(x: &[T], hidden: usize) -> Inputs<'_, T, G> {
    let mut gates: [&[T]; G] = [&[]; G];
    for (gate, row) in gates.iter_mut().zip(rows(x, hidden)) {
        *gate = row;
    }
    Inputs {
        gates: gates.map(|gate| blocks(gate, PANEL)),
    }
}

/// The numbers of a panel's units for `G` gates, zeros for units that are not there.
#[inline(always)]
pub(super) fn load<T: Number, const G: usize>(from: [&[T]; G]) -> [Units<T>; G] {
    let mut gates = [[T::ZERO; PANEL]; G];
    for (gate, from) in gates.iter_mut().zip(from) {
        match from.first_chunk() {
            Some(units) => *gate = *units,
            None => gate.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        }
    }
    gates
}

/// `a * b`.
#[inline(always)]
pub(super) fn times<T: Apply>(mut a: Units<T>, b: Units<T>) -> Units<T> {
    for (a, b) in a.iter_mut().zip(b) {
        *a = a.mul(b);
    }
    a
}

/// `a + b * c`.
#[inline(always)]
pub(super) fn plus_product<A: Arch, T: Apply>(mut a: Units<T>, b: Units<T>, c: Units<T>) -> Units<T> {
    for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
        *a = T::fma::<A>(b, c, *a);
    }
    a
}

/// `1 - a`.
#[inline(always)]
pub(super) fn complement<T: Apply>(mut a: Units<T>) -> Units<T> {
    for a in &mut a {
        *a = T::ONE.sub(*a);
    }
    a
}
