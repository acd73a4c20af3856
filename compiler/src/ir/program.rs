//! What runs, as plain data: buffers and a list of kernel calls. `emit` prints it, `exec` runs it.

pub use crate::bindings::{Args, CallPart, Cores, KernelCall, Value};

mod training;

use crate::ir::{DType, Labels, PortSteps, Steps, Streaming, Tensor, TensorType};
use crate::machine::Cost;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
pub use training::{Sums, Training};

/// Names a buffer of one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BufferId(pub usize);

/// Where a buffer's elements are.
#[derive(Clone, Debug, PartialEq)]
pub enum Storage {
    /// In the caller's array number this.
    Input(usize),
    /// Among the weights.
    Constant(Tensor),
    /// In the arena, while it is needed.
    Arena,
    /// In the arena, for itself, from one run to the next.
    State,
}

impl Storage {
    /// Whether it has a place in the arena.
    pub fn is_in_arena(&self) -> bool {
        matches!(self, Self::Arena | Self::State)
    }
}

/// A run of elements that calls read or write.
#[derive(Clone, Debug)]
pub struct Buffer {
    /// Name for people, not yet an identifier.
    pub name: String,
    /// What a constant or a temporary is to its kernel, such as `weights` or `scratch`, where that is known.
    pub role: Option<&'static str>,
    /// Element type.
    pub dtype: DType,
    /// Number of elements.
    pub len: usize,
    /// Where it is.
    pub storage: Storage,
}

impl Buffer {
    /// Bytes of all elements.
    pub fn bytes(&self) -> usize {
        self.len * self.dtype.size()
    }
}

/// Consecutive elements of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// The buffer.
    pub buffer: BufferId,
    /// First element.
    pub offset: usize,
    /// Number of elements.
    pub len: usize,
}

/// An input, an output or a state of the model.
#[derive(Clone, Debug)]
pub struct Port {
    /// Name in the model.
    pub name: String,
    /// Element type and shape, as the caller gives or gets it.
    pub ty: TensorType,
    /// Its elements.
    pub view: View,
    /// Whether the caller gives it channels-last where the model has it channels-first.
    pub channels_last: bool,
}

impl Port {
    /// Element type and shape as the model has it.
    pub fn model_ty(&self) -> TensorType {
        let mut ty = self.ty.clone();
        if self.channels_last {
            ty.shape[1..].rotate_right(1);
        }
        ty
    }

    /// An array of [`model_ty`](Self::model_ty) in the order of elements in which the program takes it.
    pub fn from_model(&self, array: Tensor) -> Tensor {
        if !self.channels_last {
            return array;
        }
        let (batch, channels, size) = (array.shape[0], array.shape[1], array.dtype.size());
        let pixels: usize = array.shape[2..].iter().product();
        let mut bytes = Vec::with_capacity(array.bytes.len());
        for image in 0..batch {
            for pixel in 0..pixels {
                for channel in 0..channels {
                    let at = ((image * channels + channel) * pixels + pixel) * size;
                    bytes.extend_from_slice(&array.bytes[at..at + size]);
                }
            }
        }
        Tensor::new(self.ty.dtype, self.ty.shape.clone(), bytes)
    }
}

/// The way in which a node is computed, where there were several.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The kernel that does the work.
    pub kernel: &'static str,
    /// How its weights are stored.
    pub layout: &'static str,
    /// What it takes.
    pub cost: Cost,
    /// Why it was chosen.
    pub reason: String,
    /// Why faster kernels of the machine were no candidates.
    pub declined: Vec<String>,
}

/// Which copy of its kernel a call runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// One compiled for this call, with its parameters known to rustc; otherwise the one that all calls share.
    pub specialised: bool,
    /// Whether threads compute its rows side by side.
    pub divided: bool,
    /// Why it is specialised, or not.
    pub reason: String,
}

impl Default for Instance {
    fn default() -> Self {
        Self {
            specialised: false,
            divided: false,
            reason: "the kernel is not faster for known parameters".into(),
        }
    }
}

/// One kernel call.
#[derive(Debug)]
pub struct Call {
    /// The kernel and its parameters.
    pub kernel: Box<dyn KernelCall>,
    /// What it reads.
    pub inputs: Vec<View>,
    /// What it writes.
    pub outputs: Vec<View>,
    /// The input that may share storage with output 0, for kernels with an in-place form.
    pub in_place: Option<usize>,
    /// Name for people: the node's.
    pub name: String,
    /// The ONNX nodes that it stands for.
    pub origin: Vec<String>,
    /// What it reads of the node's operands, without constants.
    pub operands: Vec<TensorType>,
    /// Shape of output 0.
    pub shape: Vec<usize>,
    /// What the integers of output 0 stand for, where that is known.
    pub steps: Option<Steps>,
    /// Multiply-accumulates.
    pub macs: u64,
    /// How its node is computed, if there was a choice.
    pub choice: Option<Choice>,
    /// The copy of the kernel that it runs.
    pub instance: Instance,
    /// The rows that it computes, if it computes only a part of the node.
    pub part: Option<Portion>,
}

/// What a call computes of its node, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    /// Rows of the output.
    pub rows: Range<usize>,
    /// Rows of all parts.
    pub of: usize,
    /// Which tile this is, from 1, and of how many.
    pub tile: Option<[usize; 2]>,
    /// Whether they are copied, for the next tile, instead of computed.
    pub kept: bool,
}

