//! ONNX operators: how each is read, and the primitives it becomes. One operator, one file.

mod abs;
mod acos;
mod acosh;
mod add;
mod affine_grid;
mod and;
mod arg_max;
mod arg_min;
mod array_feature_extractor;
mod asin;
mod asinh;
mod atan;
mod atanh;
mod attention;
#[cfg(test)]
mod attention_tests;
mod average_pool;
mod batch_normalization;
mod bias_gelu;
mod binarizer;
mod bit_cast;
mod bit_shift;
mod bitwise_and;
mod bitwise_not;
mod bitwise_or;
mod bitwise_xor;
mod blackman_window;
mod cast;
mod cast_like;
mod causal_conv_with_state;
mod ceil;
mod celu;
mod center_crop_pad;
mod clip;
mod col2im;
mod compress;
mod concat;
mod concat_from_sequence;
mod constant;
mod constant_of_shape;
mod conv;
mod conv_integer;
mod conv_transpose;
mod cos;
mod cosh;
mod cum_prod;
mod cum_sum;
mod deform_conv;
mod depth_to_space;
mod dequantize_linear;
mod det;
mod dft;
mod div;
mod dropout;
mod dynamic_quantize_linear;
mod dynamic_quantize_lstm;
mod dynamic_quantize_mat_mul;
mod einsum;
mod elu;
mod embed_layer_normalization;
mod equal;
mod erf;
mod exp;
mod expand;
mod eye_like;
mod fast_gelu;
mod feature_vectorizer;
mod flatten;
mod flex_attention;
mod floor;
mod fused_conv;
mod fused_gemm;
mod fused_mat_mul;
mod gather;
mod gather_elements;
mod gather_nd;
mod gelu;
mod gemm;
mod global_average_pool;
mod global_lp_pool;
mod global_max_pool;
mod greater;
mod greater_or_equal;
mod grid_sample;
mod group_normalization;
mod gru;
mod hamming_window;
mod hann_window;
mod hard_sigmoid;
mod hard_swish;
mod hardmax;
mod identity;
mod r#if;
mod imputer;
mod instance_normalization;
mod is_inf;
mod is_nan;
mod label_encoder;
mod layer_normalization;
mod leaky_relu;
mod less;
mod less_or_equal;
mod linear_attention;
mod linear_classifier;
mod linear_regressor;
mod log;
mod log_softmax;
mod r#loop;
mod lp_normalization;
mod lp_pool;
mod lrn;
mod lstm;
mod mat_mul;
mod mat_mul_integer;
mod mat_mul_integer_to_float;
mod mat_mul_n_bits;
mod max;
mod max_pool;
mod max_unpool;
mod mean;
mod mean_variance_normalization;
mod mel_weight_matrix;
mod microsoft_attention;
mod microsoft_rotary_embedding;
mod min;
mod mish;
mod modulo;
mod mul;
mod multi_head_attention;
mod neg;
mod negative_log_likelihood_loss;
mod nhwc_conv;
mod non_zero;
mod normalizer;
mod not;
mod one_hot;
mod one_hot_encoder;
mod or;
mod p_relu;
mod pad;
mod pow;
mod q_attention;
mod q_gemm;
mod q_linear_add;
mod q_linear_average_pool;
mod q_linear_concat;
mod q_linear_conv;
mod q_linear_global_average_pool;
mod q_linear_leaky_relu;
mod q_linear_mat_mul;
mod q_linear_mul;
mod q_linear_reduce_mean;
mod q_linear_sigmoid;
mod q_linear_softmax;
mod q_linear_where;
mod quantize_linear;
mod quick_gelu;
mod range;
mod reciprocal;
mod reduce_l1;
mod reduce_l2;
mod reduce_log_sum;
mod reduce_log_sum_exp;
mod reduce_max;
mod reduce_mean;
mod reduce_min;
mod reduce_prod;
mod reduce_sum;
mod reduce_sum_square;
mod refused;
mod relu;
mod reshape;
mod resize;
mod reverse_sequence;
mod rms_normalization;
mod rnn;
mod roi_align;
mod rotary_embedding;
mod round;
mod scaler;
mod scan;
mod scatter;
mod scatter_elements;
mod scatter_nd;
mod selu;
mod sequence_at;
mod sequence_construct;
mod sequence_empty;
mod sequence_erase;
mod sequence_insert;
mod sequence_length;
mod sequence_map;
mod shape;
mod shrink;
mod sigmoid;
mod sign;
mod simplified_layer_normalization;
mod sin;
mod sinh;
mod size;
mod skip_layer_normalization;
mod skip_simplified_layer_normalization;
mod slice;
mod softmax;
mod softmax_cross_entropy_loss;
mod softplus;
mod softsign;
mod space_to_depth;
mod split;
mod split_to_sequence;
mod sqrt;
mod squeeze;
mod stft;
mod sub;
mod sum;
mod svm_classifier;
mod svm_regressor;
mod swi_glu;
mod swish;
mod tan;
mod tanh;
mod tensor_scatter;
mod tf_idf_vectorizer;
mod thresholded_relu;
mod tile;
mod top_k;
mod transpose;
mod tree_ensemble;
mod tree_ensemble_classifier;
mod tree_ensemble_regressor;
mod trilu;
mod unsqueeze;
mod upsample;
mod r#where;
mod xor;
mod zip_map;

