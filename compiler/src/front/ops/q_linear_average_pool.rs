use super::average_pool;
use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::q_linear::of_one;
use crate::ir::{OpError, op_error};

/// The mean of each window of a quantised image, quantised.
pub(super) const Q_LINEAR_AVERAGE_POOL: OperatorDef = OperatorDef {
    name: "QLinearAveragePool",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "scales and zero points known only at run time; `channels_last`",
    read: |cx| {
        channels_first(cx)?;
        of_one(cx, average_pool::of)
    },
};

/// Checks that the channels are where ONNX has them.
pub(super) fn channels_first(cx: &mut NodeContext<'_>) -> Result<(), OpError> {
    if cx.attributes.flag("channels_last", false)? {
        return Err(op_error("`channels_last` is set, which is not supported")
            .help("save the model without the layout optimisations of the runtime that wrote it"));
    }
    Ok(())
}
