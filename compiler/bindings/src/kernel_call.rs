use crate::{CallPart, Value};
use bytemuck::AnyBitPattern;
use runtime_core::Simd;
use std::fmt;
use std::ops::Range;

/// Cores with kernels of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cores {
    /// Cortex-M with the DSP extension.
    Dsp,
    /// Cortex-M with vectors (MVE).
    Mve,
    /// Cores that compute one number at a time: Cortex-M0 to M3, and RV32.
    Scalar,
}

/// A runtime-core kernel with the values of its parameters.
pub trait KernelCall: fmt::Debug + Send + Sync {
    /// The function in `runtime_core::kernels`.
    fn name(&self) -> &'static str;

    /// The function that works in place, with output 0 in place of the input it shares storage with.
    fn in_place_name(&self) -> Option<&'static str> {
        None
    }

    /// The parameters, to be printed as source.
    fn params(&self) -> Value;

    /// Const generics of the parameters' type, printed after the types of nested structs.
    fn const_generics(&self) -> Vec<usize> {
        vec![]
    }

    /// Whether a copy of the kernel with these parameters known to rustc is much faster than a shared one.
    fn specialises(&self) -> bool {
        false
    }

    /// Whether the kernel takes a reference to its parameters: large ones would be copied to the stack for every call.
    fn by_reference(&self) -> bool {
        self.made_for().is_some()
    }

    /// The cores that it has assembler for, if any: it is slow elsewhere.
    fn made_for(&self) -> Option<Cores> {
        None
    }

    /// Elements of a row of output 0, if its rows can be computed apart.
    fn row(&self) -> Option<usize> {
        None
    }

    /// The call that computes some rows of output 0; `None` where there is none.
    fn part(&self, _rows: Range<usize>) -> Option<CallPart> {
        None
    }

    /// Whether [`Partial`](runtime_core::partial::Partial) divides the parameters as they are printed, so that threads
    /// can compute the rows of output 0 side by side.
    fn divides(&self) -> bool {
        false
    }

    /// Runs it on the host.
    fn execute(&self, args: &mut Args<'_>);

    /// Runs the in-place form on the host.
    fn execute_in_place(&self, _args: &mut Args<'_>) {}
}

/// Operands of a call on the host, as bytes with the alignment of any element.
pub struct Args<'a> {
    /// The instruction set to run on.
    pub simd: Simd,
    inputs: Vec<&'a [u8]>,
    outputs: Vec<&'a mut [u8]>,
}

impl<'a> Args<'a> {
    /// Operands in the kernel's order.
    pub fn new(simd: Simd, inputs: Vec<&'a [u8]>, outputs: Vec<&'a mut [u8]>) -> Self {
        Self { simd, inputs, outputs }
    }

    /// Input `index` as elements.
    ///
    /// # Panics
    /// If the program was lowered with an operand of another element type: a fault of the compiler.
    pub fn x<T: AnyBitPattern>(&self, index: usize) -> &'a [T] {
        bytemuck::cast_slice(self.inputs[index])
    }

    /// The same operands with `bytes` for input `index`.
    pub fn with_input<'b>(&'b mut self, index: usize, bytes: &'b [u8]) -> Args<'b> {
        let mut inputs: Vec<&'b [u8]> = self.inputs.clone();
        inputs[index] = bytes;
        Args {
            simd: self.simd,
            inputs,
            outputs: self.outputs.iter_mut().map(|y| &mut **y).collect(),
        }
    }

    /// Output `index` as elements; each can be taken once.
    ///
    /// # Panics
    /// If the program was lowered with an operand of another element type: a fault of the compiler.
    pub fn y<T: bytemuck::Pod>(&mut self, index: usize) -> &'a mut [T] {
        bytemuck::cast_slice_mut(std::mem::take(&mut self.outputs[index]))
    }
}
