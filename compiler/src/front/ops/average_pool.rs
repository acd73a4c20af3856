use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::front::shared::window;
use crate::ir::primitives::{Layout, Pool, PoolKind};
use crate::ir::{OpError, ValueId};

/// The mean of each window, with or without its padding.
pub(super) const AVERAGE_POOL: OperatorDef = OperatorDef {
    name: "AveragePool",
    domain: Domain::Onnx,
    versions: &[1, 7, 10, 11, 19, 22],
    limits: "float16 and bfloat16 are computed in float32",
    read: |cx| {
        let x = cx.input(0)?;
        Ok(vec![of(cx, x)?])
    },
};

/// The pool of a float, as the attributes have it.
pub(super) fn of(cx: &mut NodeContext<'_>, x: ValueId) -> Result<ValueId, OpError> {
    let kernel = window::kernel_shape(cx)?;
    let ty = cx.value_ty(x).clone();
    let spatial = window::spatial(&ty, &kernel)?;
    let (window, auto) = window::read(cx, kernel, spatial)?;
    let count_include_pad = cx.attributes.flag("count_include_pad", false)?;
    let ceil_mode = cx.attributes.flag("ceil_mode", false)? && !auto.is_same();
    let pool = Pool {
        kind: PoolKind::Average { count_include_pad },
        window,
        ceil_mode,
        layout: Layout::ChannelsFirst,
    };
    let x = window::in_float(cx, x)?;
    let y = window::add_pool(cx, pool, x)?;
    cast(cx, y, ty.dtype)
}
