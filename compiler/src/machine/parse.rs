use super::{Family, Feature, Machine, NAMED, Vectors};
use crate::words::nearest;
use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// A name of no machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMachine {
    /// What was asked for.
    pub name: String,
    /// What it may have meant.
    pub nearest: Option<String>,
}

impl fmt::Display for UnknownMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no target `{}`", self.name)?;
        if let Some(nearest) = &self.nearest {
            write!(f, "; did you mean `{nearest}`?")?;
        }
        write!(f, "\n`--target help` lists all targets")
    }
}

impl Error for UnknownMachine {}

impl FromStr for Machine {
    type Err = UnknownMachine;

    fn from_str(text: &str) -> Result<Self, UnknownMachine> {
        let name = text.trim().to_ascii_lowercase();
        // `cortex-m0+` is what people write.
        let name = name
            .strip_suffix('+')
            .map_or(name.clone(), |name| format!("{name}plus"));
        let mut parts = name.split('+');
        let base = parts.next().unwrap_or_default();
        let found = by_name(base).or_else(|| of_triple(base));
        let mut machine = found.ok_or_else(|| UnknownMachine {
            name: text.to_owned(),
            nearest: of_chip(base).or_else(|| nearest(base, names())).map(str::to_owned),
        })?;
        for part in parts {
            let feature = Feature::ALL.iter().find(|feature| feature.name() == part);
            let feature = feature.ok_or_else(|| UnknownMachine {
                name: text.to_owned(),
                nearest: nearest(part, Feature::ALL.iter().map(|feature| feature.name()))
                    .map(|feature| format!("{base}+{feature}")),
            })?;
            add(&mut machine, *feature);
            machine.name = format!("{}+{part}", machine.name);
        }
        Ok(machine)
    }
}

fn add(machine: &mut Machine, feature: Feature) {
    machine.fixed.add(feature);
    let vectors = match feature {
        Feature::Neon | Feature::Simd128 => Vectors { count: 16, bytes: 16 },
        Feature::Mve => Vectors { count: 8, bytes: 16 },
        Feature::Avx2 => Vectors { count: 16, bytes: 32 },
        Feature::Avx512 => Vectors { count: 32, bytes: 64 },
        _ => return,
    };
    if vectors.count * vectors.bytes > machine.vectors.count * machine.vectors.bytes {
        machine.vectors = vectors;
    }
}

/// A row of the table, or one that is called so elsewhere.
fn by_name(name: &str) -> Option<Machine> {
    let name = match name.replace('_', "-").as_str() {
        "arm64" => "aarch64".to_owned(),
        "wasm" => "wasm32".to_owned(),
        other => other.to_owned(),
    };
    let row = NAMED.iter().find(|named| named.name == name);
    row.map(super::Named::machine).or_else(|| {
        let machine = rv32(name.strip_prefix("rv32")?)?;
        Some(Machine { name, ..machine })
    })
}

/// The target of a chip that the table names, such as `rp2040` or `stm32f407`: people know the chip they bought.
fn of_chip(chip: &str) -> Option<&'static str> {
    let letters = |text: &str| {
        text.to_ascii_lowercase()
            .replace(|c: char| !c.is_ascii_alphanumeric(), "")
    };
    let chip = letters(chip);
    let is_it = |word: &str| {
        let word = letters(word);
        word.len() >= 4 && word.ends_with(|c: char| c.is_ascii_digit()) && chip.starts_with(&word)
    };
    let row = NAMED.iter().find(|named| named.about.split([' ', ',']).any(is_it))?;
    Some(row.name)
}

/// Names to suggest from.
fn names() -> impl Iterator<Item = &'static str> {
    NAMED.iter().map(|named| named.name).chain(TRIPLES.iter().copied())
}

/// Triples to suggest from.
const TRIPLES: &[&str] = &[
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv8m.base-none-eabi",
    "thumbv8m.main-none-eabi",
    "thumbv8m.main-none-eabihf",
    "riscv32i-unknown-none-elf",
    "riscv32imc-unknown-none-elf",
    "riscv32imac-unknown-none-elf",
    "riscv32imafc-unknown-none-elf",
    "armv7-unknown-linux-gnueabihf",
    "thumbv7neon-unknown-linux-gnueabihf",
    "aarch64-unknown-linux-gnu",
    "aarch64-unknown-linux-musl",
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "wasm32-unknown-unknown",
];

