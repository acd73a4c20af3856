//! What instructions do to the stack, whatever the processor.

/// What has to be known of a processor.
pub(super) struct Processor {
    /// The register that points to the stack.
    pub(super) stack_pointer: u16,
    /// The registers that a call may change, a bit for each.
    pub(super) changed_by_calls: u32,
    /// The effect of the instruction at an address, by its first halfword and the next one, and its length.
    pub(super) decode: fn(u32, u16, Option<u16>) -> (Effect, u32),
}

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Takes bytes of stack, or gives them back.
    Stack(i64),
    /// Takes as many bytes as a register says; or gives back, where `add`.
    StackBy { register: u16, add: bool },
    /// Sets the stack pointer to a register and a number: the frame of a function that has a frame pointer.
    StackFrom { register: u16, number: i64 },
    /// Goes on elsewhere, and if `conditional` here as well.
    Jump { target: u32, conditional: bool },
    /// Goes on at an address out of a table of the function.
    JumpByTable,
    /// Goes on where a register and a number point to, which may come out of a table in memory.
    JumpTo { register: u16, number: i64 },
    /// Calls a function.
    Call(u32),
    /// Calls what a register points to, or goes on there.
    CallBy { register: u16, number: i64, returns: bool },
    /// Goes on elsewhere and comes back by way of a register: code that several functions share, which may take stack
    /// for them.
    Shared { target: u32, link: u16 },
    /// The same where a register and a number point to.
    SharedBy { register: u16, number: i64, link: u16 },
    /// Returns.
    Return,
    /// Loads the word at an address.
    Load { register: u16, address: u32 },
    /// Loads the word that a register and a number point to.
    LoadBy { register: u16, from: u16, number: i64 },
    /// Stores one or two registers at an offset from the stack pointer.
    Spill { registers: [Option<u16>; 2], offset: i64 },
    /// Loads registers from there.
    Reload { registers: [Option<u16>; 2], offset: i64 },
    /// Sets a register, or its upper half.
    Half { register: u16, value: u32, upper: bool },
    /// Sets a register to another one and a number.
    Sum { register: u16, from: u16, number: i64 },
    /// Sets a register to the sum of two.
    SumOf { register: u16, from: [u16; 2] },
    /// Makes the next instructions depend on a condition: for each whether it runs where that is true.
    If { then: [bool; 4], instructions: usize },
    /// Ends the program.
    End,
    /// Changes registers, a bit for each.
    Registers(u32),
    /// Changes the stack pointer in a way that is not followed.
    Unknown,
}

/// A signed number of `bits` bits.
pub(super) fn signed(value: u32, bits: u32) -> u32 {
    let shift = 32 - bits;
    ((value << shift) as i32 >> shift) as u32
}
