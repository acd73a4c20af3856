//! The definitions of the micro-kernels on the layout of [`rows`](crate::rows).

use super::taps;
use crate::arch::{RowsPanel, TapWindow};
use crate::rows::{EIGHT, ROWS, depthwise_parameter};
use crate::upper_word::rescaled;

/// [`Arch::row`](crate::arch::Arch::row).
#[inline(always)]
pub(crate) fn row(panel: RowsPanel<'_>, x: &[i8], y: &mut [i8]) {
    let x = x.get(..panel.inputs).unwrap_or_default();
    for (channel, (y, parameters)) in y
        .iter_mut()
        .zip(panel.parameters.as_chunks().0)
        .enumerate()
        .take(panel.channels)
    {
        let w = panel.w.get(channel * panel.inputs..).unwrap_or_default();
        let [bias, multiplier] = *parameters;
        let product = |(x, w): (&i8, &i8)| i32::from(*x) * i32::from(*w);
        let sum = x.iter().zip(w).map(product).fold(bias, i32::wrapping_add);
        *y = rescaled(sum, multiplier, panel.zero);
    }
}

/// [`Arch::rows`](crate::arch::Arch::rows).
#[inline(always)]
pub(crate) fn rows(panel: RowsPanel<'_>, x: &[i8], from: [usize; ROWS], y: &mut [i8], starts: [usize; ROWS]) {
    for (from, start) in from.into_iter().zip(starts) {
        let (x, y) = (x.get(from..), y.get_mut(start..));
        row(panel, x.unwrap_or_default(), y.unwrap_or_default());
    }
}

/// [`Arch::rows_window`](crate::arch::Arch::rows_window), from channel `first` on.
#[inline(always)]
pub(crate) fn window(window: TapWindow<'_, i8>, y: &mut [i8], first: usize) {
    let parameters = |c: usize| {
        let at = |kind: usize| depthwise_parameter(kind, c);
        [at(1), at(2)].map(|at| window.parameters.get(at).copied().unwrap_or_default())
    };
    taps::window(&window, y, first, parameters, taps::byte::<EIGHT>(&window));
}
