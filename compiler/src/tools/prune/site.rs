//! Layers of the graph and where the file has their weights.

use super::file::OnnxFile;
use crate::Error;
use crate::compiler::Compiler;
use crate::front::load::Model;
use crate::front::proto::NodeProto;
use crate::ir::{Graph, Tensor};
use crate::middle::passes::{self, Pass};
use crate::middle::quantize::{Layer, Patches};

/// Weights of a channel beyond which their correlations take too much memory and time: 256 channels of 3 by 3.
const MOST_WEIGHTS: usize = 2304;
/// The passes that make layers of products and change no weights.
const PASSES: [&str; 3] = ["no-ops", "constant-folding", "mat-mul-to-gemm"];

/// A model in which layers have the weights of the file: nothing is folded into them.
///
/// # Errors
/// If it cannot be read.
pub(super) fn plain(compiler: &Compiler, model: &Model) -> Result<Graph, Error> {
    let mut graph = compiler.imported(model)?;
    let all = passes::BEFORE_QUANTIZATION.iter();
    let chosen: Vec<Pass> = all.filter(|pass| PASSES.contains(&pass.name)).copied().collect();
    passes::run(&mut graph, &chosen, &mut |_, _| {})?;
    Ok(graph)
}

/// The layer of a plain graph that stands for an ONNX node.
pub(super) fn layer_of(graph: &Graph, node: &str) -> Option<Layer> {
    let mut layers = Layer::all(graph).into_iter();
    layers.find(|layer| graph.node(layer.node).origin.iter().any(|origin| origin == node))
}

/// Where a layer's bias is.
#[derive(Clone, Debug, PartialEq)]
enum Bias {
    /// Operand 2 of the node, or nowhere yet.
    Operand,
    /// An operand of the node `Add` that gives this.
    Added(String, usize),
    /// Nowhere yet, and the node takes none.
    Nowhere,
}

/// A layer whose weights the file has as they are.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// Name of the ONNX node.
    pub(super) name: String,
    /// Rows of what its weights multiply.
    pub(super) patches: Patches,
    /// Output channels.
    pub(super) outputs: usize,
    /// Input channels.
    pub(super) inputs: usize,
    /// The weights: those of each output channel in the order of a row.
    pub(super) weights: Vec<f64>,
    operator: String,
    output: String,
    bias_place: Bias,
    bias: Vec<f64>,
    /// Shape of the weights in the file.
    shape: Vec<usize>,
    /// Whether the outputs are on the last axis there.
    outputs_last: bool,
}

impl Site {
    /// The site of a layer of the plain graph, or why its weights cannot be changed.
    ///
    /// # Errors
    /// The reason, with the name of the node.
    pub(super) fn of(graph: &Graph, layer: &Layer, model: &Model, file: &OnnxFile) -> Result<Self, (String, String)> {
        let origin = &graph.node(layer.node).origin;
        let is_layer = |node: &&NodeProto| {
            origin.iter().any(|name| name == node.name()) && ["Conv", "Gemm", "MatMul"].contains(&node.op_type())
        };
        let mut nodes = model.graph.node.iter().filter(is_layer);
        let (Some(node), None) = (nodes.next(), nodes.next()) else {
            return Err((
                graph.node(layer.node).name.clone(),
                "it is no single node Conv, Gemm or MatMul of the outermost graph".into(),
            ));
        };
        let name = node.name().to_owned();
        Self::of_node(graph, layer, node, file).map_err(|reason| (name, reason.to_owned()))
    }

