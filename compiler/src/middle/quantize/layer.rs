use crate::ir::primitives::{BIAS, Conv, ConvTranspose, Gemm};
use crate::ir::{DType, Graph, NodeId, Tensor, ValueId};

/// Position of the weights among the inputs of a layer.
pub(super) const WEIGHTS: usize = 1;

/// A convolution or product with constant weights.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its node.
    pub node: NodeId,
    /// What it multiplies by the weights.
    pub x: ValueId,
    /// The weights.
    pub w: ValueId,
    /// The bias.
    pub bias: Option<ValueId>,
    /// The sums.
    pub y: ValueId,
    /// Channels of the sums.
    pub channels: usize,
    /// The axis of the sums' channels.
    pub y_axis: usize,
    /// The axis of the weights that tells channels apart, within a group for a transposed convolution.
    pub w_axis: usize,
    /// Groups of channels.
    pub groups: usize,
    /// Whether the weights of all groups lie along another axis than the channels.
    transposed: bool,
    /// Whether it is a product with a matrix.
    pub is_product: bool,
}

impl Layer {
    /// The layer that a node is, if its weights and bias are `f32` constants and it ends in the sums themselves.
    pub fn of(graph: &Graph, id: NodeId) -> Option<Self> {
        let node = graph.node(id);
        let (w_axis, groups, transposed) = if let Some(conv) = node.op::<Conv>() {
            conv.activation.is_identity().then_some((0, conv.groups, false))?
        } else if let Some(conv) = node.op::<ConvTranspose>() {
            conv.activation.is_identity().then_some((1, conv.groups, true))?
        } else {
            let gemm = node.op::<Gemm>()?;
            gemm.activation.is_identity().then_some((1, 1, false))?
        };
        let operand = |i: usize| node.inputs.get(i).copied().flatten();
        let float = |v: ValueId| graph.constant(v).is_some_and(|t| t.dtype == DType::F32);
        let (x, w, bias) = (operand(0)?, operand(1)?, operand(BIAS));
        if !float(w) || !bias.is_none_or(float) || node.inputs.len() > BIAS + 1 {
            return None;
        }
        let y = node.outputs[0];
        let y_axis = if node.op::<Gemm>().is_some() {
            graph.ty(y).rank() - 1
        } else {
            1
        };
        Some(Self {
            node: id,
            x,
            w,
            bias,
            y,
            channels: graph.ty(y).shape[y_axis],
            y_axis,
            w_axis,
            groups,
            transposed,
            is_product: node.op::<Gemm>().is_some(),
        })
    }

    /// All layers of a graph, each after those before it.
    pub fn all(graph: &Graph) -> Vec<Self> {
        graph.order().into_iter().filter_map(|id| Self::of(graph, id)).collect()
    }

    /// Scales that the weights may have: one a channel, those of a transposed convolution shared by its groups.
    pub fn scales(&self) -> usize {
        if self.transposed {
            self.channels / self.groups
        } else {
            self.channels
        }
    }

    /// Which scale belongs to channel `channel`.
    pub fn scale_of(&self, channel: usize) -> usize {
        channel % self.scales()
    }

    /// The channel of the sums that element `index` of weights of `shape` belongs to.
    pub fn channel(&self, shape: &[usize], index: usize) -> usize {
        let inner: usize = shape[self.w_axis + 1..].iter().product();
        let along = index / inner % shape[self.w_axis];
        if self.transposed {
            let outer = index / (inner * shape[1]);
            outer / (shape[0] / self.groups) * shape[1] + along
        } else {
            along
        }
    }

    /// The index of element `element` of the weights of `channel` in weights of `shape`, in the order of
    /// [`Patches`](super::Patches).
    pub fn element(&self, shape: &[usize], channel: usize, element: usize) -> usize {
        if self.is_product {
            element * self.channels + channel
        } else {
            channel * shape[1..].iter().product::<usize>() + element
        }
    }

    /// The channel of the input that element `index` of weights of `shape` multiplies.
    pub fn input_channel(&self, shape: &[usize], index: usize) -> usize {
        let inner: usize = shape[2..].iter().product();
        if self.transposed || self.is_product {
            index / (inner * shape[1])
        } else {
            let group = self.channel(shape, index) / (self.channels / self.groups);
            group * shape[1] + index / inner % shape[1]
        }
    }

    /// The axis of the input's channels.
    pub fn x_axis(&self, graph: &Graph) -> usize {
        if self.is_product {
            graph.ty(self.x).rank() - 1
        } else {
            1
        }
    }

    /// The weights in floats.
    pub fn weights(&self, graph: &Graph) -> (Vec<usize>, Vec<f32>) {
        let tensor = graph.constant(self.w);
        let values = tensor.and_then(Tensor::to_f32).unwrap_or_default();
        (graph.ty(self.w).shape.clone(), values)
    }

    /// The bias in floats; zeros if there is none.
    pub fn biases(&self, graph: &Graph) -> Vec<f32> {
        let bias = self.bias.and_then(|b| graph.constant(b)).and_then(Tensor::to_f32);
        bias.unwrap_or_else(|| vec![0.0; self.channels])
    }
}

/// The sum of `f` of the elements of each channel of a tensor, and how many each has.
pub fn channel_sums(tensor: &Tensor, axis: usize, f: impl Fn(f64) -> f64) -> (Vec<f64>, usize) {
    let (channels, inner) = (tensor.shape[axis], tensor.shape[axis + 1..].iter().product::<usize>());
    let mut sums = vec![0.0; channels];
    let values = tensor.to_f32().unwrap_or_default();
    for (i, value) in values.iter().enumerate() {
        sums[i / inner.max(1) % channels] += f(f64::from(*value));
    }
    (sums, values.len() / channels.max(1))
}
