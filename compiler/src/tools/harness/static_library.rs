use super::build::{no_cargo, update};
use super::{HarnessError, RuntimeCore, Workspace};
use crate::back::emit::Emitted;
use std::fs;
use std::path::{Path, PathBuf};

/// A model with its functions for C, to build for a target without the standard library.
#[derive(Clone, Copy, Debug)]
pub struct StaticLibrary<'a> {
    /// The emitted file: the module [`MODULE`](Self::MODULE).
    pub emitted: &'a Emitted,
    /// The functions for C around it.
    pub functions: &'a str,
    /// rustc's target.
    pub triple: &'a str,
    /// `opt-level`, as in `Cargo.toml`.
    pub opt_level: &'a str,
    /// Features of runtime-core.
    pub features: &'a [&'a str],
}

impl StaticLibrary<'_> {
    /// The module of the emitted file.
    pub const MODULE: &'static str = "model";
    /// What that file calls its sidecar.
    pub const SIDECAR: &'static str = "model.weights";

    fn manifest(&self, runtime_core: &RuntimeCore) -> String {
        let features: Vec<_> = self.features.iter().map(|feature| format!("\"{feature}\"")).collect();
        format!(
            "[package]\nname = \"model\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
             [lib]\npath = \"src/library.rs\"\ncrate-type = [\"staticlib\"]\n\n\
             [dependencies]\nruntime-core = {{ {}, features = [{}] }}\n\n\
             [profile.release]\nopt-level = {}\nlto = true\ncodegen-units = 1\npanic = \"abort\"\n\n[workspace]\n",
            runtime_core.dependency(),
            features.join(", "),
            match self.opt_level.parse::<u8>() {
                Ok(number) => number.to_string(),
                Err(_) => format!("\"{}\"", self.opt_level),
            },
        )
    }
}

/// The crate around both files.
const LIBRARY: &str = "#![no_std]
#![deny(unsafe_code)]

mod model;
mod model_c;

/// Nobody is there to tell. Code that cannot panic, as nearly all emitted code, leaves this out.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
";

impl Workspace {
    /// Builds a static library, for whose target `core` must be installed. No path of this machine is in it.
    ///
    /// # Errors
    /// If cargo cannot be run or fails, with what it said.
    pub fn static_library(&self, library: &StaticLibrary<'_>) -> Result<PathBuf, HarnessError> {
        let sources = self.folder.join("src");
        fs::create_dir_all(&sources).map_err(|e| HarnessError::io(&sources, e))?;
        let manifest = library.manifest(&self.runtime_core);
        update(&self.folder.join("Cargo.toml"), manifest.as_bytes())?;
        update(&sources.join("library.rs"), LIBRARY.as_bytes())?;
        update(&sources.join("model.rs"), library.emitted.source.as_bytes())?;
        update(&sources.join("model_c.rs"), library.functions.as_bytes())?;
        if let Some(bytes) = &library.emitted.sidecar {
            update(&sources.join(StaticLibrary::SIDECAR), bytes)?;
        }
        let output = self
            .cargo_build()
            .args(["--target", library.triple])
            .env("CARGO_ENCODED_RUSTFLAGS", self.encoded_flags())
            // Incremental builds are cut into other parts.
            .env_remove("CARGO_INCREMENTAL")
            .output()
            .map_err(|e| no_cargo(&e))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(HarnessError::new(format!(
                "the library for {} cannot be built:\n{}",
                library.triple,
                said.trim()
            )));
        }
        let built = self.target_folder().join(library.triple).join("release");
        Ok(built.join("libmodel.a"))
    }

    /// The flags of rustc, those first that take the folders of this machine out of messages.
    fn encoded_flags(&self) -> String {
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
        let sources = match &self.runtime_core {
            RuntimeCore::Path(path) => Some((path.as_path(), "runtime-core")),
            RuntimeCore::Version(_) => None,
        };
        let folders = [(self.folder.as_path(), "model")].into_iter().chain(sources);
        let folders = folders.chain(home.as_deref().map(|home| (home, "cargo")));
        let remap = |(from, to): (&Path, &str)| format!("--remap-path-prefix={}={to}", from.display());
        let given = self.rustflags.split_whitespace().map(str::to_owned);
        folders.map(remap).chain(given).collect::<Vec<_>>().join("\u{1f}")
    }
}
