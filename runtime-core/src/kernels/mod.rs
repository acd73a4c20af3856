//! The kernels: one file each, named like its function, its parameter struct and its row in the report.
//!
//! The general form is `kernel(simd, parameters, inputs.., outputs..)`.

mod arg_reduce;
mod attention;
mod attention_head;
mod binary;
mod binary_op;
mod body;
mod cast;
mod chunks;
mod col2im;
mod complex;
mod concat;
mod conv;
mod conv2d;
mod conv_transpose2d;
mod deform_columns;
mod depthwise_conv2d;
mod duplicate;
mod fft;
mod fft_pass;
mod fill;
mod fmod;
mod gather;
mod gemm;
mod group_normalization;
mod instance_normalization;
mod lanes;
mod layer_normalization;
mod linear_attention;
mod map;
mod mat_mul;
mod max_pool_indices;
mod pad;
mod pool2d;
mod reduce;
mod reduce_op;
mod resize;
mod rms_normalization;
mod scale_shift;
mod select;
mod sliding;
mod softmax;
mod strided;
mod tile;
mod unary;
mod walk;

pub use arg_reduce::{ArgReduce, arg_max, arg_min};
pub use attention::{Attention, attention, attention_masked};
pub use binary::{Binary, binary, binary_in_place, binary_in_place_reversed, binary_of};
pub use binary_op::{
    Add, And, BinaryOp, Div, Equal, Fmod, Greater, GreaterOrEqual, Less, LessOrEqual, Max, Min, Mod, Mul, Or, PRelu,
    Pow, ShiftLeft, ShiftRight, Sub, Xor,
};
pub use cast::{Cast, CastFrom, cast};
pub use col2im::{Col2Im, col2im};
pub use concat::{Concat, concat};
pub use conv::{Conv, conv};
pub use conv_transpose2d::{ConvTranspose2d, conv_transpose2d};
pub use conv2d::{Conv2d, conv2d, conv2d_add};
pub use deform_columns::{DeformColumns, deform_columns};
pub use depthwise_conv2d::{DepthwiseConv2d, depthwise_conv2d, depthwise_conv2d_add};
pub use duplicate::{Duplicate, duplicate};
pub use fft::{Fft, MAX_FACTORS, fft};
pub use fill::{Fill, fill};
pub use gather::{Gather, Index, gather};
pub use gemm::{Gemm, gemm, gemm_add};
pub use group_normalization::{GroupNormalization, group_normalization};
pub use instance_normalization::{InstanceNormalization, instance_normalization};
pub use layer_normalization::{LayerNormalization, layer_normalization};
pub use linear_attention::{LinearAttention, linear_attention};
pub use map::{Map, map, map_in_place, map_of};
pub use mat_mul::{MatMul, mat_mul, mat_mul_of};
pub use max_pool_indices::{MaxPoolIndices, max_pool_indices};
pub use pad::{Constant, Edge, Pad, PadMode, Reflect, Wrap, pad};
pub use pool2d::{Pool2d, average_pool2d, max_pool2d};
pub use reduce::{Accumulate, Reduce, reduce, reduce_of};
pub use reduce_op::{L1, L2, LogSum, LogSumExp, Mean, Prod, ReduceOp, Sum, SumSquare};
pub use resize::{Resize, resize};
pub use rms_normalization::{RmsNormalization, rms_normalization};
pub use scale_shift::{ScaleShift, scale_shift};
pub use select::{Select, select};
pub use softmax::{Softmax, log_softmax, log_softmax_of, softmax, softmax_of};
pub use strided::{Strided, strided};
pub use unary::{ClipOf, IsInf, IsNan, Not, Unary, UnaryOp, unary};
