use crate::generic::{Typed, by_dtype};
use crate::{Args, DType, KernelCall, Value, bind};
use runtime_core::function::AnyGateFunction;
use runtime_core::kernels::{
    self, DynamicState, Gru, GruGradient, LinearGruGradient, Lstm, LstmGradient, QlinearGru, QlinearLstm,
    QlinearRecurrence, QlinearRnn, Recurrence, RecurrenceGradient, Rnn, RnnGradient,
};

// Specialised by a sixth on a Cortex-M4F, by a twentieth on a PC.
bind!(QlinearRecurrence<QlinearRnn>, qlinear_recurrence(0, 1, 2, 3, 4, 5) -> (0), specialises);
bind!(QlinearRecurrence<QlinearGru>, qlinear_recurrence(0, 1, 2, 3, 4, 5) -> (0), specialises);
bind!(QlinearRecurrence<QlinearLstm>, qlinear_recurrence(0, 1, 2, 3, 4, 5) -> (0), specialises);

/// Binds the layer of a cell. A generic implementation would be compiled where it is used: with the compiler, which is
/// optimised less than the kernels.
macro_rules! bind_recurrence {
    ($cell:ty) => {
        impl KernelCall for Typed<Recurrence<$cell>> {
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
                        let y = args.y::<f64>(0);
                        kernels::recurrence_of(simd, layer, args.x(0), args.x(1), args.x(2), args.x(3), y);
                    }
                }
            }
        }
    };
}

type AnyLstm = Lstm<AnyGateFunction, AnyGateFunction, AnyGateFunction>;
bind_recurrence!(Rnn<AnyGateFunction>);
bind_recurrence!(Gru<AnyGateFunction, AnyGateFunction>);
bind_recurrence!(AnyLstm);
bind_recurrence!(DynamicState<AnyLstm>);

/// Binds the way back through the layer of a cell.
macro_rules! bind_gradient {
    ($cell:ty) => {
        impl KernelCall for Typed<RecurrenceGradient<$cell>> {
            fn name(&self) -> &'static str {
                "recurrence_gradient"
            }

            fn params(&self) -> Value {
                Value::of(&self.kernel)
            }

            fn execute(&self, args: &mut Args<'_>) {
                let (layer, simd) = (self.kernel, args.simd);
                by_dtype!(self.dtype, T => {
                    let y = args.y::<T>(0);
                    kernels::recurrence_gradient(
                        simd, layer, args.x::<T>(0), args.x(1), args.x(2), args.x(3), args.x(4), y);
                }, [F32 f32, F64 f64]);
            }
        }
    };
}

bind_gradient!(RnnGradient);
bind_gradient!(GruGradient);
bind_gradient!(LinearGruGradient);
bind_gradient!(LstmGradient);
