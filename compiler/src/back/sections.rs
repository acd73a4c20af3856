//! Where the linker is to put weights and arena: names of its sections.

use crate::error::Error;

/// What a section is called, unless the user says so, that holds the weights which are read most.
pub const FAST_WEIGHTS: &str = ".fast_weights";
/// Beginnings of names that linkers take for something else than constants.
const TAKEN: [&str; 9] = [
    ".text", ".bss", ".sbss", ".tbss", ".tdata", ".note", ".init", ".fini", ".debug",
];
/// Longest name: more than any linker script needs.
const LONGEST: usize = 128;

/// Names of link sections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sections {
    /// Of the weights.
    pub weights: Option<String>,
    /// Of the static that holds the model.
    pub arena: Option<String>,
    /// Of the weights that are read most.
    pub fast_weights: Option<FastWeights>,
}

/// Fast memory for weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FastWeights {
    /// Its section.
    pub section: String,
    /// Its size.
    pub bytes: usize,
}

impl Sections {
    /// Whether anything has a section.
    pub fn any(&self) -> bool {
        self.weights.is_some() || self.arena.is_some() || self.fast_weights.is_some()
    }

    /// The flags that ask for these, with what each names.
    fn named(&self) -> Vec<(&'static str, &str)> {
        let fast = self.fast_weights.as_ref().map(|fast| &fast.section);
        let all = [
            ("--weights-section", self.weights.as_ref()),
            ("--fast-weights", fast),
            ("--arena-section", self.arena.as_ref()),
        ];
        let given = all.into_iter().filter_map(|(flag, name)| Some((flag, name?.as_str())));
        given.collect()
    }

    /// Whether the names are such as sections of ELF files have, and do not mix what linkers keep apart.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), Error> {
        let names = self.named();
        for (flag, name) in &names {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '$' | '-');
            if name.is_empty() || name.len() > LONGEST || !name.chars().all(fits) {
                return Err(Error::usage(
                    format!("{flag}: `{}` is no name of a section", name.escape_default()),
                    format!("use letters, digits, and . _ $ -, at most {LONGEST}, such as {FAST_WEIGHTS}"),
                ));
            }
            let taken = TAKEN.iter().find(|start| {
                let rest = name.strip_prefix(**start);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '_']))
            });
            // What is zero at first may be where the zeros of other statics are.
            if let Some(start) = taken.filter(|start| !(**start == ".bss" && *flag == "--arena-section")) {
                return Err(Error::usage(
                    format!("{flag}: sections named {start} do not hold what is read as data"),
                    "choose another name and give it a place in the linker script",
                ));
            }
        }
        let arena = self.arena.as_deref();
        if let Some((flag, name)) = names
            .iter()
            .find(|(flag, name)| *flag != "--arena-section" && Some(*name) == arena)
        {
            return Err(Error::usage(
                format!(
                    "{flag} and --arena-section are both `{name}`: constants and what is written need two sections"
                ),
                "give them two names; the linker script can put both into one memory",
            ));
        }
        if self.fast_weights.as_ref().is_some_and(|fast| fast.bytes == 0) {
            return Err(Error::usage(
                "--fast-weights has no bytes",
                "say how much fast memory there is, such as 64K",
            ));
        }
        Ok(())
    }
}
