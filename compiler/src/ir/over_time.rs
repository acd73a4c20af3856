//! How operators treat time, one axis of their operands, where a model is computed frame by frame; see
//! [`Operator::over_time`](super::Operator::over_time).

use super::{DType, Inputs, Operator, Tensor, TensorType};

/// What an operator is asked: which axis of its operands is time.
pub struct Time<'a> {
    /// The operands, as the model has them over its whole window of time.
    pub inputs: &'a Inputs<'a>,
    /// Types of the results over the whole window.
    pub outputs: &'a [&'a TensorType],
    /// The axis of time of each operand; `None` for one that is the same for all frames, or absent.
    pub axes: &'a [Option<usize>],
    /// Frames of the operands that are computed at once.
    pub frames: usize,
}

/// How an operator treats time.
#[derive(Debug)]
pub enum OverTime {
    /// Each frame of the results is made of the frames at the same place.
    Frames(Framewise),
    /// Each frame of the result is made of a window of frames.
    Window(TimeWindow),
    /// Frame `i` of the result is made of frame `start + i * step`, and is what `each` makes of it.
    Every {
        /// The first frame.
        start: usize,
        /// From frame to frame.
        step: usize,
        /// What is done to each frame besides.
        each: Framewise,
    },
    /// Frames of operand 1, which is one element, come before the first; each is what `each` makes of it.
    Padded {
        /// How many.
        before: usize,
        /// What is done to each frame besides.
        each: Framewise,
    },
    /// Some or all frames become something that has no time.
    Whole {
        /// How many of the last frames are read.
        rows: usize,
        /// What reads these alone.
        operator: Box<dyn Operator>,
    },
    /// A recurrence: operand `first` is, one after another and flat, what the results but the first were after the
    /// frame before; it may have no elements, for zeros. The results but the first are these after the last frame.
    Steps {
        /// The axis of time in the first result.
        axis: usize,
        /// The number of the operand.
        first: usize,
    },
}

/// What computes some frames, each by itself.
#[derive(Debug)]
pub struct Framewise {
    /// The operator for so many frames as were asked about.
    pub operator: Box<dyn Operator>,
    /// The axis of time in the results.
    pub axis: usize,
    /// Operands that have a frame for each of the window though they are the same whenever it begins, and the axis of
    /// these frames: their frames must be alike.
    pub held: Vec<(usize, usize)>,
}

/// A window that slides over the frames of operand 0.
#[derive(Debug)]
pub struct TimeWindow {
    /// The axis of time in the result.
    pub axis: usize,
    /// Frames that it covers, from the first to the last.
    pub span: usize,
    /// Frames from window to window.
    pub stride: usize,
    /// Frames of padding before the first.
    pub before: usize,
    /// Frames of padding after the last.
    pub after: usize,
    /// What the padding is.
    pub fill: Fill,
    /// The operator without padding of time.
    pub operator: Box<dyn Operator>,
}

/// What elements of padding are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// This integer, or number.
    Value(i32),
    /// The least of the element type, which is the greatest of nothing.
    Least,
}

impl Fill {
    /// One element of a type.
    pub fn element(self, dtype: DType) -> Tensor {
        let least = match dtype {
            DType::I8 => f64::from(i8::MIN),
            DType::I16 => f64::from(i16::MIN),
            DType::I32 => f64::from(i32::MIN),
            DType::I64 => i64::MIN as f64,
            _ if dtype.is_float() => f64::NEG_INFINITY,
            _ => 0.0,
        };
        let value = match self {
            Self::Value(value) => f64::from(value),
            Self::Least => least,
        };
        Tensor::scalar(dtype, value)
    }
}

impl OverTime {
    /// Each frame by itself, by `operator`, with time as this axis of the results.
    pub fn frames(operator: impl Into<Box<dyn Operator>>, axis: usize) -> Result<Self, String> {
        Ok(Self::Frames(Framewise::new(operator, axis)))
    }

    /// All frames become something without time.
    pub fn whole(operator: &dyn Operator, time: &Time<'_>) -> Result<Self, String> {
        let (_, rows) = time.first()?;
        let operator = operator.boxed();
        Ok(Self::Whole { rows, operator })
    }
}

impl Framewise {
    /// By `operator`, with time as this axis of the results.
    pub fn new(operator: impl Into<Box<dyn Operator>>, axis: usize) -> Self {
        Self {
            operator: operator.into(),
            axis,
            held: vec![],
        }
    }
}

