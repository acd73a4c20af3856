//! What the libraries of a package are for.

use super::kind::Kind;
use crate::cli::doctor::triple;
use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches};
use edgec::machine::Feature;
use edgec::{Error, Machine};

/// Arguments with a list of targets in the place of one.
#[derive(Debug)]
pub(super) struct ForTargets<T> {
    pub(super) of: T,
    pub(super) machines: Vec<Machine>,
}

impl<T: Args> FromArgMatches for ForTargets<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let machines = matches.get_many("target").into_iter().flatten().cloned().collect();
        let of = T::from_arg_matches(matches)?;
        Ok(Self { of, machines })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<T: Args> Args for ForTargets<T> {
    fn augment_args(command: Command) -> Command {
        T::augment_args(command).mut_arg("target", |target| {
            target
                .action(ArgAction::Append)
                .value_delimiter(',')
                .value_name("NAME,..")
                .default_value(None)
                .required(true)
                .help(
                    "What the libraries are for, one for each: microcontrollers, or target triples of rustc; `help` \
                     lists them",
                )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// A target of a package.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) machine: Machine,
    /// rustc's.
    pub(super) triple: String,
    /// Features of runtime-core.
    pub(super) features: &'static [&'static str],
    /// What it is called elsewhere, if it is known there.
    pub(super) kind: Option<&'static Kind>,
}

impl Target {
    /// The targets for these machines.
    ///
    /// # Errors
    /// If one of them is none that libraries are built for, or C could not tell them apart.
    pub(super) fn all(machines: &[Machine]) -> Result<Vec<Self>, Error> {
        let targets: Vec<Self> = machines.iter().map(Self::of).collect::<Result<_, _>>()?;
        for (i, target) in targets.iter().enumerate() {
            let same = |other: &&Self| match (other.kind, target.kind) {
                (Some(a), Some(b)) => a.rank() == b.rank(),
                _ => true,
            };
            if let Some(other) = targets[..i].iter().find(same) {
                return Err(Error::Usage {
                    message: format!("C does not tell {} from {}", target.machine, other.machine),
                    help: Some(
                        "a package has one library for each ABI: make one for each of these, with other names".into(),
                    ),
                });
            }
        }
        Ok(targets)
    }

    fn of(machine: &Machine) -> Result<Self, Error> {
        let base = machine.name.split('+').next().unwrap_or_default();
        let triple = match (triple(base), base.strip_prefix("rv32")) {
            (Some(triple), _) => triple.to_owned(),
            (None, Some(extensions)) => format!("riscv32{extensions}-unknown-none-elf"),
            (None, None) => base.to_owned(),
        };
        let wrong = |message: String, help: &str| Error::Usage {
            message,
            help: Some(help.into()),
        };
        if ["board", "mcu"].contains(&base) {
            return Err(wrong(
                format!("`{base}` stands for many machines, which take other libraries"),
                "name one, such as cortex-m4f, or a target triple; `--target help` lists them",
            ));
        }
        if ["wasm", "apple", "windows", "uefi"]
            .iter()
            .any(|word| triple.contains(word))
        {
            return Err(wrong(
                format!("there are no packages for {triple}: its libraries are not in the format ELF"),
                "use --c-header, and build the library with cargo: see docs/firmware.md",
            ));
        }
        let mve = machine.has(Feature::Mve);
        Ok(Self {
            kind: Kind::of(&triple, mve),
            features: if mve { &["mve"] } else { &[] },
            machine: machine.clone(),
            triple,
        })
    }

    /// The folder of its library.
    pub(super) fn folder(&self) -> String {
        let features = self.features.iter().map(|feature| format!("+{feature}"));
        std::iter::once(self.triple.clone()).chain(features).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(names: &[&str]) -> Result<Vec<String>, String> {
        let machines: Vec<_> = names.iter().map(|name| Machine::named(name).unwrap()).collect();
        let targets = Target::all(&machines).map_err(|error| error.to_string())?;
        Ok(targets.iter().map(Target::folder).collect())
    }

    #[test]
    fn names_stand_for_triples() {
        for (name, folder) in [
            ("cortex-m4f", "thumbv7em-none-eabihf"),
            ("cortex-m55", "thumbv8m.main-none-eabihf+mve"),
            ("rv32imac", "riscv32imac-unknown-none-elf"),
            ("rv32im", "riscv32im-unknown-none-elf"),
            ("thumbv8m.main-none-eabihf+dsp", "thumbv8m.main-none-eabihf"),
            ("aarch64-unknown-linux-musl", "aarch64-unknown-linux-musl"),
        ] {
            assert_eq!(folders(&[name]).unwrap(), [folder]);
        }
        assert_eq!(folders(&["cortex-m33", "cortex-m55", "cortex-m0"]).unwrap().len(), 3);
    }

    #[test]
    fn what_has_no_package_is_told() {
        let error = |names: &[&str]| folders(names).unwrap_err();
        assert!(error(&["board"]).contains("many machines"));
        assert!(error(&["wasm32"]).contains("wasm32-unknown-unknown"));
        assert!(error(&["aarch64-apple-darwin"]).contains("ELF"));
        assert!(error(&["cortex-m4f", "cortex-m7"]).contains("cortex-m7 from cortex-m4f"));
        assert!(
            error(&["cortex-m0", "rv32im"]).contains("rv32im from"),
            "nothing tells what rv32im is"
        );
    }
}
