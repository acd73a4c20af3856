//! What a target is called elsewhere.

/// A target that build systems tell from others, each by signs of its own.
#[derive(Debug)]
pub(super) struct Kind {
    /// rustc's target.
    pub(super) triple: &'static str,
    /// With vectors (MVE), which have no triple of their own.
    pub(super) mve: bool,
    /// What its compilers of C define.
    pub(super) c: &'static str,
    /// What Zephyr's Kconfig says, as a condition of CMake; empty where Zephyr has no such target.
    pub(super) zephyr: &'static str,
    /// Chips, as ESP-IDF calls them.
    pub(super) esp_idf: &'static [&'static str],
    /// Folders in which Arduino looks for precompiled libraries: `{build.mcu}/{build.fpu}-{build.float-abi}`.
    pub(super) arduino: &'static [&'static str],
}

impl Kind {
    /// The row of a target.
    pub(super) fn of(triple: &str, mve: bool) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.triple == triple && kind.mve == mve)
    }

    /// The place in the order in which to ask: what has more comes first.
    pub(super) fn rank(&self) -> usize {
        let place = KINDS
            .iter()
            .position(|kind| kind.triple == self.triple && kind.mve == self.mve);
        place.unwrap_or(KINDS.len())
    }
}

const fn arm(triple: &'static str, c: &'static str, zephyr: &'static str, arduino: &'static [&'static str]) -> Kind {
    Kind {
        triple,
        mve: false,
        c,
        zephyr,
        esp_idf: &[],
        arduino,
    }
}

/// Chips of Espressif go by the same names in both.
const fn riscv(triple: &'static str, c: &'static str, zephyr: &'static str, chips: &'static [&'static str]) -> Kind {
    Kind {
        esp_idf: chips,
        ..arm(triple, c, zephyr, chips)
    }
}

const fn hosted(triple: &'static str, c: &'static str, zephyr: &'static str) -> Kind {
    arm(triple, c, zephyr, &[])
}

/// A target with more than another comes before it: libraries for RISC-V without atomics also serve chips with them.
const KINDS: &[Kind] = &[
    arm(
        "thumbv6m-none-eabi",
        "defined(__ARM_ARCH_6M__)",
        "CONFIG_CPU_CORTEX_M0 OR CONFIG_CPU_CORTEX_M0PLUS OR CONFIG_CPU_CORTEX_M1",
        &["cortex-m0", "cortex-m0plus"],
    ),
    arm(
        "thumbv7m-none-eabi",
        "defined(__ARM_ARCH_7M__)",
        "CONFIG_CPU_CORTEX_M3",
        &["cortex-m3"],
    ),
    arm(
        "thumbv7em-none-eabi",
        "defined(__ARM_ARCH_7EM__) && !defined(__ARM_PCS_VFP)",
        "(CONFIG_CPU_CORTEX_M4 OR CONFIG_CPU_CORTEX_M7) AND NOT CONFIG_FP_HARDABI",
        &["cortex-m4", "cortex-m7"],
    ),
    arm(
        "thumbv7em-none-eabihf",
        "defined(__ARM_ARCH_7EM__) && defined(__ARM_PCS_VFP)",
        "(CONFIG_CPU_CORTEX_M4 OR CONFIG_CPU_CORTEX_M7) AND CONFIG_FP_HARDABI",
        &[
            "cortex-m4/fpv4-sp-d16-hard",
            "cortex-m7/fpv5-sp-d16-hard",
            "cortex-m7/fpv5-d16-hard",
        ],
    ),
    arm(
        "thumbv8m.base-none-eabi",
        "defined(__ARM_ARCH_8M_BASE__)",
        "CONFIG_CPU_CORTEX_M23",
        &["cortex-m23"],
    ),
    Kind {
        mve: true,
        ..arm(
            "thumbv8m.main-none-eabihf",
            "defined(__ARM_FEATURE_MVE) && defined(__ARM_PCS_VFP)",
            "CONFIG_ARMV8_1_M_MVEI AND CONFIG_FP_HARDABI",
            &[],
        )
    },
    arm(
        "thumbv8m.main-none-eabihf",
        "(defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)) && defined(__ARM_PCS_VFP)",
        "CONFIG_ARMV8_M_MAINLINE AND CONFIG_FP_HARDABI",
        &["cortex-m33/fpv5-sp-d16-hard"],
    ),
    arm(
        "thumbv8m.main-none-eabi",
        "(defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)) && !defined(__ARM_PCS_VFP)",
        "CONFIG_ARMV8_M_MAINLINE AND NOT CONFIG_FP_HARDABI",
        &["cortex-m33"],
    ),
    riscv(
        "riscv32imafc-unknown-none-elf",
        "defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_float_abi_single)",
        "CONFIG_RISCV AND NOT CONFIG_64BIT AND CONFIG_FLOAT_HARD AND NOT CONFIG_CPU_HAS_FPU_DOUBLE_PRECISION",
        &["esp32p4"],
    ),
    riscv(
        "riscv32imac-unknown-none-elf",
        "defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_float_abi_soft) && defined(__riscv_atomic)",
        "CONFIG_RISCV AND NOT CONFIG_64BIT AND NOT CONFIG_FLOAT_HARD AND CONFIG_RISCV_ISA_EXT_A",
        &["esp32c5", "esp32c6", "esp32c61", "esp32h2"],
    ),
    riscv(
        "riscv32imc-unknown-none-elf",
        "defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_float_abi_soft)",
        "CONFIG_RISCV AND NOT CONFIG_64BIT AND NOT CONFIG_FLOAT_HARD",
        &["esp32c2", "esp32c3", "esp32c5", "esp32c6", "esp32c61", "esp32h2"],
    ),
    hosted(
        "x86_64-unknown-linux-gnu",
        "defined(__x86_64__) && defined(__linux__)",
        "CONFIG_ARCH_POSIX AND CONFIG_64BIT AND CMAKE_HOST_SYSTEM_PROCESSOR STREQUAL \"x86_64\"",
    ),
    hosted(
        "aarch64-unknown-linux-gnu",
        "defined(__aarch64__) && defined(__linux__)",
        "CONFIG_ARCH_POSIX AND CONFIG_64BIT AND CMAKE_HOST_SYSTEM_PROCESSOR STREQUAL \"aarch64\"",
    ),
    hosted(
        "armv7-unknown-linux-gnueabihf",
        "defined(__ARM_ARCH_7A__) && defined(__ARM_PCS_VFP) && defined(__linux__)",
        "",
    ),
];
