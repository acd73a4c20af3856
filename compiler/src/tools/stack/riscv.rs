//! Instructions of RV32, in two bytes and in four, as far as the stack and calls go. What writes `sp` and is not known
//! here by name is not followed.

use super::effect::{Effect, Processor, signed};

const ZERO: u16 = 0;
const RA: u16 = 1;
const T0: u16 = 5;
const SP: u16 = 2;

/// RV32. A call may change `ra`, and the registers `t` and `a`.
pub(super) const RV32: Processor = Processor {
    stack_pointer: SP,
    changed_by_calls: 0xf003_fce2,
    decode,
};

/// The effect of the instruction at `address`, and its length; longer ones are of no processor that is known.
fn decode(address: u32, first: u16, second: Option<u16>) -> (Effect, u32) {
    match (first & 3, second) {
        (3, Some(_)) if first & 0x1c == 0x1c => (Effect::Unknown, 4),
        (3, Some(second)) => (wide(address, u32::from(second) << 16 | u32::from(first)), 4),
        (3, None) => (Effect::Unknown, 4),
        _ => (narrow(address, first.into()), 2),
    }
}

/// The bits of a number that lie scattered in an instruction: from which one, how many, and where they go.
fn gathered(code: u32, parts: &[(u32, u32, u32)]) -> u32 {
    let part = |(from, count, to): &(u32, u32, u32)| (code >> from & ((1 << count) - 1)) << to;
    parts.iter().map(part).fold(0, |number, part| number | part)
}

/// The same of a signed number of `bits` bits.
fn signed_of(code: u32, bits: u32, parts: &[(u32, u32, u32)]) -> i64 {
    i64::from(signed(gathered(code, parts), bits) as i32)
}

fn after(address: u32, by: i64) -> u32 {
    address.wrapping_add(by as u32)
}

/// What only changes a register.
fn changes(register: u16) -> Effect {
    match register {
        ZERO => Effect::Registers(0),
        SP => Effect::Unknown,
        _ => Effect::Registers(1 << register),
    }
}

/// `addi`.
fn sum(register: u16, from: u16, number: i64) -> Effect {
    match (register, from) {
        (ZERO, _) => Effect::Registers(0),
        (SP, SP) => Effect::Stack(-number),
        (SP, register) => Effect::StackFrom { register, number },
        (register, ZERO) => set(register, number as u32),
        _ => Effect::Sum { register, from, number },
    }
}

/// `lui` and `auipc`.
fn set(register: u16, value: u32) -> Effect {
    match register {
        ZERO | SP => changes(register),
        _ => Effect::Half {
            register,
            value,
            upper: false,
        },
    }
}

/// `add`.
fn sum_of(register: u16, from: [u16; 2]) -> Effect {
    match (register, from) {
        (SP, [SP, by] | [by, SP]) => Effect::StackBy {
            register: by,
            add: true,
        },
        (_, [ZERO, from] | [from, ZERO]) => sum(register, from, 0),
        (ZERO | SP, _) => changes(register),
        _ => Effect::SumOf { register, from },
    }
}

/// `lw`.
fn load(register: u16, from: u16, number: i64) -> Effect {
    match (register, from) {
        (ZERO | SP, _) => changes(register),
        (_, SP) => Effect::Reload {
            registers: [Some(register), None],
            offset: number,
        },
        _ => Effect::LoadBy { register, from, number },
    }
}

/// `sw`.
fn store(register: u16, to: u16, number: i64) -> Effect {
    match to {
        SP => Effect::Spill {
            registers: [Some(register), None],
            offset: number,
        },
        _ => Effect::Registers(0),
    }
}

/// `jal`. By way of `t0`, code is called that saves registers for its caller, or that was outlined for size.
fn jump(link: u16, target: u32) -> Effect {
    match link {
        ZERO => Effect::Jump {
            target,
            conditional: false,
        },
        RA => Effect::Call(target),
        T0 => Effect::Shared { target, link },
        _ => Effect::Unknown,
    }
}

