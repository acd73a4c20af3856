use super::{Reshape, broadcast, broadcast_strides};
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType, op_error};
use crate::kernels::BinaryCall;
use crate::lower::{CallOptions, Lowering};
use runtime_core::function::{AnyFunction, Identity};

macro_rules! ops {
    ($($name:ident $doc:literal),* $(,)?) => {
        /// A function of two elements; see the kernel of the same name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum BinaryOp {
            $(#[doc = $doc] $name,)*
        }

        impl BinaryOp {
            /// Name of its type in `runtime_core::kernels`.
            pub const fn kernel_name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
}
ops! {
    Add "`a + b`", Sub "`a - b`", Mul "`a * b`", Div "`a / b`", Pow "`a` to the power of `b`",
    Max "the greater", Min "the lesser", PRelu "`a` where not negative, else `a * b`",
    Mod "remainder with the sign of `b`", Fmod "remainder with the sign of `a`",
    Equal "`a == b`", Greater "`a > b`", GreaterOrEqual "`a >= b`", Less "`a < b`", LessOrEqual "`a <= b`",
    And "both, or bitwise", Or "either, or bitwise", Xor "exactly one, or bitwise",
    ShiftLeft "`a << b`", ShiftRight "`a >> b`",
}

impl BinaryOp {
    /// The operator without activation.
    pub const fn plain(self) -> Binary {
        Binary { op: self, activation: AnyFunction::Identity(Identity) }
    }

    /// Whether the result is a boolean for numbers.
    pub const fn is_predicate(self) -> bool {
        matches!(self, Self::Equal | Self::Greater | Self::GreaterOrEqual | Self::Less | Self::LessOrEqual)
    }

    fn accepts(self, dtype: DType) -> bool {
        match self {
            Self::Equal => true,
            Self::And | Self::Or | Self::Xor => !dtype.is_float(),
            Self::ShiftLeft | Self::ShiftRight => matches!(dtype, DType::U8 | DType::U16 | DType::U32 | DType::U64),
            _ => dtype != DType::Bool,
        }
    }
}

/// One function of each pair of elements, with broadcasting, and an activation of the result where that is `f32`.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// The function.
    pub op: BinaryOp,
    /// Applied to the result.
    pub activation: AnyFunction,
}

impl Operator for Binary {
    fn name(&self) -> &'static str {
        self.op.kernel_name()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let dtype = inputs.same_dtype()?;
        if !self.op.accepts(dtype) {
            return Err(op_error(format!("element type {dtype} is not supported by {}", self.name())));
        }
        let shape = broadcast(&inputs.ty(0)?.shape, &inputs.ty(1)?.shape)?;
        Ok(vec![TensorType::new(if self.op.is_predicate() { DType::Bool } else { dtype }, shape)])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let shape = &cx.output_ty(0).shape;
        let [a_shape, b_shape] = [&cx.ty(0).shape, &cx.ty(1).shape];
        let (dims, a_strides, b_strides) =
            simplified(shape, broadcast_strides(a_shape, shape), broadcast_strides(b_shape, shape));
        let len = cx.output_ty(0).len();
        let dtype = cx.ty(0).dtype;
        let overwrites = (dtype == DType::F32 && !self.op.is_predicate()).then_some(());
        let in_place = overwrites.and_then(|()| [cx.ty(0), cx.ty(1)].iter().position(|ty| ty.len() == len));
        let call = BinaryCall {
            op: self.op,
            activation: self.activation,
            dims,
            a_strides,
            b_strides,
            dtype,
            reversed: in_place == Some(1),
        };
        let (a, b, y) = (cx.input(0), cx.input(1), cx.output(0));
        cx.call_with(call, &[a, b], &[y], CallOptions { in_place });
        Ok(())
    }

    /// Only where both operands have the output's rank: others are reshaped first by the pass.
    fn permute(&self, perm: &[usize], inputs: &[Option<&TensorType>]) -> Option<Permuted> {
        let same_rank = |ty: &Option<&TensorType>| ty.is_some_and(|ty| ty.rank() == perm.len());
        let transposed = inputs.iter().map(|ty| ty.is_some_and(|ty| ty.len() > 1)).collect();
        let fits = inputs.iter().all(|ty| same_rank(ty) || ty.is_some_and(|ty| ty.len() == 1 && ty.rank() <= perm.len()));
        fits.then(|| Permuted { operator: Box::new(self.clone()), transposed })
    }

    fn is_elementwise(&self) -> bool {
        true
    }
}

impl Binary {
    /// The shape of rank `rank` that broadcasts as `shape` does.
    pub fn aligned(shape: &[usize], rank: usize) -> Reshape {
        let mut aligned = vec![1; rank.saturating_sub(shape.len())];
        aligned.extend(shape);
        Reshape { shape: aligned }
    }
}

/// Joins neighbouring dimensions that both operands walk alike.
fn simplified(shape: &[usize], a: Vec<usize>, b: Vec<usize>) -> (Vec<usize>, Vec<usize>, Vec<usize>) {
    let (mut dims, mut a_strides, mut b_strides): (Vec<usize>, Vec<usize>, Vec<usize>) = (vec![], vec![], vec![]);
    for ((dim, x), y) in shape.iter().zip(a).zip(b) {
        let last = dims.len().wrapping_sub(1);
        if *dim == 1 {
            continue;
        }
        if dims.get(last).is_some() && a_strides[last] == x * dim && b_strides[last] == y * dim {
            dims[last] *= dim;
            (a_strides[last], b_strides[last]) = (x, y);
        } else {
            dims.push(*dim);
            a_strides.push(x);
            b_strides.push(y);
        }
    }
    if dims.is_empty() { (vec![1], vec![1], vec![1]) } else { (dims, a_strides, b_strides) }
}
