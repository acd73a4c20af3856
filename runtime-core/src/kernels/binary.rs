use super::binary_op::BinaryOp;
use super::body::{Body, Generic, compute, plain};
use super::chunks::rows_mut;
use super::walk::{Walk, last, row};
use crate::arch::Arch;
use crate::function::{Function, Identity};
use crate::{Element, Param, Simd};
use core::marker::PhantomData;

/// A function of two tensors with broadcasting, then an activation: ONNX `Add`, `Mul`, `Greater` and so on.
///
/// The output is contiguous with shape `dims`. An operand's stride says how many of its elements a step along the
/// axis skips, 0 where it is broadcast. Merging axes beforehand makes the rows (the last axis) long.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(serialize = "Op: serde::Serialize, F: serde::Serialize, [usize; R]: serde::Serialize"))
)]
pub struct Binary<Op, F, const R: usize> {
    /// Shape of the output.
    pub dims: [usize; R],
    /// Strides of the first operand, in elements. The in-place forms ignore the strides of the tensor they update.
    pub a_strides: [usize; R],
    /// Strides of the second operand, in elements.
    pub b_strides: [usize; R],
    /// The function.
    pub op: Op,
    /// What is applied to its result: [`Identity`] unless everything is `f32`.
    pub activation: F,
}

/// What is computed of two elements.
pub(super) trait Pair<T, O> {
    fn of(&self, a: T, b: T) -> O;
}

impl<T, O, F: Fn(T, T) -> O> Pair<T, O> for F {
    #[inline(always)]
    fn of(&self, a: T, b: T) -> O {
        self(a, b)
    }
}

/// A function and its activation. No closure: that would be compiled without the features of `A`, which activations
/// multiply and add with.
struct Fused<A, Op, F> {
    op: Op,
    activation: F,
    arch: PhantomData<A>,
}

impl<A: Arch, Op: BinaryOp<f32, Output = f32>, F: Function> Pair<f32, f32> for Fused<A, Op, F> {
    #[inline(always)]
    fn of(&self, a: f32, b: f32) -> f32 {
        self.activation.eval::<A>(self.op.eval(a, b))
    }
}

/// The same with its operands exchanged.
struct Exchanged<P>(P);

impl<T, O, P: Pair<T, O>> Pair<T, O> for Exchanged<P> {
    #[inline(always)]
    fn of(&self, a: T, b: T) -> O {
        self.0.of(b, a)
    }
}

#[inline(always)]
fn signed<const R: usize>(strides: [usize; R]) -> [isize; R] {
    strides.map(|stride| stride as isize)
}

/// Computes each element of a row, with the elements of two operands in steps of `a_stride` and `b_stride`.
#[inline(always)]
fn zip_row<T: Copy, O>(
    (a, a_start, a_stride): (&[T], usize, usize),
    (b, b_start, b_stride): (&[T], usize, usize),
    y: &mut [O],
    f: &impl Pair<T, O>,
) -> Option<()> {
    let n = y.len();
    match (a_stride, b_stride) {
        (1, 1) => {
            for ((y, a), b) in y.iter_mut().zip(row(a, a_start, n)?).zip(row(b, b_start, n)?) {
                *y = f.of(*a, *b);
            }
        }
        (1, 0) => {
            let b = *b.get(b_start)?;
            for (y, a) in y.iter_mut().zip(row(a, a_start, n)?) {
                *y = f.of(*a, b);
            }
        }
        (0, 1) => {
            let a = *a.get(a_start)?;
            for (y, b) in y.iter_mut().zip(row(b, b_start, n)?) {
                *y = f.of(a, *b);
            }
        }
        _ => {
            let (mut at_a, mut at_b) = (a_start, b_start);
            for y in y {
                *y = f.of(*a.get(at_a)?, *b.get(at_b)?);
                at_a = at_a.wrapping_add(a_stride);
                at_b = at_b.wrapping_add(b_stride);
            }
        }
    }
    Some(())
}

/// Computes each element of a row of `y` from itself and the elements of an operand in steps of `stride`.
#[inline(always)]
fn update_row<T: Copy>(x: &[T], start: usize, stride: usize, y: &mut [T], f: &impl Pair<T, T>) -> Option<()> {
    match stride {
        1 => {
            let x = row(x, start, y.len())?;
            for (y, x) in y.iter_mut().zip(x) {
                *y = f.of(*y, *x);
            }
        }
        0 => {
            let x = *x.get(start)?;
            for y in y {
                *y = f.of(*y, x);
            }
        }
        _ => {
            let mut at = start;
            for y in y {
                *y = f.of(*y, *x.get(at)?);
                at = at.wrapping_add(stride);
            }
        }
    }
    Some(())
}

