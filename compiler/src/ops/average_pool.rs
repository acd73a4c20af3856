use super::normalization::cast;
use super::{Domain, OperatorDef, window};
use crate::primitives::{Layout, Pool, PoolKind};

/// The mean of each window, with or without its padding.
pub(super) const AVERAGE_POOL: OperatorDef = OperatorDef {
    name: "AveragePool",
    domain: Domain::Onnx,
    versions: &[1, 7, 10, 11, 19, 22],
    limits: "float16 and bfloat16 are computed in float32",
    read: |cx| {
        let kernel = window::kernel_shape(cx)?;
        let x = cx.ty(0)?;
        let spatial = window::spatial(&x, &kernel)?;
        let (window, auto) = window::read(cx, kernel, spatial)?;
        let count_include_pad = cx.attributes.flag("count_include_pad", false)?;
        let ceil_mode = cx.attributes.flag("ceil_mode", false)? && !auto.is_same();
        let kind = PoolKind::Average { count_include_pad };
        let operands = window::floats(cx, 1)?;
        let pool = Pool {
            kind,
            window,
            ceil_mode,
            layout: Layout::ChannelsFirst,
        };
        let y = window::add_pool(cx, pool, operands[0])?;
        Ok(vec![cast(cx, y, x.dtype)?])
    },
};
