use crate::ir::primitives::{BinaryOp, Cast, Map, Reduce, ReduceOp, Reshape, Softmax};
use crate::ir::{Compose, DType, Graph, OpError, Operator, Tensor, TensorType, ValueId, op_error};
use runtime_core::function::{AnyFunction, Exp, Softplus, Square};
use std::fmt;
use std::str::FromStr;

/// What is to become small: a mean over all rows of the output, or over all its elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Minus the logarithm of the probability of the right class, whose index `target` gives for each row of the last
    /// axis. The output is a Softmax or LogSoftmax, or the scores before one.
    SoftmaxCrossEntropy,
    /// The square of the difference to `target`.
    MeanSquaredError,
    /// Minus the logarithm of the probability of being, or not being, as `target` says by 1, 0 or a number between. The
    /// output is a Sigmoid, or the scores before one.
    BinaryCrossEntropy,
    /// How far the probabilities are from those of a teacher, whose scores `target` gives (Hinton et al., 2015): their
    /// Kullback-Leibler divergence times the square of the temperature. The output is as for
    /// [`SoftmaxCrossEntropy`](Self::SoftmaxCrossEntropy).
    Distillation {
        /// What scores are divided by before they become probabilities.
        temperature: f32,
    },
}

/// The losses without parameters.
const NAMES: [(&str, Loss); 3] = [
    ("softmax-cross-entropy", Loss::SoftmaxCrossEntropy),
    ("mse", Loss::MeanSquaredError),
    ("binary-cross-entropy", Loss::BinaryCrossEntropy),
];

/// Temperatures at which neither scores nor the loss leave what floats can hold.
const TEMPERATURES: std::ops::RangeInclusive<f32> = 0.01..=1000.0;

