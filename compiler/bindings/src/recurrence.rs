use crate::generic::Typed;
use crate::{Args, DType, KernelCall, Value, bind};
use runtime_core::kernels::{self, Cell, QlinearGru, QlinearLstm, QlinearRecurrence, QlinearRnn, Recurrence};
use std::fmt;

// Specialised by a sixth on a Cortex-M4F, by a twentieth on a PC.
bind!(QlinearRecurrence<QlinearRnn>, qlinear_recurrence(0, 1, 2, 3, 4, 5) -> (0), specialises);
bind!(QlinearRecurrence<QlinearGru>, qlinear_recurrence(0, 1, 2, 3, 4, 5) -> (0), specialises);
bind!(QlinearRecurrence<QlinearLstm>, qlinear_recurrence(0, 1, 2, 3, 4, 5) -> (0), specialises);

impl<C: Cell + serde::Serialize + fmt::Debug + Send + Sync> KernelCall for Typed<Recurrence<C>> {
    fn name(&self) -> &'static str {
        if self.dtype == DType::F32 {
            "recurrence"
        } else {
            "recurrence_of"
        }
    }

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    /// By a seventh for 16 units, by a twentieth for 64.
    fn specialises(&self) -> bool {
        self.dtype == DType::F32
    }

    fn execute(&self, args: &mut Args<'_>) {
        let (layer, simd) = (self.kernel, args.simd);
        match self.dtype {
            DType::F32 => {
                kernels::recurrence(
                    simd,
                    layer,
                    args.x(0),
                    args.x::<f32>(1),
                    args.x(2),
                    args.x(3),
                    args.y(0),
                );
            }
            _ => {
                kernels::recurrence_of::<_, _, f64>(simd, layer, args.x(0), args.x(1), args.x(2), args.x(3), args.y(0))
            }
        }
    }
}
