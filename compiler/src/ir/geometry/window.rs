use crate::bindings::Windows;
use crate::ir::{Fill, MAX_RANK, OpError, Operator, OverTime, TensorType, Time, TimeWindow, op_error};

/// The geometry of a window that slides over spatial axes: convolutions and pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Extents of the window.
    pub kernel: Vec<usize>,
    /// Steps between windows.
    pub strides: Vec<usize>,
    /// Steps between elements of a window.
    pub dilations: Vec<usize>,
    /// Elements added before each axis, then after each.
    pub pads: Vec<usize>,
}

impl Window {
    /// Number of spatial axes.
    pub fn rank(&self) -> usize {
        self.kernel.len()
    }

    /// Extent that a window covers along `axis`.
    pub fn span(&self, axis: usize) -> usize {
        (self.kernel[axis].saturating_sub(1))
            .saturating_mul(self.dilations[axis])
            .saturating_add(1)
    }

    /// Windows that fit along `axis` of extent `size`; with `ceil`, a last one may stick out if it starts in the input
    /// or in the padding before it.
    pub fn output(&self, axis: usize, size: usize, ceil: bool) -> Result<usize, OpError> {
        let rank = self.rank();
        let padded = size
            .saturating_add(self.pads[axis])
            .saturating_add(self.pads[rank + axis]);
        let Some(free) = padded.checked_sub(self.span(axis)) else {
            return Err(op_error(format!(
                "a window of {} does not fit {padded} padded elements along spatial axis {axis}",
                self.span(axis)
            )));
        };
        let stride = self.strides[axis];
        let mut count = if ceil { free.div_ceil(stride) } else { free / stride } + 1;
        if ceil && (count - 1) * stride >= size + self.pads[axis] {
            count -= 1;
        }
        Ok(count)
    }

    /// Checks that the lists agree with each other and that steps are not zero.
    pub fn check(&self) -> Result<(), OpError> {
        let rank = self.rank();
        let most = MAX_RANK - 2;
        if !(1..=most).contains(&rank) {
            return Err(op_error(format!("{rank} spatial axes")).help(format!("supported: from one to {most}")));
        }
        if self.strides.len() != rank || self.dilations.len() != rank || self.pads.len() != 2 * rank {
            return Err(op_error(
                "kernel_shape, strides, dilations and pads are of different lengths",
            ));
        }
        let steps = [&self.kernel, &self.strides, &self.dilations];
        if steps.iter().any(|list| list.contains(&0)) {
            return Err(op_error("kernel_shape, strides and dilations must be at least 1"));
        }
        // Sums and products of two of them then do not overflow.
        if steps
            .iter()
            .copied()
            .chain([&self.pads])
            .flatten()
            .any(|v| *v > i32::MAX as usize)
        {
            return Err(op_error(
                "kernel_shape, strides, dilations and pads must be less than 2^31",
            ));
        }
        Ok(())
    }

    /// A pair for the two spatial axes of a kernel: of one axis, the height is `filler`.
    pub fn pair(list: &[usize], filler: usize) -> [usize; 2] {
        match list {
            [w] => [filler, *w],
            [h, w, ..] => [*h, *w],
            [] => [filler, filler],
        }
    }

    /// Paddings at the top, left, bottom and right.
    pub fn pads2d(&self) -> [usize; 4] {
        match self.pads[..] {
            [left, right] => [0, left, 0, right],
            [top, left, bottom, right] => [top, left, bottom, right],
            _ => [0; 4],
        }
    }

    /// The same for kernels of any number of axes, between these extents.
    pub fn between(&self, input: &[usize], output: &[usize]) -> Windows {
        Windows {
            input: input.to_vec(),
            output: output.to_vec(),
            kernel: self.kernel.clone(),
            strides: self.strides.clone(),
            dilations: self.dilations.clone(),
            pads: self.pads[..self.rank()].to_vec(),
        }
    }