/// `jalr`.
fn jump_to(link: u16, register: u16, number: i64) -> Effect {
    match (link, register) {
        (ZERO, RA) if number == 0 => Effect::Return,
        (ZERO, _) => Effect::JumpTo { register, number },
        (RA, _) => Effect::CallBy {
            register,
            number,
            returns: true,
        },
        (T0, _) => Effect::SharedBy { register, number, link },
        _ => Effect::Unknown,
    }
}

fn wide(address: u32, code: u32) -> Effect {
    let register = |at: u32| (code >> at & 31) as u16;
    let (to, from, second) = (register(7), register(15), register(20));
    let (kind, upper) = (code >> 12 & 7, code >> 25);
    let number = signed_of(code, 12, &[(20, 12, 0)]);
    match code & 0x7f {
        0x37 => set(to, code & 0xffff_f000),
        0x17 => set(to, address.wrapping_add(code & 0xffff_f000)),
        0x6f => {
            let by = signed_of(code, 21, &[(31, 1, 20), (12, 8, 12), (20, 1, 11), (21, 10, 1)]);
            jump(to, after(address, by))
        }
        0x67 if kind == 0 => jump_to(to, from, number),
        0x63 => Effect::Jump {
            target: after(
                address,
                signed_of(code, 13, &[(31, 1, 12), (7, 1, 11), (25, 6, 5), (8, 4, 1)]),
            ),
            conditional: true,
        },
        0x03 if kind == 2 => load(to, from, number),
        0x23 if kind == 2 => store(second, from, signed_of(code, 12, &[(25, 7, 5), (7, 5, 0)])),
        // Other stores, of floats too, and fences.
        0x23 | 0x27 | 0x0f | 0x07 => Effect::Registers(0),
        0x13 if kind == 0 => sum(to, from, number),
        // `andi sp, sp, -64` takes less than 64 bytes.
        0x13 if kind == 7 && to == SP && from == SP && number < 0 => Effect::Stack(-number - 1),
        0x33 if kind == 0 && upper == 0 => sum_of(to, [from, second]),
        0x33 if kind == 0 && upper == 0x20 && to == SP && from == SP => Effect::StackBy {
            register: second,
            add: false,
        },
        // Floats: comparisons, conversions and moves write registers of integers, and no other operation does.
        0x53 if !matches!(upper & !3, 0x50 | 0x60 | 0x70) => Effect::Registers(0),
        0x43 | 0x47 | 0x4b | 0x4f => Effect::Registers(0),
        0x73 => system(code, to),
        // Loads, integer arithmetic, atomic operations, and what extensions add.
        0x03 | 0x13 | 0x33 | 0x2f | 0x53 => changes(to),
        _ => Effect::Unknown,
    }
}

/// What asks the environment for something, and registers of control and state.
fn system(code: u32, to: u16) -> Effect {
    match code {
        // `mret`, `sret`.
        0x3020_0073 | 0x1020_0073 => Effect::Return,
        // `unimp`, which stands where nothing comes.
        0xc000_1073 => Effect::End,
        // `ecall` and `ebreak` may go on, with a result.
        0x0000_0073 | 0x0010_0073 => Effect::Registers(1 << 10),
        _ => changes(to),
    }
}

