use super::text::grouped;
use crate::ir::StreamedOutput;
use crate::ir::program::Program;
use serde::Serialize;

/// What a model that is computed frame by frame takes and gives with each run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamReport {
    /// The inputs that bring new frames.
    pub inputs: Vec<StreamInputReport>,
    /// The outputs that depend on them.
    pub outputs: Vec<StreamOutputReport>,
    /// Bytes of what is kept from run to run, which are part of the arena.
    pub state_bytes: usize,
}

/// An input that brings new frames with each run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamInputReport {
    /// Its name.
    pub name: String,
    /// The axis of time, in the model's layout.
    pub axis: usize,
    /// Frames of a run.
    pub step: usize,
    /// Frames of the whole model's window.
    pub window: usize,
}

/// An output of a model that is computed frame by frame.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamOutputReport {
    /// Its name.
    pub name: String,
    /// New frames of it with each run; `None` for a result of the newest window.
    pub frames: Option<usize>,
    /// Frames that it gives before the model's first.
    pub skip: usize,
    /// How many frames of the first streamed input it is later than the whole model: for frames, than the frame of the
    /// input at the same place; for a result, than the last frame of the window. Negative if that last frame does not
    /// matter.
    pub delay: isize,
}

impl StreamReport {
    pub(super) fn of(program: &Program) -> Option<Self> {
        let streaming = program.streaming.as_ref()?;
        let inputs = streaming.inputs.iter().map(|input| StreamInputReport {
            name: program.inputs[input.index].name.clone(),
            axis: input.axis,
            step: input.step,
            window: input.window,
        });
        let outputs = streaming.outputs.iter().map(|(index, output)| {
            let (frames, skip) = match *output {
                StreamedOutput::Frames { frames, delay, .. } => (Some(frames), delay),
                StreamedOutput::Latest { .. } => (None, 0),
            };
            StreamOutputReport {
                name: program.outputs[*index].name.clone(),
                frames,
                skip,
                delay: output.delay(),
            }
        });
        Some(Self {
            inputs: inputs.collect(),
            outputs: outputs.collect(),
            state_bytes: program.states.iter().map(|state| state.ty.bytes()).sum(),
        })
    }

    /// A sentence for each input and output.
    pub fn lines(&self) -> Vec<String> {
        let inputs = self.inputs.iter().map(|input| {
            let StreamInputReport {
                name,
                axis,
                step,
                window,
            } = input;
            let name = name.escape_debug();
            format!(
                "each run takes {} of `{name}` along axis {axis}; the whole model has {window}",
                count(*step)
            )
        });
        let first = self
            .inputs
            .first()
            .map_or(String::new(), |input| input.name.escape_debug().to_string());
        let window = self.inputs.first().map_or(0, |input| input.window);
        let outputs = self.outputs.iter().map(|output| {
            let name = output.name.escape_debug();
            let late = match output.delay {
                0 => "without delay".to_owned(),
                delay if delay < 0 => format!("{} of `{first}` before its last", count(delay.unsigned_abs())),
                delay => format!("{} of `{first}` later", count(delay.unsigned_abs())),
            };
            match (output.frames, output.skip) {
                (None, _) => format!("`{name}`: what the whole model gives for the newest {window} frames, {late}"),
                (Some(frames), 0) => format!("`{name}`: {} a run, {late}", count(frames)),
                (Some(frames), skip) => {
                    format!(
                        "`{name}`: {} a run, {late}; the first {skip} that it gives are none of the model's",
                        count(frames)
                    )
                }
            }
        });
        let kept = format!("{} B are kept from run to run", grouped(self.state_bytes as u64));
        inputs.chain(outputs).chain([kept]).collect()
    }
}

/// `1 frame`, `4 frames`.
fn count(frames: usize) -> String {
    format!("{frames} frame{}", if frames == 1 { "" } else { "s" })
}
