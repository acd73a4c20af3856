//! One function: how deep its stack is at each call.

use super::effect::{Effect, Processor};
use super::state::State;
use std::collections::BTreeMap;

/// Code in memory.
pub(super) trait Code {
    /// What it is for.
    fn processor(&self) -> &'static Processor;
    /// The halfword at an address, if code is there.
    fn halfword(&self, address: u32) -> Option<u16>;
    /// The word at an address, if it is constant.
    fn word(&self, address: u32) -> Option<u32>;
}

/// A function called, with the bytes of stack that the caller has taken by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    pub(super) target: u32,
    pub(super) depth: i64,
}

/// What a function does to the stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// Most bytes that the function itself takes.
    pub(super) bytes: i64,
    pub(super) calls: Vec<Call>,
    /// What could not be followed, with its address.
    pub(super) unknown: Option<(u32, &'static str)>,
}

/// How often the depth at one instruction may be found to be more than before: it grows in each turn of a loop that
/// takes stack.
const MOST_VISITS: u32 = 64;

/// Most instructions of code that functions share.
const MOST_SHARED: usize = 1024;

/// Follows the function at `start` that ends before `end`.
pub(super) fn frame(code: &impl Code, start: u32, end: u32) -> Frame {
    let mut walk = Walk {
        code,
        range: start..end,
        states: BTreeMap::new(),
        ahead: vec![],
        found: Frame::default(),
        table: None,
    };
    walk.reach(start, State::at_start());
    let mut searched = start;
    loop {
        while let Some(address) = walk.ahead.pop() {
            walk.step(address);
        }
        // Where a table says where to go on, that is any code that nothing else has reached.
        let Some(state) = walk.table.clone() else { break };
        match walk.unreached(&mut searched) {
            Some(address) => walk.reach(address, state),
            None => break,
        }
    }
    walk.found.calls.sort();
    walk.found.calls.dedup();
    walk.found
}

struct Walk<'c, C> {
    code: &'c C,
    range: std::ops::Range<u32>,
    states: BTreeMap<u32, State>,
    ahead: Vec<u32>,
    found: Frame,
    table: Option<State>,
}

