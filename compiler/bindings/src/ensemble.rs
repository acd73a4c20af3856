use super::generic::{Typed, by_dtype};
use crate::{Args, DType, KernelCall, ReduceOp, Value, bind};
use runtime_core::kernels::{self as k, Forest, PairwiseCoupling, SquaredDistances, TfIdf, TreeEnsemble};

bind!(PairwiseCoupling, pairwise_coupling(0) -> (0, 1));

impl KernelCall for Typed<TfIdf> {
    fn name(&self) -> &'static str {
        "tf_idf"
    }

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    fn execute(&self, args: &mut Args<'_>) {
        by_dtype!(self.dtype, T =>
            k::tf_idf(args.simd, self.kernel, args.x::<T>(0), args.x(1), args.x(2), args.x(3), args.y(0)),
            [I32 i32, I64 i64]);
    }
}

impl KernelCall for Typed<Forest> {
    fn name(&self) -> &'static str {
        "forest"
    }

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    fn execute(&self, args: &mut Args<'_>) {
        by_dtype!(self.dtype, T => {
            let tables = (args.x(1), args.x(2), args.x::<T>(3), args.x(4));
            k::forest(args.simd, self.kernel, args.x::<T>(0), tables.0, tables.1, tables.2, tables.3, args.y(0))
        }, [F32 f32, F64 f64]);
    }
}

impl KernelCall for Typed<SquaredDistances> {
    fn name(&self) -> &'static str {
        "squared_distances"
    }

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    fn execute(&self, args: &mut Args<'_>) {
        by_dtype!(self.dtype, T =>
            k::squared_distances(args.simd, self.kernel, args.x::<T>(0), args.x(1), args.y(0)),
            [F32 f32, F64 f64]);
    }
}

/// `tree_ensemble`: what rows of features lead to in decision trees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TreeEnsembleCall {
    /// Features of a row.
    pub features: usize,
    /// Results of a row.
    pub targets: usize,
    /// How the values of a target are combined: [`ReduceOp::Sum`], [`ReduceOp::Min`] or [`ReduceOp::Max`].
    pub op: ReduceOp,
    /// Element type: `f32` or `f64`.
    pub dtype: DType,
}

impl KernelCall for TreeEnsembleCall {
    fn name(&self) -> &'static str {
        "tree_ensemble"
    }

    fn params(&self) -> Value {
        Value::Struct(
            "TreeEnsemble",
            vec![
                ("features", Value::Int(self.features as i128)),
                ("targets", Value::Int(self.targets as i128)),
                ("op", Value::Struct(self.op.kernel_name(), vec![])),
            ],
        )
    }

    fn execute(&self, args: &mut Args<'_>) {
        macro_rules! run {
            ($op:ident) => {{
                let layer = TreeEnsemble { features: self.features, targets: self.targets, op: k::$op };
                by_dtype!(self.dtype, T =>
                    k::tree_ensemble(args.simd, layer, args.x::<T>(0), args.x(1), args.x(2), args.x(3), args.y(0)),
                    [F32 f32, F64 f64]);
            }};
        }
        match self.op {
            ReduceOp::Min => run!(Min),
            ReduceOp::Max => run!(Max),
            _ => run!(Sum),
        }
    }
}
