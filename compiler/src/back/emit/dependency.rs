//! What an emitted file needs beside itself: runtime-core, and which features of it.

use super::{Options, WeightsMode, made_for};
use crate::ir::program::{Cores, Program};

/// Features of runtime-core that the file does not compile, or does not run as it was chosen, without.
pub(super) fn features(program: &Program, options: &Options) -> Vec<&'static str> {
    let needed = [
        ("mve", made_for(program, Cores::Mve)),
        ("threads", options.threads),
        ("updates", options.weights == WeightsMode::Updatable),
    ];
    needed
        .iter()
        .filter_map(|(feature, needed)| needed.then_some(*feature))
        .collect()
}

/// The line of the table `[dependencies]` in `Cargo.toml`; `from` says where runtime-core comes from, as
/// `version = "0.1.0"`.
pub fn dependency(from: &str, features: &[&str]) -> String {
    match features {
        [] => format!("runtime-core = {{ {from} }}"),
        _ => format!("runtime-core = {{ {from}, features = {features:?} }}"),
    }
}

/// The same with the version that this edgec emits for, for the head of a file.
pub(super) fn line(features: &[&str]) -> String {
    let version = concat!("version = \"", env!("CARGO_PKG_VERSION"), "\"");
    format!("// Needs, in Cargo.toml: {}", dependency(version, features))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_listed_where_there_are_some() {
        assert_eq!(dependency("path = \"a\"", &[]), "runtime-core = { path = \"a\" }");
        assert_eq!(
            dependency("version = \"1\"", &["mve", "updates"]),
            "runtime-core = { version = \"1\", features = [\"mve\", \"updates\"] }"
        );
    }
}