impl fmt::Display for Portion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rows: Range { start, end },
            of,
            tile,
            kept,
        } = self;
        let tile = tile.map_or(String::new(), |[tile, tiles]| format!(", tile {tile} of {tiles}"));
        let kept = if *kept { ", kept for the next" } else { "" };
        write!(f, "rows {start}..{end} of {of}{tile}{kept}")
    }
}

/// Calls that run again and again: before each time a flag is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repetition {
    /// Numbers of the calls.
    pub calls: Range<usize>,
    /// The flag, one [`DType::Bool`]: the calls run while it is true, and set it.
    pub going: View,
    /// How often they run at most.
    pub most: usize,
}

/// One run whose results are known: what devices test themselves with.
#[derive(Clone, Debug, PartialEq)]
pub struct GoldenCase {
    /// A constant for each input.
    pub inputs: Vec<BufferId>,
    /// A constant for each output.
    pub outputs: Vec<BufferId>,
    /// How far floats may be from the outputs here, as a part of the largest number of the output.
    pub tolerance: f64,
}

/// A lowered model.
#[derive(Debug, Default)]
pub struct Program {
    /// Name of the model.
    pub name: String,
    /// Inputs, in order.
    pub inputs: Vec<Port>,
    /// Outputs, in order.
    pub outputs: Vec<Port>,
    /// What is kept from one run to the next.
    pub states: Vec<Port>,
    /// Constants that states, by their numbers, are before the first run; others are zeros.
    pub initial: Vec<(usize, View)>,
    /// One byte in the arena that is zero until the states are what they begin with, if any begins with a constant.
    pub started: Option<View>,
    /// How the model is trained, if it is.
    pub training: Option<Training>,
    /// How a run stands to the model over its whole window of time, if it takes frame by frame.
    pub streaming: Option<Streaming>,
    /// What the integers of inputs and outputs stand for.
    pub port_steps: PortSteps,
    /// What outputs, by name, stand for, where they stand for classes.
    pub labels: BTreeMap<String, Labels>,
    /// All buffers.
    pub buffers: Vec<Buffer>,
    /// The calls; each reads only what calls before it wrote.
    pub calls: Vec<Call>,
    /// Calls that are repeated. Two of these have no call in common, or one is inside the other and begins later.
    pub repetitions: Vec<Repetition>,
    /// The run of the self-test, if the emitted code is to have one.
    pub golden: Option<GoldenCase>,
}

/// What runs next in a range of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// One call.
    Call(usize),
    /// Calls that are repeated.
    Repeat(&'a Repetition),
}

impl Program {
    /// A buffer.
    pub fn buffer(&self, id: BufferId) -> &Buffer {
        &self.buffers[id.0]
    }

    /// What runs in a range of calls, in the program's own order. The whole range of a repetition is one run of it.
    pub fn steps(&self, calls: Range<usize>) -> Vec<Step<'_>> {
        let mut steps = vec![];
        let mut next = calls.start;
        while next < calls.end {
            let begins = |r: &&Repetition| r.calls.start == next && r.calls != calls;
            match self.repetitions.iter().find(begins) {
                Some(repetition) => {
                    steps.push(Step::Repeat(repetition));
                    next = repetition.calls.end;
                }
                None => {
                    steps.push(Step::Call(next));
                    next += 1;
                }
            }
        }
        steps
    }

    /// Multiply-accumulates of one inference.
    pub fn macs(&self) -> u64 {
        self.calls[..self.inference_calls()].iter().map(|c| c.macs).sum()
    }

    /// Bytes of the constants that only the self-test reads.
    pub fn golden_bytes(&self) -> usize {
        self.golden_constants().map(|(id, _)| self.buffer(id).bytes()).sum()
    }

    /// The constants that only the self-test reads, each with what it is.
    pub fn golden_constants(&self) -> impl Iterator<Item = (BufferId, &'static str)> + '_ {
        let as_what = |what| move |id: &BufferId| (*id, what);
        let of_case = move |case: &GoldenCase| {
            let inputs = case.inputs.iter().map(as_what("input"));
            inputs
                .chain(case.outputs.iter().map(as_what("output")))
                .collect::<Vec<_>>()
        };
        self.golden.iter().flat_map(of_case)
    }

    /// Bytes of all constants that are read: those of the calls and of the self-test.
    pub fn weight_bytes(&self) -> usize {
        self.buffers
            .iter()
            .filter(|b| matches!(b.storage, Storage::Constant(_)))
            .map(Buffer::bytes)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{BufferId, Port, View};
    use crate::ir::{DType, Tensor, TensorType};

    #[test]
    fn arrays_of_the_model_become_channels_last() {
        let view = View {
            buffer: BufferId(0),
            offset: 0,
            len: 12,
        };
        let port = |shape: &[usize], channels_last| Port {
            name: "x".into(),
            ty: TensorType::new(DType::F32, shape),
            view,
            channels_last,
        };
        let planes: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let array = Tensor::f32(&[1, 3, 2, 2], &planes);
        let last = port(&[1, 2, 2, 3], true);
        assert_eq!(last.model_ty(), array.ty());
        let pixels = [0., 4., 8., 1., 5., 9., 2., 6., 10., 3., 7., 11.];
        assert_eq!(last.from_model(array.clone()), Tensor::f32(&[1, 2, 2, 3], &pixels));
        let first = port(&[1, 3, 2, 2], false);
        assert_eq!((first.model_ty(), first.from_model(array.clone())), (array.ty(), array));
    }
}
