use crate::bindings::MatMulCall;
use crate::ir::geometry::{broadcast, broadcast_strides};
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, ValueId, op_error};
use crate::ir::{Gradient, Lowering};
use crate::ir::{OverTime, Time};

/// A matrix product as `numpy.matmul`: batched, with broadcasting; vectors are rows or columns.
#[derive(Clone, Debug, PartialEq)]
pub struct MatMul;

/// How two operands multiply.
pub(super) struct Shapes {
    batch: Vec<usize>,
    a_batch: Vec<usize>,
    b_batch: Vec<usize>,
    m: usize,
    /// Columns of the first, rows of the second.
    pub(super) k: usize,
    n: usize,
    /// Shape of the product.
    pub(super) output: Vec<usize>,
}

impl Shapes {
    /// The call that multiplies them.
    pub(super) fn call(self, dtype: DType) -> MatMulCall {
        let Self { batch, m, k, n, .. } = self;
        let strides = |shape: &[usize], matrix: usize| {
            let strides = broadcast_strides(shape, &batch).into_iter();
            strides.map(|s| s * matrix).collect::<Vec<_>>()
        };
        let (a_strides, b_strides) = (strides(&self.a_batch, m * k), strides(&self.b_batch, k * n));
        MatMulCall {
            batch,
            a_strides,
            b_strides,
            m,
            k,
            n,
            dtype,
        }
    }
}

/// How operands of these types multiply.
pub(super) fn shapes(a: &TensorType, b: &TensorType) -> Result<Shapes, OpError> {
    let (a_shape, b_shape) = (&a.shape, &b.shape);
    if a_shape.is_empty() || b_shape.is_empty() {
        return Err(op_error("a scalar operand has no rows or columns").help("use Mul"));
    }
    let split = |shape: &[usize]| {
        (
            shape[..shape.len() - 2].to_vec(),
            shape[shape.len() - 2],
            shape[shape.len() - 1],
        )
    };
    let (a_batch, m, k) = if a_shape.len() == 1 {
        (vec![], 1, a_shape[0])
    } else {
        split(a_shape)
    };
    let (b_batch, k_b, n) = if b_shape.len() == 1 {
        (vec![], b_shape[0], 1)
    } else {
        split(b_shape)
    };
    if k != k_b {
        return Err(op_error(format!(
            "{a} and {b} do not multiply: {k} columns against {k_b} rows"
        )));
    }
    let batch = broadcast(&a_batch, &b_batch)?;
    let mut output = batch.clone();
    output.extend((a_shape.len() > 1).then_some(m));
    output.extend((b_shape.len() > 1).then_some(n));
    Ok(Shapes {
        batch,
        a_batch,
        b_batch,
        m,
        k,
        n,
        output,
    })
}

impl Operator for MatMul {
    fn name(&self) -> &'static str {
        "MatMul"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let dtype = inputs.same_dtype()?;
        if !(dtype.is_float() || matches!(dtype, DType::I32 | DType::I64 | DType::U32 | DType::U64)) {
            return Err(op_error(format!("element type {dtype} is not supported"))
                .help("supported: floats, int32, int64, uint32, uint64"));
        }
        Ok(vec![TensorType::new(
            dtype,
            shapes(inputs.ty(0)?, inputs.ty(1)?)?.output,
        )])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        let k = inputs[0].and_then(|a| a.shape.last().copied()).unwrap_or(0);
        outputs[0].len() as u64 * k as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let call = shapes(cx.ty(0), cx.ty(1))?.call(cx.ty(0).dtype);
        let (a, b, y) = (cx.input(0), cx.input(1), cx.output(0));
        cx.call(call, &[a, b], &[y]);
        Ok(())
    }

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let (a, b) = (cx.input(0)?, cx.input(1)?);
        let Shapes { batch, m, k, n, .. } = shapes(cx.ty(a), cx.ty(b))?;
        // Vectors as matrices of one row or column.
        let matrix = |batch: &[usize], rows: usize, columns: usize| [batch, &[rows, columns]].concat();
        let g = cx.of_output()?;
        let g = cx.reshaped(g, &matrix(&batch, m, n))?;
        for index in [0, 1].into_iter().filter(|index| cx.wants(*index)).collect::<Vec<_>>() {
            let shape = cx.shape([a, b][index]);
            let other = cx.shape([b, a][index]);
            let outer = |shape: &[usize]| shape[..shape.len().saturating_sub(2)].to_vec();
            let other_matrix = if index == 0 {
                matrix(&outer(&other), k, n)
            } else {
                matrix(&outer(&other), m, k)
            };
            let x = cx.reshaped([b, a][index], &other_matrix)?;
            let gradient = if index == 0 {
                let columns = swapped(cx, x)?;
                let whole = cx.add(Self, &[g, columns])?;
                cx.summed_to(whole, &matrix(&outer(&shape), m, k))?
            } else {
                of_second(cx, x, g, &matrix(&outer(&shape), k, n))?
            };
            let gradient = cx.reshaped(gradient, &shape)?;
            cx.give(index, gradient)?;
        }
        Ok(())
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        time.matrix_product(self)
    }
}

/// The value with rows for columns.
fn swapped(cx: &mut Gradient<'_>, value: ValueId) -> Result<ValueId, OpError> {
    let rank = cx.ty(value).rank();
    let mut perm: Vec<usize> = (0..rank).collect();
    perm.swap(rank - 2, rank - 1);
    cx.transposed(value, perm)
}

/// The gradient of the second operand, of this shape, from the first and that of the product. A single matrix that
/// multiplies many is one product of all their rows.
fn of_second(cx: &mut Gradient<'_>, a: ValueId, g: ValueId, shape: &[usize]) -> Result<ValueId, OpError> {
    let joined = |cx: &mut Gradient<'_>, value: ValueId| {
        let shape = cx.shape(value);
        let (columns, rows) = (shape[shape.len() - 1], shape[..shape.len() - 1].iter().product());
        cx.reshaped(value, &[rows, columns])
    };
    let (a_shape, g_shape) = (cx.shape(a), cx.shape(g));
    let same = a_shape[..a_shape.len() - 1] == g_shape[..g_shape.len() - 1];
    let [a, g] = if shape.len() == 2 && same {
        [joined(cx, a)?, joined(cx, g)?]
    } else {
        [a, g]
    };
    let rows = swapped(cx, a)?;
    let whole = cx.add(MatMul, &[rows, g])?;
    cx.summed_to(whole, shape)
}
