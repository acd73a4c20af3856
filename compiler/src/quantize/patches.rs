use super::Layer;
use crate::ir::{Graph, Tensor};
use crate::primitives::{Conv, Layout, Window};

/// What the weights of one channel of a layer are multiplied by, for every result: rows of as many elements as the channel
/// has weights, in the weights' order.
#[derive(Clone, Debug)]
pub struct Patches {
    /// Elements of a row.
    pub len: usize,
    /// Groups of channels, each with rows of its own.
    pub groups: usize,
    geometry: Option<Geometry>,
}

/// How a convolution finds its elements.
#[derive(Clone, Debug)]
struct Geometry {
    window: Window,
    channels: usize,
    input: Vec<usize>,
    output: Vec<usize>,
}

impl Patches {
    /// The patches of a layer; `None` for a transposed convolution.
    pub fn of(graph: &Graph, layer: &Layer) -> Option<Self> {
        let (x, w, y) = (graph.ty(layer.x), graph.ty(layer.w), graph.ty(layer.y));
        if layer.is_product {
            return Some(Self {
                len: w.shape[0],
                groups: 1,
                geometry: None,
            });
        }
        let conv = graph.node(layer.node).op::<Conv>()?;
        (conv.layout == Layout::ChannelsFirst).then(|| Self {
            len: w.shape[1..].iter().product(),
            groups: layer.groups,
            geometry: Some(Geometry {
                window: conv.window.clone(),
                channels: w.shape[1],
                input: x.shape.clone(),
                output: y.shape[2..].to_vec(),
            }),
        })
    }

    /// Rows of each group that an input gives.
    pub fn rows(&self, x: &Tensor) -> usize {
        match &self.geometry {
            None => x.len() / self.len.max(1),
            Some(geometry) => geometry.input[0] * geometry.output.iter().product::<usize>(),
        }
    }

    /// Writes row `row` of `group` of input `x`.
    pub fn read(&self, x: &[f32], group: usize, row: usize, out: &mut Vec<f64>) {
        out.clear();
        let Some(geometry) = &self.geometry else {
            out.extend(x.iter().skip(row * self.len).take(self.len).map(|v| f64::from(*v)));
            return;
        };
        let (window, rank) = (&geometry.window, geometry.window.rank());
        let positions: usize = geometry.output.iter().product();
        let (image, mut position) = (row / positions, row % positions);
        // The first element of the window along each axis, which may lie in the padding.
        let mut starts = vec![0isize; rank];
        for axis in (0..rank).rev() {
            let index = position % geometry.output[axis];
            position /= geometry.output[axis];
            starts[axis] = (index * window.strides[axis]) as isize - window.pads[axis] as isize;
        }
        let pixels: usize = geometry.input[2..].iter().product();
        let taps: usize = window.kernel.iter().product();
        for channel in 0..geometry.channels {
            let plane = (image * geometry.input[1] + group * geometry.channels + channel) * pixels;
            for tap in 0..taps {
                let mut rest = tap;
                let (mut at, mut stride) = (Some(plane), 1);
                for axis in (0..rank).rev() {
                    let offset = (rest % window.kernel[axis] * window.dilations[axis]) as isize;
                    rest /= window.kernel[axis];
                    let extent = geometry.input[2 + axis];
                    let index = usize::try_from(starts[axis] + offset).ok().filter(|i| *i < extent);
                    at = at.zip(index).map(|(at, index)| at + index * stride);
                    stride *= extent;
                }
                out.push(at.and_then(|at| x.get(at)).map_or(0.0, |v| f64::from(*v)));
            }
        }
    }
}