pub use refused::{REFUSED, refusal};

use crate::front::node::{OperatorDef, Refusal};

/// Every operator, in alphabetical order.
pub const OPERATORS: &[&OperatorDef] = &[
    &abs::ABS,
    &acos::ACOS,
    &acosh::ACOSH,
    &add::ADD,
    &affine_grid::AFFINE_GRID,
    &and::AND,
    &arg_max::ARG_MAX,
    &arg_min::ARG_MIN,
    &array_feature_extractor::ARRAY_FEATURE_EXTRACTOR,
    &asin::ASIN,
    &asinh::ASINH,
    &atan::ATAN,
    &atanh::ATANH,
    &attention::ATTENTION,
    &microsoft_attention::MICROSOFT_ATTENTION,
    &average_pool::AVERAGE_POOL,
    &batch_normalization::BATCH_NORMALIZATION,
    &bias_gelu::BIAS_GELU,
    &binarizer::BINARIZER,
    &bit_cast::BIT_CAST,
    &bit_shift::BIT_SHIFT,
    &bitwise_and::BITWISE_AND,
    &bitwise_not::BITWISE_NOT,
    &bitwise_or::BITWISE_OR,
    &bitwise_xor::BITWISE_XOR,
    &blackman_window::BLACKMAN_WINDOW,
    &cast::CAST,
    &cast_like::CAST_LIKE,
    &causal_conv_with_state::CAUSAL_CONV_WITH_STATE,
    &ceil::CEIL,
    &celu::CELU,
    &center_crop_pad::CENTER_CROP_PAD,
    &clip::CLIP,
    &col2im::COL2IM,
    &compress::COMPRESS,
    &concat::CONCAT,
    &concat_from_sequence::CONCAT_FROM_SEQUENCE,
    &constant::CONSTANT,
    &constant_of_shape::CONSTANT_OF_SHAPE,
    &conv::CONV,
    &conv_integer::CONV_INTEGER,
    &conv_transpose::CONV_TRANSPOSE,
    &cos::COS,
    &cosh::COSH,
    &cum_prod::CUM_PROD,
    &cum_sum::CUM_SUM,
    &deform_conv::DEFORM_CONV,
    &depth_to_space::DEPTH_TO_SPACE,
    &dequantize_linear::DEQUANTIZE_LINEAR,
    &dequantize_linear::MICROSOFT_DEQUANTIZE_LINEAR,
    &det::DET,
    &dft::DFT,
    &div::DIV,
    &dropout::DROPOUT,
    &dynamic_quantize_linear::DYNAMIC_QUANTIZE_LINEAR,
    &dynamic_quantize_lstm::DYNAMIC_QUANTIZE_LSTM,
    &dynamic_quantize_mat_mul::DYNAMIC_QUANTIZE_MAT_MUL,
    &einsum::EINSUM,
    &elu::ELU,
    &embed_layer_normalization::EMBED_LAYER_NORMALIZATION,
    &equal::EQUAL,
    &erf::ERF,
    &exp::EXP,
    &expand::EXPAND,
    &eye_like::EYE_LIKE,
    &fast_gelu::FAST_GELU,
    &feature_vectorizer::FEATURE_VECTORIZER,
    &flatten::FLATTEN,
    &flex_attention::FLEX_ATTENTION,
    &floor::FLOOR,
    &fused_conv::FUSED_CONV,
    &fused_gemm::FUSED_GEMM,
    &fused_mat_mul::FUSED_MAT_MUL,
    &gather::GATHER,
    &gather_elements::GATHER_ELEMENTS,
    &gather_nd::GATHER_ND,
    &gelu::GELU,
    &gelu::MICROSOFT_GELU,
    &gemm::GEMM,
    &global_average_pool::GLOBAL_AVERAGE_POOL,
    &global_lp_pool::GLOBAL_LP_POOL,
    &global_max_pool::GLOBAL_MAX_POOL,
    &greater::GREATER,
    &greater_or_equal::GREATER_OR_EQUAL,
    &grid_sample::GRID_SAMPLE,
    &group_normalization::GROUP_NORMALIZATION,
    &gru::GRU,
    &hamming_window::HAMMING_WINDOW,
    &hann_window::HANN_WINDOW,
    &hard_sigmoid::HARD_SIGMOID,
    &hard_swish::HARD_SWISH,
    &hardmax::HARDMAX,
    &identity::IDENTITY,
    &r#if::IF,
    &imputer::IMPUTER,
    &instance_normalization::INSTANCE_NORMALIZATION,
    &is_inf::IS_INF,
    &is_nan::IS_NAN,
    &label_encoder::LABEL_ENCODER,
    &layer_normalization::LAYER_NORMALIZATION,
    &leaky_relu::LEAKY_RELU,
    &less::LESS,
    &less_or_equal::LESS_OR_EQUAL,
    &linear_attention::LINEAR_ATTENTION,
    &linear_classifier::LINEAR_CLASSIFIER,
    &linear_regressor::LINEAR_REGRESSOR,
    &log::LOG,
    &log_softmax::LOG_SOFTMAX,
    &lp_normalization::LP_NORMALIZATION,
    &r#loop::LOOP,
    &lp_pool::LP_POOL,
    &lrn::LRN,
    &lstm::LSTM,
    &mat_mul::MAT_MUL,
    &mat_mul_integer::MAT_MUL_INTEGER,
    &mat_mul_integer_to_float::MAT_MUL_INTEGER_TO_FLOAT,
    &mat_mul_n_bits::MAT_MUL_N_BITS,
    &max::MAX,
    &max_pool::MAX_POOL,
    &max_unpool::MAX_UNPOOL,
    &mean::MEAN,
    &mean_variance_normalization::MEAN_VARIANCE_NORMALIZATION,
    &mel_weight_matrix::MEL_WEIGHT_MATRIX,
    &min::MIN,
    &mish::MISH,
    &modulo::MOD,
    &mul::MUL,
    &multi_head_attention::MULTI_HEAD_ATTENTION,
    &neg::NEG,
    &negative_log_likelihood_loss::NEGATIVE_LOG_LIKELIHOOD_LOSS,
    &nhwc_conv::NHWC_CONV,
    &non_zero::NON_ZERO,
    &normalizer::NORMALIZER,
    &not::NOT,
    &one_hot::ONE_HOT,
    &one_hot_encoder::ONE_HOT_ENCODER,
    &or::OR,
    &p_relu::P_RELU,
    &pad::PAD,
    &pow::POW,
    &q_attention::Q_ATTENTION,
    &q_gemm::Q_GEMM,
    &q_linear_add::Q_LINEAR_ADD,
    &q_linear_average_pool::Q_LINEAR_AVERAGE_POOL,
    &q_linear_concat::Q_LINEAR_CONCAT,
    &q_linear_conv::Q_LINEAR_CONV,
    &q_linear_global_average_pool::Q_LINEAR_GLOBAL_AVERAGE_POOL,
    &q_linear_leaky_relu::Q_LINEAR_LEAKY_RELU,
    &q_linear_mat_mul::Q_LINEAR_MAT_MUL,
    &q_linear_mul::Q_LINEAR_MUL,
    &q_linear_reduce_mean::Q_LINEAR_REDUCE_MEAN,
    &q_linear_sigmoid::Q_LINEAR_SIGMOID,
    &q_linear_softmax::Q_LINEAR_SOFTMAX,
    &q_linear_where::Q_LINEAR_WHERE,
    &quantize_linear::QUANTIZE_LINEAR,
    &quantize_linear::MICROSOFT_QUANTIZE_LINEAR,
    &quick_gelu::QUICK_GELU,
    &range::RANGE,
    &reciprocal::RECIPROCAL,
    &reduce_l1::REDUCE_L1,
    &reduce_l2::REDUCE_L2,
    &reduce_log_sum::REDUCE_LOG_SUM,
    &reduce_log_sum_exp::REDUCE_LOG_SUM_EXP,
    &reduce_max::REDUCE_MAX,
    &reduce_mean::REDUCE_MEAN,
    &reduce_min::REDUCE_MIN,
    &reduce_prod::REDUCE_PROD,
    &reduce_sum::REDUCE_SUM,
    &reduce_sum_square::REDUCE_SUM_SQUARE,
    &relu::RELU,
    &reshape::RESHAPE,
    &resize::RESIZE,
    &reverse_sequence::REVERSE_SEQUENCE,
    &rms_normalization::RMS_NORMALIZATION,
    &rnn::RNN,
    &roi_align::ROI_ALIGN,
    &rotary_embedding::ROTARY_EMBEDDING,
    &microsoft_rotary_embedding::MICROSOFT_ROTARY_EMBEDDING,
    &round::ROUND,
    &scaler::SCALER,
    &scan::SCAN,
    &scatter::SCATTER,
    &scatter_elements::SCATTER_ELEMENTS,
    &scatter_nd::SCATTER_ND,
    &selu::SELU,
    &sequence_at::SEQUENCE_AT,
    &sequence_construct::SEQUENCE_CONSTRUCT,
    &sequence_empty::SEQUENCE_EMPTY,
    &sequence_erase::SEQUENCE_ERASE,
    &sequence_insert::SEQUENCE_INSERT,
    &sequence_length::SEQUENCE_LENGTH,
    &sequence_map::SEQUENCE_MAP,
    &shape::SHAPE,
    &shrink::SHRINK,
    &sigmoid::SIGMOID,
    &sign::SIGN,
    &simplified_layer_normalization::SIMPLIFIED_LAYER_NORMALIZATION,
    &sin::SIN,
    &sinh::SINH,
    &size::SIZE,
    &skip_layer_normalization::SKIP_LAYER_NORMALIZATION,
    &skip_simplified_layer_normalization::SKIP_SIMPLIFIED_LAYER_NORMALIZATION,
    &slice::SLICE,
    &softmax::SOFTMAX,
    &softmax_cross_entropy_loss::SOFTMAX_CROSS_ENTROPY_LOSS,
    &softplus::SOFTPLUS,
    &softsign::SOFTSIGN,
    &space_to_depth::SPACE_TO_DEPTH,
    &split::SPLIT,
    &split_to_sequence::SPLIT_TO_SEQUENCE,
    &sqrt::SQRT,
    &squeeze::SQUEEZE,
    &stft::STFT,
    &sub::SUB,
    &sum::SUM,
    &svm_classifier::SVM_CLASSIFIER,
    &svm_regressor::SVM_REGRESSOR,
    &swi_glu::SWI_GLU,
    &swish::SWISH,
    &tan::TAN,
    &tanh::TANH,
    &tensor_scatter::TENSOR_SCATTER,
    &tf_idf_vectorizer::TF_IDF_VECTORIZER,
    &thresholded_relu::THRESHOLDED_RELU,
    &tile::TILE,
    &top_k::TOP_K,
    &transpose::TRANSPOSE,
    &tree_ensemble::TREE_ENSEMBLE,
    &tree_ensemble_classifier::TREE_ENSEMBLE_CLASSIFIER,
    &tree_ensemble_regressor::TREE_ENSEMBLE_REGRESSOR,
    &trilu::TRILU,
    &unsqueeze::UNSQUEEZE,
    &upsample::UPSAMPLE,
    &r#where::WHERE,
    &xor::XOR,
    &zip_map::ZIP_MAP,
];

/// The operator called `name` in `domain`, or the reason why it is refused, if one is known.
///
/// # Errors
/// The operator is not in the list.
pub fn look_up(domain: &str, name: &str) -> Result<&'static OperatorDef, Option<Refusal>> {
    find(domain, name).ok_or_else(|| refusal(name))
}

/// The operator called `name` in `domain`.
pub fn find(domain: &str, name: &str) -> Option<&'static OperatorDef> {
    let domain = if domain == "ai.onnx" { "" } else { domain };
    OPERATORS
        .iter()
        .copied()
        .find(|op| op.name == name && op.domain.name() == domain)
}
