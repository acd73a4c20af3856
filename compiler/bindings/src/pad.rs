use super::generic::by_size;
use super::{HOST_RANK, last, padded};
use crate::{Args, CallPart, KernelCall, Value};
use runtime_core::kernels::{self, Constant, Edge, Pad, Reflect, Wrap};
use runtime_core::partial::Partial;
use std::ops::Range;

/// Where the elements outside of a padded tensor come from; see the kernel's mode of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PadMode {
    /// A given value.
    Constant,
    /// The nearest element.
    Edge,
    /// The tensor mirrored at its first and last element.
    Reflect,
    /// The tensor repeated.
    Wrap,
}

impl PadMode {
    /// Name of its type in `runtime_core::kernels`.
    pub const fn kernel_name(self) -> &'static str {
        match self {
            Self::Constant => "Constant",
            Self::Edge => "Edge",
            Self::Reflect => "Reflect",
            Self::Wrap => "Wrap",
        }
    }
}

/// `pad`: a tensor with elements around it. Reads the tensor and the value, which is empty unless the mode is
/// [`PadMode::Constant`].
#[derive(Clone, Debug, PartialEq)]
pub struct PadCall {
    /// Extents of the input.
    pub input: Vec<usize>,
    /// Extents of the output.
    pub output: Vec<usize>,
    /// Elements added before each dimension.
    pub begins: Vec<isize>,
    /// What is added.
    pub mode: PadMode,
    /// Bytes of an element.
    pub size: usize,
}

impl PadCall {
    fn layer<M>(&self, mode: M) -> Pad<M, HOST_RANK> {
        Pad {
            input: padded(&self.input, 1),
            output: padded(&self.output, 1),
            begins: padded(&self.begins, 0),
            mode,
        }
    }

    fn run(&self, args: &mut Args<'_>, mode: impl kernels::PadMode) {
        let layer = self.layer(mode);
        by_size!(self.size, T => kernels::pad(args.simd, layer, args.x::<T>(0), args.x(1), args.y(0)));
    }
}

impl KernelCall for PadCall {
    fn name(&self) -> &'static str {
        "pad"
    }

    fn params(&self) -> Value {
        Value::Struct(
            "Pad",
            vec![
                ("input", Value::ints(&self.input)),
                ("output", Value::ints(&self.output)),
                ("begins", Value::ints(&self.begins)),
                ("mode", Value::Struct(self.mode.kernel_name(), vec![])),
            ],
        )
    }

    fn const_generics(&self) -> Vec<usize> {
        vec![self.output.len()]
    }

    fn row(&self) -> Option<usize> {
        (self.mode == PadMode::Constant).then(|| self.layer(Constant).row())?
    }

    fn part(&self, rows: Range<usize>) -> Option<CallPart> {
        if self.mode != PadMode::Constant {
            return None;
        }
        let part = self.layer(Constant).part(rows)?;
        let rank = self.output.len();
        Some(CallPart::of(part, |layer| Self {
            input: last(&layer.input, rank),
            output: last(&layer.output, rank),
            begins: last(&layer.begins, rank),
            ..self.clone()
        }))
    }

    fn execute(&self, args: &mut Args<'_>) {
        match self.mode {
            PadMode::Constant => self.run(args, Constant),
            PadMode::Edge => self.run(args, Edge),
            PadMode::Reflect => self.run(args, Reflect),
            PadMode::Wrap => self.run(args, Wrap),
        }
    }
}
