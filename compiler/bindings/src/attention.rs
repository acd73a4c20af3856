use super::bind;
use crate::{Args, KernelCall, Value};
use runtime_core::kernels::{self, Attention, LinearAttention};

bind!(LinearAttention, linear_attention(0, 1, 2, 3, 4, 5) -> (0, 1, 2));

/// `attention`, or with a mask `attention_masked`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionCall {
    /// Parameters.
    pub attention: Attention,
    /// Whether there is a mask.
    pub masked: bool,
}

impl KernelCall for AttentionCall {
    fn name(&self) -> &'static str {
        if self.masked { "attention_masked" } else { "attention" }
    }

    fn params(&self) -> Value {
        Value::of(&self.attention)
    }

    fn execute(&self, args: &mut Args<'_>) {
        let (layer, y, scratch) = (self.attention, args.y(0), args.y(1));
        if self.masked {
            let (q, k, v, mask) = (args.x(0), args.x(1), args.x(2), args.x(3));
            kernels::attention_masked(args.simd, layer, q, k, v, mask, y, scratch);
        } else {
            kernels::attention(args.simd, layer, args.x(0), args.x(1), args.x(2), y, scratch);
        }
    }
}
