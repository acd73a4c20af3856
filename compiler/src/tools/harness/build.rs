use super::source::{library, manifest, program};
use super::{HarnessError, Module, Runner, Workspace, updatable};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// What cargo said: errors by module, and those that no module could be blamed for.
#[derive(Default)]
struct Complaints {
    by_module: BTreeMap<String, String>,
    by_crate: BTreeMap<usize, String>,
}

impl Workspace {
    /// Builds crates of models in release mode. Gives one result a module, in order: where it does not compile it is
    /// left out and the rest of its crate is built without it.
    ///
    /// # Errors
    /// If cargo cannot be run, or fails for a reason that is not in the models.
    pub fn build(&self, crates: &[Vec<Module>]) -> Result<Vec<Result<Runner, HarnessError>>, HarnessError> {
        let mut failed: BTreeMap<String, String> = BTreeMap::new();
        loop {
            self.write(crates, &failed)?;
            let complaints = self.cargo(crates)?;
            let mut blamed = complaints.by_module;
            for (index, text) in complaints.by_crate {
                let standing = crates[index].iter().filter(|m| !failed.contains_key(&m.name));
                if !crates[index].iter().any(|m| blamed.contains_key(&m.name)) {
                    blamed.extend(standing.map(|m| (m.name.clone(), text.clone())));
                }
            }
            if blamed.is_empty() {
                break;
            }
            failed.extend(blamed);
        }
        let release = self.release_folder();
        let outcome = |index: usize, module: &Module| match failed.get(&module.name) {
            Some(text) => Err(HarnessError::new(format!("the emitted code does not compile:\n{text}"))
                .help("this is a fault of edgec: please report it, with the model if you can share it")),
            None => Ok(Runner {
                program: release
                    .join(self.crate_name(index))
                    .with_extension(std::env::consts::EXE_EXTENSION),
                model: module.name.clone(),
                interface: module.emitted.interface.clone(),
                threads: 1,
                emulator: vec![],
            }),
        };
        let crates = crates.iter().enumerate();
        Ok(crates
            .flat_map(|(i, modules)| modules.iter().map(move |m| (i, m)))
            .map(|(i, m)| outcome(i, m))
            .collect())
    }

    /// Writes the sources, touching only files that change.
    fn write(&self, crates: &[Vec<Module>], failed: &BTreeMap<String, String>) -> Result<(), HarnessError> {
        let members: Vec<_> = (0..crates.len())
            .map(|i| format!("\"{}\"", self.crate_name(i)))
            .collect();
        let root = format!("[workspace]\nresolver = \"3\"\nmembers = [{}]\n", members.join(", "));
        update(&self.folder.join("Cargo.toml"), root.as_bytes())?;
        for (index, modules) in crates.iter().enumerate() {
            let (name, modules) = (
                self.crate_name(index),
                modules
                    .iter()
                    .filter(|m| !failed.contains_key(&m.name))
                    .collect::<Vec<_>>(),
            );
            let folder = self.folder.join(&name);
            let sources = folder.join("src");
            fs::create_dir_all(sources.join("included")).map_err(|e| HarnessError::io(&sources, e))?;
            update(
                &folder.join("Cargo.toml"),
                manifest(&name, &self.runtime_core.dependency(), &modules).as_bytes(),
            )?;
            update(&sources.join("models.rs"), library(&modules).as_bytes())?;
            update(&sources.join("main.rs"), program(&name, &modules).as_bytes())?;
            for module in modules {
                update(&sources.join(module.file()), module.emitted.source.as_bytes())?;
                if let Some(bytes) = &module.emitted.sidecar {
                    update(&sources.join(module.sidecar_file()), bytes)?;
                }
                updatable::check(module)?;
                if let Some(bytes) = &module.blob {
                    update(&sources.join(updatable::file(module)), bytes)?;
                }
            }
        }
        Ok(())
    }

    /// `cargo build` in this workspace, without what the caller's environment says of flags and folders.
    pub(super) fn cargo_build(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command
            .args(["build", "--release", "--quiet", "--target-dir"])
            .arg(self.target_folder())
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        for inherited in [
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET",
            "RUSTC_WORKSPACE_WRAPPER",
        ] {
            command.env_remove(inherited);
        }
        command
    }

    fn cargo(&self, crates: &[Vec<Module>]) -> Result<Complaints, HarnessError> {
        let mut command = self.cargo_build();
        command.args(["--keep-going", "--message-format=json"]);
        if let Some(triple) = &self.target {
            command.args(["--target", triple]);
        }
        command.env("RUSTFLAGS", &self.rustflags);
        let output = command.output().map_err(|e| no_cargo(&e))?;
        let mut complaints = Complaints::default();
        let names: Vec<_> = (0..crates.len()).map(|index| self.crate_name(index)).collect();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            if let Ok(message) = serde_json::from_str::<Value>(line) {
                complaints.add(&message, crates, &names);
            }
        }
        if output.status.success() || !(complaints.by_module.is_empty() && complaints.by_crate.is_empty()) {
            return Ok(complaints);
        }
        Err(HarnessError::new(format!(
            "cargo failed:\n{}",
            String::from_utf8_lossy(&output.stderr).trim()
        )))
    }
}

impl Complaints {
    /// Takes in one line of cargo's JSON about the crates, whose names are `names`.
    fn add(&mut self, line: &Value, crates: &[Vec<Module>], names: &[String]) {
        let message = &line["message"];
        if line["reason"] != "compiler-message" || message["level"] != "error" {
            return;
        }
        let target = line["target"]["name"].as_str().unwrap_or_default();
        let Some(index) = names.iter().position(|name| name == target) else {
            return;
        };
        let text = message["rendered"].as_str().unwrap_or_default();
        let mut files = BTreeSet::new();
        collect_files(message, &mut files);
        let blamed = crates[index]
            .iter()
            .filter(|m| files.iter().any(|f| Path::new(f).ends_with(m.file())));
        let mut found = false;
        for module in blamed {
            found = true;
            self.by_module.entry(module.name.clone()).or_default().push_str(text);
        }
        if !found {
            self.by_crate.entry(index).or_default().push_str(text);
        }
    }
}

/// Files that a message or its notes point at.
fn collect_files<'a>(message: &'a Value, files: &mut BTreeSet<&'a str>) {
    for span in message["spans"].as_array().into_iter().flatten() {
        files.extend(span["file_name"].as_str());
    }
    for child in message["children"].as_array().into_iter().flatten() {
        collect_files(child, files);
    }
}

/// Cargo is missing.
pub(super) fn no_cargo(error: &std::io::Error) -> HarnessError {
    HarnessError::new(format!("cargo cannot be run: {error}")).help("install Rust from https://rustup.rs")
}

pub(super) fn update(path: &Path, bytes: &[u8]) -> Result<(), HarnessError> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(path, bytes).map_err(|e| HarnessError::io(path, e))
}
