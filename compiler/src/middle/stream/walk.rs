//! The way through the graph.

use super::frames::{Latest, Role, Timed};
use crate::Error;
use crate::OperatorProblem;
use crate::ir::{
    Framewise, Graph, Inputs, NodeId, OpError, Operator, OverTime, Remark, RemarkKind, StreamedInput, TensorType, Time,
    ValueId, op_error,
};
use std::collections::HashMap;

/// That a node cannot be computed frame by frame; the reason was told.
pub(super) struct Refused;

/// A graph half way, the nodes behind it in their new form.
pub(super) struct Walk<'g> {
    pub(super) graph: &'g mut Graph,
    /// What values of the model, by their number in it, have become.
    pub(super) roles: HashMap<ValueId, Role>,
    /// By how much more frames of a run windows must have that move by several.
    pub(super) factor: usize,
    /// Whether frames are those of the model, by frames of a run, delay, and shape.
    pub(super) begun: HashMap<(usize, usize, usize, usize), ValueId>,
    /// Types of the streamed inputs over their windows.
    batch: HashMap<ValueId, TensorType>,
    /// Frames of a run of the first streamed input.
    step: usize,
    /// Frames of its window.
    pub(super) window: usize,
    problems: Vec<OperatorProblem>,
}

impl<'g> Walk<'g> {
    /// Goes through the whole graph. The inputs get the shapes of a run; outputs and states are still those of the
    /// model.
    ///
    /// # Errors
    /// All nodes that need all frames at once.
    pub(super) fn through(graph: &'g mut Graph, inputs: &[StreamedInput], batch: &[TensorType]) -> Result<Self, Error> {
        let mut walk = Walk {
            graph,
            roles: HashMap::new(),
            factor: 1,
            begun: HashMap::new(),
            batch: HashMap::new(),
            step: inputs[0].step,
            window: inputs[0].window,
            problems: vec![],
        };
        let order = walk.graph.order();
        for (input, ty) in inputs.iter().zip(batch) {
            walk.begin(input, ty);
        }
        for id in order {
            if walk.graph.node(id).operator().is_some() {
                walk.node(id);
            }
        }
        match walk.problems.is_empty() || walk.factor != 1 {
            true => Ok(walk),
            false => Err(cannot(&walk.problems)),
        }
    }

    fn begin(&mut self, input: &StreamedInput, ty: &TensorType) {
        let value = self.graph.inputs()[input.index];
        let mut shape = ty.shape.clone();
        shape[input.axis] = input.step;
        self.graph.set_input_shape(value, shape);
        self.batch.insert(value, ty.clone());
        let timed = Timed {
            value,
            axis: input.axis,
            frames: input.step,
            stride: self.step.div_ceil(input.step),
            delay: 0,
            window: input.window,
            is_image: false,
            edges: vec![],
        };
        self.roles.insert(value, Role::Timed(timed));
    }

    /// What a node's results become.
    fn node(&mut self, id: NodeId) {
        let node = self.graph.node(id);
        let (inputs, outputs) = (node.inputs.clone(), node.outputs.clone());
        let roles: Vec<Option<Role>> = inputs.iter().map(|value| self.roles.get(&(*value)?).cloned()).collect();
        let mut timed = vec![];
        let mut latest: Option<Latest> = None;
        for role in &roles {
            match role {
                Some(Role::Refused) => return self.set_refused(&outputs),
                Some(Role::Latest(other)) => {
                    let delay = latest
                        .as_ref()
                        .map_or(other.delay, |latest| latest.delay.max(other.delay));
                    latest = Some(Latest { delay, ..other.clone() });
                    timed.push(None);
                }
                Some(Role::Timed(x)) => timed.push(Some(x.clone())),
                None => timed.push(None),
            }
        }
        match latest {
            Some(latest) if timed.iter().any(Option::is_some) => {
                let reader = self.graph.node(id).name.escape_debug().to_string();
                let reason = format!("what it makes of all frames is read by `{reader}` together with single frames");
                self.refuse(latest.of, reason);
                self.set_refused(&outputs);
            }
            Some(latest) => self.after_time(id, &roles, &latest),
            None if timed.iter().all(Option::is_none) => {}
            None => match self.over_time(id, timed) {
                Ok(roles) => self.roles.extend(outputs.into_iter().zip(roles)),
                Err(Refused) => self.set_refused(&outputs),
            },
        }
    }