/// The machine that a target triple of rustc promises, and no more.
fn of_triple(triple: &str) -> Option<Machine> {
    let (architecture, rest) = triple.split_once('-')?;
    let row = |name: &str| NAMED.iter().find(|named| named.name == name).map(super::Named::machine);
    // What follows says whether there is floating point: a slip of the pen must not take it away.
    let known = ["none-eabi", "none-eabihf", "nuttx-eabi", "nuttx-eabihf"];
    let m_profile = ["thumbv6m", "thumbv7m", "thumbv7em", "thumbv8m"];
    if m_profile.iter().any(|name| architecture.starts_with(name)) && !known.contains(&rest) {
        return None;
    }
    let floats = rest.ends_with("eabihf");
    let machine = match architecture {
        "x86_64" | "x86_64h" => row("x86-64"),
        "aarch64" | "arm64" | "arm64e" => row("aarch64"),
        "armv7" | "armv7a" | "armv7k" | "armv7s" | "thumbv7a" => row("armv7"),
        "thumbv7neon" => row("armv7").map(|mut machine| {
            add(&mut machine, Feature::Neon);
            machine
        }),
        "wasm32" | "wasm32v1" => row("wasm32"),
        "thumbv6m" => row("cortex-m0"),
        "thumbv7m" => row("cortex-m3"),
        "thumbv7em" => row(if floats { "cortex-m4f" } else { "cortex-m4" }),
        "thumbv8m.base" => row("cortex-m23"),
        // DSP is an option of this architecture, which the triple does not promise.
        "thumbv8m.main" => row("cortex-m3").map(|mut machine| {
            if floats {
                machine.fixed.add(Feature::Fpu);
            }
            machine
        }),
        _ => rv32(architecture.strip_prefix("riscv32")?),
    };
    machine.map(|machine| Machine {
        name: triple.to_owned(),
        ..machine
    })
}

/// The 32-bit RISC-V with these extensions, such as `imac`.
fn rv32(extensions: &str) -> Option<Machine> {
    let letters = extensions.strip_prefix(['i', 'g'])?;
    let mut machine = Machine {
        family: Family::Rv32,
        microcontroller: true,
        vectors: Vectors { count: 0, bytes: 0 },
        ..Machine::portable()
    };
    // `g` stands for these extensions.
    let general = if extensions.starts_with('g') { "mafd" } else { "" };
    for letter in letters.chars().chain(general.chars()) {
        let features: &[Feature] = match letter {
            'm' => &[Feature::Multiply, Feature::LongMultiply, Feature::Divide],
            'f' => &[Feature::Fpu],
            'd' => &[Feature::Fpu, Feature::Double],
            'a' | 'c' => &[],
            _ => return None,
        };
        features.iter().for_each(|feature| machine.fixed.add(*feature));
    }
    Some(machine)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(name: &str) -> Family {
        Machine::named(name).unwrap().family
    }

    #[test]
    fn names_are_read_as_people_write_them() {
        for (name, machine) in [
            ("Cortex-M4F", "cortex-m4f"),
            ("cortex_m7", "cortex-m7"),
            ("cortex-m0+", "cortex-m0plus"),
            ("x86_64", "x86-64"),
            ("arm64", "aarch64"),
        ] {
            assert_eq!(Machine::named(name).unwrap().name, machine);
        }
        assert!(Machine::named("rv32i").unwrap().fixed.iter().next().is_none());
    }

    #[test]
    fn triples_promise_what_rustc_does() {
        for triple in TRIPLES {
            let machine = Machine::named(triple).unwrap();
            assert_eq!(machine.name, *triple);
            let bare = triple.contains("-none-");
            assert_eq!(machine.microcontroller, bare, "{triple}");
        }
        let has = |triple: &str, feature| Machine::named(triple).unwrap().has(feature);
        assert!(has("thumbv7em-none-eabihf", Feature::Fpu) && !has("thumbv7em-none-eabi", Feature::Fpu));
        assert!(has("thumbv7em-none-eabi", Feature::Dsp) && !has("thumbv8m.main-none-eabihf", Feature::Dsp));
        assert!(!has("riscv32i-unknown-none-elf", Feature::Multiply));
        assert!(has("riscv32gc-unknown-linux-gnu", Feature::Double));
        assert!(has("thumbv7neon-linux-androideabi", Feature::Neon));
        assert_eq!(family("wasm32-wasip1"), Family::Wasm32);
        assert_eq!(family("aarch64-apple-darwin"), Family::Aarch64);
    }

    #[test]
    fn features_are_added_to_a_name() {
        let machine = Machine::named("thumbv8m.main-none-eabihf+dsp").unwrap();
        assert!(machine.has(Feature::Dsp));
        assert_eq!(machine.name, "thumbv8m.main-none-eabihf+dsp");
        assert_eq!(Machine::named("wasm32+simd128").unwrap().vectors.bytes, 16);
    }

    #[test]
    fn wrong_names_suggest_the_nearest() {
        let nearest = |name: &str| Machine::named(name).unwrap_err().nearest;
        assert_eq!(nearest("cortex-m44").as_deref(), Some("cortex-m4"));
        assert_eq!(nearest("corteks-m55").as_deref(), Some("cortex-m55"));
        assert_eq!(nearest("thumbv7em-none-eabif").as_deref(), Some("thumbv7em-none-eabi"));
        assert_eq!(nearest("cortex-m33+dps").as_deref(), Some("cortex-m33+dsp"));
        assert_eq!(nearest("toaster"), None);
        assert_eq!(nearest("rp2040").as_deref(), Some("cortex-m0plus"));
        assert_eq!(nearest("STM32F407VG").as_deref(), Some("cortex-m4f"));
        assert_eq!(nearest("esp32c3").as_deref(), Some("rv32imc"));
        // Bytes of weights are little-endian.
        assert!(Machine::named("aarch64_be-unknown-linux-gnu").is_err());
        assert!(Machine::named("").is_err());
        let message = Machine::named("toaster").unwrap_err().to_string();
        assert!(message.contains("`toaster`") && message.contains("--target help"));
    }
}
