//! Instructions of Thumb, as far as the stack and calls go.
//!
//! There is no general disassembler behind this: those on crates.io that know Thumb refuse the instructions of the
//! floating-point unit, `vpush` among them. What is not known here by name must not name `sp` as its result.

use super::effect::{Effect, Processor, signed};

/// The stack pointer, the link register, and the program counter.
const SP: u16 = 13;
const LR: u16 = 14;
const PC: u16 = 15;

/// Cortex-M. A call may change `r0` to `r3`, `r12` and `lr`.
pub(super) const THUMB: Processor = Processor {
    stack_pointer: SP,
    changed_by_calls: 0b0101_0000_0000_1111,
    decode,
};

/// The effect of the instruction at `address`, and its length.
fn decode(address: u32, first: u16, second: Option<u16>) -> (Effect, u32) {
    match (first >> 11, second) {
        (0b11101..=0b11111, Some(second)) => (wide(address, first, second), 4),
        (0b11101..=0b11111, None) => (Effect::Unknown, 4),
        _ => (narrow(address, first), 2),
    }
}

fn narrow(address: u32, code: u16) -> Effect {
    let pc = address.wrapping_add(4);
    let low = |at: u16| Effect::Registers(1 << (code >> at & 7));
    let (count, wide) = (i64::from((code & 0xff).count_ones()), u32::from(code));
    match code >> 8 {
        0x1c..=0x1f => {
            let number = i64::from(code >> 6 & 7);
            Effect::Sum {
                register: code & 7,
                from: code >> 3 & 7,
                number: if code & 0x200 == 0 { number } else { -number },
            }
        }
        0x30..=0x3f => {
            let (register, number) = (code >> 8 & 7, i64::from(code & 0xff));
            Effect::Sum {
                register,
                from: register,
                number: if code & 0x800 == 0 { number } else { -number },
            }
        }
        0x00..=0x1b => low(0),
        0x20..=0x2f => low(8),
        0x40..=0x43 => low(0),
        0x44 | 0x46 => {
            let (register, from) = (code >> 4 & 8 | code & 7, code >> 3 & 15);
            match (code >> 8, register) {
                (0x44, SP) => Effect::StackBy {
                    register: from,
                    add: true,
                },
                (_, SP) => Effect::StackFrom {
                    register: from,
                    number: 0,
                },
                (0x46, PC) if from == 14 => Effect::Return,
                (_, PC) => Effect::JumpByTable,
                (0x46, _) => Effect::Sum {
                    register,
                    from,
                    number: 0,
                },
                _ => Effect::Registers(1 << register),
            }
        }
        0x45 => Effect::Registers(0),
        0x47 => match (code & 0x80 != 0, code >> 3 & 15) {
            (false, 14) => Effect::Return,
            (returns, register) => Effect::CallBy {
                register,
                number: 0,
                returns,
            },
        },
        0x48..=0x4f => Effect::Load {
            register: code >> 8 & 7,
            address: (pc & !3).wrapping_add((wide & 0xff) * 4),
        },
        0x50..=0x55 => Effect::Registers(0),
        0x56..=0x5f => low(0),
        0x60..=0x8f if code & 0x800 != 0 => low(0),
        0x60..=0x8f => Effect::Registers(0),
        0x90..=0x9f => {
            let (registers, offset) = ([Some(code >> 8 & 7), None], i64::from(code & 0xff) * 4);
            match code & 0x800 {
                0 => Effect::Spill { registers, offset },
                _ => Effect::Reload { registers, offset },
            }
        }
        0xa0..=0xa7 => low(8),
        0xa8..=0xaf => Effect::Sum {
            register: code >> 8 & 7,
            from: SP,
            number: i64::from(code & 0xff) * 4,
        },
        0xb0 => {
            let bytes = i64::from(code & 0x7f) * 4;
            Effect::Stack(if code & 0x80 != 0 { bytes } else { -bytes })
        }
        0xb1 | 0xb3 | 0xb9 | 0xbb => Effect::Jump {
            target: pc.wrapping_add((wide >> 3 & 31) << 1 | (wide >> 9 & 1) << 6),
            conditional: true,
        },
        0xb2 | 0xba => low(0),
        0xb4 => Effect::Stack(4 * count),
        0xb5 => Effect::Stack(4 * count + 4),
        0xbc => Effect::Stack(-4 * count),
        0xbd => Effect::Return,
        0xbf if code & 15 != 0 => {
            let instructions = 4 - (code & 15).trailing_zeros() as usize;
            // The lowest bit of the condition is that of the first, and the mask holds those of the others.
            let bit = |i: usize| i == 0 || code >> (4 - i) & 1 == code >> 4 & 1;
            Effect::If {
                then: [0, 1, 2, 3].map(bit),
                instructions,
            }
        }
        0xb6 | 0xb7 | 0xb8 | 0xbe | 0xbf => Effect::Registers(0),
        0xc0..=0xc7 => low(8),
        0xc8..=0xcf => Effect::Registers(wide & 0xff | 1 << (code >> 8 & 7)),
        0xd0..=0xdd => Effect::Jump {
            target: pc.wrapping_add(signed(wide & 0xff, 8) << 1),
            conditional: true,
        },
        0xde => Effect::End,
        0xe0..=0xe7 => Effect::Jump {
            target: pc.wrapping_add(signed(wide & 0x7ff, 11) << 1),
            conditional: false,
        },
        _ => Effect::Registers(0),
    }
}

