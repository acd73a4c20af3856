use crate::kernels::QlinearAdd;
use crate::upper_word::limit;

unsafe extern "C" {
    fn edgec_add(
        a: *const i8,
        b: *const i8,
        y: *mut i8,
        fours: usize,
        a_multiplier: i32,
        b_multiplier: i32,
        constant: i32,
        shift: u32,
    );
}

#[inline(never)]
pub(super) fn add(layer: QlinearAdd, a: &[i8], b: &[i8], y: &mut [i8]) {
    let fours = y.len().min(a.len()).min(b.len()) / 4;
    if fours != 0 {
        // SAFETY: reads 4 * fours bytes of both operands and writes as many of `y`, which all have.
        unsafe { sums(layer, a.as_ptr(), b, y.as_mut_ptr(), fours) };
    }
    let rest = y.iter_mut().zip(a).zip(b).skip(4 * fours);
    rest.for_each(|((y, a), b)| *y = layer.limited(*a, *b));
    limit([layer.min, layer.max], y);
}

#[inline(never)]
pub(super) fn add_in_place(layer: QlinearAdd, b: &[i8], y: &mut [i8]) {
    let fours = y.len().min(b.len()) / 4;
    if fours != 0 {
        let to = y.as_mut_ptr();
        // SAFETY: as in `add`; every four bytes of `y` are read before they are written.
        unsafe { sums(layer, to, b, to, fours) };
    }
    let rest = y.iter_mut().zip(b).skip(4 * fours);
    rest.for_each(|(y, b)| *y = layer.limited(*y, *b));
    limit([layer.min, layer.max], y);
}

/// Sums limited to an `i8` alone.
///
/// # Safety
/// 4 * fours bytes can be read at `a` and written at `y`, and `b` has as many.
unsafe fn sums(layer: QlinearAdd, a: *const i8, b: &[i8], y: *mut i8, fours: usize) {
    let QlinearAdd {
        a_multiplier,
        b_multiplier,
        constant,
        shift,
        ..
    } = layer;
    // SAFETY: what the caller promises.
    unsafe {
        edgec_add(
            a,
            b.as_ptr(),
            y,
            fours,
            a_multiplier,
            b_multiplier,
            constant,
            shift & 31,
        )
    };
}