    fn set_refused(&mut self, outputs: &[ValueId]) {
        self.roles.extend(outputs.iter().map(|value| (*value, Role::Refused)));
    }

    /// A node whose operands have no time any more stays as it is.
    fn after_time(&mut self, id: NodeId, roles: &[Option<Role>], latest: &Latest) {
        for (operand, role) in roles.iter().enumerate() {
            if let Some(Role::Latest(x)) = role {
                self.graph.set_input(id, operand, x.value);
            }
        }
        for value in self.graph.node(id).outputs.clone() {
            self.roles.insert(
                value,
                Role::Latest(Latest {
                    value,
                    ..latest.clone()
                }),
            );
        }
    }

    /// A node that reads frames.
    fn over_time(&mut self, id: NodeId, timed: Vec<Option<Timed>>) -> Result<Vec<Role>, Refused> {
        let timed = self.aligned(id, timed)?;
        let frames = timed.iter().flatten().map(|x| x.frames).next().unwrap_or(0);
        let axes: Vec<_> = timed.iter().map(|x| x.as_ref().map(|x| x.axis)).collect();
        let node = self.graph.node(id);
        let Some(operator) = node.operator() else {
            return Ok(vec![]);
        };
        let operands = node.inputs.iter().map(|value| {
            let value = (*value)?;
            let ty = self.batch.get(&value).unwrap_or_else(|| self.graph.ty(value));
            Some((ty, self.graph.constant(value)))
        });
        let outputs: Vec<_> = node.outputs.iter().map(|value| self.graph.ty(*value)).collect();
        let time = Time {
            inputs: &Inputs::new(operands.collect()),
            outputs: &outputs,
            axes: &axes,
            frames,
        };
        match operator.over_time(&time) {
            Err(reason) => Err(self.refuse(id, reason)),
            Ok(OverTime::Frames(each)) => self.framewise(id, &each, &timed),
            Ok(OverTime::Window(window)) => self.window(id, &window, &timed),
            Ok(OverTime::Every { start, step, each }) => self.every(id, [start, step], &each, &timed),
            Ok(OverTime::Padded { before, each }) => self.padded(id, before, &each, &timed),
            Ok(OverTime::Whole { rows, operator }) => self.whole(id, rows, operator, &timed),
            Ok(OverTime::Steps { axis, first }) => self.steps(id, [axis, first], &timed),
        }
    }

    /// Each frame by itself.
    pub(super) fn framewise(
        &mut self,
        id: NodeId,
        each: &Framewise,
        timed: &[Option<Timed>],
    ) -> Result<Vec<Role>, Refused> {
        let mut inputs = self.operands(id, timed);
        let first = self.first(id, timed)?;
        for (operand, axis) in &each.held {
            inputs[*operand] = Some(self.held(id, *operand, *axis, first.frames)?);
        }
        let values = self.add_all(id, each.operator.boxed(), &inputs)?;
        let old = self.graph.node(id).outputs.clone();
        let moves = each.operator.name() == "Transpose" || each.operator.name() == "Reshape";
        let roles = values.into_iter().zip(old).map(|(value, old)| {
            let ty = self.graph.ty(old);
            Role::Timed(Timed {
                value,
                axis: each.axis,
                window: ty.shape[each.axis],
                is_image: first.is_image && !moves,
                ..first.clone()
            })
        });
        Ok(roles.collect())
    }

