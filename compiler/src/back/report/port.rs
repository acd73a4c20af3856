use crate::ir::Steps;
use crate::ir::program::Port;
use serde::Serialize;

/// An input or output of a compiled model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PortReport {
    /// Name in the model.
    pub name: String,
    /// Element type.
    pub dtype: String,
    /// Shape, as the caller gives or gets it.
    pub shape: Vec<usize>,
    /// Whether the caller gives it channels-last where the model has it channels-first.
    pub channels_last: bool,
    /// What a step of its integers stands for, where that is known.
    pub scale: Option<f32>,
    /// The integer that stands for zero, where that is known.
    pub zero_point: Option<i32>,
}

impl PortReport {
    pub(super) fn of(port: &Port, steps: Option<&Steps>) -> Self {
        Self {
            name: port.name.clone(),
            dtype: port.ty.dtype.to_string(),
            shape: port.ty.shape.clone(),
            channels_last: port.channels_last,
            scale: steps.map(|steps| steps.scale),
            zero_point: steps.map(|steps| steps.zero),
        }
    }
}