impl<'a> Time<'a> {
    /// The shape of operand `index`.
    ///
    /// # Errors
    /// If it is absent.
    pub fn shape(&self, index: usize) -> Result<&'a [usize], String> {
        let ty = self.inputs.ty(index).map_err(|error| error.message)?;
        Ok(&ty.shape)
    }

    /// The axis of time of operand 0 and its frames over the whole window, for operators whose other operands are the
    /// same for all frames.
    ///
    /// # Errors
    /// If another operand has time, or the first has none.
    pub fn first(&self) -> Result<(usize, usize), String> {
        match self.axes {
            [Some(axis), rest @ ..] if rest.iter().all(Option::is_none) => Ok((*axis, self.shape(0)?[*axis])),
            _ => Err("operands other than its first differ from frame to frame".to_owned()),
        }
    }

    /// Each frame by itself, by the operator as it is, if it is not along this axis that operand 0 is worked on.
    ///
    /// # Errors
    /// That it needs all frames at once.
    pub fn beside(
        &self,
        operator: &dyn Operator,
        worked_on: impl IntoIterator<Item = usize>,
    ) -> Result<OverTime, String> {
        let (axis, _) = self.first()?;
        if worked_on.into_iter().any(|other| other == axis) {
            return Err("each of its results needs all frames, as it works along the axis of time".to_owned());
        }
        OverTime::frames(operator.boxed(), axis)
    }

    /// How an elementwise operator treats it: operands are broadcast.
    ///
    /// # Errors
    /// If time is another axis in one operand than in another.
    pub fn elementwise(&self, operator: Box<dyn Operator>) -> Result<OverTime, String> {
        let rank = self.outputs[0].rank();
        let mut found = None;
        for (index, axis) in self.axes.iter().enumerate() {
            let Some(axis) = axis else { continue };
            let axis = axis + rank - self.shape(index)?.len();
            if *found.get_or_insert(axis) != axis {
                return Err("time is another axis of one operand than of another".to_owned());
            }
        }
        let axis = found.ok_or("no operand has frames")?;
        let mut held = vec![];
        for (index, timed) in self.axes.iter().enumerate() {
            let Some(shape) = self.inputs.get(index).map(|ty| &ty.shape) else {
                continue;
            };
            let before = rank - shape.len();
            if timed.is_none() && axis >= before && shape[axis - before] != 1 {
                held.push((index, axis - before));
            }
        }
        Ok(OverTime::Frames(Framewise { operator, axis, held }))
    }

    /// How a product of rows of operand 0 `[.., k]` by constants treats it.
    ///
    /// # Errors
    /// If another operand has time.
    pub fn product(&self, operator: &dyn Operator) -> Result<OverTime, String> {
        let (axis, _) = self.first()?;
        match axis + 1 == self.shape(0)?.len() {
            true => OverTime::whole(operator, self),
            false => OverTime::frames(operator.boxed(), axis),
        }
    }

    /// How a matrix product of operand 0 `[.., m, k]` and operand 1 `[.., k, n]` treats it.
    ///
    /// # Errors
    /// If frames of one meet frames of the other.
    pub fn matrix_product(&self, operator: &dyn Operator) -> Result<OverTime, String> {
        let rank = self.outputs[0].rank();
        let (a, b) = (self.shape(0)?, self.shape(1)?);
        let from_end = [
            self.axes[0].map(|axis| a.len() - axis),
            self.axes[1].map(|axis| b.len() - axis),
        ];
        let frames = |axis| OverTime::frames(operator.boxed(), axis);
        match from_end {
            [Some(1), None] | [None, Some(2)] => self.summed(operator, a),
            [None, Some(1)] if b.len() == 1 => self.summed(operator, a),
            [None, Some(1)] => frames(rank - 1),
            [Some(2), None] if b.len() == 1 => frames(rank - 1),
            [Some(2), None] => frames(rank - 2),
            [Some(a), Some(b)] if a == b && a > 2 => frames(rank - a),
            [Some(batch), None] | [None, Some(batch)] if batch > 2 && a.len() > 1 && b.len() > 1 => {
                let other = if from_end[0].is_some() { b } else { a };
                match other.len().checked_sub(batch).is_none_or(|axis| other[axis] == 1) {
                    true => frames(rank - batch),
                    false => Err("its other operand has a matrix for each frame".to_owned()),
                }
            }
            _ => Err("it multiplies frames by frames, so that each of its results needs all of them".to_owned()),
        }
    }

    /// A product that sums over all frames: as many as the rows of operand 0 are long.
    fn summed(&self, operator: &dyn Operator, a: &[usize]) -> Result<OverTime, String> {
        let rows = a.last().copied().unwrap_or(1);
        let operator = operator.boxed();
        Ok(OverTime::Whole { rows, operator })
    }
}
