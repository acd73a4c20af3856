use super::{Family, Favour, Feature, Features, Machine, Vectors};
use std::fmt::Write;

/// A row of the table of machines.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// What `--target` calls it.
    pub name: &'static str,
    /// What it stands for, in one line.
    pub about: &'static str,
    family: Family,
    microcontroller: bool,
    fixed: Features,
    detected: Features,
    vectors: Vectors,
    favour: Favour,
}

impl Named {
    /// The machine of this name.
    pub fn machine(&self) -> Machine {
        Machine {
            name: self.name.into(),
            family: self.family,
            microcontroller: self.microcontroller,
            fixed: self.fixed,
            detected: self.detected,
            vectors: self.vectors,
            favour: self.favour,
            ..Machine::portable()
        }
    }
}

const NO_VECTORS: Vectors = Vectors { count: 0, bytes: 0 };

/// A machine with an operating system, or a browser.
const fn hosted(name: &'static str, about: &'static str, family: Family, vectors: Vectors) -> Named {
    Named {
        name,
        about,
        family,
        microcontroller: false,
        fixed: Features::NONE,
        detected: Features::NONE,
        vectors,
        favour: Favour::Speed,
    }
}

/// A microcontroller.
const fn micro(name: &'static str, about: &'static str, family: Family, fixed: &[Feature]) -> Named {
    Named {
        name,
        about,
        family,
        microcontroller: true,
        fixed: Features::of(fixed),
        detected: Features::NONE,
        vectors: NO_VECTORS,
        favour: Favour::Speed,
    }
}

pub(super) const BOARD: Named = hosted(
    "board",
    "any Linux board or PC (the default)",
    Family::Portable,
    Vectors { count: 16, bytes: 16 },
);

pub(super) const MCU: Named = Named {
    favour: Favour::Flash,
    ..micro("mcu", "any microcontroller: little flash first", Family::Portable, &[])
};

/// Machines that `--target` knows by name. Target triples of rustc stand for others of the same families.
pub const NAMED: &[Named] = {
    use Feature::{Avx2, Avx512, Divide, DotProduct, Dsp, Fp16, Fpu, LongMultiply, Multiply, Mve, Neon, Vnni};
    &[
        BOARD,
        MCU,
        Named {
            detected: Features::of(&[Avx2, Avx512, Vnni]),
            ..hosted(
                "x86-64",
                "PCs and servers: AVX2, AVX-512 and VNNI are looked for when the program starts",
                Family::X86_64,
                Vectors { count: 16, bytes: 16 },
            )
        },
        Named {
            fixed: Features::of(&[Neon]),
            detected: Features::of(&[DotProduct, Fp16]),
            ..hosted(
                "aarch64",
                "64-bit Arm boards, phones and PCs: Raspberry Pi 3 and later",
                Family::Aarch64,
                Vectors { count: 32, bytes: 16 },
            )
        },
        hosted(
            "armv7",
            "32-bit Arm boards with an operating system; +neon where NEON is certain",
            Family::Armv7,
            NO_VECTORS,
        ),
        hosted(
            "wasm32",
            "WebAssembly; +simd128 where vectors are certain",
            Family::Wasm32,
            NO_VECTORS,
        ),
        micro(
            "cortex-m0",
            "Arm Cortex-M0 and M1 (thumbv6m)",
            Family::CortexM,
            &[Multiply],
        ),
        micro("cortex-m0plus", "Arm Cortex-M0+: RP2040", Family::CortexM, &[Multiply]),
        micro(
            "cortex-m3",
            "Arm Cortex-M3 (thumbv7m)",
            Family::CortexM,
            &[Multiply, LongMultiply, Divide],
        ),
        micro(
            "cortex-m4",
            "Arm Cortex-M4 without floating point",
            Family::CortexM,
            &[Multiply, LongMultiply, Divide, Dsp],
        ),
        micro(
            "cortex-m4f",
            "Arm Cortex-M4 with floating point: STM32F4, nRF52",
            Family::CortexM,
            &[Multiply, LongMultiply, Divide, Dsp, Fpu],
        ),
        micro(
            "cortex-m7",
            "Arm Cortex-M7: STM32F7, STM32H7, i.MX RT",
            Family::CortexM,
            &[Multiply, LongMultiply, Divide, Dsp, Fpu],
        ),
        micro("cortex-m23", "Arm Cortex-M23", Family::CortexM, &[Multiply, Divide]),
        micro(
            "cortex-m33",
            "Arm Cortex-M33 with DSP and floating point: RP2350, nRF53, STM32U5",
            Family::CortexM,
            &[Multiply, LongMultiply, Divide, Dsp, Fpu],
        ),
        Named {
            vectors: Vectors { count: 8, bytes: 16 },
            ..micro(
                "cortex-m55",
                "Arm Cortex-M55 with vectors (MVE) and floating point",
                Family::CortexM,
                &[Multiply, LongMultiply, Divide, Dsp, Mve, Fpu, Fp16],
            )
        },
        micro(
            "rv32imc",
            "RISC-V without atomics: ESP32-C3",
            Family::Rv32,
            &[Multiply, LongMultiply, Divide],
        ),
        micro(
            "rv32imac",
            "RISC-V with atomics: ESP32-C6, RP2350, GD32V",
            Family::Rv32,
            &[Multiply, LongMultiply, Divide],
        ),
        micro(
            "rv32imafc",
            "RISC-V with atomics and floating point: ESP32-P4",
            Family::Rv32,
            &[Multiply, LongMultiply, Divide, Fpu],
        ),
    ]
};

/// What `--target help` prints.
pub(super) fn list() -> String {
    let width = NAMED.iter().map(|named| named.name.len()).max().unwrap_or_default();
    let mut text = "Targets:\n".to_owned();
    for named in NAMED {
        writeln!(text, "  {:width$}  {}", named.name, named.about).expect("writing to a string cannot fail");
    }
    let features: Vec<_> = Feature::ALL.iter().map(|feature| feature.name()).collect();
    write!(
        text,
        "\nTarget triples of rustc for these families, such as thumbv7em-none-eabihf, riscv32imc-unknown-none-elf,\n\
         aarch64-unknown-linux-gnu or x86_64-unknown-linux-gnu, are targets as well.\n\
         NAME+FEATURE adds what a machine has beyond its name: {}.\n",
        features.join(", ")
    )
    .expect("writing to a string cannot fail");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_what_people_read() {
        insta::assert_snapshot!(list());
    }

    #[test]
    fn every_name_gives_its_row() {
        for named in NAMED {
            assert_eq!(Machine::named(named.name).unwrap(), named.machine());
        }
    }
}
