//! Code of a few instructions, followed.

use super::effect::Processor;
use super::riscv::RV32;
use super::stack;
use super::thumb::THUMB;
use super::walk::{Call, Code, Frame, frame};

/// Code at address 0, with constants behind it.
struct Halfwords(&'static Processor, &'static [u16]);

impl Code for Halfwords {
    fn processor(&self) -> &'static Processor {
        self.0
    }

    fn halfword(&self, address: u32) -> Option<u16> {
        self.1.get(address as usize / 2).copied()
    }

    fn word(&self, address: u32) -> Option<u32> {
        let half = |at| self.halfword(at).map(u32::from);
        Some(half(address)? | half(address + 2)? << 16)
    }
}

fn of(code: &'static [u16]) -> Frame {
    frame(&Halfwords(&THUMB, code), 0, 2 * code.len() as u32)
}

/// The same of RV32, of whose halfwords the last ones are constants.
fn of_rv32(code: &'static [u16], constants: u32) -> Frame {
    frame(&Halfwords(&RV32, code), 0, 2 * (code.len() as u32 - constants))
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
    // mov sp, r0; bx lr, and with sub.w sp, r0, #4096, and with msr msp, r0
    for code in [
        &[0x4685, 0x4770][..],
        &[0xf5a0, 0x5d80, 0x4770],
        &[0xf380, 0x8808, 0x4770],
    ] {
        assert_eq!(
            told(code),
            Some("it sets the stack pointer to a number that is computed")
        );
    }
    // ldr.w sp, [r0]; bx lr, and with ldr.w sp, [sp, #8], and with ldr.w sp, [pc, #4]
    for code in [
        &[0xf8d0, 0xd000, 0x4770][..],
        &[0xf8dd, 0xd008, 0x4770],
        &[0xf8df, 0xd004, 0x4770],
    ] {
        let reason = "it changes the stack pointer in a way that is not followed";
        assert_eq!(told(code), Some(reason));
    }
}

#[test]
fn frames_below_a_frame_pointer() {
    // push {r7, lr}; mov r7, sp; sub.w sp, r7, #4096; bl 0x100; mov sp, r7; pop {r7, pc}
    let found = of(&[0xb580, 0x466f, 0xf5a7, 0x5d80, 0xf000, 0xf87a, 0x46bd, 0xbd80]);
    let call = Call {
        target: 0x100,
        depth: 4104,
    };
    assert_eq!((found.bytes, found.calls, found.unknown), (4104, vec![call], None));
    // With subw sp, r7, #4095.
    assert_eq!(of(&[0xb580, 0x466f, 0xf6a7, 0x7dff, 0x46bd, 0xbd80]).bytes, 4103);
}

#[test]
fn frames_of_rv32_are_added_up_to_each_call() {
    // addi sp, sp, -16; sw ra, 12(sp); jal 0x12; lw ra, 12(sp); addi sp, sp, 16; ret
    let found = of_rv32(&[0x1141, 0xc606, 0x00ef, 0x00e0, 0x40b2, 0x0141, 0x8082], 0);
    let calls = vec![Call {
        target: 0x12,
        depth: 16,
    }];
    assert_eq!((found.bytes, found.calls, found.unknown), (16, calls, None));
    // lui t0, 1; addi t0, t0, -2048; sub sp, sp, t0; ret: what is too much for one instruction
    let found = of_rv32(&[0x12b7, 0x0000, 0x8293, 0x8002, 0x0133, 0x4051, 0x8082], 0);
    assert_eq!((found.bytes, found.unknown), (2048, None));
    // auipc t1, 1; jr 8(t1): a call with nothing given back
    let found = of_rv32(&[0x1317, 0x0000, 0x0067, 0x0083], 0);
    let calls = vec![Call {
        target: 0x1008,
        depth: 0,
    }];
    assert_eq!((found.calls, found.unknown), (calls, None));
}

#[test]
fn code_that_functions_share_takes_stack_for_them() {
    // jal t0, 8; jal 0x100, with what was taken; the shared code: addi sp, sp, -16; sw ra, 12(sp); jr t0
    const SHARED: &[u16] = &[0x02ef, 0x0080, 0x00ef, 0x0fc0, 0x1141, 0xc606, 0x8282];
    let found = of_rv32(SHARED, 3);
    let call = |target| Call { target, depth: 16 };
    // Nothing comes behind the call: it goes on with the next function.
    assert_eq!((found.bytes, found.unknown), (16, None));
    assert_eq!(found.calls, [call(0x100)]);
    // The same from further away: auipc t0, 0; jalr t0, 8(t0); addi sp, sp, -16; jr t0.
    let found = of_rv32(&[0x0297, 0x0000, 0x82e7, 0x0082, 0x1141, 0x8282], 2);
    assert_eq!((found.bytes, found.unknown), (16, None));
    // The same that branches: c.beqz a0, 0.
    const BRANCHES: &[u16] = &[0x02ef, 0x0080, 0x00ef, 0x0fc0, 0x1141, 0xc101, 0x8282];
    let reason = of_rv32(BRANCHES, 3).unknown.map(|(_, reason)| reason);
    assert_eq!(reason, Some("it shares code that is not followed"));
}

#[test]
fn tables_of_jumps_lead_into_the_function() {
    // slli a0, a0, 2; lui a1, 0; addi a1, a1, 32; add a0, a0, a1; lw a0, 0(a0); jr a0; addi sp, sp, -496; ret; nop;
    // nop; behind the function the table, which ends before what is no place in it.
    const SWITCH: &[u16] = &[
        0x1513, 0x0025, 0x05b7, 0x0000, 0x8593, 0x0205, 0x0533, 0x00b5, 0x2503, 0x0005, 0x8502, 0x7141, 0x8082, 0x0001,
        0x0001, 0x0001, 0x0016, 0x0000, 0x0018, 0x0000, 0x9999, 0x9999,
    ];
    let found = of_rv32(SWITCH, 6);
    assert_eq!((found.bytes, found.calls, found.unknown), (496, vec![], None));
    // The same with a table of functions.
    const FUNCTIONS: &[u16] = &[
        0x1513, 0x0025, 0x05b7, 0x0000, 0x8593, 0x0205, 0x0533, 0x00b5, 0x2503, 0x0005, 0x8502, 0x7141, 0x8082, 0x0001,
        0x0001, 0x0001, 0x0000, 0x0000, 0x1000, 0x0000, 0x9999, 0x9999,
    ];
    let reason = of_rv32(FUNCTIONS, 6).unknown.map(|(_, reason)| reason);
    assert_eq!(reason, Some("it calls a function by a pointer"));
}

#[test]
fn what_is_no_program_for_a_microcontroller_is_told() {
    let told = |elf: &[u8]| stack(elf, None).unwrap_err().to_string();
    assert!(told(b"nothing").starts_with("this is no ELF file"));
    // The head of a file for another processor, without sections.
    let mut head = b"\x7fELF\x02\x01\x01".to_vec();
    head.resize(64, 0);
    (head[16], head[18], head[20], head[52]) = (2, 62, 1, 64);
    assert_eq!(
        told(&head),
        "the program is for X86_64; only Cortex-M and RV32 can be followed"
    );
}
