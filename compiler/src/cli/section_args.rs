use clap::Args;
use edgec::Compiler;
use edgec::back::sections::{FAST_WEIGHTS, FastWeights};
use edgec::words::byte_count;

/// Where the linker puts weights and arena.
#[derive(Debug, Args)]
pub(super) struct SectionArgs {
    /// Put the weights into this link section. Attributes that do so are `unsafe`: a crate that forbids unsafe code
    /// cannot hold the emitted file then
    #[arg(long, value_name = "NAME")]
    weights_section: Option<String>,
    /// Put the weights that are read most into a link section of their own, .fast_weights or SECTION, as many as these
    /// bytes hold: bytes, or `64K` of 1024 bytes each. Unsafe attributes as above
    #[arg(long, value_name = "[SECTION=]BYTES", value_parser = fast_weights)]
    fast_weights: Option<FastWeights>,
    /// Emit a macro that puts the static with the model, and so the arena, into this link section. Unsafe attributes as
    /// above
    #[arg(long, value_name = "NAME")]
    arena_section: Option<String>,
}

fn fast_weights(text: &str) -> Result<FastWeights, String> {
    let (section, size) = text.split_once('=').unwrap_or((FAST_WEIGHTS, text));
    let section = section.to_owned();
    byte_count(size).map(|bytes| FastWeights { section, bytes })
}

impl SectionArgs {
    /// `compiler` with these sections.
    pub(super) fn apply(&self, mut compiler: Compiler) -> Compiler {
        if let Some(name) = &self.weights_section {
            compiler = compiler.weights_section(name);
        }
        if let Some(fast) = &self.fast_weights {
            compiler = compiler.fast_weights(&fast.section, fast.bytes);
        }
        if let Some(name) = &self.arena_section {
            compiler = compiler.arena_section(name);
        }
        compiler
    }

    /// The flags that give the same, each with its value.
    pub(super) fn flags(&self) -> Vec<(&'static str, String)> {
        let fast = self.fast_weights.as_ref();
        let fast = fast.map(|fast| format!("{}={}", fast.section, fast.bytes));
        let all = [
            ("--weights-section", self.weights_section.clone()),
            ("--fast-weights", fast),
            ("--arena-section", self.arena_section.clone()),
        ];
        all.into_iter()
            .filter_map(|(flag, value)| Some((flag, value?)))
            .collect()
    }
}
