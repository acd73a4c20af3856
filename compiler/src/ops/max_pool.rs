use super::window::{self, AutoPad};
use super::{Domain, OperatorDef};
use crate::primitives::{Layout, Pool, PoolKind};

/// The greatest element of each window.
pub(super) const MAX_POOL: OperatorDef = OperatorDef {
    name: "MaxPool",
    domain: Domain::Onnx,
    versions: &[1, 8, 10, 11, 12, 22],
    limits: "only the first output",
    read: |cx| {
        let kernel = window::kernel_shape(cx)?;
        let x = cx.ty(0)?;
        let spatial = window::spatial(&x, &kernel)?;
        let (window, auto) = window::read(cx, kernel, spatial)?;
        // The order of indices in the second output, which is not supported.
        cx.attributes.ignore("storage_order");
        let ceil_mode = cx.attributes.flag("ceil_mode", false)? && auto == AutoPad::NotSet;
        let pool = Pool {
            kind: PoolKind::Max,
            window,
            ceil_mode,
            layout: Layout::ChannelsFirst,
        };
        let x = cx.input(0)?;
        Ok(vec![window::add_pool(cx, pool, x)?])
    },
};
