//! Channels that no output of the model depends on are not computed.
//!
//! A channel is dead if it is the same number everywhere whatever the model's inputs are (all of its weights are zero,
//! or its own input channel is such a number), or if the weights of all that read it are zero. Each layer that reads a
//! dead channel does without it; in integers its constant goes into the bias. What is left computes the same bits:
//!
//! - Where windows leave the image, a constant goes into the bias only if it is what stands outside of the image.
//! - Floats other than zero are not added to a bias: that would be another order of the same sum. What would change the
//!   order of a sum otherwise is kept ([`order`]).
//! - Weights of floats count as zero where their products are beyond the last bit of the sum, as those of channels are
//!   that training with weight decay has given up; inputs of layers are taken to be less than 2^24, and finite.
//! - Channels go together that an operator combines with each other, the branches of an addition for example: all of
//!   them are dead, or all stay.

mod along;
mod census;
mod constants;
mod flow;
mod groups;
mod layer;
mod order;
mod removable;
mod slices;
mod smallest;
mod taps;

pub use census::{LayerCensus, layers};
pub use groups::{ChannelGroup, ChannelGroups, GroupedLayer};
pub use smallest::remove_smallest;
pub(super) use taps::run as zero_taps;

use crate::ir::{Graph, OpError, Remark, RemarkKind};
use flow::Flow;

/// Removes dead channels, until there are none, and remarks how many there were. With other constants they may not be
/// dead.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    if graph.replaceable_constants {
        return Ok(());
    }
    let mut before: Option<Vec<LayerCensus>> = None;
    loop {
        let mut flow = Flow::of(graph)?;
        if !removable::mark(graph, &mut flow) {
            break;
        }
        before.get_or_insert_with(|| layers(graph));
        slices::apply(graph, &flow)?;
    }
    let remark = before.and_then(|before| remark(&before, &layers(graph)));
    graph.set_remarks(RemarkKind::DeadChannels, remark);
    Ok(())
}

/// How many channels were removed, and of how many layers.
fn remark(before: &[LayerCensus], after: &[LayerCensus]) -> Option<Remark> {
    let left = |name: &str| {
        after
            .iter()
            .find(|layer| layer.name == name)
            .map_or(0, |layer| layer.channels)
    };
    let removed = before
        .iter()
        .map(|layer| layer.channels.saturating_sub(left(&layer.name)));
    let removed: Vec<usize> = removed.filter(|channels| *channels > 0).collect();
    let reason = format!(
        "{} channels of {} layers were removed: no result depends on them",
        removed.iter().sum::<usize>(),
        removed.len()
    );
    let remark = Remark::of_model(RemarkKind::DeadChannels, reason).advise("--prune-report lists them");
    (!removed.is_empty()).then_some(remark)
}
