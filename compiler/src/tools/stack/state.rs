//! What is known of registers and of the stack before an instruction.

use super::effect::Effect;
use super::walk::Code;
use std::collections::BTreeMap;

/// The numbers that a register may hold: any if there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known(Vec<u32>);

/// Most numbers of a register that are told apart.
const MOST_KNOWN: usize = 8;
/// Most places of the stack whose numbers are known: each instruction has a list of them.
const MOST_STORED: usize = 64;

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

    fn plus(&self, number: u32) -> Self {
        Self(self.0.iter().map(|known| known.wrapping_add(number)).collect())
    }

    /// The number, if it is the only one.
    pub(super) fn single(&self) -> Option<u32> {
        match self.0[..] {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// Most registers of a processor.
const REGISTERS: usize = 32;

/// What is known before an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) depth: i64,
    pub(super) registers: [Known; REGISTERS],
    /// What registers were stored in the stack, by the distance from where it was at first.
    stored: BTreeMap<i64, Known>,
    /// The depth that a register has a copy of the stack pointer from.
    pub(super) frames: [Option<i64>; REGISTERS],
    /// The table that a register points into, somewhere.
    tables: [Option<u32>; REGISTERS],
    /// The table that a register was loaded from.
    pub(super) entries: [Option<u32>; REGISTERS],
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
            frames: [None; REGISTERS],
            tables: [None; REGISTERS],
            entries: [None; REGISTERS],
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
        let tables = self.tables.iter_mut().zip(&other.tables);
        for (known, other) in tables.chain(self.entries.iter_mut().zip(&other.entries)) {
            *known = known.filter(|known| Some(*known) == *other);
        }
        *self != before
    }

    pub(super) fn forget(&mut self, registers: u32) {
        for register in 0..REGISTERS {
            if registers >> register & 1 == 1 {
                self.registers[register] = Known::default();
                self.frames[register] = None;
                self.tables[register] = None;
                self.entries[register] = None;
            }
        }
    }

    /// The depth that a register has the stack pointer from, or a copy of it.
    fn frame(&self, register: u16, code: &impl Code) -> Option<i64> {
        match register == code.processor().stack_pointer {
            true => Some(self.depth),
            false => self.frames[usize::from(register)],
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
                    let known = self.registers[usize::from(register)].clone();
                    // A place that is not listed holds anything.
                    self.stored.remove(&place);
                    if !known.0.is_empty() && self.stored.len() < MOST_STORED {
                        self.stored.insert(place, known);
                    }
                }
            }
            Effect::Reload { registers, offset } => {
                let first = offset - self.depth;
                for (place, register) in places(first, registers) {
                    self.forget(1 << register);
                    self.registers[usize::from(register)] = self.stored.get(&place).cloned().unwrap_or_default();
                }
            }
            Effect::LoadBy { register, from, number } => {
                let from = usize::from(from);
                let words = self.registers[from].plus(number as u32);
                let words: Option<Vec<u32>> = words.numbers().iter().map(|address| code.word(*address)).collect();
                let table = self.tables[from].map(|table| table.wrapping_add(number as u32));
                self.forget(1 << register);
                self.registers[usize::from(register)] = Known(words.unwrap_or_default());
                self.entries[usize::from(register)] = table;
            }
            Effect::Half { register, value, upper } => {
                let low = self.registers[usize::from(register)].0.iter();
                let known = match upper {
                    false => vec![value],
                    true => low.map(|low| low & 0xffff | value << 16).collect(),
                };
                self.forget(1 << register);
                self.registers[usize::from(register)] = Known(known);
            }
            Effect::Sum { register, from, number } => {
                let known = self.registers[usize::from(from)].plus(number as u32);
                let table = self.tables[usize::from(from)];
                // A copy of the stack pointer, which is lower if more stack is taken.
                let frame = self.frame(from, code);
                self.forget(1 << register);
                let register = usize::from(register);
                self.registers[register] = known;
                self.frames[register] = frame.map(|depth| depth - number);
                self.tables[register] = table.map(|table| table.wrapping_add(number as u32));
            }
            Effect::SumOf { register, from } => {
                let known = from.map(|from| self.registers[usize::from(from)].single());
                self.forget(1 << register);
                let register = usize::from(register);
                match known {
                    [Some(one), Some(other)] => self.registers[register] = Known(vec![one.wrapping_add(other)]),
                    [Some(table), None] | [None, Some(table)] => self.tables[register] = Some(table),
                    [None, None] => {}
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
