//! The kernels: one file each, named like its function, its parameter struct and its row in the report.
//!
//! The general form is `kernel(simd, parameters, inputs.., outputs..)`.
//!
//! # Map of the traits
//!
//! From a call in emitted code down to the instructions, for `qlinear_gemm(simd, layer, x, w, bias, multiplier, y)`:
//!
//! | trait or function | question | answers here |
//! |---|---|---|
//! | [`Param<Gemm<F>>`](crate::Param) | which layer, as a type or as a value | a type made by `layer!`, or `Gemm` itself |
//! | [`Kernel`](crate::arch::Kernel) | operands with their body, and the copy to share | `Multiply` |
//! | [`Simd::run_integers`](crate::Simd::run_integers) | which compiled copy the processor runs | baseline, AVX2, VNNI; NEON, dot products |
//! | [`Arch`](crate::arch::Arch) | what the instruction set does in its own way | `Portable`, `Avx2`, `Vnni`, `Neon`, `Dotprod` |
//! | `Tile`, `cover` (`tile.rs`) | how rows and columns are covered with register tiles | `Rows` |
//! | `Numbers` (`numbers.rs`) | what is multiplied and added up | `Floats`, `Integers<i8>`, `Integers<i16>` |
//! | [`Packed`](crate::packed::Packed) | how the weights are stored | `f32`, `f16`, `i8`, `u8` for pairs of four bits |
//! | `Finish<F>` (`finish.rs`) | where sums start, and what is applied to each | `Activate`, `Rescale` |
//! | [`Function`](crate::function::Function) | the activation of floats | `Relu`, `Gelu`, `Identity`, .. |
//! | [`Quantized`](crate::requantize::Quantized) | the integers, their sums and their tile | `i8`, `i16` |
//!
//! A tile of the product runs so: `cover` calls `Tile::tile`, which begins with `Finish::start`, has `Numbers::tile`
//! add up, and ends in `Finish::store`. `Numbers::tile` asks `Packed` for the panel's element type and calls the
//! micro-kernel of [`Arch`](crate::arch::Arch) for it (`tile_f32`, `tile_f16`, `tile_i8`, `tile_i4`), or
//! `portable::tile` where there is none. Convolutions do the same with one `Numbers::tile` for each run of inputs;
//! depthwise ones multiply by `Numbers::mac` instead. Where registers are many (AVX-512), products of floats are done
//! as a whole by [`Arch`](crate::arch::Arch) (`tall_gemm_f32` and its like, called in `tall.rs`): one copy serves all
//! layers. Kernels that are no products implement `Body` (`body.rs`), and `compute` or `plain` runs them.

mod arg_reduce;
mod attention;
mod attention_head;
mod binary;
mod binary_op;
mod bit_cast;
mod body;
mod cast;
mod cell;
mod cell_gradient;
mod chunks;
mod col2im;
mod complex;
mod concat;
mod conv;
mod conv2d;
mod conv_transpose2d;
mod cumulate;
mod deform_columns;
mod depthwise_conv2d;
mod dequantize_linear;
mod det;
mod duplicate;
mod dynamic_state;
mod fft;
mod fft_pass;
mod fill;
mod finish;
mod fmod;
mod forest;
mod gates;
mod gather;
pub(crate) mod gather_patch;
mod gemm;
mod grid_sample;
mod group_normalization;
mod instance_normalization;
mod integer_gemm;
mod lanes;
mod layer_normalization;
mod layout;
mod linear_attention;
mod locate;
mod lookup;
mod map;
mod mat_mul;
mod max_pool_indices;
mod output;
mod pad;
mod pairwise_coupling;
mod pool2d;
mod positions;
mod powers;
mod qlinear_add;
mod qlinear_average_pool2d;
mod qlinear_binary;
mod qlinear_cell;
mod qlinear_conv2d_interleaved;
mod qlinear_conv2d_paired;
mod qlinear_conv2d_rows;
mod qlinear_depthwise_conv2d_interleaved;
mod qlinear_depthwise_conv2d_paired;
mod qlinear_depthwise_conv2d_rows;
mod qlinear_gates;
mod qlinear_gemm_interleaved;
mod qlinear_gemm_paired;
mod qlinear_gemm_rows;
mod qlinear_mat_mul;
mod qlinear_recurrence;
mod qlinear_reduce_sum;
mod qlinear_resize;
mod qlinear_softmax;
mod quantize_linear;
mod recurrence;
mod recurrence_gradient;
mod recurrent_weight;
mod reduce;
mod reduce_op;
mod requantize_linear;
mod resize;
mod rms_normalization;
mod roi_align;
mod scale_shift;
mod scaled_gemm;
mod scatter;
mod select;
mod sequences;
mod sliding;
mod softmax;
mod sparse_gemm;
mod squared_distances;
mod strided;
mod sum_order;
mod tall;
mod tap_windows;
mod tf_idf;
pub(crate) mod tile;
mod top_k;
mod tree_ensemble;
mod unary;
mod walk;
mod window;
mod winograd_conv2d;
mod winograd_points;
mod winograd_tiles;

