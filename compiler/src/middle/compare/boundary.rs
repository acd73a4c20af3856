use crate::ir::primitives::{DequantizeLinear, Quantization, QuantizeLinear};
use crate::ir::{Graph, Tensor, TensorType, ValueId};

/// What a model that takes or gives integers makes of numbers: for models whose inputs or outputs were quantised, so
/// that they can be run on the samples of the float model and be compared with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Boundary {
    inputs: Vec<Option<(TensorType, Quantization)>>,
    outputs: Vec<Option<Quantization>>,
}

impl Boundary {
    /// The boundary of a graph in which inputs that are integers are read by `DequantizeLinear`, and outputs that are
    /// integers are given by `QuantizeLinear`. Other inputs and outputs are left as they are.
    pub fn of(graph: &Graph) -> Self {
        let input = |value: &ValueId| {
            let readers = graph.users(*value).into_iter();
            let mut readers = readers.filter_map(|(id, _)| graph.node(id).op::<DequantizeLinear>());
            readers.next().map(|op| (graph.ty(*value).clone(), op.from.clone()))
        };
        let output =
            |(_, value): &(String, ValueId)| graph.producer(*value).op::<QuantizeLinear>().map(|op| op.to.clone());
        Self {
            inputs: graph.inputs().iter().map(input).collect(),
            outputs: graph.outputs().iter().map(output).collect(),
        }
    }

    /// The inputs of one run, as integers where the model takes them.
    pub fn inputs(&self, numbers: &[Tensor]) -> Vec<Tensor> {
        let ports = self.inputs.iter().map(Option::as_ref).chain(std::iter::repeat(None));
        let tensors = numbers.iter().zip(ports).map(|(tensor, port)| match port {
            Some((ty, quantization)) if tensor.dtype != ty.dtype => integers(tensor, quantization),
            _ => tensor.clone(),
        });
        tensors.collect()
    }

    /// Output `index` of a run as numbers.
    pub fn numbers(&self, index: usize, output: &Tensor) -> Vec<f64> {
        let values = output.to_f64();
        match self
            .outputs
            .get(index)
            .and_then(Option::as_ref)
            .and_then(Quantization::single)
        {
            Some((scale, zero)) if !output.dtype.is_float() => {
                let number = |v: f64| (v - f64::from(zero)) * f64::from(scale);
                values.into_iter().map(number).collect()
            }
            _ => values,
        }
    }
}

/// Numbers as integers, rounded half to even and limited to the range of the type.
fn integers(tensor: &Tensor, to: &Quantization) -> Tensor {
    let (scale, zero) = to.single().unwrap_or((1.0, 0));
    let (min, max) = Quantization::range(to.dtype).unwrap_or((0, 0));
    let bytes = tensor.to_f64().into_iter().flat_map(|v| {
        // The quotient is one of floats, as `QuantizeLinear` divides.
        let steps = f64::from((v as f32 / scale).round_ties_even()) + f64::from(zero);
        let integer = Tensor::scalar(to.dtype, steps.clamp(min.into(), max.into()));
        integer.bytes.to_vec()
    });
    Tensor::new(to.dtype, tensor.shape.clone(), bytes.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::DType;

    #[test]
    fn numbers_become_integers_and_integers_numbers() {
        let mut graph = Graph::new("g");
        let x = graph.add_input("x", TensorType::new(DType::I8, [4]));
        let from = Quantization::uniform(DType::I8, 0.5, -3);
        let floats = graph.add_op("d", DequantizeLinear { from }, &[x], &[]).unwrap();
        let to = Quantization::uniform(DType::I16, 0.25, 0);
        let y = graph.add_op("q", QuantizeLinear { to }, &[floats], &[]).unwrap();
        graph.add_output("y", y);
        graph.add_output("f", floats);
        let boundary = Boundary::of(&graph);
        let inputs = boundary.inputs(&[Tensor::f32(&[4], &[0.0, 0.25, 1e9, -1e9])]);
        assert_eq!(inputs[0].ty(), TensorType::new(DType::I8, [4]));
        assert_eq!(inputs[0].to_f64(), [-3.0, -3.0, 127.0, -128.0]);
        assert_eq!(boundary.inputs(&inputs), inputs, "integers are taken as they are");
        let output = Tensor::new(DType::I16, vec![1], vec![8, 0]);
        assert_eq!(boundary.numbers(0, &output), [2.0]);
        assert_eq!(boundary.numbers(1, &Tensor::f32(&[1], &[7.0])), [7.0]);
        assert_eq!(Boundary::default().inputs(&inputs), inputs);
    }
}
