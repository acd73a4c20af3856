use crate::ir::primitives::BinaryOp;
use crate::ir::{Compose, DType, Graph, OpError, Tensor, ValueId};
use runtime_core::function::{Sqrt, Square};
use std::fmt;
use std::str::FromStr;

/// How parameters follow their gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Stochastic gradient descent: `w -= rate * g`.
    Sgd,
    /// `v = beta * v + g`, `w -= rate * v`: keeps one number more for each parameter.
    Momentum {
        /// How much of the movement stays; 0.9 by default.
        beta: f32,
    },
    /// Adam (Kingma and Ba, 2015), with its defaults: keeps two numbers more for each parameter.
    Adam,
}

/// Adam's decays of the mean and of the mean square, and what keeps its quotient finite.
const ADAM: [f64; 3] = [0.9, 0.999, 1e-8];

impl FromStr for Optimizer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = "known: sgd, momentum, momentum:BETA, adam";
        match text.split_once(':') {
            None => match text {
                "sgd" => Ok(Self::Sgd),
                "momentum" => Ok(Self::Momentum { beta: 0.9 }),
                "adam" => Ok(Self::Adam),
                _ => Err(format!("there is no such optimizer; {known}")),
            },
            Some(("momentum", beta)) => match beta.parse() {
                Ok(beta) if (0.0..1.0).contains(&beta) => Ok(Self::Momentum { beta }),
                _ => Err("BETA must be a number from 0 up to but excluding 1, such as momentum:0.9".into()),
            },
            Some(_) => Err(format!("there is no such optimizer; {known}")),
        }
    }
}

impl fmt::Display for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sgd => f.write_str("sgd"),
            Self::Momentum { beta } => write!(f, "momentum:{beta}"),
            Self::Adam => f.write_str("adam"),
        }
    }
}

impl Optimizer {
    /// Makes what each state, by its number, becomes from its gradient.
    pub(super) fn add(self, graph: &mut Graph, pairs: &[(usize, ValueId)], rate: ValueId) -> Result<(), OpError> {
        match self {
            Self::Sgd => pairs
                .iter()
                .try_for_each(|(index, gradient)| less(graph, *index, *gradient, rate)),
            Self::Momentum { beta } => pairs.iter().try_for_each(|(index, gradient)| {
                let velocity = decayed(graph, *index, "velocity", (beta.into(), 1.0), |_| Ok(*gradient))?;
                less(graph, *index, velocity, rate)
            }),
            Self::Adam => adam(graph, pairs, rate),
        }
    }
}

/// The state at `index` becomes itself minus `rate * step`.
fn less(graph: &mut Graph, index: usize, step: ValueId, rate: ValueId) -> Result<(), OpError> {
    let state = &graph.states()[index];
    let (value, name) = (state.value, format!("{}_next", state.name));
    let mut cx = Compose::new(graph, name, vec![]);
    let step = cx.product(step, rate)?;
    let next = cx.binary(BinaryOp::Sub, value, step)?;
    graph.set_next(index, next);
    Ok(())
}

fn adam(graph: &mut Graph, pairs: &[(usize, ValueId)], rate: ValueId) -> Result<(), OpError> {
    let (rate, epsilon) = adam_rate(graph, rate)?;
    let [first, second, _] = ADAM;
    for (index, gradient) in pairs {
        let mean = decayed(graph, *index, "mean", (first, 1.0 - first), |_| Ok(*gradient))?;
        let square = |cx: &mut Compose<'_>| cx.map(Square, *gradient);
        let square = decayed(graph, *index, "mean_square", (second, 1.0 - second), square)?;
        let mut cx = Compose::new(graph, "adam", vec![]);
        let root = cx.map(Sqrt, square)?;
        let root = cx.binary(BinaryOp::Add, root, epsilon)?;
        let step = cx.binary(BinaryOp::Div, mean, root)?;
        less(graph, *index, step, rate)?;
    }
    Ok(())
}

/// Keeps `old = decay * old + share * new` for the parameter at `index`, zeros at first, and gives it.
fn decayed(
    graph: &mut Graph,
    index: usize,
    what: &str,
    (decay, share): (f64, f64),
    new: impl Fn(&mut Compose<'_>) -> Result<ValueId, OpError>,
) -> Result<ValueId, OpError> {
    let state = &graph.states()[index];
    let (name, ty) = (format!("{}_{what}", state.name), graph.ty(state.value).clone());
    let zeros = Tensor::new(ty.dtype, ty.shape.clone(), vec![0; ty.bytes()]);
    let old = graph.add_state(name.clone(), zeros, false);
    let kept = graph.states().len() - 1;
    let mut cx = Compose::new(graph, format!("{name}_next"), vec![]);
    let before = cx.with_number(BinaryOp::Mul, old, decay)?;
    let mut new = new(&mut cx)?;
    if share != 1.0 {
        new = cx.with_number(BinaryOp::Mul, new, share)?;
    }
    let next = cx.binary(BinaryOp::Add, before, new)?;
    graph.set_next(kept, next);
    Ok(next)
}

/// The learning rate with Adam's corrections for means that began at zero, `rate * sqrt(1 - b2^t) / (1 - b1^t)`, and
/// the epsilon that goes with it, `epsilon * sqrt(1 - b2^t)`. The powers are kept as their differences to one, which
/// are zero at first.
fn adam_rate(graph: &mut Graph, rate: ValueId) -> Result<(ValueId, ValueId), OpError> {
    let mut rest = |name: &str, decay: f64| {
        let zero = Tensor::scalar(DType::F32, 0.0);
        let old = graph.add_state(name, zero, false);
        let index = graph.states().len() - 1;
        let mut cx = Compose::new(graph, name, vec![]);
        let next = cx.affine(old, decay, 1.0 - decay)?;
        graph.set_next(index, next);
        Ok::<_, OpError>(next)
    };
    let mean = rest("adam_mean_weight", ADAM[0])?;
    let square = rest("adam_mean_square_weight", ADAM[1])?;
    let mut cx = Compose::new(graph, "adam_rate", vec![]);
    let root = cx.map(Sqrt, square)?;
    let factor = cx.binary(BinaryOp::Div, root, mean)?;
    Ok((cx.product(rate, factor)?, cx.with_number(BinaryOp::Mul, root, ADAM[2])?))
}
