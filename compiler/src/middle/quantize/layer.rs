use crate::ir::linear::{Linear, WeightPlaces};
use crate::ir::primitives::BIAS;
use crate::ir::{DType, Graph, NodeId, Tensor, ValueId};

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
    /// The axis of the channels, in the input as in the sums.
    pub axis: usize,
    /// Groups of channels.
    pub groups: usize,
    /// Which weight is where.
    pub places: WeightPlaces,
    /// Whether it is a product with a matrix.
    pub is_product: bool,
}

impl Layer {
    /// The layer that a node is, if its weights and bias are `f32` constants and it ends in the sums themselves.
    pub fn of(graph: &Graph, id: NodeId) -> Option<Self> {
        let node = graph.node(id);
        let linear = Linear::of(node).filter(|linear| linear.activation().is_identity())?;
        let float = |v: ValueId| graph.constant(v).is_some_and(|t| t.dtype == DType::F32);
        let (w, bias) = (linear.weights(), linear.bias());
        if !float(w) || !bias.is_none_or(float) || node.inputs.len() > BIAS + 1 {
            return None;
        }
        let (y, places) = (node.outputs[0], linear.places(graph));
        Some(Self {
            node: id,
            x: linear.x(),
            w,
            bias,
            y,
            channels: places.outputs(),
            axis: linear.axis(graph),
            groups: linear.groups(),
            places,
            is_product: linear.is_product(),
        })
    }

    /// All layers of a graph, each after those before it.
    pub fn all(graph: &Graph) -> Vec<Self> {
        graph.order().into_iter().filter_map(|id| Self::of(graph, id)).collect()
    }

    /// Scales that the weights may have: one per channel, those of a transposed convolution shared by its groups.
    pub fn scales(&self) -> usize {
        self.places.along()
    }

    /// Which scale belongs to channel `channel`.
    pub fn scale_of(&self, channel: usize) -> usize {
        channel % self.scales()
    }

    /// The channel of the sums that weight `index` belongs to.
    pub fn channel(&self, index: usize) -> usize {
        self.places.output(index)
    }

    /// The index of element `element` of the weights of `channel`, in the order of [`Patches`](super::Patches).
    pub fn element(&self, channel: usize, element: usize) -> usize {
        let taps = self.places.taps();
        self.places.index(channel, element / taps, element % taps)
    }

    /// The channel of the input that weight `index` multiplies.
    pub fn input_channel(&self, index: usize) -> usize {
        self.places.input(index)
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
