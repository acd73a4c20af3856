use super::binary::{same_places, walk};
use crate::bindings::{BinaryOp, QlinearBinaryCall, QlinearBinaryOp};
use crate::ir::fixed_point::{
    MULTIPLIER_BITS, Quantization, Rounding, Uniform, add, expect, multiplier, multipliers, room, sum_in_32_bits,
};
use crate::ir::geometry::broadcast;
use crate::ir::{CallOptions, Lowering};
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType};
use runtime_core::kernels::{QlinearAdd, WeightedProduct, WeightedSum};

/// Sum, difference or product of two quantised tensors with broadcasting, rounded once, half to even, and limited.
#[derive(Clone, Debug, PartialEq)]
pub struct QlinearBinary {
    op: QlinearBinaryOp,
    from: DType,
    zeros: [i32; 2],
    rounding: Rounding,
}

impl QlinearBinary {
    /// `op` of operands quantised as `a` and `b`, quantised as `y`, within the least and greatest integer of a fused
    /// `Relu` or `Clip`. `None` for other functions than `Add`, `Sub` and `Mul`, operands of different types,
    /// quantisations with several scales or of other types than `i8` and `i16`, or if the output's scale is a billion
    /// times finer.
    pub fn new(
        op: BinaryOp,
        a: &Quantization,
        b: &Quantization,
        y: &Quantization,
        limits: Option<(i32, i32)>,
    ) -> Option<Self> {
        let (a, b, y) = (Uniform::of(a)?, Uniform::of(b)?, Uniform::of(y)?);
        let sum = |sign: i32| {
            let factors = [a.scale / y.scale, b.scale / y.scale];
            if [a.dtype, b.dtype, y.dtype] == [DType::I8; 3] {
                let signed = [factors[0], f64::from(sign) * factors[1]];
                if let Some((sum, shift)) = sum_in_32_bits(signed, [a.zero, b.zero], y.zero) {
                    return Some((QlinearBinaryOp::Sum(sum), shift));
                }
            }
            let (integers, shift) = multipliers(factors.into_iter(), MULTIPLIER_BITS)?;
            let [a_multiplier, b_multiplier] = integers[..] else {
                return None;
            };
            let b_multiplier = sign * b_multiplier;
            Some((
                QlinearBinaryOp::Sum(WeightedSum {
                    a_multiplier,
                    b_multiplier,
                }),
                shift,
            ))
        };
        let (op, shift) = match op {
            BinaryOp::Add => sum(1),
            BinaryOp::Sub => sum(-1),
            BinaryOp::Mul => multiplier(a.scale * b.scale / y.scale, room(a.reach() * b.reach())?)
                .map(|(multiplier, shift)| (QlinearBinaryOp::Product(WeightedProduct { multiplier }), shift)),
            _ => None,
        }?;
        (a.dtype == b.dtype).then_some(())?;
        Some(Self {
            op,
            from: a.dtype,
            zeros: [a.zero, b.zero],
            rounding: Rounding::new(y, shift, limits)?,
        })
    }
}

impl QlinearBinary {
    /// The call as one in 32 bits, where its operands have one shape and its sums fit.
    fn add(&self, call: &QlinearBinaryCall) -> Option<QlinearAdd> {
        let QlinearBinaryOp::Sum(sum) = call.op else {
            return None;
        };
        let bytes = [call.from, call.to] == [DType::I8; 2];
        let one_shape = call.a_strides == [1] && call.b_strides == [1];
        let add = || add(sum, call.shift, call.zeros, call.zero, call.limits);
        (bytes && one_shape).then(add).flatten()
    }
}

impl Operator for QlinearBinary {
    fn name(&self) -> &'static str {
        match self.op {
            QlinearBinaryOp::Sum(op) if op.b_multiplier < 0 => "QlinearSub",
            QlinearBinaryOp::Sum(_) => "QlinearAdd",
            QlinearBinaryOp::Product(_) => "QlinearMul",
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let (a, b) = (expect(inputs, 0, self.from)?, expect(inputs, 1, self.from)?);
        Ok(vec![TensorType::new(
            self.rounding.dtype,
            broadcast(&a.shape, &b.shape)?,
        )])
    }

    /// The operand that can be overwritten comes first.
    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let len = cx.output_ty(0).len();
        let overwrites = self.from == self.rounding.dtype;
        let in_place = [0, 1].into_iter().find(|i| overwrites && cx.ty(*i).len() == len);
        let (dims, [a_strides, b_strides]) = walk(cx)?;
        let mut call = QlinearBinaryCall {
            op: self.op,
            dims,
            a_strides,
            b_strides,
            zeros: self.zeros,
            shift: self.rounding.shift,
            zero: self.rounding.zero,
            limits: self.rounding.limits,
            from: self.from,
            to: self.rounding.dtype,
        };
        let (mut operands, y) = ([cx.input(0), cx.input(1)], cx.output(0));
        if in_place == Some(1) {
            call.op = call.op.reversed();
            std::mem::swap(&mut call.a_strides, &mut call.b_strides);
            call.zeros.reverse();
            operands.reverse();
        }
        let options = CallOptions {
            in_place: in_place.map(|_| 0),
        };
        match self.add(&call) {
            Some(add) => cx.call_with(add, &operands, &[y], options),
            None => cx.call_with(call, &operands, &[y], options),
        }
        Ok(())
    }

    fn permute(&self, perm: &[usize], inputs: &[Option<&TensorType>]) -> Option<Permuted> {
        Some(Permuted {
            operator: Box::new(self.clone()),
            transposed: same_places(perm, inputs)?,
        })
    }

    fn is_elementwise(&self) -> bool {
        true
    }
}
