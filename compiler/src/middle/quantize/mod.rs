//! Post-training quantization: a float graph into one whose values pass through integers.
//!
//! A graph is run on samples, the ranges of its values are observed, and `QuantizeLinear` and `DequantizeLinear` are
//! put around its operators. What computes in integers then is the business of the passes that follow.

mod adaptive;
mod auto;
mod bound;
mod calibrate;
mod calibration;
mod check;
mod dtypes;
mod equalize;
mod group;
mod groups;
mod histogram;
mod insert;
mod inside;
mod layer;
mod masked;
mod method;
mod mixed;
mod noise;
mod not_finite;
mod nothing;
mod options;
mod patches;
mod pipeline;
mod prepare;
mod proportion;
mod quality;
mod raise;
mod recurrences;
mod refine;
mod refined;
mod report;
mod role;
mod sets;
mod statistics;
mod tail;
mod useful;
mod verdict;
mod watch;
mod weights;

pub use auto::Tried;
pub use calibrate::{Observed, Source, calibrate};
pub use calibration::Calibration;
pub use check::{Checked, Quality};
pub use equalize::equalize;
pub use group::Group;
pub use groups::Groups;
pub use histogram::{BINS, Histogram, NotFinite};
pub use insert::{Settings, insert};
pub use layer::{Layer, channel_sums};
pub use noise::Noise;
pub use nothing::multiplies;
pub use options::{Io, MaxLoss, Method, QuantizeOptions, Rounding, Scheme, StartProgress};
pub use patches::Patches;
pub use pipeline::{Progress, Quantized, quantize};
pub use quality::{Goal, Loss};
pub use refine::refine;
pub use report::{Raised, Report};
pub use role::{Role, role};
pub use watch::{Watch, Watching};
pub use weights::Weights;
