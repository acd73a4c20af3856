//! One function: how deep its stack is at each call.

use super::state::State;
use super::thumb::{Effect, decode};
use std::collections::BTreeMap;

/// Code in memory.
pub(super) trait Code {
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
    loop {
        while let Some(address) = walk.ahead.pop() {
            walk.step(address);
        }
        // Where a table says where to go on, that is any code that nothing else has reached.
        let Some(state) = walk.table.clone() else { break };
        match walk.unreached() {
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

    /// The first instruction that nothing has reached.
    fn unreached(&self) -> Option<u32> {
        let mut address = self.range.start;
        while address < self.range.end {
            let Some(first) = self.code.halfword(address) else {
                address += 2;
                continue;
            };
            if !self.states.contains_key(&address) {
                return Some(address);
            }
            address += decode(address, first, self.code.halfword(address + 2)).1;
        }
        None
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
        let (effect, length) = decode(address, first, self.code.halfword(address + 2));
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
            Effect::StackFrom(register) => match state.frames[usize::from(register)] {
                Some(depth) => state.depth = depth,
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
                state.forget(0b0101_0000_0000_1111);
            }
            Effect::CallBy { register, returns } => {
                let targets = state.registers[usize::from(register)].numbers();
                if targets.is_empty() {
                    self.unknown(address, "it calls a function by a pointer");
                }
                for target in targets {
                    self.call(*target, state.depth);
                }
                if !returns || self.ends_before(next) {
                    return false;
                }
                state.forget(0b0101_0000_0000_1111);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Code at address 0, with a literal behind it.
    struct Halfwords(&'static [u16]);

    impl Code for Halfwords {
        fn halfword(&self, address: u32) -> Option<u16> {
            self.0.get(address as usize / 2).copied()
        }

        fn word(&self, address: u32) -> Option<u32> {
            let half = |at| self.halfword(at).map(u32::from);
            Some(half(address)? | half(address + 2)? << 16)
        }
    }

    fn of(code: &'static [u16]) -> Frame {
        frame(&Halfwords(code), 0, 2 * code.len() as u32)
    }

    #[test]
    fn frames_are_added_up_to_each_call() {
        // push {r4, lr}; sub sp, #8; bl 0x100; add sp, #8; pop {r4, pc}
        let found = of(&[0xb510, 0xb082, 0xf000, 0xf87c, 0xb002, 0xbd10]);
        let calls = vec![Call {
            target: 0x100,
            depth: 16,
        }];
        assert_eq!(
            found,
            Frame {
                bytes: 16,
                calls,
                unknown: None
            }
        );
        // stmdb sp!, {r4-r11, lr}; vpush {d8-d9}; subw sp, sp, #1044; b.w 0x200: a call with nothing given back.
        let found = of(&[0xe92d, 0x4ff0, 0xed2d, 0x8b04, 0xf2ad, 0x4d14, 0xf000, 0xb8f8]);
        let calls = vec![Call {
            target: 0x200,
            depth: 36 + 16 + 1044,
        }];
        assert_eq!(
            found,
            Frame {
                bytes: 1096,
                calls,
                unknown: None
            }
        );
    }

    #[test]
    fn large_frames_of_a_cortex_m0_are_literals() {
        // ldr r3, [pc, #4]; add sp, r3; bx lr; nop; the literal -512
        let found = of(&[0x4b01, 0x449d, 0x4770, 0xbf00, 0xfe00, 0xffff]);
        assert_eq!((found.bytes, found.unknown), (512, None));
    }

    #[test]
    fn pointers_that_are_constants_are_calls() {
        // movw r3, #0x101; it ne; movwne r3, #0x201; movt r3, #0; blx r3; bx lr
        let found = of(&[0xf240, 0x1301, 0xbf18, 0xf240, 0x2301, 0xf2c0, 0x0300, 0x4798, 0x4770]);
        let call = |target| Call { target, depth: 0 };
        assert_eq!((found.calls, found.unknown), (vec![call(0x100), call(0x200)], None));
        // ldr r3, [pc, #8]; str r3, [sp, #4]; movs r3, #0; ldr r3, [sp, #4]; blx r3; bx lr; the literal 0x101
        let found = of(&[0x4b02, 0x9301, 0x2300, 0x9b01, 0x4798, 0x4770, 0x0101, 0x0000]);
        assert_eq!(
            found.calls,
            [Call {
                target: 0x100,
                depth: 0
            }]
        );
        assert_eq!(found.unknown, None);
    }

    #[test]
    fn a_conditional_return_does_not_end_a_function() {
        // it eq; bxeq lr; push {lr}; bx lr
        assert_eq!(of(&[0xbf08, 0x4770, 0xb500, 0x4770]).bytes, 4);
    }

    #[test]
    fn what_has_no_bound_is_told() {
        let told = |code| of(code).unknown.map(|(_, reason)| reason);
        // push {r0}; b 0
        assert_eq!(told(&[0xb401, 0xe7fd]), Some("a loop takes more stack in each turn"));
        // ldr r3, [r0]; blx r3; bx lr
        assert_eq!(
            told(&[0x6803, 0x4798, 0x4770]),
            Some("it calls a function by a pointer")
        );
        // sub.w sp, sp, r0; bx lr
        assert_eq!(
            told(&[0xebad, 0x0d00, 0x4770]),
            Some("it takes stack by a number that is computed")
        );
        // mov sp, r0; bx lr
        assert_eq!(
            told(&[0x4685, 0x4770]),
            Some("it sets the stack pointer to a number that is computed")
        );
    }
}
