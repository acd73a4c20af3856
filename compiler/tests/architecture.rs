//! The folders of `src` import one another in one direction only: the table here is the one of ARCHITECTURE.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room of `compiler/src`, and the rooms that its code may use. Unit tests may use any.
const ALLOWED: &[(&str, &[&str])] = &[
    ("words", &[]),
    ("machine", &["words"]),
    ("ir", &["machine"]),
    ("error", &["ir"]),
    ("data", &["error", "ir"]),
    ("back", &["error", "ir", "machine"]),
    ("middle", &["back", "data", "error", "ir"]),
    ("page", &["middle", "back", "ir"]),
    ("front", &["middle", "error", "ir", "words"]),
    (
        "compiler",
        &["front", "page", "middle", "back", "data", "error", "ir", "machine"],
    ),
    (
        "tools",
        &["compiler", "front", "middle", "back", "data", "error", "ir", "machine"],
    ),
];

/// Names that `lib.rs` exports from a room.
const EXPORTED: &[(&str, &str)] = &[
    ("Error", "error"),
    ("OperatorProblem", "error"),
    ("Compiled", "compiler"),
    ("Compiler", "compiler"),
    ("Machine", "machine"),
    ("Report", "back"),
    ("PruneReport", "tools"),
];

#[test]
fn imports_run_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = vec![];
    let mut arrows = 0;
    for (room, allowed) in ALLOWED {
        for file in files(&source.join(room))
            .into_iter()
            .chain([source.join(format!("{room}.rs"))])
        {
            let Ok(text) = fs::read_to_string(&file) else { continue };
            if is_test(&file) {
                continue;
            }
            for used in used_rooms(text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default()) {
                arrows += 1;
                if used != *room && !allowed.contains(&used.as_str()) {
                    wrong.push(format!("{} uses {used}", file.strip_prefix(&source).unwrap().display()));
                }
            }
        }
    }
    assert!(
        arrows > 500,
        "only {arrows} imports were found: the test does not read them"
    );
    assert!(wrong.is_empty(), "imports against the table:\n{}", wrong.join("\n"));
}

#[test]
fn the_table_is_that_of_the_documentation() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md")).unwrap();
    for (room, allowed) in ALLOWED {
        let names: Vec<_> = allowed.iter().map(|name| format!("`{name}`")).collect();
        let row = format!("| `{room}` | {} |", names.join(", "));
        assert!(text.contains(&row), "ARCHITECTURE.md lacks the row: {row}");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return vec![];
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect()
}

/// Whether a file holds nothing but unit tests.
fn is_test(file: &Path) -> bool {
    let mut parts = file
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    parts.any(|part| part.contains("tests") || part == "testing.rs") && !file.ends_with("data/test_set.rs")
}

/// The rooms after each `crate::`, also in lists of braces.
fn used_rooms(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut found = vec![];
    for after in code.split("crate::").skip(1) {
        let names = match after.strip_prefix('{') {
            Some(list) => heads(list),
            None => [word(after)].into(),
        };
        let rooms = ALLOWED.iter().map(|(room, _)| *room);
        for name in names {
            let exported = EXPORTED
                .iter()
                .find(|(export, _)| *export == name)
                .map(|(_, room)| *room);
            found.extend(
                exported
                    .or_else(|| rooms.clone().find(|room| *room == name))
                    .map(str::to_owned),
            );
        }
    }
    found
}

/// The first word of each entry of a list of braces, which begins at `list`.
fn heads(list: &str) -> BTreeSet<String> {
    let (mut depth, mut start, mut found) = (0, 0, BTreeSet::new());
    for (at, character) in list.char_indices() {
        match character {
            '}' if depth == 0 => {
                found.insert(word(&list[start..at]));
                break;
            }
            ',' if depth == 0 => {
                found.insert(word(&list[start..at]));
                start = at + 1;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    found
}

fn word(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The packages of the tree of the crate in `folder`, build scripts and macros included, as `cargo tree` prints them.
/// Only there does cargo leave out the features that other members of the workspace ask for.
fn packages(folder: &str, features: &[&str]) -> BTreeSet<String> {
    let mut command = std::process::Command::new(env!("CARGO"));
    command.args(["tree", "--offline", "--locked", "--prefix", "none"]);
    let output = command
        .args(["--edges", "normal,build"])
        .args(features)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .collect()
}

#[test]
fn few_crates_are_compiled() {
    let of_build_scripts = packages(".", &["--no-default-features"]);
    assert!(of_build_scripts.len() < 60, "{of_build_scripts:#?}");
    let on_devices = packages("../runtime-core", &[]);
    let no_macros = on_devices.iter().all(|package| !package.contains("proc-macro"));
    assert!((1..6).contains(&on_devices.len()) && no_macros, "{on_devices:#?}");
}

/// As `cargo publish` packs them; that what is packed builds is `scripts/publish.sh`.
#[test]
fn crates_can_be_packed() {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["package", "--offline", "--no-verify", "--allow-dirty", "--target-dir"])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("crates"))
        .args([
            "--package",
            "runtime-core",
            "--package",
            "edgec-bindings",
            "--package",
            "edgec",
            "--package",
            "edgec-build",
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
