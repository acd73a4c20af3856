use super::HarnessError;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The compiler's folder in the checkout that it is built from. What is built for others, who have no such folder, is
/// the same wherever it is built: it holds none.
const CHECKOUT: Option<&str> = match option_env!("EDGEC_FOR_OTHERS") {
    None => Some(env!("CARGO_MANIFEST_DIR")),
    Some(_) => None,
};

/// Where emitted code gets runtime-core from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuntimeCore {
    /// A folder.
    Path(PathBuf),
    /// crates.io, this version.
    Version(&'static str),
}

impl RuntimeCore {
    /// `EDGEC_RUNTIME_CORE`, else the checkout that this compiler was built from, else crates.io.
    ///
    /// # Errors
    /// If `EDGEC_RUNTIME_CORE` is set to something else than the crate's folder.
    pub fn find() -> Result<Self, HarnessError> {
        if let Some(path) = std::env::var_os("EDGEC_RUNTIME_CORE").map(PathBuf::from) {
            let manifest = path.join("Cargo.toml");
            if !manifest.is_file() {
                return Err(
                    HarnessError::new(format!("EDGEC_RUNTIME_CORE: there is no {}", manifest.display()))
                        .help("set it to the folder of the runtime-core crate, or unset it"),
                );
            }
            return Ok(Self::Path(path.canonicalize().map_err(|e| HarnessError::io(&path, e))?));
        }
        let checkout = CHECKOUT.map(|folder| Path::new(folder).join("../runtime-core"));
        let checkout = checkout.filter(|folder| folder.join("Cargo.toml").is_file());
        match checkout.map(|folder| folder.canonicalize()) {
            Some(Ok(path)) => Ok(Self::Path(path)),
            _ => Ok(Self::Version(env!("CARGO_PKG_VERSION"))),
        }
    }

    /// As an entry in the table of a dependency in `Cargo.toml`.
    pub fn dependency(&self) -> String {
        match self {
            Self::Path(path) => format!("path = {}", toml_string(&path.to_string_lossy())),
            Self::Version(version) => format!("version = \"={version}\""),
        }
    }

    /// The lock file of the checkout, so that the same versions are built as there.
    fn lock_file(&self) -> Option<PathBuf> {
        match self {
            Self::Path(path) => Some(path.join("../Cargo.lock")).filter(|lock| lock.is_file()),
            Self::Version(_) => None,
        }
    }
}

fn toml_string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A folder in which emitted code is built, for one process at a time. Workspaces beside each other share the folder
/// `target` beside them, so that runtime-core is compiled once for all of them.
#[derive(Debug)]
pub struct Workspace {
    pub(super) folder: PathBuf,
    pub(super) runtime_core: RuntimeCore,
    pub(super) rustflags: String,
    pub(super) target: Option<String>,
    _lock: File,
}

impl Workspace {
    /// Opens the folder, making it if need be; waits while another process uses it.
    ///
    /// # Errors
    /// If the folder cannot be made or runtime-core cannot be found.
    pub fn open(folder: &Path) -> Result<Self, HarnessError> {
        fs::create_dir_all(folder).map_err(|e| HarnessError::io(folder, e))?;
        let folder = folder.canonicalize().map_err(|e| HarnessError::io(folder, e))?;
        let path = folder.join("in-use.lock");
        let lock = File::create(&path).map_err(|e| HarnessError::io(&path, e))?;
        lock.lock().map_err(|e| HarnessError::io(&path, e))?;
        let runtime_core = RuntimeCore::find()?;
        let locked = folder.join("Cargo.lock");
        if let (Some(source), false) = (runtime_core.lock_file(), locked.exists()) {
            fs::copy(&source, &locked).map_err(|e| HarnessError::io(&source, e))?;
        }
        Ok(Self {
            folder,
            runtime_core,
            rustflags: String::new(),
            target: None,
            _lock: lock,
        })
    }

    /// Opens the folder `name` in the user's cache.
    ///
    /// # Errors
    /// As [`Workspace::open`].
    pub fn in_user_cache(name: &str) -> Result<Self, HarnessError> {
        let variable = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let cache = variable("XDG_CACHE_HOME")
            .or_else(|| variable("LOCALAPPDATA"))
            .or_else(|| variable("HOME").map(|home| home.join(".cache")))
            .unwrap_or_else(std::env::temp_dir);
        Self::open(&cache.join("edgec").join(name))
    }

    /// Compiles with these flags of rustc; by default with none, as users do.
    pub fn rustflags(mut self, flags: impl Into<String>) -> Self {
        self.rustflags = flags.into();
        self
    }

    /// Compiles for this target triple of rustc; by default for this machine.
    pub fn target(mut self, triple: impl Into<String>) -> Self {
        self.target = Some(triple.into());
        self
    }

    /// Where cargo puts programs and libraries.
    pub(super) fn release_folder(&self) -> PathBuf {
        let folder = self.target_folder();
        match &self.target {
            Some(triple) => folder.join(triple).join("release"),
            None => folder.join("release"),
        }
    }

    /// Where cargo builds.
    pub(super) fn target_folder(&self) -> PathBuf {
        self.folder.with_file_name("target")
    }

    /// The compiled library of the crate at this index.
    pub fn library(&self, index: usize) -> PathBuf {
        let library = format!("lib{}.rlib", self.crate_name(index));
        self.release_folder().join(library)
    }

    /// The name of the crate at this index: no other workspace beside this one has a crate of that name.
    pub(super) fn crate_name(&self, index: usize) -> String {
        let folder = self.folder.file_name().unwrap_or_default().to_string_lossy();
        let workspace = folder.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_lowercase();
        format!("models_of_{workspace}_{index}")
    }
}
