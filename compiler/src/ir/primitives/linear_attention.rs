use crate::ir::Lowering;
use crate::ir::geometry::tensor_type;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use runtime_core::kernels;

/// Attention whose memory is a matrix for each head, in `f32`: inputs `q` `[batch, tokens, heads of queries, size]`,
/// `k` `[batch, tokens, heads, size]`, `v` `[batch, tokens, heads, value size]`; optional are the state before,
/// `[batch, heads, size, value size]`, the logarithms of decay `[batch, tokens, heads, 1 or size]` and the update rates
/// `[batch, tokens, 1 or heads]`, without which an update does not look at what was stored. Gives the outputs, shaped
/// as the queries, and the state after.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearAttention {
    /// Factor of the outputs.
    pub scale: f32,
    /// Which of the optional operands are given: the state before, decays, update rates.
    pub given: [bool; 3],
}

/// The optional operands, in [`LinearAttention::given`].
const PAST: usize = 0;
const DECAY: usize = 1;
const RATE: usize = 2;

impl LinearAttention {
    /// The place of an optional operand among the operands.
    fn place(&self, optional: usize) -> Option<usize> {
        self.given[optional].then(|| 3 + self.given[..optional].iter().filter(|given| **given).count())
    }
}

fn four(ty: &TensorType) -> Result<[usize; 4], OpError> {
    let wrong = |_| {
        op_error(format!(
            "the operand {ty} must have a batch, tokens, heads and elements"
        ))
    };
    ty.shape[..].try_into().map_err(wrong)
}

impl Operator for LinearAttention {
    fn name(&self) -> &'static str {
        "LinearAttention"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        if let Some(other) = inputs.types().find(|ty| ty.dtype != DType::F32) {
            return Err(op_error(format!("{other} is not supported")).help("supported: float32"));
        }
        let [q, k, v] = [four(inputs.ty(0)?)?, four(inputs.ty(1)?)?, four(inputs.ty(2)?)?];
        let [batch, tokens, heads, size] = k;
        let state = [batch, heads, size, v[3]];
        let fits = q == [batch, tokens, q[2], size] && v == [batch, tokens, heads, v[3]];
        let is = |optional: usize, shapes: [&[usize]; 2]| match self.place(optional) {
            Some(place) => inputs.get(place).is_some_and(|ty| shapes.contains(&&ty.shape[..])),
            None => true,
        };
        let optional = is(PAST, [&state; 2])
            && is(DECAY, [&[batch, tokens, heads, 1], &k])
            && is(RATE, [&[batch, tokens, 1], &[batch, tokens, heads]]);
        if !fits || !optional || heads == 0 || !q[2].is_multiple_of(heads) {
            let types: Vec<_> = inputs.types().map(ToString::to_string).collect();
            return Err(op_error(format!("the operands do not fit: {}", types.join(", "))));
        }
        let y = tensor_type(DType::F32, vec![batch, tokens, q[2], v[3]])?;
        Ok(vec![y, tensor_type(DType::F32, state.to_vec())?])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        let size = inputs[0].and_then(|q| q.shape.last()).copied().unwrap_or(0);
        let values = inputs[2].map_or(0, |v| v.len());
        (values * 2 + outputs[0].len()) as u64 * size as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ([_, _, queries, _], [batch, tokens, heads, size]) = (four(cx.ty(0))?, four(cx.ty(1))?);
        let last = |place: Option<usize>| place.map_or(0, |place| cx.ty(place).shape.last().copied().unwrap_or(0));
        let kernel = kernels::LinearAttention {
            batch,
            tokens,
            heads,
            group: queries / heads,
            size,
            value_size: last(Some(2)),
            scale: self.scale,
            continued: self.given[PAST],
            decays: last(self.place(DECAY)),
            rates: last(self.place(RATE)),
        };
        let mut operands = vec![cx.input(0), cx.input(1), cx.input(2)];
        for optional in [PAST, DECAY, RATE] {
            // What is absent is not read.
            operands.push(cx.input(self.place(optional).unwrap_or(0)));
        }
        let (y, state) = (cx.output(0), cx.output(1));
        let update = cx.temporary("update", DType::F32, kernel.value_size);
        cx.call(kernel, &operands, &[y, state, update]);
        Ok(())
    }
}