impl<Op: Copy, F: Copy, const R: usize> Binary<Op, F, R> {
    #[inline(always)]
    fn fused<A>(self) -> Fused<A, Op, F> {
        Fused {
            op: self.op,
            activation: self.activation,
            arch: PhantomData,
        }
    }

    /// `y = f(a, b)`, broadcast.
    #[inline(always)]
    pub(super) fn zip<T: Copy, O>(self, a: &[T], b: &[T], y: &mut [O], f: impl Pair<T, O>) {
        let width = last(&self.dims, 1);
        if width == 0 {
            return;
        }
        let (a_stride, b_stride) = (last(&self.a_strides, 0), last(&self.b_strides, 0));
        let mut rows = Walk::new(self.dims, [signed(self.a_strides), signed(self.b_strides)], [0; 2]);
        for y in rows_mut(y, width) {
            let [at_a, at_b] = rows.next();
            if zip_row((a, at_a, a_stride), (b, at_b, b_stride), y, &f).is_none() {
                return;
            }
        }
    }

    /// `y = f(y, x)`, `x` broadcast by `strides`.
    #[inline(always)]
    pub(super) fn update<T: Copy>(self, strides: [usize; R], x: &[T], y: &mut [T], f: impl Pair<T, T>) {
        let width = last(&self.dims, 1);
        if width == 0 {
            return;
        }
        let mut rows = Walk::new(self.dims, [signed(strides)], [0]);
        for y in rows_mut(y, width) {
            let [at] = rows.next();
            if update_row(x, at, last(&strides, 0), y, &f).is_none() {
                return;
            }
        }
    }
}

impl<'a, Op, F, const R: usize> Body<(&'a [f32], &'a [f32], &'a mut [f32])> for Binary<Op, F, R>
where
    Op: BinaryOp<f32, Output = f32>,
    F: Function,
{
    #[inline(always)]
    fn body<A: Arch>(self, (a, b, y): (&'a [f32], &'a [f32], &'a mut [f32])) {
        self.zip(a, b, y, self.fused::<A>());
    }
}

/// The operand that is not updated in place.
enum Other<'a, T> {
    First(&'a [T]),
    Second(&'a [T]),
}

impl<'a, Op, F, const R: usize> Body<(Other<'a, f32>, &'a mut [f32])> for Binary<Op, F, R>
where
    Op: BinaryOp<f32, Output = f32>,
    F: Function,
{
    #[inline(always)]
    fn body<A: Arch>(self, (other, y): (Other<'a, f32>, &'a mut [f32])) {
        match other {
            Other::First(a) => {
                self.update(self.a_strides, a, y, Exchanged(self.fused::<A>()));
            }
            Other::Second(b) => {
                self.update(self.b_strides, b, y, self.fused::<A>());
            }
        }
    }
}

impl<'a, T, Op, const R: usize> Body<Generic<(&'a [T], &'a [T], &'a mut [Op::Output])>> for Binary<Op, Identity, R>
where
    T: Element,
    Op: BinaryOp<T>,
{
    #[inline(always)]
    fn body<A: Arch>(self, Generic((a, b, y)): Generic<(&'a [T], &'a [T], &'a mut [Op::Output])>) {
        self.zip(a, b, y, |a, b| self.op.eval(a, b));
    }
}

/// `y = activation(op(a, b))`, broadcast.
#[inline(always)]
pub fn binary<P, Op, F, const R: usize>(simd: Simd, layer: P, a: &[f32], b: &[f32], y: &mut [f32])
where
    P: Param<Binary<Op, F, R>>,
    Op: BinaryOp<f32, Output = f32>,
    F: Function,
{
    compute(simd, layer, (a, b, y))
}

/// `y = activation(op(y, b))`: only `b` is broadcast.
#[inline(always)]
pub fn binary_in_place<P, Op, F, const R: usize>(simd: Simd, layer: P, b: &[f32], y: &mut [f32])
where
    P: Param<Binary<Op, F, R>>,
    Op: BinaryOp<f32, Output = f32>,
    F: Function,
{
    compute(simd, layer, (Other::Second(b), y))
}

/// `y = activation(op(a, y))`: only `a` is broadcast.
#[inline(always)]
pub fn binary_in_place_reversed<P, Op, F, const R: usize>(simd: Simd, layer: P, a: &[f32], y: &mut [f32])
where
    P: Param<Binary<Op, F, R>>,
    Op: BinaryOp<f32, Output = f32>,
    F: Function,
{
    compute(simd, layer, (Other::First(a), y))
}

/// `y = op(a, b)`, broadcast, for any types that `op` takes and gives.
#[inline(always)]
pub fn binary_of<P, T, Op, const R: usize>(_: Simd, layer: P, a: &[T], b: &[T], y: &mut [Op::Output])
where
    P: Param<Binary<Op, Identity, R>>,
    T: Element,
    Op: BinaryOp<T>,
{
    plain(layer.get(), Generic((a, b, y)))
}
