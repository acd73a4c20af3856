//! The gates of recurrent cells: products of the hidden state by packed weights, and functions of the sums.

use super::tile::{NARROW, unrolled};
use crate::arch::Arch;
use crate::function::{Apply, Function};
use crate::pack::PANEL;

/// A number for each of a panel's hidden units.
pub(super) type Units<T> = [T; PANEL];

/// `acc[g] + sum over k of h[k] * panel[k][g]`, for `G` gates of a panel's units, as `S` sums: one alone would wait for
/// each multiply-add before the next where there are few gates.
#[inline(always)]
pub(super) fn product<A: Arch, T: Apply, const G: usize, const S: usize>(
    mut acc: [Units<T>; G],
    h: &[T],
    panel: &[T],
) -> [Units<T>; G] {
    let panel = panel.as_chunks::<PANEL>().0.as_chunks::<G>().0;
    if NARROW {
        unrolled!(g in 0..G {
            acc[g] = half::<A, T, G, 0>(acc[g], g, h, panel);
            acc[g] = half::<A, T, G, 8>(acc[g], g, h, panel);
        });
        return acc;
    }
    let (parts, rest) = h.as_chunks::<S>();
    let (panels, panels_rest) = panel.as_chunks::<S>();
    let mut sums = [[[T::ZERO; PANEL]; G]; S];
    for (h, panel) in parts.iter().zip(panels) {
        unrolled!(s in 0..S {
            unrolled!(g in 0..G {
                for j in 0..PANEL {
                    sums[s][g][j] = T::fma::<A>(h[s], panel[s][g][j], sums[s][g][j]);
                }
            });
        });
    }
    for (h, panel) in rest.iter().zip(panels_rest) {
        unrolled!(g in 0..G {
            for j in 0..PANEL {
                acc[g][j] = T::fma::<A>(*h, panel[g][j], acc[g][j]);
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

/// Eight units of one gate: as many sums as a small machine has registers for.
#[inline(always)]
fn half<A: Arch, T: Apply, const G: usize, const LANE: usize>(
    mut acc: Units<T>,
    gate: usize,
    h: &[T],
    panel: &[[Units<T>; G]],
) -> Units<T> {
    let mut sums = [T::ZERO; 8];
    for j in 0..8 {
        sums[j] = acc[LANE + j];
    }
    for (h, panel) in h.iter().zip(panel) {
        for j in 0..8 {
            sums[j] = T::fma::<A>(*h, panel[gate][LANE + j], sums[j]);
        }
    }
    for j in 0..8 {
        acc[LANE + j] = sums[j];
    }
    acc
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

/// The numbers of the units from `at` on, zeros where there are no more.
#[inline(always)]
pub(super) fn load<T: Apply>(from: &[T], at: usize) -> Units<T> {
    let from = from.get(at..).unwrap_or(&[]);
    if let Some(all) = from.first_chunk() {
        return *all;
    }
    let mut units = [T::ZERO; PANEL];
    for (to, from) in units.iter_mut().zip(from) {
        *to = *from;
    }
    units
}

/// Writes the numbers of the units from `at` on, as many as there are.
#[inline(always)]
pub(super) fn store<T: Apply>(units: Units<T>, to: &mut [T], at: usize) {
    let to = to.get_mut(at..).unwrap_or(&mut []);
    match to.first_chunk_mut() {
        Some(to) => *to = units,
        None => to.iter_mut().zip(units).for_each(|(to, unit)| *to = unit),
    }
}