/// The number that `add`, `sub`, and `mov` have in two words, as they encode those that are wider than a byte.
fn expanded(first: u16, second: u16) -> u32 {
    let imm12 = u32::from(first >> 10 & 1) << 11 | u32::from(second >> 12 & 7) << 8 | u32::from(second & 0xff);
    let byte = imm12 & 0xff;
    match imm12 >> 8 {
        0 => byte,
        1 => byte << 16 | byte,
        2 => byte << 24 | byte << 8,
        3 => byte * 0x0101_0101,
        _ => (0x80 | byte & 0x7f).rotate_right(imm12 >> 7),
    }
}

fn wide(address: u32, first: u16, second: u16) -> Effect {
    let pc = address.wrapping_add(4);
    let (register, count) = (second >> 8 & 15, i64::from(second.count_ones()));
    let plain =
        i64::from(u32::from(first >> 10 & 1) << 11 | u32::from(second >> 12 & 7) << 8 | u32::from(second & 0xff));
    let imm16 = u32::from(first & 15) << 12 | plain as u32;
    match (first, second) {
        (0xe92d, _) => Effect::Stack(4 * count),
        (0xe8bd, _) if second & 0x8000 != 0 => Effect::Return,
        (0xe8bd, _) => Effect::Stack(-4 * count),
        // A single register pushed or popped, and two at once.
        (0xf84d, _) if second & 0xf00 == 0xd00 => Effect::Stack(i64::from(second & 0xff)),
        (0xf85d, _) if second & 0xf00 == 0xb00 => match second >> 12 {
            PC => Effect::Return,
            SP => Effect::Unknown,
            _ => Effect::Stack(-i64::from(second & 0xff)),
        },
        (0xe96d, _) => Effect::Stack(4 * i64::from(second & 0xff)),
        (0xe8fd, _) => Effect::Stack(-4 * i64::from(second & 0xff)),
        // vpush and vpop.
        (0xed2d | 0xed6d, _) if second & 0xe00 == 0xa00 => Effect::Stack(4 * i64::from(second & 0xff)),
        (0xecbd | 0xecfd, _) if second & 0xe00 == 0xa00 => Effect::Stack(-4 * i64::from(second & 0xff)),
        (0xf8cd, _) => Effect::Spill {
            registers: [Some(second >> 12), None],
            offset: i64::from(second & 0xfff),
        },
        (0xf8dd, _) if second >> 12 < SP || second >> 12 == LR => Effect::Reload {
            registers: [Some(second >> 12), None],
            offset: i64::from(second & 0xfff),
        },
        (0xe9cd, _) => Effect::Spill {
            registers: [Some(second >> 12), Some(register)],
            offset: 4 * i64::from(second & 0xff),
        },
        (0xe9dd, _) => Effect::Reload {
            registers: [Some(second >> 12), Some(register)],
            offset: 4 * i64::from(second & 0xff),
        },
        (0xf1ad | 0xf5ad, _) if register == SP => Effect::Stack(expanded(first, second).into()),
        (0xf10d | 0xf50d, _) if register == SP => Effect::Stack(-i64::from(expanded(first, second))),
        (0xf2ad | 0xf6ad, _) if register == SP => Effect::Stack(plain),
        (0xf20d | 0xf60d, _) if register == SP => Effect::Stack(-plain),
        (0xf100..=0xf10f | 0xf500..=0xf50f, _) => sum(register, first, expanded(first, second).into()),
        (0xf1a0..=0xf1af | 0xf5a0..=0xf5af, _) => sum(register, first, -i64::from(expanded(first, second))),
        (0xf200..=0xf20f | 0xf600..=0xf60f, _) => sum(register, first, plain),
        (0xf2a0..=0xf2af | 0xf6a0..=0xf6af, _) => sum(register, first, -plain),
        (0xebad, _) if register == SP && second & 0x70f0 == 0 => Effect::StackBy {
            register: second & 15,
            add: false,
        },
        (0xeb0d, _) if register == SP && second & 0x70f0 == 0 => Effect::StackBy {
            register: second & 15,
            add: true,
        },
        (0xe8d0..=0xe8df, _) if second & 0xffe0 == 0xf000 => Effect::JumpByTable,
        (0xf85f | 0xf8df, _) if second >> 12 == PC => Effect::JumpByTable,
        (0xf85f | 0xf8df, _) if second >> 12 == SP => Effect::Unknown,
        (0xf85f | 0xf8df, _) => {
            let by = u32::from(second & 0xfff);
            let address = if first & 0x80 != 0 {
                (pc & !3).wrapping_add(by)
            } else {
                (pc & !3).wrapping_sub(by)
            };
            Effect::Load {
                register: second >> 12,
                address,
            }
        }
        (0xf850..=0xf85e | 0xf8d0..=0xf8de, _) if second >> 12 == PC => Effect::CallBy {
            register: PC,
            number: 0,
            returns: false,
        },
        (0xf240..=0xf24f | 0xf640..=0xf64f, _) if second & 0x8000 == 0 => Effect::Half {
            register,
            value: imm16,
            upper: false,
        },
        (0xf2c0..=0xf2cf | 0xf6c0..=0xf6cf, _) if second & 0x8000 == 0 => Effect::Half {
            register,
            value: imm16,
            upper: true,
        },
        (0xf000..=0xf7ff, _) if second & 0x8000 != 0 => branch(pc, first, second),
        _ => other(first, second),
    }
}

