//! What is known of registers and of the stack before an instruction.

use super::thumb::Effect;
use super::walk::Code;
use std::collections::BTreeMap;

/// The numbers that a register may hold: any if there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known(Vec<u32>);

/// Most numbers of a register that are told apart.
const MOST_KNOWN: usize = 8;

impl Known {
    fn join(&mut self, other: &Self) {
        if self.0.is_empty() || other.0.is_empty() {
            self.0.clear();
            return;
        }
        self.0.extend(&other.0);
        self.0.sort_unstable();
        self.0.dedup();
        if self.0.len() > MOST_KNOWN {
            self.0.clear();
        }
    }

    /// The number, if it is the only one.
    pub(super) fn single(&self) -> Option<u32> {
        match self.0[..] {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// What is known before an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) depth: i64,
    pub(super) registers: [Known; 16],
    /// What registers were stored in the stack, by the distance from where it was at first.
    stored: BTreeMap<i64, Known>,
    /// The depth that a register has a copy of the stack pointer from.
    pub(super) frames: [Option<i64>; 16],
    pub(super) visits: u32,
}

impl Known {
    /// All numbers that it may be: any if there are none.
    pub(super) fn numbers(&self) -> &[u32] {
        &self.0
    }
}

impl State {
    /// What is known where a function begins.
    pub(super) fn at_start() -> Self {
        Self {
            depth: 0,
            registers: Default::default(),
            stored: BTreeMap::new(),
            frames: [None; 16],
            visits: 0,
        }
    }

    /// Takes in that the instruction is reached otherwise too. Whether that changes anything.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        let before = self.clone();
        self.depth = self.depth.max(other.depth);
        for (known, other) in self.registers.iter_mut().zip(&other.registers) {
            known.join(other);
        }
        self.stored.retain(|place, _| other.stored.contains_key(place));
        for (place, known) in &mut self.stored {
            known.join(&other.stored[place]);
        }
        for (known, other) in self.frames.iter_mut().zip(&other.frames) {
            *known = known.filter(|known| Some(*known) == *other);
        }
        *self != before
    }

    pub(super) fn forget(&mut self, registers: u16) {
        for register in 0..16 {
            if registers >> register & 1 == 1 {
                self.registers[register] = Known::default();
                self.frames[register] = None;
            }
        }
    }

    /// What an instruction does to registers, and to those that are stored.
    pub(super) fn registers_after(&mut self, effect: Effect, code: &impl Code) {
        match effect {
            Effect::Load { register, address } => {
                self.forget(1 << register);
                self.registers[usize::from(register)] = Known(code.word(address).into_iter().collect());
            }
            Effect::Spill { registers, offset } => {
                let first = offset - self.depth;
                for (place, register) in places(first, registers) {
                    self.stored.insert(place, self.registers[usize::from(register)].clone());
                }
            }
            Effect::Reload { registers, offset } => {
                let first = offset - self.depth;
                for (place, register) in places(first, registers) {
                    self.forget(1 << register);
                    self.registers[usize::from(register)] = self.stored.get(&place).cloned().unwrap_or_default();
                }
            }
            Effect::Half { register, value, upper } => {
                let register = usize::from(register);
                self.frames[register] = None;
                self.registers[register] = match upper {
                    false => Known(vec![value]),
                    true => {
                        let low = self.registers[register].0.iter();
                        Known(low.map(|low| low & 0xffff | value << 16).collect())
                    }
                };
            }
            Effect::Sum { register, from, number } => {
                let from = usize::from(from);
                let copy = self.registers[from].clone();
                // A copy of the stack pointer, which is lower if more stack is taken.
                let frame = if from == 13 {
                    Some(self.depth)
                } else {
                    self.frames[from]
                };
                self.forget(1 << register);
                self.frames[usize::from(register)] = frame.map(|depth| depth - number);
                if number == 0 {
                    self.registers[usize::from(register)] = copy;
                }
            }
            Effect::Registers(changed) => self.forget(changed),
            _ => {}
        }
    }
}

/// Where each of the registers is.
fn places(first: i64, registers: [Option<u16>; 2]) -> impl Iterator<Item = (i64, u16)> {
    (0..).map(move |i| first + 4 * i).zip(registers.into_iter().flatten())
}