    fn of_node(graph: &Graph, layer: &Layer, node: &NodeProto, file: &OnnxFile) -> Result<Self, &'static str> {
        let output = node.output.first().cloned().unwrap_or_default();
        let index = file
            .node_of(&output, node.op_type())
            .ok_or("it is inside of a function")?;
        let patches = Patches::of(graph, layer).ok_or("its rows are not known")?;
        if patches.groups > 1 {
            return Err("its channels are in groups");
        }
        if patches.len == 0 || layer.channels == 0 {
            return Err("it has no weights");
        }
        if patches.len > MOST_WEIGHTS {
            return Err("each of its channels has more than 2304 weights");
        }
        let is_set = |name: &str, to: f32| {
            let given = node.attribute.iter().find(|attribute| attribute.name() == name);
            given.is_none_or(|attribute| attribute.f() == to)
        };
        if node.op_type() == "Gemm" && !(is_set("alpha", 1.0) && is_set("beta", 1.0)) {
            return Err("it has factors alpha or beta");
        }
        let flag = node.attribute.iter().find(|attribute| attribute.name() == "transB");
        let outputs_last = node.op_type() != "Conv" && flag.is_none_or(|flag| flag.i() == 0);
        let stored = file
            .floats(index, 1)
            .ok_or("the file does not hold its weights as 32-bit floats")?;
        let (_, weights) = layer.weights(graph);
        let in_order = |channel: usize| (0..patches.len).map(move |element| (channel, element));
        let weights: Vec<f64> = (0..layer.channels)
            .flat_map(in_order)
            .filter_map(|(channel, element)| weights.get(layer.element(channel, element)))
            .map(|weight| f64::from(*weight))
            .collect();
        let mut site = Self {
            name: node.name().to_owned(),
            outputs: layer.channels,
            inputs: layer.places.inputs(),
            patches,
            weights,
            operator: node.op_type().to_owned(),
            output,
            bias_place: Bias::Nowhere,
            bias: vec![],
            shape: stored.shape.clone(),
            outputs_last,
        };
        let numbers: Vec<f32> = site.weights.iter().map(|weight| *weight as f32).collect();
        if stored
            .to_f32()
            .is_none_or(|stored| stored != site.in_file_order(&numbers))
        {
            return Err("the file has other weights than it computes with");
        }
        site.find_bias(file, index)?;
        Ok(site)
    }

    fn find_bias(&mut self, file: &OnnxFile, index: usize) -> Result<(), &'static str> {
        let node = file.node(index);
        let fits = |tensor: &Tensor| {
            tensor.len() == self.outputs && tensor.shape.last().is_none_or(|last| *last == self.outputs)
        };
        let numbers = |node, operand| file.floats(node, operand).filter(fits).map(|tensor| tensor.to_f64());
        (self.bias_place, self.bias) = if self.operator != "MatMul" {
            let absent = node.input.get(2).is_none_or(String::is_empty);
            let bias = if absent {
                vec![0.0; self.outputs]
            } else {
                numbers(index, 2).ok_or("its bias is not a 32-bit float for each channel in the file")?
            };
            (Bias::Operand, bias)
        } else {
            let added = || {
                let readers = file.readers(&self.output)?;
                let [(add, operand)] = readers[..] else { return None };
                let node = file.node(add);
                let bias = (node.op_type() == "Add").then(|| numbers(add, 1 - operand))??;
                Some((Bias::Added(node.output.first()?.clone(), 1 - operand), bias))
            };
            let added = added();
            if added.is_none() && !file.adds_broadcast() {
                return Err("it has no bias, and before opset 7 none can be added: convert the model to a later opset");
            }
            added.unwrap_or((Bias::Nowhere, vec![0.0; self.outputs]))
        };
        Ok(())
    }

    /// Numbers in the order of the weights as the file has them.
    fn in_file_order(&self, weights: &[f32]) -> Vec<f32> {
        if !self.outputs_last {
            return weights.to_vec();
        }
        let len = self.patches.len;
        let places = (0..len).flat_map(|element| (0..self.outputs).map(move |output| output * len + element));
        places.map(|place| weights[place]).collect()
    }

    /// Writes weights, and what is added to the bias that there was.
    pub(super) fn write(&mut self, file: &mut OnnxFile, weights: &[f64], added: Option<&[f64]>) {
        let Some(node) = file.node_of(&self.output, &self.operator) else {
            return;
        };
        let numbers: Vec<f32> = weights.iter().map(|weight| *weight as f32).collect();
        file.set(node, 1, &self.shape, &self.in_file_order(&numbers));
        let Some(added) = added else { return };
        let sums = self.bias.iter().zip(added);
        let bias: Vec<f32> = sums.map(|(bias, added)| (bias + added) as f32).collect();
        match &self.bias_place {
            Bias::Operand => file.set(node, 2, &[bias.len()], &bias),
            Bias::Added(output, operand) => {
                if let Some(add) = file.node_of(output, "Add") {
                    file.set(add, *operand, &[bias.len()], &bias);
                }
            }
            Bias::Nowhere => self.output = file.add_after(node, &bias),
        }
    }
}
