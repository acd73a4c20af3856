use super::Graph;

/// How a graph that computes a model frame by frame stands to the model over its whole window of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Streaming {
    /// The inputs that bring new frames with each run.
    pub inputs: Vec<StreamedInput>,
    /// Outputs that depend on them, by their numbers.
    pub outputs: Vec<(usize, StreamedOutput)>,
}

/// An input that brings new frames with each run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamedInput {
    /// Its number.
    pub index: usize,
    /// The axis of time, in the model's layout.
    pub axis: usize,
    /// Frames of a run.
    pub step: usize,
    /// Frames of the model over its whole window.
    pub window: usize,
}

/// What an output gives after each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamedOutput {
    /// New frames: frame `i` of the model is number `i + delay` of those that the runs give.
    Frames {
        /// The axis of time.
        axis: usize,
        /// Frames of a run.
        frames: usize,
        /// Frames before the first that is one of the model.
        delay: usize,
        /// Frames of the first streamed input for one of these.
        stride: usize,
    },
    /// What the model gives for a window of frames, so many frames of the first streamed input after its last; before
    /// it, if negative, where the last do not matter.
    Latest {
        /// These frames.
        delay: isize,
    },
}

impl StreamedOutput {
    /// How many frames of the first streamed input it comes after what the model gives.
    pub fn delay(&self) -> isize {
        match self {
            Self::Frames { delay, stride, .. } => (delay * stride) as isize,
            Self::Latest { delay } => *delay,
        }
    }
}

impl Graph {
    /// How it stands to the model over its whole window of time, if it computes the model frame by frame.
    pub fn streaming(&self) -> Option<&Streaming> {
        self.streaming.as_ref()
    }

    /// Says that it computes a model frame by frame.
    pub fn set_streaming(&mut self, streaming: Streaming) {
        self.streaming = Some(streaming);
    }
}