/// A register becomes the one in the first halfword and a number.
fn sum(register: u16, first: u16, number: i64) -> Effect {
    let from = first & 15;
    match register {
        SP => Effect::StackFrom { register: from, number },
        _ => Effect::Sum { register, from, number },
    }
}

/// Branches and calls by an offset, and what shares their encoding.
fn branch(pc: u32, first: u16, second: u16) -> Effect {
    let (first, second) = (u32::from(first), u32::from(second));
    let sign = first >> 10 & 1;
    let (i1, i2) = ((second >> 13 & 1) ^ sign ^ 1, (second >> 11 & 1) ^ sign ^ 1);
    let far = sign << 24 | i1 << 23 | i2 << 22 | (first & 0x3ff) << 12 | (second & 0x7ff) << 1;
    let far = pc.wrapping_add(signed(far, 25));
    match second >> 12 & 5 {
        5 => Effect::Call(far),
        1 => Effect::Jump {
            target: far,
            conditional: false,
        },
        // Conditions 14 and 15 are barriers, hints and moves to and from special registers.
        0 if first >> 6 & 14 == 14 => match first & 0xfff0 {
            0xf3e0 => Effect::Registers(1 << (second >> 8 & 15)),
            // msr to the stack pointers, of the other security state too.
            0xf380 | 0xf390 if matches!(second & 0xff, 0x08 | 0x09 | 0x88 | 0x89 | 0x98) => Effect::StackFrom {
                register: first as u16 & 15,
                number: 0,
            },
            0xf7f0 => Effect::End,
            _ => Effect::Registers(0),
        },
        0 => {
            let near = sign << 20
                | (second >> 11 & 1) << 19
                | (second >> 13 & 1) << 18
                | (first & 0x3f) << 12
                | (second & 0x7ff) << 1;
            Effect::Jump {
                target: pc.wrapping_add(signed(near, 21)),
                conditional: true,
            }
        }
        // The loops of Armv8.1-M: where they begin, perhaps with a jump behind their end, and where they end.
        4 if second & 0x2001 == 0x2001 => Effect::Registers(1 << 14),
        4 if second & 1 == 1 => {
            let by = (second >> 1 & 0x3ff) << 2 | (second >> 11 & 1) << 1;
            let is_end = first & 15 == 15;
            Effect::Jump {
                target: if is_end {
                    pc.wrapping_sub(by)
                } else {
                    pc.wrapping_add(by)
                },
                conditional: true,
            }
        }
        _ => Effect::Unknown,
    }
}