impl FromStr for Loss {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, loss)) = NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(*loss);
        }
        match text.strip_prefix("distillation").map(|rest| rest.strip_prefix(':')) {
            Some(Some(temperature)) => match temperature.parse() {
                Ok(temperature) if TEMPERATURES.contains(&temperature) => Ok(Self::Distillation { temperature }),
                _ => Err("T must be a number from 0.01 to 1000, such as distillation:4".into()),
            },
            Some(None) if text == "distillation" => Err("it needs a temperature, such as distillation:4".into()),
            _ => {
                let names = NAMES.map(|(name, _)| name).join(", ");
                Err(format!("there is no such loss; known: {names}, distillation:T"))
            }
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Distillation { temperature } = self {
            return write!(f, "distillation:{temperature}");
        }
        let name = NAMES.iter().find(|(_, loss)| loss == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

impl Loss {
    /// Adds the input `target` and the loss of `prediction`, a scalar.
    pub(super) fn add(self, graph: &mut Graph, prediction: ValueId) -> Result<ValueId, OpError> {
        let ty = graph.ty(prediction).clone();
        if ty.is_empty() {
            return Err(op_error(format!(
                "the output {ty} has no elements, so there is no loss"
            )));
        }
        if ty.dtype != DType::F32 {
            return Err(op_error(format!("the output is {ty}: a loss needs floats (float32)"))
                .help("train the model in floats, and quantise it afterwards"));
        }
        match self {
            Self::SoftmaxCrossEntropy => softmax_cross_entropy(graph, prediction, &ty),
            Self::MeanSquaredError => {
                let target = target(graph, ty);
                let mut cx = Compose::new(graph, "loss", vec![]);
                let difference = cx.binary(BinaryOp::Sub, prediction, target)?;
                let squares = cx.map(Square, difference)?;
                mean(&mut cx, squares, 1.0)
            }
            Self::BinaryCrossEntropy => {
                let scores = before_sigmoid(graph, prediction);
                let shape = ty.shape.clone();
                let target = target(graph, ty);
                let mut cx = Compose::new(graph, "loss", vec![]);
                let scores = cx.reshaped(scores, &shape)?;
                // -t ln(p) - (1 - t) ln(1 - p), by scores z: softplus(z) - t z.
                let (soft, product) = (cx.map(Softplus, scores)?, cx.product(target, scores)?);
                let losses = cx.binary(BinaryOp::Sub, soft, product)?;
                mean(&mut cx, losses, 1.0)
            }
            Self::Distillation { temperature } => distillation(graph, prediction, &ty, temperature),
        }
    }
}

fn target(graph: &mut Graph, ty: TensorType) -> ValueId {
    graph.add_input(super::unique_input(graph, "target"), ty)
}

fn softmax_cross_entropy(graph: &mut Graph, prediction: ValueId, ty: &TensorType) -> Result<ValueId, OpError> {
    let (classes, rows) = classes(ty)?;
    let scores = before_softmax(graph, prediction)?;
    let target = target(graph, TensorType::new(DType::I32, rows.clone()));
    let mut cx = Compose::new(graph, "loss", vec![]);
    let axis = rows.len();
    let scores = cx.reshaped(scores, &ty.shape)?;
    let logarithms = cx.add(Softmax { axis, log: true }, &[scores])?;
    let columns: Vec<i32> = (0..classes as i32).collect();
    let columns = cx.add_constant(Tensor::i32(&[classes], &columns));
    let target = cx.reshaped(target, &[&rows[..], &[1]].concat())?;
    let is_right = cx.binary(BinaryOp::Equal, target, columns)?;
    let is_right = cx.add(Cast { to: DType::F32 }, &[is_right])?;
    let picked = cx.product(is_right, logarithms)?;
    mean(&mut cx, picked, -(classes as f64))
}

/// With the probabilities p of the teacher and q of the student, from scores divided by the temperature T: T^2 times
/// the sum of p (ln p - ln q). Its gradient by the student's scores is T (q - p).
fn distillation(graph: &mut Graph, prediction: ValueId, ty: &TensorType, temperature: f32) -> Result<ValueId, OpError> {
    if !TEMPERATURES.contains(&temperature) {
        return Err(op_error(format!("the temperature is {temperature}")).help("take one from 0.01 to 1000"));
    }
    let temperature = f64::from(temperature);
    let (classes, rows) = classes(ty)?;
    let scores = before_softmax(graph, prediction)?;
    let target = target(graph, ty.clone());
    let mut cx = Compose::new(graph, "loss", vec![]);
    let student = cx.reshaped(scores, &ty.shape)?;
    let axis = rows.len();
    let logarithms = |cx: &mut Compose<'_>, scores: ValueId| {
        let scores = cx.with_number(BinaryOp::Div, scores, temperature)?;
        cx.add(Softmax { axis, log: true }, &[scores])
    };
    let (student, teacher) = (logarithms(&mut cx, student)?, logarithms(&mut cx, target)?);
    let probabilities = cx.map(Exp, teacher)?;
    let difference = cx.binary(BinaryOp::Sub, teacher, student)?;
    let terms = cx.product(probabilities, difference)?;
    // A class that the teacher rules out counts nothing, even where its logarithm is infinite.
    let zero = cx.number_like(terms, 0.0);
    let terms = cx.above(probabilities, 0.0, terms, zero)?;
    mean(&mut cx, terms, classes as f64 * temperature * temperature)
}

/// Classes along the last axis, and the axes before it.
fn classes(ty: &TensorType) -> Result<(usize, Vec<usize>), OpError> {
    match ty.shape.split_last() {
        Some((classes, rows)) if *classes > 1 => Ok((*classes, rows.to_vec())),
        _ => Err(op_error(format!("the output {ty} has no classes along its last axis"))
            .help("use --loss binary-cross-entropy for one score, or mse for numbers")),
    }
}

/// The mean of all elements, times `factor`.
fn mean(cx: &mut Compose<'_>, values: ValueId, factor: f64) -> Result<ValueId, OpError> {
    let ty = cx.ty(values).clone();
    let (op, axes) = (ReduceOp::Sum, (0..ty.rank()).collect());
    let sum = cx.add(Reduce { op, axes }, &[values])?;
    let sum = cx.reshaped(sum, &[])?;
    cx.with_number(BinaryOp::Mul, sum, factor / ty.len() as f64)
}

/// The scores that the output is a Softmax of over its last axis, perhaps with reshapes behind it; else the output
/// itself.
fn before_softmax(graph: &Graph, output: ValueId) -> Result<ValueId, OpError> {
    let Some((x, softmax)) = behind_reshapes::<Softmax>(graph, output).filter(|(_, softmax)| !softmax.log) else {
        return Ok(output);
    };
    let (from, to) = (&graph.ty(x).shape, &graph.ty(output).shape);
    let product = |dims: &[usize]| dims.iter().product::<usize>();
    let (axis, last) = (softmax.axis, to.len() - 1);
    let same = from[axis] == to[last] && product(&from[..axis]) == product(&to[..last]);
    if same && product(&from[axis + 1..]) == 1 {
        return Ok(x);
    }
    Err(op_error(format!(
        "the output is a Softmax over axis {axis} of {}, but its classes must be along the last axis",
        graph.ty(x)
    ))
    .help("put a Transpose before it, or end the model before the Softmax with --outputs"))
}

/// The scores that the output is a Sigmoid of, perhaps with reshapes behind it; else the output itself.
fn before_sigmoid(graph: &Graph, output: ValueId) -> ValueId {
    let found = behind_reshapes::<Map>(graph, output);
    let is_sigmoid = |(_, map): &(ValueId, &Map)| matches!(map.function, AnyFunction::Sigmoid(_));
    found.filter(is_sigmoid).map_or(output, |(x, _)| x)
}

/// The operator of type `T` that a value comes from through nothing but reshapes, and what that reads.
fn behind_reshapes<T: Operator + 'static>(graph: &Graph, value: ValueId) -> Option<(ValueId, &T)> {
    let node = graph.producer(value);
    let x = node.inputs.first().copied().flatten()?;
    match node.op::<T>() {
        Some(operator) => Some((x, operator)),
        None => node.op::<Reshape>().and_then(|_| behind_reshapes(graph, x)),
    }
}
