use super::Layer;
use crate::ir::linear::Linear;
use crate::ir::primitives::{Layout, Window};
use crate::ir::{Graph, Tensor};

/// What the weights of one channel of a layer are multiplied by, for every result: rows of as many elements as the
/// channel has weights, in the weights' order.
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
        let linear = Linear::of(graph.node(layer.node)).filter(|linear| !linear.is_transposed())?;
        let window = linear.window()?;
        (linear.layout() == Some(Layout::ChannelsFirst)).then(|| Self {
            len: w.shape[1..].iter().product(),
            groups: layer.groups,
            geometry: Some(Geometry {
                window: window.clone(),
                channels: w.shape[1],
                input: x.shape.clone(),
                output: y.shape[2..].to_vec(),
            }),
        })
    }

    /// Products of two elements of a row, over all groups.
    pub fn products(&self) -> usize {
        self.len.saturating_mul(self.len).saturating_mul(self.groups)
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
        // Where each tap reads in a channel; none in the padding.
        let places: Vec<Option<usize>> = (0..taps)
            .map(|tap| {
                let (mut rest, mut stride, mut at) = (tap, 1, 0);
                for axis in (0..rank).rev() {
                    let offset = (rest % window.kernel[axis] * window.dilations[axis]) as isize;
                    rest /= window.kernel[axis];
                    let extent = geometry.input[2 + axis];
                    let index = usize::try_from(starts[axis] + offset).ok();
                    at += index.filter(|i| *i < extent)? * stride;
                    stride *= extent;
                }
                Some(at)
            })
            .collect();
        for channel in 0..geometry.channels {
            let plane = (image * geometry.input[1] + group * geometry.channels + channel) * pixels;
            let element = |place: &Option<usize>| place.and_then(|at| x.get(plane + at)).map_or(0.0, |v| f64::from(*v));
            out.extend(places.iter().map(element));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Watch;
    use super::*;
    use crate::ir::primitives::Conv;
    use crate::ir::{DType, TensorType};
    use runtime_core::function::Identity;

    #[test]
    fn rows_times_weights_are_the_sums() {
        let mut graph = Graph::new("g");
        let x = graph.add_input("x", TensorType::new(DType::F32, [1, 4, 5, 4]));
        let numbers = |count: usize| (0..count).map(|i| (i * 7 % 11) as f32 - 4.0).collect::<Vec<_>>();
        let w = graph.add_constant("w", Tensor::f32(&[6, 2, 3, 2], &numbers(72)));
        let conv = Conv {
            window: Window {
                kernel: vec![3, 2],
                strides: vec![2, 1],
                dilations: vec![1, 2],
                pads: vec![1, 0, 1, 1],
            },
            groups: 2,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        let y = graph.add_op("y", conv, &[x, w], &[]).unwrap();
        let layer = Layer::of(&graph, graph.value(y).producer).unwrap();
        let patches = Patches::of(&graph, &layer).unwrap();
        let input = Tensor::f32(&[1, 4, 5, 4], &numbers(80));
        let watch = Watch::new(&graph, &[y]).unwrap();
        let sums = watch.start().run(std::slice::from_ref(&input)).1[0].to_f32().unwrap();
        let (values, (_, weights)) = (input.to_f32().unwrap(), layer.weights(&graph));
        assert_eq!(patches.rows(&input), sums.len() / 6);
        let mut row = vec![];
        for (index, sum) in sums.iter().enumerate() {
            let (channel, position) = (index / patches.rows(&input), index % patches.rows(&input));
            patches.read(&values, channel / 3, position, &mut row);
            let products = row.iter().enumerate();
            let products = products.map(|(e, x)| x * f64::from(weights[layer.element(channel, e)]));
            assert_eq!(products.sum::<f64>() as f32, *sum, "{index}");
        }
    }
}