impl<C: Code> Walk<'_, C> {
    fn reach(&mut self, address: u32, state: State) {
        match self.states.get_mut(&address) {
            None => {
                self.states.insert(address, state);
                self.ahead.push(address);
            }
            Some(known) => {
                let deeper = state.depth > known.depth;
                if known.join(&state) {
                    known.visits += u32::from(deeper);
                    if known.visits < MOST_VISITS {
                        self.ahead.push(address);
                    } else {
                        self.unknown(address, "a loop takes more stack in each turn");
                    }
                }
            }
        }
    }

    fn unknown(&mut self, address: u32, reason: &'static str) {
        self.found.unknown.get_or_insert((address, reason));
    }

    /// The first instruction from `address` on that nothing has reached; all before it are.
    fn unreached(&self, address: &mut u32) -> Option<u32> {
        while *address < self.range.end {
            let Some(first) = self.code.halfword(*address) else {
                *address += 2;
                continue;
            };
            if !self.states.contains_key(address) {
                return Some(*address);
            }
            *address += self.decoded(*address, first).1;
        }
        None
    }

    fn decoded(&self, address: u32, first: u16) -> (Effect, u32) {
        (self.code.processor().decode)(address, first, self.code.halfword(address + 2))
    }

    /// Whether nothing of the function is at an address: a call before it does not return.
    fn ends_before(&self, address: u32) -> bool {
        !self.range.contains(&address) || self.code.halfword(address).is_none()
    }

    fn call(&mut self, target: u32, depth: i64) {
        self.found.calls.push(Call {
            target: target & !1,
            depth,
        });
    }

    /// The effect of the instruction at an address, and the address of the next.
    fn decode(&mut self, address: u32) -> Option<(Effect, u32)> {
        let Some(first) = self.code.halfword(address) else {
            self.unknown(address, "it goes on where no code is");
            return None;
        };
        let (effect, length) = self.decoded(address, first);
        Some((effect, address + length))
    }

    fn step(&mut self, address: u32) {
        let state = self.states[&address].clone();
        match self.decode(address) {
            Some((Effect::If { then, instructions }, next)) => {
                for condition in [true, false] {
                    self.conditional(next, &then[..instructions], condition, state.clone());
                }
            }
            Some((effect, next)) => {
                let mut state = state;
                if self.apply(address, effect, next, &mut state) {
                    self.go_on(next, state);
                }
            }
            None => {}
        }
    }

    /// Instructions that run where a condition is as `then` says.
    fn conditional(&mut self, mut address: u32, then: &[bool], condition: bool, mut state: State) {
        for runs in then {
            let Some((effect, next)) = self.decode(address) else {
                return;
            };
            if *runs == condition && !self.apply(address, effect, next, &mut state) {
                return;
            }
            address = next;
        }
        self.go_on(address, state);
    }

    fn go_on(&mut self, next: u32, state: State) {
        if self.range.contains(&next) {
            self.reach(next, state);
        } else {
            // The next function, where a function ends without a jump.
            self.call(next, state.depth);
        }
    }

    /// The places of the function that a table holds: up to the first word that is none. A function that stands first
    /// in a table of functions is not taken for a place.
    fn table_at(&self, table: u32) -> Vec<u32> {
        let words = (0..).map_while(|i| self.code.word(table.checked_add(4 * i)?));
        words
            .take_while(|place| self.range.contains(place) && *place != self.range.start)
            .collect()
    }

    /// Calls what a register and a number point to, or goes on there in the function.
    fn call_by(&mut self, address: u32, register: u16, number: i64, state: &State) {
        let targets = state.registers[usize::from(register)].numbers();
        if targets.is_empty() {
            self.unknown(address, "it calls a function by a pointer");
        }
        for target in targets {
            let target = target.wrapping_add(number as u32) & !1;
            if self.range.contains(&target) && target != self.range.start {
                self.reach(target, state.clone());
            } else {
                self.call(target, state.depth);
            }
        }
    }

    /// Follows code that functions share, if it is known where that is. Whether it comes back.
    fn follow(&mut self, address: u32, target: Option<u32>, link: u16, state: &mut State) -> bool {
        let comes_back = target.is_some_and(|target| self.shared(target, link, state));
        if !comes_back {
            self.unknown(address, "it shares code that is not followed");
        }
        comes_back
    }

    /// Follows code without branches that comes back by way of a register. Whether it does.
    fn shared(&mut self, mut address: u32, link: u16, state: &mut State) -> bool {
        for _ in 0..MOST_SHARED {
            let Some(first) = self.code.halfword(address) else {
                return false;
            };
            let (effect, length) = self.decoded(address, first);
            let next = address + length;
            address = match effect {
                Effect::JumpTo { register, number: 0 } if register == link => return true,
                Effect::Jump {
                    target,
                    conditional: false,
                } => target,
                Effect::Jump { .. } | Effect::JumpTo { .. } | Effect::Call(_) | Effect::CallBy { .. } => return false,
                Effect::Shared { .. } | Effect::SharedBy { .. } | Effect::If { .. } => return false,
                _ if self.apply(address, effect, next, state) => next,
                _ => return false,
            };
        }
        false
    }

    /// What an instruction does to what is known. Whether the next one comes after it.
    fn apply(&mut self, address: u32, effect: Effect, next: u32, state: &mut State) -> bool {
        match effect {
            Effect::Stack(bytes) => state.depth += bytes,
            Effect::StackBy { register, add } => match state.registers[usize::from(register)].single() {
                Some(bytes) => {
                    state.depth += if add {
                        -i64::from(bytes as i32)
                    } else {
                        i64::from(bytes as i32)
                    }
                }
                None => {
                    self.unknown(address, "it takes stack by a number that is computed");
                    return false;
                }
            },
            Effect::StackFrom { register, number } => match state.frames[usize::from(register)] {
                Some(depth) => state.depth = depth - number,
                None => {
                    self.unknown(address, "it sets the stack pointer to a number that is computed");
                    return false;
                }
            },
            Effect::Jump { target, conditional } => {
                if self.range.contains(&target) {
                    self.reach(target, state.clone());
                } else {
                    self.call(target, state.depth);
                }
                if !conditional {
                    return false;
                }
            }
            Effect::JumpByTable => {
                self.table = Some(state.clone());
                return false;
            }
            // On a Cortex-M0 a far jump within a function.
            Effect::Call(target) if self.range.contains(&target) && target != self.range.start => {
                self.reach(target, state.clone());
                return false;
            }
            Effect::Call(target) => {
                self.call(target, state.depth);
                if self.ends_before(next) {
                    return false;
                }
                state.forget(self.code.processor().changed_by_calls);
            }
            Effect::JumpTo { register, number } => {
                let table = state.entries[usize::from(register)].filter(|_| number == 0);
                let places = table.map(|table| self.table_at(table)).unwrap_or_default();
                if places.is_empty() {
                    self.call_by(address, register, number, state);
                }
                places.iter().for_each(|place| self.reach(*place, state.clone()));
                return false;
            }
            Effect::CallBy {
                register,
                number,
                returns,
            } => {
                self.call_by(address, register, number, state);
                if !returns || self.ends_before(next) {
                    return false;
                }
                state.forget(self.code.processor().changed_by_calls);
            }
            Effect::Shared { target, link } => return self.follow(address, Some(target), link, state),
            Effect::SharedBy { register, number, link } => {
                let target = state.registers[usize::from(register)].single();
                let target = target.map(|target| target.wrapping_add(number as u32));
                return self.follow(address, target, link, state);
            }
            Effect::Return | Effect::End => return false,
            Effect::Unknown | Effect::If { .. } => {
                self.unknown(address, "it changes the stack pointer in a way that is not followed");
                return false;
            }
            _ => state.registers_after(effect, self.code),
        }
        self.found.bytes = self.found.bytes.max(state.depth);
        true
    }
}
