use std::path::{Path, PathBuf};
use std::process::Command;

/// The Rust of this machine, as its compiler tells.
pub(super) struct Rust {
    /// As in `1.95.0`.
    pub(super) version: String,
    /// The triple of this machine.
    pub(super) host: String,
    sysroot: PathBuf,
}

impl Rust {
    /// `RUSTC`, else `rustc`; `None` if it does not run.
    pub(super) fn find() -> Option<Self> {
        let about = rustc("-vV")?;
        let field = |name: &str| {
            about
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::to_owned)
        };
        Some(Self {
            version: field("release: ")?,
            host: field("host: ")?,
            sysroot: rustc("--print=sysroot")?.trim().into(),
        })
    }

    /// Whether the standard library, or `core`, is installed for a target. This needs neither rustup nor the network.
    pub(super) fn has(&self, triple: &str) -> bool {
        self.sysroot.join("lib/rustlib").join(triple).join("lib").is_dir()
    }

    /// A program that comes with it, such as `rust-lld`, else `other`, if that is in `PATH`; ready to take arguments.
    pub(super) fn tool(&self, name: &str, other: &str) -> Option<Command> {
        let own = self.sysroot.join("lib/rustlib").join(&self.host).join("bin");
        let own = own.join(name).with_extension(std::env::consts::EXE_EXTENSION);
        if !own.is_file() {
            return on_path(other).then(|| Command::new(other));
        }
        let mut command = Command::new(own);
        // Where it looks for LLVM; on Windows LLVM is in it.
        let libraries = self.sysroot.join("lib");
        command.env("LD_LIBRARY_PATH", &libraries);
        command.env("DYLD_FALLBACK_LIBRARY_PATH", &libraries);
        Some(command)
    }

    /// Whether it is `version` or a later one.
    pub(super) fn is_at_least(&self, version: &str) -> bool {
        numbers(&self.version) >= numbers(version)
    }
}

/// Major and minor version.
fn numbers(version: &str) -> Vec<u32> {
    let parts = version.split(['.', '-']).take(2);
    parts.map(|part| part.parse().unwrap_or(0)).collect()
}

fn rustc(flag: &str) -> Option<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg(flag).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}

/// Whether a program is in `PATH`.
pub(super) fn on_path(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |folder: &Path| {
        [program.to_owned(), format!("{program}{}", std::env::consts::EXE_SUFFIX)]
            .iter()
            .any(|name| folder.join(name).is_file())
    };
    std::env::split_paths(&folders).any(|folder| is_there(&folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        let rust = |version: &str| Rust {
            version: version.into(),
            host: String::new(),
            sysroot: PathBuf::new(),
        };
        assert!(rust("1.95.0").is_at_least("1.95") && rust("1.100.0-nightly").is_at_least("1.95"));
        assert!(!rust("1.9.0").is_at_least("1.95") && !rust("1.94.1").is_at_least("1.95"));
    }
}
