//! Recurrent layers, whose states go on from run to run.

use super::frames::{Latest, Role, Timed};
use super::walk::{Refused, Walk};
use crate::ir::primitives::{Concat, Reshape, Select, Slice};
use crate::ir::{NodeId, Tensor, ValueId};

impl Walk<'_> {
    /// A recurrence along `axis` of its first result, whose operand `first` is what its other results were before.
    pub(super) fn steps(
        &mut self,
        id: NodeId,
        [axis, first]: [usize; 2],
        timed: &[Option<Timed>],
    ) -> Result<Vec<Role>, Refused> {
        let x = self.first(id, timed)?;
        // Whole runs come before the model's first frame, so that its states can wait.
        let x = self.delayed(id, &x, x.delay.next_multiple_of(x.frames) - x.delay, None)?;
        let given = self.graph.node(id).inputs[first];
        let Some(given) = given else {
            return Err(self.refuse(id, "it has no first states"));
        };
        let mut inputs = self.operands(id, timed);
        inputs[0] = Some(x.value);
        let own = self.own_states(id, given)?;
        if let Some((_, flat)) = &own {
            inputs[first] = Some(*flat);
        }
        let (Some(before), Some(operator)) = (inputs[first], self.graph.node(id).operator().map(|op| op.boxed()))
        else {
            return Ok(vec![]);
        };
        let mut values = self.add_all(id, operator, &inputs)?;
        let waits = x.delay / x.frames;
        if waits > 0 {
            self.wait(id, waits, before, &mut values[1..])?;
        }
        for (state, next) in own.iter().flat_map(|(states, _)| states).zip(&values[1..]) {
            self.graph.set_next(*state, *next);
        }
        let old = self.graph.node(id).outputs[0];
        let window = self.graph.ty(old).shape[axis];
        let delay = self.lateness(&x);
        let latest = |value: &ValueId| {
            Role::Latest(Latest {
                value: *value,
                delay,
                of: id,
            })
        };
        let mut roles: Vec<Role> = values[1..].iter().map(latest).collect();
        let mut edges = x.edges.clone();
        edges.push(id);
        let sequence = Timed {
            value: values[0],
            axis,
            window,
            is_image: false,
            edges,
            ..x
        };
        roles.insert(0, Role::Timed(sequence));
        Ok(roles)
    }

    /// States of the layer's own and all of them flat, if what it begins with is constant. If not, it is a state of the
    /// model that the user keeps.
    fn own_states(&mut self, id: NodeId, given: ValueId) -> Result<Option<(Vec<usize>, ValueId)>, Refused> {
        let Some(first) = self.graph.constant(given).cloned() else {
            let inputs = self.graph.sources(given);
            if inputs.is_empty() {
                return Ok(None);
            }
            let flags = inputs
                .iter()
                .map(|name| format!("--state {}=OUTPUT", name.escape_debug()));
            let flags: Vec<_> = flags.collect();
            let reason = format!(
                "it begins with what each run is given: keep that with {}",
                flags.join(" ")
            );
            return Err(self.refuse(id, reason));
        };
        let old = self.graph.node(id).outputs[1..].to_vec();
        let (mut states, mut flat, mut at) = (vec![], vec![], 0);
        for (index, value) in old.into_iter().enumerate() {
            let ty = self.graph.ty(value).clone();
            let bytes = first.bytes.get(at..at + ty.bytes()).map(<[u8]>::to_vec);
            at += ty.bytes();
            let initial = Tensor::new(ty.dtype, ty.shape.clone(), bytes.unwrap_or_else(|| vec![0; ty.bytes()]));
            let (state, value) = self.add_state(id, &format!("state_{index}"), initial);
            states.push(state);
            flat.push(self.add(id, Reshape { shape: vec![ty.len()] }, &[value])?);
        }
        let flat = match flat[..] {
            [one] => one,
            _ => self.add(id, Concat { axis: 0 }, &flat)?,
        };
        Ok(Some((states, flat)))
    }

    /// Leaves the states as they were before, in the first `runs`: what came was not the model's.
    fn wait(&mut self, id: NodeId, runs: usize, before: ValueId, states: &mut [ValueId]) -> Result<(), Refused> {
        let mut at = 0;
        for state in states {
            let ty = self.graph.ty(*state).clone();
            let len = ty.len();
            let old = match self.graph.ty(before).len() {
                0 => self.element(id, Tensor::new(ty.dtype, ty.shape.clone(), vec![0; ty.bytes()])),
                _ => {
                    let part = Slice {
                        starts: vec![at],
                        steps: vec![1],
                        lens: vec![len],
                    };
                    let part = self.add(id, part, &[before])?;
                    self.add(
                        id,
                        Reshape {
                            shape: ty.shape.clone(),
                        },
                        &[part],
                    )?
                }
            };
            at += len;
            let mask = self.mask(id, [1, runs, 0, ty.rank()])?;
            *state = self.add(id, Select, &[mask, *state, old])?;
        }
        Ok(())
    }
}
