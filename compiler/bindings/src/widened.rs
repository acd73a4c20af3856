//! Integer kernels that write `i8` or `i16`, of which the host has one copy.

use crate::{Args, DType};

/// Runs a kernel with outputs of type `i16` and puts them into output `index`, whose type is `to`. Kernels clamp each
/// result to the type that they write, so that clamping it to `i16` first makes no difference.
pub(crate) fn in_i16(args: &mut Args<'_>, index: usize, to: DType, run: impl FnOnce(&Args<'_>, &mut [i16])) {
    if to == DType::I16 {
        let y = args.y(index);
        return run(args, y);
    }
    let y = args.y::<i8>(index);
    let mut wide = vec![0; y.len()];
    run(args, &mut wide);
    for (y, wide) in y.iter_mut().zip(wide) {
        *y = wide.clamp(i8::MIN.into(), i8::MAX.into()) as i8;
    }
}
