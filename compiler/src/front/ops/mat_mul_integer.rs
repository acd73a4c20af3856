use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::integer_products::{self, Integers};
use crate::front::shared::normalization::{cast, reshaped};
use crate::front::shared::quantization::{check, parameter, zero_point};
use crate::ir::primitives::{Binary, BinaryOp};
use crate::ir::{DType, OpError, ValueId, op_error};

/// The product of two matrices of 8-bit integers without their zero points, in `i32`.
pub(super) const MAT_MUL_INTEGER: OperatorDef = OperatorDef {
    name: "MatMulInteger",
    domain: Domain::Onnx,
    versions: &[10],
    limits: "",
    read: |cx| {
        let product = product(cx, [0, 1], [2, 3])?;
        Ok(vec![reshaped(cx, product.value, &product.shape)?])
    },
};

/// A product of integers.
pub(super) struct Product {
    /// It has rows and columns.
    pub value: ValueId,
    /// The shape that it gets in the end: without the dimension that a vector lacks.
    pub shape: Vec<usize>,
    /// Shapes of the operands as matrices.
    operands: [Vec<usize>; 2],
}

impl Product {
    /// Input `index`, a parameter of an operand, so that it broadcasts against the product.
    pub(super) fn parameter(&self, cx: &mut NodeContext<'_>, index: usize, operand: usize) -> Result<ValueId, OpError> {
        let shape = along(&self.operands[operand], operand, cx.ty(index)?.len());
        parameter(cx, index, &shape)
    }
}

/// The shape of parameters of an operand: one per row of the first, one per column of the second, for every matrix or
/// for each.
pub(super) fn along(shape: &[usize], operand: usize, count: usize) -> Vec<usize> {
    let (kept, other) = (shape.len() - 2 + operand, shape.len() - 1 - operand);
    let mut parameters = shape.to_vec();
    parameters[other] = 1;
    if count == shape[kept] {
        parameters.drain(..shape.len() - 2);
    }
    parameters
}

/// Sums of products in floats, times a scale, plus input `bias`, if that is given.
pub(super) fn scaled(cx: &mut NodeContext<'_>, sums: ValueId, scale: ValueId, bias: usize) -> Result<ValueId, OpError> {
    let sums = cast(cx, sums, DType::F32)?;
    let y = cx.add(Binary::from(BinaryOp::Mul), &[sums, scale])?;
    if !cx.has(bias) {
        return Ok(y);
    }
    cx.add(Binary::from(BinaryOp::Add), &[y, cx.input(bias)?])
}

/// Multiplies the inputs `operands` without their zero points, the inputs `zero_points`.
pub(super) fn product(
    cx: &mut NodeContext<'_>,
    operands: [usize; 2],
    zero_points: [usize; 2],
) -> Result<Product, OpError> {
    let mut matrices = vec![];
    let mut shapes = [vec![], vec![]];
    let mut lacking = vec![];
    for (operand, shape) in shapes.iter_mut().enumerate() {
        let index = operands[operand];
        let ty = check(cx, index, &[DType::I8, DType::U8])?;
        *shape = match ty.shape.as_slice() {
            [] => return Err(op_error(format!("input {index} is a scalar, it must be a matrix"))),
            [len] if operand == 0 => vec![1, *len],
            [len] => vec![*len, 1],
            _ => ty.shape.clone(),
        };
        lacking.extend((ty.rank() == 1).then_some(operand));
        let value = cx.input(index)?;
        let value = reshaped(cx, value, shape)?;
        let zero = zero_points[operand];
        let count = if cx.has(zero) { cx.ty(zero)?.len() } else { 1 };
        let zero = zero_point(cx, zero, ty.dtype, &along(shape, operand, count))?;
        matrices.push(Integers { value, zero });
    }
    let value = integer_products::product(cx, matrices[0], matrices[1])?;
    let mut shape = cx.value_ty(value).shape.clone();
    let rows = shape.len() - 2;
    for operand in lacking.into_iter().rev() {
        shape.remove(rows + operand);
    }
    Ok(Product {
        value,
        shape,
        operands: shapes,
    })
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, run};
    use crate::ir::{DType, Tensor};

    fn bytes(shape: &[usize], values: &[u8]) -> Tensor {
        Tensor::new(DType::U8, shape.to_vec(), values.to_vec())
    }

    #[test]
    fn zero_points_of_rows_and_columns() {
        let a = || Given(bytes(&[2, 2], &[1, 2, 3, 4]));
        let b = || Known(bytes(&[2, 3], &[255, 0, 1, 1, 1, 1]));
        let product = |a_zero: Tensor, b_zero: Tensor| {
            let operands = [a(), b(), Given(a_zero), Known(b_zero)];
            run(10, "MatMulInteger", &[], &operands, 1)
        };
        let y = product(bytes(&[2], &[1, 4]), bytes(&[3], &[0, 1, 0]));
        assert_eq!(y, Ok(vec![Tensor::i32(&[2, 3], &[1, 0, 1, -255, 1, -1])]));
        let y = product(bytes(&[], &[1]), bytes(&[1], &[0]));
        assert_eq!(y, Ok(vec![Tensor::i32(&[2, 3], &[1, 1, 1, 513, 3, 5])]));
        assert!(product(bytes(&[3], &[0; 3]), bytes(&[], &[0])).is_err_and(|e| e.contains("input 2")));
        let signed = Tensor::scalar(DType::I8, 0.0);
        assert!(product(signed, bytes(&[], &[0])).is_err_and(|e| e.contains("zero point")));
    }

    #[test]
    fn vectors() {
        let a = || Given(bytes(&[2], &[1, 2]));
        let b = || Given(bytes(&[2], &[3, 4]));
        let matrix = || Given(bytes(&[2, 1], &[3, 4]));
        let product = |a, b| run(10, "MatMulInteger", &[], &[a, b], 1);
        assert_eq!(product(a(), b()), Ok(vec![Tensor::i32(&[], &[11])]));
        assert_eq!(product(a(), matrix()), Ok(vec![Tensor::i32(&[1], &[11])]));
    }
}