pub use arg_reduce::{ArgReduce, arg_max, arg_min};
pub use attention::{Attention, attention, attention_masked};
pub use binary::{Binary, binary, binary_in_place, binary_in_place_reversed, binary_of};
pub use binary_op::{
    Add, And, BinaryOp, Div, Equal, Fmod, Greater, GreaterOrEqual, Less, LessOrEqual, Max, Min, Mod, Mul, Or, PRelu,
    Pow, ShiftLeft, ShiftRight, Sub, Xor,
};
pub use bit_cast::{BitCast, bit_cast};
pub use cast::{Cast, CastFrom, cast};
pub use cell::{Cell, Gru, Lstm, Rnn};
pub use cell_gradient::{CellGradient, GruGradient, LinearGruGradient, LstmGradient, RnnGradient};
pub use col2im::{Col2Im, col2im};
pub use concat::{Concat, concat};
pub use conv::{Conv, conv};
pub use conv_transpose2d::{ConvTranspose2d, conv_transpose2d, qlinear_conv_transpose2d};
pub use conv2d::{Conv2d, conv2d, conv2d_add, qlinear_conv2d};
pub use cumulate::{Cumulate, cumulate};
pub use deform_columns::{DeformColumns, deform_columns};
pub use depthwise_conv2d::{DepthwiseConv2d, depthwise_conv2d, depthwise_conv2d_add, qlinear_depthwise_conv2d};
pub use dequantize_linear::{DequantizeLinear, dequantize_linear};
pub use det::{Det, det};
pub use duplicate::{Duplicate, duplicate};
pub use dynamic_state::DynamicState;
pub use fft::{Fft, MAX_FACTORS, fft};
pub use fill::{Fill, fill};
pub use forest::{Forest, forest};
pub use gather::{Gather, Index, gather};
pub use gemm::{Gemm, gemm, gemm_add, qlinear_gemm};
pub use grid_sample::{GridMode, GridPadding, GridSample, grid_sample};
pub use group_normalization::{GroupNormalization, group_normalization};
pub use instance_normalization::{InstanceNormalization, instance_normalization};
pub use integer_gemm::{IntegerGemm, integer_gemm};
pub use layer_normalization::{LayerNormalization, layer_normalization};
pub use linear_attention::{LinearAttention, linear_attention};
pub use locate::{Locate, locate};
pub use lookup::{
    LOOKUP_ENTRIES, LOOKUP_KNOTS, Lookup, lookup, lookup_in_place, lookup_interpolated, lookup_interpolated_in_place,
};
pub use map::{Map, map, map_in_place, map_of};
pub use mat_mul::{MatMul, mat_mul, mat_mul_of};
pub use max_pool_indices::{MaxPoolIndices, max_pool_indices};
pub use pad::{Constant, Edge, Pad, PadMode, Reflect, Wrap, pad};
pub use pairwise_coupling::{PairwiseCoupling, pairwise_coupling};
pub use pool2d::{Pool2d, average_pool2d, max_pool2d};
pub use powers::Powers;
pub use qlinear_add::{QlinearAdd, qlinear_add, qlinear_add_in_place};
pub use qlinear_average_pool2d::{QlinearAveragePool2d, qlinear_average_pool2d};
pub use qlinear_binary::{
    QlinearBinary, QlinearOp, WeightedProduct, WeightedSum, qlinear_binary, qlinear_binary_in_place,
};
pub use qlinear_cell::{QlinearCell, QlinearGru, QlinearLstm, QlinearRnn};
pub use qlinear_conv2d_interleaved::qlinear_conv2d_interleaved;
pub use qlinear_conv2d_paired::qlinear_conv2d_paired;
pub use qlinear_conv2d_rows::qlinear_conv2d_rows;
pub use qlinear_depthwise_conv2d_interleaved::qlinear_depthwise_conv2d_interleaved;
pub use qlinear_depthwise_conv2d_paired::qlinear_depthwise_conv2d_paired;
pub use qlinear_depthwise_conv2d_rows::qlinear_depthwise_conv2d_rows;
pub use qlinear_gemm_interleaved::qlinear_gemm_interleaved;
pub use qlinear_gemm_paired::qlinear_gemm_paired;
pub use qlinear_gemm_rows::qlinear_gemm_rows;
pub use qlinear_mat_mul::{Factor, QlinearMatMul, qlinear_mat_mul};
pub use qlinear_recurrence::{QlinearRecurrence, qlinear_recurrence};
pub use qlinear_reduce_sum::{QlinearReduceSum, qlinear_reduce_sum};
pub use qlinear_resize::{QlinearResize, qlinear_resize};
pub use qlinear_softmax::{QlinearLogSoftmax, QlinearSoftmax, qlinear_log_softmax, qlinear_softmax};
pub use quantize_linear::{QuantizeLinear, quantize_linear};
pub use recurrence::{Recurrence, recurrence, recurrence_of};
pub use recurrence_gradient::{RecurrenceGradient, recurrence_gradient};
pub use recurrent_weight::RecurrentWeight;
pub use reduce::{Accumulate, Reduce, reduce, reduce_of};
pub use reduce_op::{L1, L2, LogSum, LogSumExp, Mean, Prod, ReduceOp, Sum, SumSquare};
pub use requantize_linear::{RequantizeLinear, requantize_linear, requantize_linear_in_place};
pub use resize::{Resize, resize};
pub use rms_normalization::{RmsNormalization, rms_normalization};
pub use roi_align::{RoiAlign, roi_align};
pub use scale_shift::{ScaleShift, scale_shift};
pub use scaled_gemm::{ScaledGemm, scaled_gemm};
pub use scatter::{Replace, Scatter, scatter, scatter_in_place};
pub use select::{Select, select};
pub use softmax::{Softmax, log_softmax, log_softmax_of, softmax, softmax_of};
pub use sparse_gemm::{SparseGemm, qlinear_sparse_gemm, sparse_gemm};
pub use squared_distances::{SquaredDistances, squared_distances};
pub use strided::{Strided, strided};
pub use sum_order::SumOrder;
pub use tf_idf::{TfIdf, tf_idf};
pub use top_k::{TopK, top_k};
pub use tree_ensemble::{TreeEnsemble, tree_ensemble};
pub use unary::{ClipOf, IsInf, IsNan, Not, Unary, UnaryOp, unary};
pub use winograd_conv2d::{MOST_CHANNELS, WinogradConv2d, winograd_conv2d, winograd_conv2d_add};
