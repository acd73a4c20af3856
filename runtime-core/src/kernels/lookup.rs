use super::body::{Body, plain};
use crate::arch::Arch;
use crate::requantize::rescale;
use crate::{Param, Simd};

/// A function of quantised numbers as a table of its results.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Lookup;

/// Entries of the table for `i8`: one for each integer.
pub const LOOKUP_ENTRIES: usize = 256;
/// Entries of the table for `i16`: one for every 128th integer, and the one after the last.
pub const LOOKUP_KNOTS: usize = 513;
/// Bits of an `i16` that say where it is between two entries.
const BETWEEN: u32 = 7;

#[inline(always)]
fn entry(table: &[i8; LOOKUP_ENTRIES], x: i8) -> i8 {
    table[usize::from(x as u8 ^ 0x80)]
}

#[inline(always)]
fn interpolated(table: &[i16; LOOKUP_KNOTS], x: i16) -> i16 {
    let place = x as u16 ^ 0x8000;
    let (knot, part) = (usize::from(place >> BETWEEN), place & 0x7f);
    let (from, to) = (i32::from(table[knot]), i32::from(table[knot + 1]));
    let line = (from << BETWEEN) + (to - from) * i32::from(part);
    rescale(line.into(), 1, BETWEEN) as i16
}

/// A table of another length trips a `debug_assert!`.
#[inline(always)]
fn whole<T, const N: usize>(table: &[T]) -> Option<&[T; N]> {
    debug_assert_eq!(table.len(), N, "lookup: the table has another length");
    table.first_chunk()
}

/// An element that has tables.
trait Tabulated: Copy {
    /// Applies the function to each element of `x`.
    fn all(x: &[Self], table: &[Self], y: &mut [Self]);
    /// Applies the function to each element of `y`.
    fn all_in_place(table: &[Self], y: &mut [Self]);
}

macro_rules! tabulated {
    ($($ty:ty, $entry:ident;)*) => {$(
        impl Tabulated for $ty {
            #[inline(always)]
            fn all(x: &[$ty], table: &[$ty], y: &mut [$ty]) {
                let Some(table) = whole(table) else { return };
                for (y, x) in y.iter_mut().zip(x) {
                    *y = $entry(table, *x);
                }
            }

            #[inline(always)]
            fn all_in_place(table: &[$ty], y: &mut [$ty]) {
                let Some(table) = whole(table) else { return };
                for y in y {
                    *y = $entry(table, *y);
                }
            }
        }
    )*};
}
tabulated! {
    i8, entry;
    i16, interpolated;
}

impl<'a, T: Tabulated> Body<(&'a [T], &'a [T], &'a mut [T])> for Lookup {
    #[inline(always)]
    fn body<A: Arch>(self, (x, table, y): (&'a [T], &'a [T], &'a mut [T])) {
        T::all(x, table, y);
    }
}

impl<'a, T: Tabulated> Body<(&'a [T], &'a mut [T])> for Lookup {
    #[inline(always)]
    fn body<A: Arch>(self, (table, y): (&'a [T], &'a mut [T])) {
        T::all_in_place(table, y);
    }
}

/// `y[i] = table[x[i] + 128]`, from a table of [`LOOKUP_ENTRIES`].
#[inline(always)]
pub fn lookup<P: Param<Lookup>>(_: Simd, layer: P, x: &[i8], table: &[i8], y: &mut [i8]) {
    debug_assert_eq!(x.len(), y.len());
    plain(layer.get(), (x, table, y))
}

/// [`lookup`] of `y` itself.
#[inline(always)]
pub fn lookup_in_place<P: Param<Lookup>>(_: Simd, layer: P, table: &[i8], y: &mut [i8]) {
    plain(layer.get(), (table, y))
}

/// The line between the two entries of a table of [`LOOKUP_KNOTS`] that `x[i]` lies between, rounded half to even:
/// entry `k` is the result for `128 * k - 32768`.
#[inline(always)]
pub fn lookup_interpolated<P: Param<Lookup>>(_: Simd, layer: P, x: &[i16], table: &[i16], y: &mut [i16]) {
    debug_assert_eq!(x.len(), y.len());
    plain(layer.get(), (x, table, y))
}

/// [`lookup_interpolated`] of `y` itself.
#[inline(always)]
pub fn lookup_interpolated_in_place<P: Param<Lookup>>(_: Simd, layer: P, table: &[i16], y: &mut [i16]) {
    plain(layer.get(), (table, y))
}