/// The instructions of two bytes.
fn narrow(address: u32, code: u32) -> Effect {
    let (to, second) = ((code >> 7 & 31) as u16, (code >> 2 & 31) as u16);
    // Of the registers from 8 to 15.
    let near = |at: u32| (8 + (code >> at & 7)) as u16;
    let number = signed_of(code, 6, &[(12, 1, 5), (2, 5, 0)]);
    let branch = || Effect::Jump {
        target: after(
            address,
            signed_of(code, 9, &[(12, 1, 8), (5, 2, 6), (2, 1, 5), (10, 2, 3), (3, 2, 1)]),
        ),
        conditional: true,
    };
    let far = || {
        let parts = [
            (12, 1, 11),
            (8, 1, 10),
            (9, 2, 8),
            (6, 1, 7),
            (7, 1, 6),
            (2, 1, 5),
            (11, 1, 4),
            (3, 3, 1),
        ];
        after(address, signed_of(code, 12, &parts))
    };
    let word = i64::from(gathered(code, &[(5, 1, 6), (10, 3, 3), (6, 1, 2)]));
    match (code & 3, code >> 13) {
        // Nothing but zeros is no instruction: `unimp` in two bytes.
        (0, 0) if code == 0 => Effect::End,
        (0, 0) => {
            let number = gathered(code, &[(7, 4, 6), (11, 2, 4), (5, 1, 3), (6, 1, 2)]);
            sum(near(2), SP, number.into())
        }
        (0, 2) => load(near(2), near(7), word),
        (0, 4) if code >> 11 & 1 == 0 => changes(near(2)),
        (0, _) => Effect::Registers(0),
        (1, 0) => sum(to, to, number),
        (1, 1) => jump(RA, far()),
        (1, 2) => sum(to, ZERO, number),
        (1, 3) if to == SP => {
            let parts = [(12, 1, 9), (3, 2, 7), (5, 1, 6), (2, 1, 5), (6, 1, 4)];
            Effect::Stack(-signed_of(code, 10, &parts))
        }
        (1, 3) => set(to, (number << 12) as u32),
        (1, 4) => changes(near(7)),
        (1, 5) => jump(ZERO, far()),
        (1, 6 | 7) => branch(),
        (2, 0) => changes(to),
        (2, 2) => load(to, SP, gathered(code, &[(2, 2, 6), (12, 1, 5), (4, 3, 2)]).into()),
        (2, 4) => match (code >> 12 & 1, to, second) {
            (0, _, 0) => jump_to(ZERO, to, 0),
            // `ebreak`.
            (1, 0, 0) => Effect::Registers(1 << 10),
            (1, _, 0) => jump_to(RA, to, 0),
            (0, ..) => sum_of(to, [ZERO, second]),
            _ => sum_of(to, [to, second]),
        },
        (2, 6) => store(second, SP, gathered(code, &[(7, 2, 6), (9, 4, 2)]).into()),
        // Floats from and to the stack.
        (2, 1 | 3 | 7) => Effect::Registers(0),
        // Doubles to the stack; with another extension, many registers pushed.
        _ => Effect::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four(code: u32) -> Effect {
        decode(0x8000_1000, code as u16, Some((code >> 16) as u16)).0
    }

    fn two(code: u16) -> Effect {
        decode(0x8000_1000, code, None).0
    }

    // All codes as llvm-mc has them, with `-triple=riscv32 -mattr=+c,+m,+a,+f`.

    #[test]
    fn frames_are_taken_and_given_back() {
        // addi sp, sp, -2032; addi sp, sp, 32; add sp, sp, t0; sub sp, sp, a0
        assert_eq!(four(0x8101_0113), Effect::Stack(2032));
        assert_eq!(four(0x0201_0113), Effect::Stack(-32));
        assert_eq!(four(0x0051_0133), Effect::StackBy { register: 5, add: true });
        assert_eq!(
            four(0x40a1_0133),
            Effect::StackBy {
                register: 10,
                add: false
            }
        );
        // addi s0, sp, 64; addi sp, s0, -64; andi sp, sp, -64
        let frame = Effect::Sum {
            register: 8,
            from: SP,
            number: 64,
        };
        assert_eq!(four(0x0401_0413), frame);
        let back = Effect::StackFrom {
            register: 8,
            number: -64,
        };
        assert_eq!(four(0xfc04_0113), back);
        assert_eq!(four(0xfc01_7113), Effect::Stack(63));
        // c.addi sp, -16; c.addi16sp sp, -496; c.addi16sp sp, 16; c.addi4spn s0, sp, 32
        assert_eq!(two(0x1141), Effect::Stack(16));
        assert_eq!(two(0x7141), Effect::Stack(496));
        assert_eq!(two(0x6141), Effect::Stack(-16));
        let frame = Effect::Sum {
            register: 8,
            from: SP,
            number: 32,
        };
        assert_eq!(two(0x1000), frame);
        // c.mv sp, s0
        let back = Effect::StackFrom { register: 8, number: 0 };
        assert_eq!(two(0x8122), back);
        // csrrw sp, mscratch, sp; lw sp, 0(a0)
        assert_eq!(four(0x3401_1173), Effect::Unknown);
        assert_eq!(four(0x0005_2103), Effect::Unknown);
    }

    #[test]
    fn jumps_go_where_they_should() {
        let to = |target, conditional| Effect::Jump { target, conditional };
        // jal ra, 0x800; j -16; beq a0, a1, 16; bne a0, zero, -4; jal t0, 16; jal t1, 16
        assert_eq!(four(0x0010_00ef), Effect::Call(0x8000_1800));
        assert_eq!(four(0xff1f_f06f), to(0x8000_0ff0, false));
        assert_eq!(four(0x00b5_0863), to(0x8000_1010, true));
        assert_eq!(four(0xfe05_1ee3), to(0x8000_0ffc, true));
        let shared = Effect::Shared {
            target: 0x8000_1010,
            link: T0,
        };
        assert_eq!((four(0x0100_02ef), four(0x0100_036f)), (shared, Effect::Unknown));
        // c.jal 0x200; c.j -2; c.beqz a0, 8; c.bnez s0, -256
        assert_eq!(two(0x2401), Effect::Call(0x8000_1200));
        assert_eq!(two(0xbffd), to(0x8000_0ffe, false));
        assert_eq!(two(0xc501), to(0x8000_1008, true));
        assert_eq!(two(0xf001), to(0x8000_0f00, true));
        // ret; c.jr ra; jalr ra, 8(t1); jr a0; c.jalr a5; mret; unimp, in four bytes and in two
        assert_eq!((four(0x0000_8067), two(0x8082)), (Effect::Return, Effect::Return));
        let call = |register, number| Effect::CallBy {
            register,
            number,
            returns: true,
        };
        assert_eq!((four(0x0083_00e7), two(0x9782)), (call(6, 8), call(15, 0)));
        let jump = Effect::JumpTo {
            register: 10,
            number: 0,
        };
        assert_eq!((four(0x0005_0067), two(0x8502)), (jump, jump));
        assert_eq!(four(0x3020_0073), Effect::Return);
        assert_eq!((four(0xc000_1073), two(0)), (Effect::End, Effect::End));
    }

    #[test]
    fn registers_are_followed() {
        // auipc t1, 1; lui a0, 0x80000; c.lui a1, 1; c.li a0, -1; c.mv a0, a1; c.add a0, a1
        let set = |register, value| Effect::Half {
            register,
            value,
            upper: false,
        };
        assert_eq!(four(0x0000_1317), set(6, 0x8000_2000));
        assert_eq!(four(0x8000_0537), set(10, 0x8000_0000));
        assert_eq!(two(0x6585), set(11, 0x1000));
        assert_eq!(two(0x557d), set(10, u32::MAX));
        let copy = Effect::Sum {
            register: 10,
            from: 11,
            number: 0,
        };
        assert_eq!(two(0x852e), copy);
        let sum = Effect::SumOf {
            register: 10,
            from: [10, 11],
        };
        assert_eq!(two(0x952e), sum);
        // sw ra, 12(sp); c.swsp ra, 12(sp); lw a0, 4(sp); c.lwsp a0, 4(sp); lw a0, -4(a1); c.lw a0, 4(a1)
        let spill = Effect::Spill {
            registers: [Some(1), None],
            offset: 12,
        };
        assert_eq!((four(0x0011_2623), two(0xc606)), (spill, spill));
        let reload = Effect::Reload {
            registers: [Some(10), None],
            offset: 4,
        };
        assert_eq!((four(0x0041_2503), two(0x4512)), (reload, reload));
        let load = |number| Effect::LoadBy {
            register: 10,
            from: 11,
            number,
        };
        assert_eq!((four(0xffc5_a503), two(0x41c8)), (load(-4), load(4)));
    }
}
