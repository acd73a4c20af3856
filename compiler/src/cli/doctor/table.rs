/// A program, and the command that installs it.
pub(super) struct Tool {
    pub(super) program: &'static str,
    pub(super) install: &'static str,
}

/// Names of `--target` that are built for one triple, with what that takes beside Rust itself.
pub(super) struct Row {
    pub(super) names: &'static [&'static str],
    pub(super) triple: &'static str,
    /// Where Rust brings none.
    pub(super) linker: Option<Tool>,
    /// What runs programs where there is no such machine.
    pub(super) emulator: Option<Tool>,
}

const fn tool(program: &'static str, install: &'static str) -> Option<Tool> {
    Some(Tool { program, install })
}

/// With an operating system.
const fn hosted(names: &'static [&'static str], triple: &'static str, linker: Option<Tool>, emulator: Tool) -> Row {
    Row {
        names,
        triple,
        linker,
        emulator: Some(emulator),
    }
}

const fn micro(names: &'static [&'static str], triple: &'static str, emulator: Option<Tool>) -> Row {
    Row {
        names,
        triple,
        linker: None,
        emulator,
    }
}

const fn user(program: &'static str) -> Tool {
    Tool {
        program,
        install: "apt-get install qemu-user",
    }
}

const ARM: Option<Tool> = tool("qemu-system-arm", "apt-get install qemu-system-arm");
const RISCV: Option<Tool> = tool("qemu-system-riscv32", "apt-get install qemu-system-misc");

/// Every named target except `board` and `mcu`, which stand for any of the others.
pub(super) const ROWS: &[Row] = &[
    hosted(
        &["x86-64"],
        "x86_64-unknown-linux-gnu",
        tool("x86_64-linux-gnu-gcc", "apt-get install gcc-x86-64-linux-gnu"),
        user("qemu-x86_64"),
    ),
    hosted(
        &["aarch64"],
        "aarch64-unknown-linux-gnu",
        tool("aarch64-linux-gnu-gcc", "apt-get install gcc-aarch64-linux-gnu"),
        user("qemu-aarch64"),
    ),
    hosted(
        &["armv7"],
        "armv7-unknown-linux-gnueabihf",
        tool("arm-linux-gnueabihf-gcc", "apt-get install gcc-arm-linux-gnueabihf"),
        user("qemu-arm"),
    ),
    micro(&["wasm32"], "wasm32-unknown-unknown", None),
    micro(&["cortex-m0", "cortex-m0plus"], "thumbv6m-none-eabi", ARM),
    micro(&["cortex-m3"], "thumbv7m-none-eabi", ARM),
    micro(&["cortex-m4"], "thumbv7em-none-eabi", ARM),
    micro(&["cortex-m4f", "cortex-m7"], "thumbv7em-none-eabihf", ARM),
    micro(&["cortex-m23"], "thumbv8m.base-none-eabi", ARM),
    micro(&["cortex-m33", "cortex-m55"], "thumbv8m.main-none-eabihf", ARM),
    micro(&["rv32imc"], "riscv32imc-unknown-none-elf", RISCV),
    micro(&["rv32imac"], "riscv32imac-unknown-none-elf", RISCV),
    micro(&["rv32imafc"], "riscv32imafc-unknown-none-elf", RISCV),
];

/// What writes programs to boards, and what the documentation of firmware in C uses.
pub(super) const BOARD_TOOLS: &[(Tool, &str)] = &[
    (
        Tool {
            program: "probe-rs",
            install: "cargo install probe-rs-tools --locked",
        },
        "writes to Cortex-M boards, shows what they print",
    ),
    (
        Tool {
            program: "espflash",
            install: "cargo install espflash --locked",
        },
        "the same for the ESP32 family",
    ),
    (
        Tool {
            program: "arm-none-eabi-gcc",
            install: "apt-get install gcc-arm-none-eabi",
        },
        "compiles firmware in C",
    ),
];

#[cfg(test)]
mod tests {
    use super::ROWS;
    use edgec::Machine;
    use edgec::machine::NAMED;

    #[test]
    fn every_named_target_has_a_row() {
        let listed: Vec<_> = ROWS.iter().flat_map(|row| row.names).copied().collect();
        let named = NAMED.iter().map(|named| named.name);
        let named: Vec<_> = named.filter(|name| !["board", "mcu"].contains(name)).collect();
        assert_eq!(listed, named);
    }

    #[test]
    fn triples_are_of_the_family() {
        for row in ROWS {
            let family = |name: &str| Machine::named(name).unwrap().family;
            assert!(
                row.names.iter().all(|name| family(name) == family(row.triple)),
                "{}",
                row.triple
            );
        }
    }
}