/// What changes no more than registers, all that it may be.
fn other(first: u16, second: u16) -> Effect {
    let (result, loaded, base) = (second >> 8 & 15, second >> 12, first & 15);
    let bit = |register: u16| 1_u32 << register;
    match first >> 9 {
        // Many registers stored or loaded, two or one exclusively.
        0x74 if first & 0x40 == 0 => {
            let loads = if first & 0x10 != 0 { second.into() } else { 0 };
            match (base, loads & (bit(PC) | bit(SP))) {
                (SP, _) if first & 0x20 != 0 => Effect::Unknown,
                (_, 0) => Effect::Registers(loads | bit(base)),
                _ => Effect::Unknown,
            }
        }
        0x74 if base == SP && first & 0x20 != 0 => Effect::Unknown,
        0x74 => Effect::Registers(bit(loaded) | bit(result) | bit(base)),
        // Coprocessors: floats, and vectors.
        0x76 | 0x77 | 0x7e | 0x7f => match first & 0x0200 == 0 && base == SP && first & 0x20 != 0 {
            true => Effect::Unknown,
            false => Effect::Registers(bit(loaded) | bit(base)),
        },
        // One number loaded or stored: the base changes too where bit 11 is set with bit 8.
        0x7c if first & 0x80 == 0 && second & 0x900 == 0x900 && base == SP => Effect::Unknown,
        0x7c if first & 0x10 != 0 && loaded == SP => Effect::Unknown,
        0x7c => Effect::Registers(bit(loaded) | bit(base)),
        // Numbers computed from registers and constants: no register but the result.
        0x75 | 0x78..=0x7b | 0x7d if result == SP => Effect::Unknown,
        0x75 | 0x78..=0x7b => Effect::Registers(bit(result)),
        _ => Effect::Registers(bit(result) | bit(loaded)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_go_where_they_should() {
        let decoded = |first, second| decode(0x1000, first, Some(second));
        let to = |target, conditional| Effect::Jump { target, conditional };
        // As arm-none-eabi-as has them: beq 0x1010, b 0xff0, cbz r3 0x1020, bne.w 0x900, b.w 0x20000, bl 0x800.
        assert_eq!(decoded(0xd006, 0), (to(0x1010, true), 2));
        assert_eq!(decoded(0xe7f6, 0), (to(0xff0, false), 2));
        assert_eq!(decoded(0xb173, 0), (to(0x1020, true), 2));
        assert_eq!(decoded(0xf47f, 0xac7e), (to(0x900, true), 4));
        assert_eq!(decoded(0xf01e, 0xbffe), (to(0x20000, false), 4));
        assert_eq!(decoded(0xf7ff, 0xfbfe), (Effect::Call(0x800), 4));
        // dlstp.8 lr, ip; wls lr, r0, 0x1010; letp lr, 0xff0
        assert_eq!(decoded(0xf00c, 0xe001), (Effect::Registers(1 << 14), 4));
        assert_eq!(decoded(0xf040, 0xc007), (to(0x1010, true), 4));
        assert_eq!(decoded(0xf01f, 0xc00b), (to(0xff0, true), 4));
    }
}