    /// The first operand with frames, with the edges of all.
    pub(super) fn first(&mut self, id: NodeId, timed: &[Option<Timed>]) -> Result<Timed, Refused> {
        let mut all = timed.iter().flatten();
        let Some(mut first) = all.next().cloned() else {
            return Err(self.refuse(id, "it has no operand with frames"));
        };
        for other in all {
            let new = other.edges.iter().filter(|edge| !first.edges.contains(edge));
            let new: Vec<NodeId> = new.copied().collect();
            first.edges.extend(new);
            first.is_image |= other.is_image;
        }
        Ok(first)
    }

    /// The operands of a node, those with frames as they are in a run.
    pub(super) fn operands(&self, id: NodeId, timed: &[Option<Timed>]) -> Vec<Option<ValueId>> {
        let old = self.graph.node(id).inputs.iter();
        let values = old.zip(timed).map(|(old, x)| x.as_ref().map(|x| x.value).or(*old));
        values.collect()
    }

    /// Adds an operator with one result on behalf of a node of the model.
    pub(super) fn add(
        &mut self,
        node: NodeId,
        operator: impl Into<Box<dyn Operator>>,
        inputs: &[ValueId],
    ) -> Result<ValueId, Refused> {
        let inputs: Vec<_> = inputs.iter().copied().map(Some).collect();
        Ok(self.add_all(node, operator.into(), &inputs)?[0])
    }

    /// Adds an operator on behalf of a node of the model, and gives all its results.
    pub(super) fn add_all(
        &mut self,
        id: NodeId,
        operator: Box<dyn Operator>,
        inputs: &[Option<ValueId>],
    ) -> Result<Vec<ValueId>, Refused> {
        let node = self.graph.node(id);
        let (name, origin) = (node.name.clone(), node.origin.clone());
        let same = node.operator().is_some_and(|old| old.name() == operator.name());
        let steps: Vec<_> = node
            .outputs
            .iter()
            .map(|value| self.graph.value(*value).steps)
            .collect();
        match self.graph.add(name, operator, inputs, &origin) {
            Ok(new) => {
                let values = self.graph.node(new).outputs.clone();
                for (value, steps) in values.iter().zip(steps).filter(|_| same) {
                    if let Some(steps) = steps {
                        self.graph.note_steps(*value, steps);
                    }
                }
                Ok(values)
            }
            Err(error) => Err(self.problem(id, &error)),
        }
    }

    /// Tells why a node of the model cannot be computed frame by frame.
    pub(super) fn refuse(&mut self, node: NodeId, reason: impl Into<String>) -> Refused {
        self.problem(node, &op_error(reason.into()))
    }

    fn problem(&mut self, node: NodeId, error: &OpError) -> Refused {
        let problem = OperatorProblem::of(self.graph.node(node), error);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
        Refused
    }

    /// Tells that something that looks at a whole window sees other edges than in the model.
    pub(super) fn note_edges(&mut self, node: NodeId, x: &Timed, rows: usize) {
        let Some((first, others)) = x.edges.split_first() else {
            return;
        };
        let name = self.graph.node(*first).name.escape_debug();
        let others = match others.len() {
            0 => String::new(),
            1 => " and another layer before it".to_owned(),
            count => format!(" and {count} other layers before it"),
        };
        let reason = format!(
            "looks at the last {rows} frames: at the beginning and the end of this window `{name}`{others} see the frames \
             around it, where the whole model has padding or begins anew"
        );
        let name = self.graph.node(node).name.clone();
        self.graph.add_remark(Remark::on(RemarkKind::WindowEdges, name, reason));
    }
}

fn cannot(problems: &[OperatorProblem]) -> Error {
    let lines: Vec<_> = problems.iter().map(|problem| format!("\n  - {problem}")).collect();
    let what = match problems.len() {
        1 => "a node that cannot be computed frame by frame".to_owned(),
        count => format!("{count} nodes that cannot be computed frame by frame"),
    };
    Error::usage(
        format!("the model has {what}:{}", lines.concat()),
        "end the model before them with --outputs, or change it there: docs/streaming.md lists what can be streamed",
    )
}
