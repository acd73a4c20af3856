//! What several operators are read with: each file serves a family of them.

pub(super) mod attention_mask;
pub(super) mod attention_parts;
pub(super) mod compose;
pub(super) mod contraction;
pub(super) mod control;
pub(super) mod cosine_window;
pub(super) mod distances;
pub(super) mod equation;
pub(super) mod forest;
pub(super) mod fused_activation;
pub(super) mod gate_functions;
pub(super) mod heads;
pub(super) mod indexing;
pub(super) mod integer_products;
pub(super) mod joint_attention;
pub(super) mod label_map;
pub(super) mod labels;
pub(super) mod normalization;
pub(super) mod pair;
pub(super) mod q_linear;
pub(super) mod quantization;
pub(super) mod reals;
pub(super) mod recurrent;
#[cfg(test)]
mod recurrent_tests;
pub(super) mod reduce;
pub(super) mod repeated;
#[cfg(test)]
mod repeated_tests;
pub(super) mod resample;
pub(super) mod rolled;
pub(super) mod scores;
pub(super) mod sequences;
pub(super) mod svm;
pub(super) mod tree_attributes;
pub(super) mod trees;
pub(super) mod window;
