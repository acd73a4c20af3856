use crate::{Args, CallPart, KernelCall, Value};
use runtime_core::f16;
use runtime_core::pack::unpack_pairs;
use std::ops::Range;

/// How a matrix kernel's weights are stored in fewer bits than they are multiplied with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stored {
    /// `f32` as `f16`.
    Half,
    /// `i8` of four bits, two to a `u8`.
    Pairs,
}

/// A matrix kernel whose weights, its operand 1, are stored in fewer bits. The host widens them and runs the kernel of
/// whole weights, which multiplies the same numbers, so that no second copy of every kernel is compiled for it.
#[derive(Debug)]
pub struct StoredWeights {
    /// The call with whole weights.
    pub call: Box<dyn KernelCall>,
    /// How they are stored.
    pub stored: Stored,
}

impl KernelCall for StoredWeights {
    fn name(&self) -> &'static str {
        self.call.name()
    }

    fn params(&self) -> Value {
        self.call.params()
    }

    fn specialises(&self) -> bool {
        self.call.specialises()
    }

    fn row(&self) -> Option<usize> {
        self.call.row()
    }

    fn part(&self, rows: Range<usize>) -> Option<CallPart> {
        let part = self.call.part(rows)?;
        let kernel = Box::new(Self {
            call: part.kernel,
            stored: self.stored,
        });
        Some(CallPart { kernel, ..part })
    }

    fn execute(&self, args: &mut Args<'_>) {
        match self.stored {
            Stored::Half => {
                let whole: Vec<f32> = args.x::<f16>(1).iter().map(|half| half.to_f32()).collect();
                self.call.execute(&mut args.with_input(1, bytemuck::cast_slice(&whole)));
            }
            Stored::Pairs => {
                let pairs = args.x::<u8>(1);
                let mut whole = vec![0_i8; 2 * pairs.len()];
                unpack_pairs(pairs, &mut whole);
                self.call.execute(&mut args.with_input(1, bytemuck::cast_slice(&whole)));
            }
        }
    }
}
