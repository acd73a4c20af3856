use super::{CallReport, Report, dims};
use crate::back::plan::{Lifetime, Plan};
use crate::ir::program::{BufferId, Program, Storage};
use serde::Serialize;

/// A tensor in the arena: where it is, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TensorReport {
    /// The number of the call that writes it first.
    pub call: usize,
    /// What it is to that call: `output`, `output 1` for others than the first, or a name such as `scratch`.
    pub role: String,
    /// Element type.
    pub dtype: String,
    /// Bytes.
    pub bytes: usize,
    /// Its first byte in the arena.
    pub offset: usize,
    /// The calls between which it is kept. Where it takes the place of an operand it is kept from the call after the
    /// one that writes it.
    pub lifetime: Lifetime,
}

/// The tensors of the arena, by the calls that write them first.
pub(super) fn tensors(program: &Program, plan: &Plan) -> Vec<TensorReport> {
    let lives = lives(program, plan);
    let mut told = vec![false; program.buffers.len()];
    let mut tensors = vec![];
    for (call, index) in plan.order.iter().enumerate() {
        for (place, view) in program.calls[*index].outputs.iter().enumerate() {
            let BufferId(id) = view.buffer;
            let (Some(lifetime), Some(offset), false) = (lives[id], plan.offsets[id], told[id]) else {
                continue;
            };
            told[id] = true;
            let buffer = program.buffer(view.buffer);
            tensors.push(TensorReport {
                call,
                role: match (place, buffer.role) {
                    (0, _) => "output".to_owned(),
                    (_, Some(role)) => role.to_owned(),
                    (_, None) => format!("output {place}"),
                },
                dtype: buffer.dtype.to_string(),
                bytes: buffer.bytes(),
                offset,
                lifetime,
            });
        }
    }
    tensors
}

/// The steps in which each buffer of the arena holds something; what is written in place of an operand counts from the
/// step after.
fn lives(program: &Program, plan: &Plan) -> Vec<Option<Lifetime>> {
    let mut lives = plan.lifetimes.clone();
    let in_place = plan.order.iter().filter(|index| plan.in_place[**index]);
    let is_state = |index: &&usize| program.buffer(program.calls[**index].outputs[0].buffer).storage == Storage::State;
    for index in in_place.filter(|index| !is_state(index)) {
        let life = &mut lives[program.calls[*index].outputs[0].buffer.0];
        if let Some(life) = life {
            life.first += 1;
        }
    }
    let lives = lives.into_iter();
    lives.map(|life| life.filter(|life| life.first <= life.last)).collect()
}

impl Report {
    /// What a tensor is called, with its type.
    pub fn tensor_name(&self, tensor: &TensorReport) -> String {
        let Some(CallReport { name, output, .. }) = self.calls.get(tensor.call) else {
            return tensor.role.clone();
        };
        match tensor.role.as_str() {
            "output" => format!("`{name}`, {} {}", tensor.dtype, dims(output)),
            role => format!("{role} of `{name}`"),
        }
    }

    /// The tensors that are kept at a step, the largest first.
    pub fn kept(&self, step: usize) -> Vec<&TensorReport> {
        let lives = |tensor: &&TensorReport| (tensor.lifetime.first..=tensor.lifetime.last).contains(&step);
        let mut kept: Vec<_> = self.tensors.iter().filter(lives).collect();
        kept.sort_by_key(|tensor| usize::MAX - tensor.bytes);
        kept
    }

    /// The first step in which the most of the arena is in use, and how much: the number of a call, or that of calls
    /// for what is kept when all have run.
    pub fn fullest(&self) -> (usize, usize) {
        let mut fullest = (0, 0);
        for (step, bytes) in self.used().into_iter().enumerate() {
            if bytes > fullest.1 {
                fullest = (step, bytes);
            }
        }
        fullest
    }

    /// Bytes of the tensors that are kept at each call, and after the last.
    fn used(&self) -> Vec<usize> {
        let mut changes = vec![0_isize; self.calls.len() + 2];
        for tensor in &self.tensors {
            changes[tensor.lifetime.first] += tensor.bytes as isize;
            changes[tensor.lifetime.last + 1] -= tensor.bytes as isize;
        }
        changes.pop();
        let used = changes.into_iter().scan(0, |kept: &mut isize, change| {
            *kept += change;
            Some(usize::try_from(*kept).unwrap_or_default())
        });
        used.collect()
    }
}
