//! The boards that QEMU emulates, with what differs between them.

/// An emulated board.
#[derive(Debug, PartialEq, Eq)]
pub struct Board {
    /// What `--core` calls it.
    pub name: &'static str,
    /// The processor, in words.
    pub about: &'static str,
    /// rustc's target.
    pub triple: &'static str,
    /// What edgec compiles for, unless `--target` says otherwise.
    pub target: &'static str,
    /// Features of runtime-core, in quotation marks.
    pub features: &'static str,
    /// The emulator.
    pub emulator: &'static str,
    /// The machine that it emulates.
    pub machine: &'static str,
    /// Where code goes: first address, and size in KiB.
    pub code: (u32, u32),
    /// Where statics and the stack go.
    pub ram: (u32, u32),
    /// How instructions are counted.
    pub clock: Clock,
}

/// A counter under `-icount shift=N`, where every instruction takes 2^N ns of virtual time.
#[derive(Debug, PartialEq, Eq)]
pub struct Clock {
    /// Address of the counter; on RISC-V it is a register of the processor.
    pub counter: u32,
    /// Where 1 must be written before it is read, if it must.
    pub capture: Option<u32>,
    /// Registers to write before the first reading.
    pub timer: &'static [(u32, u32)],
    /// Ticks of the counter per second.
    pub hertz: u64,
    /// N. Every instruction must take two ticks at least, so that rounding gives their exact number.
    pub shift: u32,
}

impl Clock {
    /// Instructions that take so many ticks.
    pub fn instructions(&self, ticks: u64) -> u64 {
        // Ticks per instruction are hertz * 2^shift / 10^9.
        let (ticks, each) = (u128::from(ticks) * 1_000_000_000, u128::from(self.hertz) << self.shift);
        ((ticks + each / 2) / each) as u64
    }
}

/// The counter of Arm's MPS boards at this address. It wraps after 1.3 thousand million instructions at 25 MHz.
const fn mps(counter: u32, hertz: u64) -> Clock {
    Clock {
        counter,
        capture: None,
        timer: &[],
        hertz,
        shift: 7,
    }
}

/// A board of the MPS2 kind: two memories of 4 MB.
const fn mps2(
    name: &'static str,
    about: &'static str,
    triple: &'static str,
    target: &'static str,
    machine: &'static str,
) -> Board {
    Board {
        name,
        about,
        triple,
        target,
        features: "",
        emulator: "qemu-system-arm",
        machine,
        code: (0, 4096),
        ram: (0x2000_0000, 4096),
        clock: mps(0x4002_8018, 25_000_000),
    }
}

/// All boards.
pub const BOARDS: &[Board] = &[
    mps2(
        "m0",
        "Cortex-M0: its code on a Cortex-M3 with 4 MB, since the micro:bit is too small for most models",
        "thumbv6m-none-eabi",
        "cortex-m0",
        "mps2-an385",
    ),
    Board {
        name: "microbit",
        about: "Cortex-M0 of the micro:bit: 256 KB of flash, 16 KB of RAM",
        triple: "thumbv6m-none-eabi",
        target: "cortex-m0",
        features: "",
        emulator: "qemu-system-arm",
        machine: "microbit",
        code: (0, 256),
        ram: (0x2000_0000, 16),
        // TIMER0 of the nRF51: 32 bits, not divided, started.
        clock: Clock {
            counter: 0x4000_8540,
            capture: Some(0x4000_8040),
            timer: &[(0x4000_8508, 3), (0x4000_8510, 0), (0x4000_8000, 1)],
            hertz: 16_000_000,
            shift: 7,
        },
    },
    mps2("m3", "Cortex-M3", "thumbv7m-none-eabi", "cortex-m3", "mps2-an385"),
    mps2(
        "m4f",
        "Cortex-M4 with floating point",
        "thumbv7em-none-eabihf",
        "cortex-m4f",
        "mps2-an386",
    ),
    mps2("m7", "Cortex-M7", "thumbv7em-none-eabihf", "cortex-m7", "mps2-an500"),
    Board {
        code: (0x1000_0000, 4096),
        ram: (0x3800_0000, 4096),
        clock: mps(0x4030_2018, 20_000_000),
        ..mps2(
            "m33",
            "Cortex-M33",
            "thumbv8m.main-none-eabihf",
            "cortex-m33",
            "mps2-an505",
        )
    },
    Board {
        features: "\"mve\"",
        code: (0x1000_0000, 512),
        ram: (0x3100_0000, 4096),
        clock: mps(0x4930_2018, 20_000_000),
        ..mps2(
            "m55",
            "Cortex-M55",
            "thumbv8m.main-none-eabihf",
            "cortex-m55",
            "mps3-an547",
        )
    },
    Board {
        name: "rv32",
        about: "RISC-V, RV32IMAC",
        triple: "riscv32imac-unknown-none-elf",
        target: "rv32imac",
        features: "",
        emulator: "qemu-system-riscv32",
        machine: "virt",
        code: (0x8000_0000, 8192),
        ram: (0x8080_0000, 8192),
        clock: Clock {
            counter: 0,
            capture: None,
            timer: &[],
            hertz: 1_000_000_000,
            shift: 0,
        },
    },
];

/// The board of this name.
///
/// # Errors
/// If there is none.
pub fn board(name: &str) -> Result<&'static Board, String> {
    BOARDS.iter().find(|board| board.name == name).ok_or_else(|| {
        let names: Vec<_> = BOARDS.iter().map(|board| board.name).collect();
        format!("there is no core `{name}`; --core takes {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_takes_two_ticks_at_least() {
        for board in BOARDS.iter().filter(|board| board.clock.shift > 0) {
            assert!(
                (board.clock.hertz << board.clock.shift) >= 2_000_000_000,
                "{}",
                board.name
            );
        }
    }

    #[test]
    fn ticks_cut_off_at_both_ends_still_give_the_number_of_instructions() {
        let clock = &board("m4f").unwrap().clock;
        for instructions in [1_u64, 7, 1000, 12_345_678] {
            let exact = instructions * 32 / 10;
            assert_eq!(clock.instructions(exact), instructions);
            assert_eq!(clock.instructions(exact + 1), instructions);
        }
    }
}
