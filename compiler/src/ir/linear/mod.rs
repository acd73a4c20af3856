//! One view of the layers with weights, for whoever need not know which of them it looks at.

mod weights;

pub use weights::WeightPlaces;

use super::layer::{Activation, BIAS, MULTIPLIER, RESIDUAL, has_packed_kernel};
use super::primitives::{Conv, ConvTranspose, Gemm, Layout, MatMul, Window};
use super::{DType, Graph, Node, NodeId, Operator, TensorType, ValueId};
use runtime_core::function::{AnyFunction, Identity};

/// Position of the weights among the operands of a layer.
pub const WEIGHTS: usize = 1;

/// A convolution, a transposed convolution, or a product with a matrix: each output channel is a sum over the input
/// channels of its group and over the taps of a kernel, times weights.
#[derive(Clone, Copy, Debug)]
pub struct Linear<'a> {
    node: &'a Node,
    kind: Kind<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Kind<'a> {
    Conv(&'a Conv),
    ConvTranspose(&'a ConvTranspose),
    Product(Activation),
}

impl<'a> Linear<'a> {
    /// The layer that a node is, whatever its weights are.
    pub fn of(node: &'a Node) -> Option<Self> {
        let conv = node.op::<Conv>().map(Kind::Conv);
        let transposed = || node.op::<ConvTranspose>().map(Kind::ConvTranspose);
        let product = || node.op::<Gemm>().map(|gemm| Kind::Product(gemm.activation));
        let kind = conv.or_else(transposed).or_else(product)?;
        Some(Self { node, kind })
    }

    /// The same, and a product of two tensors as the layer that it is if the second of them is one matrix.
    pub fn or_product(graph: &Graph, node: &'a Node) -> Option<Self> {
        let is_matrix = |w: &ValueId| graph.ty(*w).rank() == 2;
        let product = || {
            node.op::<MatMul>()?;
            let weights = node.inputs.get(WEIGHTS).copied().flatten();
            let kind = Kind::Product(Identity.into());
            weights.filter(is_matrix).map(|_| Self { node, kind })
        };
        Self::of(node).or_else(product)
    }

    /// The layer that gives a value which nothing else reads, and which is no output of the model.
    pub fn before(graph: &'a Graph, value: ValueId) -> Option<(NodeId, Self)> {
        let layer = Self::of(graph.producer(value))?;
        graph.only_user(value)?;
        Some((graph.value(value).producer, layer))
    }

    fn operand(&self, index: usize) -> Option<ValueId> {
        self.node.inputs.get(index).copied().flatten()
    }

    /// What the weights multiply.
    ///
    /// # Panics
    /// If it is absent, which inference has checked.
    pub fn x(&self) -> ValueId {
        self.operand(0)
            .expect("inference has checked that the operand is present")
    }

    /// The weights.
    ///
    /// # Panics
    /// If they are absent, which inference has checked.
    pub fn weights(&self) -> ValueId {
        let weights = self.operand(WEIGHTS);
        weights.expect("inference has checked that the operand is present")
    }

    /// What is added to the sums of each output channel.
    pub fn bias(&self) -> Option<ValueId> {
        self.operand(BIAS)
    }

    /// The tensor of the result's shape that is added to the sums.
    pub fn residual(&self) -> Option<ValueId> {
        self.operand(RESIDUAL).filter(|_| self.function().is_some())
    }

    /// The factors of the channels of a layer in integers.
    pub fn multiplier(&self) -> Option<ValueId> {
        self.operand(MULTIPLIER).filter(|_| self.function().is_none())
    }

    /// What is applied to each sum.
    pub fn activation(&self) -> Activation {
        match self.kind {
            Kind::Conv(conv) => conv.activation,
            Kind::ConvTranspose(conv) => conv.activation,
            Kind::Product(activation) => activation,
        }
    }

    /// The function that is applied to each sum, unless the layer is one of integers.
    pub fn function(&self) -> Option<AnyFunction> {
        match self.activation() {
            Activation::Function(function) => Some(function),
            Activation::Requantize { .. } => None,
        }
    }

    /// The geometry of a convolution, transposed or not.
    pub fn window(&self) -> Option<&'a Window> {
        match self.kind {
            Kind::Conv(conv) => Some(&conv.window),
            Kind::ConvTranspose(conv) => Some(&conv.window),
            Kind::Product(_) => None,
        }
    }

    /// What the elements outside of an image count as: zero, or the integer that stands for it.
    pub fn outside(&self) -> f64 {
        match self.activation() {
            Activation::Function(_) => 0.0,
            Activation::Requantize { requantize, .. } => requantize.outside.into(),
        }
    }

    /// How the images of a convolution lie.
    pub fn layout(&self) -> Option<Layout> {
        match self.kind {
            Kind::Conv(conv) => Some(conv.layout),
            Kind::ConvTranspose(conv) => Some(conv.layout),
            Kind::Product(_) => None,
        }
    }

    /// Groups of channels: one for products.
    pub fn groups(&self) -> usize {
        match self.kind {
            Kind::Conv(conv) => conv.groups,
            Kind::ConvTranspose(conv) => conv.groups,
            Kind::Product(_) => 1,
        }
    }

    /// Whether it is a product with a matrix.
    pub fn is_product(&self) -> bool {
        matches!(self.kind, Kind::Product(_))
    }

    /// Whether it is a transposed convolution.
    pub fn is_transposed(&self) -> bool {
        matches!(self.kind, Kind::ConvTranspose(_))
    }

    /// The axis of the channels, in the input as in the result.
    pub fn axis(&self, graph: &Graph) -> usize {
        let rank = graph.ty(self.x()).rank();
        self.layout().unwrap_or(Layout::ChannelsLast).channel_axis(rank)
    }

    /// Which weight is where.
    pub fn places(&self, graph: &Graph) -> WeightPlaces {
        let outputs_axis = usize::from(!matches!(self.kind, Kind::Conv(_)));
        WeightPlaces::new(outputs_axis, self.groups(), &graph.ty(self.weights()).shape)
    }

    /// Whether there is a fast kernel, for weights of element type `dtype` that are known at compile time.
    pub fn has_packed_kernel(&self, graph: &Graph, dtype: DType) -> bool {
        let weights = TensorType::new(dtype, graph.ty(self.weights()).shape.clone());
        self.window()
            .is_none_or(|window| has_packed_kernel(window, &weights, true))
    }

    /// Whether a tensor can still be added to its sums before the function is applied: in floats, once, and by products
    /// and convolutions that are not transposed.
    pub fn takes_residual(&self) -> bool {
        !self.is_transposed() && self.function().is_some() && self.residual().is_none()
    }

    /// The operator with another activation.
    pub fn with_activation(&self, activation: Activation) -> Box<dyn Operator> {
        match self.kind {
            Kind::Conv(conv) => Conv {
                activation,
                ..conv.clone()
            }
            .into(),
            Kind::ConvTranspose(conv) => ConvTranspose {
                activation,
                ..conv.clone()
            }
            .into(),
            Kind::Product(_) => Gemm { activation }.into(),
        }
    }

    /// The convolution with another window; `None` for others: the paddings of a transposed one mean something else.
    pub fn with_window(&self, window: Window) -> Option<Box<dyn Operator>> {
        match self.kind {
            Kind::Conv(conv) => Some(Conv { window, ..conv.clone() }.into()),
            Kind::ConvTranspose(_) | Kind::Product(_) => None,
        }
    }

    /// The operator with images in another layout; `None` for products, which have no images.
    pub fn in_layout(&self, layout: Layout) -> Option<Box<dyn Operator>> {
        match self.kind {
            Kind::Conv(conv) => Some(Conv { layout, ..conv.clone() }.into()),
            Kind::ConvTranspose(conv) => Some(ConvTranspose { layout, ..conv.clone() }.into()),
            Kind::Product(_) => None,
        }
    }

    /// The operator with another number of groups; a product has no groups to change.
    pub fn in_groups(&self, groups: usize) -> Box<dyn Operator> {
        match self.kind {
            Kind::Conv(conv) => Conv { groups, ..conv.clone() }.into(),
            Kind::ConvTranspose(conv) => ConvTranspose { groups, ..conv.clone() }.into(),
            Kind::Product(activation) => Gemm { activation }.into(),
        }
    }
}