    /// How an operator that slides this window over operand 0 treats time; `unpadded` gives it with another window, and
    /// what its padding is.
    pub(in crate::ir) fn over_time(
        &self,
        time: &Time<'_>,
        layout: Layout,
        operator: &dyn Operator,
        unpadded: impl FnOnce(Self) -> (Box<dyn Operator>, Fill),
    ) -> Result<OverTime, String> {
        let (axis, frames) = time.first()?;
        let rank = self.rank();
        if axis == 0 {
            return OverTime::frames(operator.boxed(), axis);
        }
        let Some(along) = layout.spatial_axis(axis, rank) else {
            return Err("time is its axis of channels".to_owned());
        };
        let (before, after) = (self.pads[along], self.pads[rank + along]);
        let results = time.outputs[0].shape[axis];
        if (before, after, results) == (0, 0, 1) && frames > 1 {
            return OverTime::whole(operator, time);
        }
        let mut window = self.clone();
        (window.pads[along], window.pads[rank + along]) = (0, 0);
        let (operator, fill) = unpadded(window);
        Ok(OverTime::Window(TimeWindow {
            axis,
            span: self.span(along),
            stride: self.strides[along],
            before,
            after,
            fill,
            operator,
        }))
    }

    /// Checks that an average counts padding before the first frame as it counts frames.
    pub(in crate::ir) fn counts_padding(&self, time: &Time<'_>, layout: Layout, counts: bool) -> Result<(), String> {
        let (axis, _) = time.first()?;
        match layout.spatial_axis(axis, self.rank()) {
            Some(along) if !counts && self.pads[along] > 0 => Err(
                "its first averages are of fewer frames than the others; let padding count, or leave it out".to_owned(),
            ),
            _ => Ok(()),
        }
    }

    /// Whether it covers single elements, each once.
    pub fn is_pointwise(&self) -> bool {
        let ones = [&self.kernel, &self.strides]
            .iter()
            .all(|list| list.iter().all(|v| *v == 1));
        ones && self.pads.iter().all(|p| *p == 0)
    }
}

/// Which dimensions of an image tensor are what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Batch, channels, spatial axes: ONNX's.
    ChannelsFirst,
    /// Batch, spatial axes, channels: the kernels'.
    ChannelsLast,
}

impl Layout {
    /// The axis of the channels of an image of so many dimensions.
    pub fn channel_axis(self, rank: usize) -> usize {
        match self {
            Self::ChannelsFirst => 1,
            Self::ChannelsLast => rank - 1,
        }
    }

    /// Which of so many spatial axes an axis is; `None` for the batch and the channels.
    pub fn spatial_axis(self, axis: usize, spatial: usize) -> Option<usize> {
        let first = match self {
            Self::ChannelsFirst => 2,
            Self::ChannelsLast => 1,
        };
        axis.checked_sub(first).filter(|along| *along < spatial)
    }
}

/// The dimensions of an image tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Number of images.
    pub batch: usize,
    /// Channels of each.
    pub channels: usize,
    /// Spatial extents.
    pub spatial: Vec<usize>,
}

impl Image {
    /// Reads a shape with `rank` spatial axes.
    pub fn of(ty: &TensorType, layout: Layout, rank: usize) -> Result<Self, OpError> {
        if ty.rank() != rank + 2 {
            return Err(op_error(format!(
                "the input {ty} must have {} dimensions: batch, channels, {rank} spatial",
                rank + 2
            )));
        }
        let (batch, rest) = (ty.shape[0], &ty.shape[1..]);
        Ok(match layout {
            Layout::ChannelsFirst => Self {
                batch,
                channels: rest[0],
                spatial: rest[1..].to_vec(),
            },
            Layout::ChannelsLast => Self {
                batch,
                channels: rest[rank],
                spatial: rest[..rank].to_vec(),
            },
        })
    }

    /// The shape in a layout.
    pub fn shape(&self, layout: Layout) -> Vec<usize> {
        let mut shape = vec![self.batch];
        match layout {
            Layout::ChannelsFirst => {
                shape.push(self.channels);
                shape.extend(&self.spatial);
            }
            Layout::ChannelsLast => {
                shape.extend(&self.spatial);
                shape.push(self.channels);
            }
        }
        shape
    }

    /// Height, width and channels; of one spatial axis the height is one.
    pub fn hwc(&self) -> [usize; 3] {
        let [h, w] = Window::pair(&self.spatial, 1);
        [h, w, self.channels]
    }

    /// Pixels of all images.
    pub fn pixels(&self) -> usize {
        self.batch * self.spatial.iter().product::<usize>()
    }
}
