//! How a kernel's parameters and operands come together with its body.

use crate::arch::{Arch, Kernel, Portable};
use crate::{Param, Simd};
use core::marker::PhantomData;

/// Parameters that know the computation on a tuple of operands. Implementations are `#[inline(always)]`.
pub(super) trait Body<Operands>: Copy {
    fn body<A: Arch>(self, operands: Operands);

    /// The body for the target's plain instructions, as a call of its own. A method, so that rustc compiles it in the
    /// codegen unit of the kernel's module.
    #[inline(never)]
    fn plain(self, operands: Operands) {
        self.body::<Portable>(operands)
    }
}

struct Call<P, T, Operands> {
    layer: P,
    operands: Operands,
    parameters: PhantomData<T>,
}

impl<P: Param<T>, T: Body<Operands>, Operands> Kernel for Call<P, T, Operands> {
    type Shared = Call<T, T, Operands>;

    #[inline(always)]
    fn shared(self) -> Self::Shared {
        Call {
            layer: self.layer.get(),
            operands: self.operands,
            parameters: PhantomData,
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        self.layer.get().body::<A>(self.operands)
    }
}

/// Arithmetic: a copy for each instruction set.
#[inline(always)]
pub(super) fn compute<P: Param<T>, T: Body<Operands>, Operands>(simd: Simd, layer: P, operands: Operands) {
    simd.run_of::<T, _>(Call {
        layer,
        operands,
        parameters: PhantomData,
    })
}

/// Products of floats by tiles, which gain from the highest level.
#[inline(always)]
pub(super) fn compute_tiles<P: Param<T>, T: Body<Operands>, Operands>(simd: Simd, layer: P, operands: Operands) {
    simd.run_floats_of::<T, _>(Call {
        layer,
        operands,
        parameters: PhantomData,
    })
}

/// Arithmetic of a kernel that takes its parameters by reference, and for which no layer has a copy of its own.
#[inline(always)]
pub(super) fn compute_shared<T: Body<Operands>, Operands>(simd: Simd, parameters: T, operands: Operands) {
    compute::<T, T, _>(simd, parameters, operands)
}

/// Data movement and rare arithmetic: one copy for the target's plain instructions, shared by all layers.
#[inline(always)]
pub(super) fn plain<T: Body<Operands>, Operands>(parameters: T, operands: Operands) {
    parameters.plain(operands)
}

/// Operands of any element type, of a kernel with a body of its own for `f32`.
pub(super) struct Generic<Operands>(pub(super) Operands);
