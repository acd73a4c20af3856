//! The files of a package, as texts and bytes. Every build system finds its own in one folder: none of them minds those
//! of the others.

use super::archive::archive;
use super::examples::examples;
use super::kind::Kind;
use super::object::Combined;
use super::target::Target;
use edgec::back::emit::CInterface;
use std::fmt::Write;

/// A file of the folder `templates/package`.
macro_rules! template {
    ($name:literal) => {
        include_str!(concat!("../../../templates/package/", $name))
    };
}
pub(super) use template;

/// A target with what was made for it.
pub(super) struct Built {
    pub(super) target: Target,
    pub(super) c: CInterface,
    pub(super) object: Combined,
    /// Bytes of a model's working memory.
    pub(super) ram: usize,
}

/// What the texts say.
pub(super) struct Texts {
    words: Vec<(&'static str, String)>,
}

impl Texts {
    /// `text` with words in the place of `@names@`. In one pass: a word, such as a file's name, may look like others.
    pub(super) fn fill(&self, text: &str) -> String {
        let (mut filled, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once('@') {
            filled.push_str(before);
            let mut words = self.words.iter();
            let found = words.find_map(|(name, word)| Some((word, after.strip_prefix(name)?.strip_prefix('@')?)));
            let (word, behind) = found.map_or(("@", after), |(word, behind)| (word, behind));
            filled.push_str(word);
            rest = behind;
        }
        filled + rest
    }
}

/// What a package is of, beside its targets.
pub(super) struct About<'a> {
    /// The model's file.
    pub(super) model: &'a str,
    /// The command that makes the package again.
    pub(super) command: &'a str,
    /// Its version.
    pub(super) version: &'a str,
}

/// All files, by their paths in the package.
pub(super) fn files(about: &About<'_>, all: &[Built]) -> Vec<(String, Vec<u8>)> {
    let c = &all[0].c;
    let (name, constants) = (c.prefix.clone(), c.prefix.to_ascii_uppercase());
    let folders: Vec<_> = all.iter().map(|built| built.target.folder()).collect();
    let arguments: Vec<_> = c.arrays.iter().map(|array| array.name.clone()).collect();
    let texts = Texts {
        words: vec![
            ("name", name.clone()),
            ("NAME", constants),
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("package_version", about.version.to_owned()),
            ("model", about.model.to_owned()),
            ("command", about.command.to_owned()),
            ("arguments", arguments.join(", ")),
        ],
    };
    let kinds = kinds(all);
    let mut files = headers(&texts, all, "include");
    for built in all {
        let library = archive(&built.object.bytes, &built.c.functions);
        files.push((format!("lib/{}/lib{name}.a", built.target.folder()), library));
    }
    let mut text = |path: String, text: String| files.push((path, text.into_bytes()));
    text("README.md".into(), readme(&texts, all, &kinds));
    text("LICENSE.kernels".into(), template!("LICENSE.kernels").into());
    text(
        "CMakeLists.txt".into(),
        texts.fill(&template!("CMakeLists.txt").replace("@esp_idf@", &esp_idf(&kinds, &folders))),
    );
    let default = if let [only] = &folders[..] { only } else { "" };
    let config = template!("config.cmake").replace("@default@", default);
    text(
        format!("cmake/{name}Config.cmake"),
        texts.fill(&config.replace("@targets@", &folders.join(" "))),
    );
    let self_test = c.functions.iter().any(|function| function.ends_with("_self_test"));
    let [in_c, in_cpp, sketch] = examples(&texts, &c.arrays, self_test);
    text("examples/main.c".into(), in_c);
    text("examples/main.cpp".into(), in_cpp);
    if kinds.iter().any(|(kind, _)| !kind.zephyr.is_empty()) {
        text("zephyr/module.yml".into(), texts.fill(template!("zephyr/module.yml")));
        text("zephyr/Kconfig".into(), texts.fill(template!("zephyr/Kconfig")));
        let processors = zephyr(&kinds).replace("@targets@", &folders.join(", "));
        text("zephyr/CMakeLists.txt".into(), texts.fill(&processors));
    }
    let chips = chips(&kinds);
    if !chips.is_empty() {
        let list: Vec<_> = chips.iter().map(|chip| format!("  - {chip}")).collect();
        let component = template!("idf_component.yml").replace("@chips@", &list.join("\n"));
        text("idf_component.yml".into(), texts.fill(&component));
    }
    if kinds.iter().any(|(kind, _)| !kind.arduino.is_empty()) {
        let properties = template!("library.properties").replace("@targets@", &folders.join(", "));
        text("library.properties".into(), texts.fill(&properties));
        text(format!("examples/{name}/{name}.ino"), sketch);
        files.extend(headers(&texts, all, "src"));
        files.extend(arduino(&kinds, &name));
    }
    files
}

/// The targets that are known elsewhere, in the order in which to ask for them.
fn kinds(all: &[Built]) -> Vec<(&'static Kind, &Built)> {
    let known = all.iter().filter_map(|built| Some((built.target.kind?, built)));
    let mut known: Vec<_> = known.collect();
    known.sort_by_key(|(kind, _)| kind.rank());
    known
}

/// The header in a folder. Where it differs between targets, as the size of the working memory may, it includes that of
/// the target.
fn headers(texts: &Texts, all: &[Built], folder: &str) -> Vec<(String, Vec<u8>)> {
    let c = &all[0].c;
    let name = format!("{folder}/{}.h", c.prefix);
    if all.iter().all(|built| built.c.header == c.header) {
        return vec![(name, c.header.clone().into_bytes())];
    }
    let banner = c.header.split_inclusive("*/\n").next().unwrap_or_default();
    let mut text = format!("{banner}\n/* The header differs between targets. */\n");
    for (index, (kind, built)) in kinds(all).iter().enumerate() {
        let word = if index == 0 { "if" } else { "elif" };
        let _ = writeln!(
            text,
            "#{word} {}\n#include \"@name@/{}.h\"",
            kind.c,
            built.target.folder()
        );
    }
    let folders: Vec<_> = all.iter().map(|built| built.target.folder()).collect();
    let _ = writeln!(
        text,
        "#else\n#error \"@name@ has libraries for: {}\"\n#endif",
        folders.join(", ")
    );
    let mut files = vec![(name, texts.fill(&text).into_bytes())];
    files.extend(all.iter().map(|built| {
        let path = format!("{folder}/{}/{}.h", c.prefix, built.target.folder());
        (path, built.c.header.clone().into_bytes())
    }));
    files
}

fn readme(texts: &Texts, all: &[Built], kinds: &[(&Kind, &Built)]) -> String {
    let rows: Vec<_> = all
        .iter()
        .map(|built| {
            let folder = built.target.folder();
            let library = format!("`lib/{folder}/lib@name@.a`");
            format!(
                "| {} | {library} | {} | {} |",
                built.target.machine, built.object.flash, built.ram
            )
        })
        .collect();
    let choice = match all {
        [_] => "",
        _ => "\n`-D@NAME@_TARGET=` says which library: a folder of `lib`. The header finds out by itself.\n",
    };
    let chips = chips(kinds);
    let section = |is_there: bool, text: &'static str| if is_there { text } else { "" };
    let zephyr = section(
        kinds.iter().any(|(kind, _)| !kind.zephyr.is_empty()),
        template!("README-zephyr.md"),
    );
    let arduino = section(
        kinds.iter().any(|(kind, _)| !kind.arduino.is_empty()),
        template!("README-arduino.md"),
    );
    let text = template!("README.md")
        .replace("@targets@", &rows.join("\n"))
        .replace("@choice@", choice)
        .replace("@zephyr@", zephyr)
        .replace("@esp_idf@", section(!chips.is_empty(), template!("README-esp-idf.md")))
        .replace("@arduino@", arduino)
        .replace("@chips@", &chips.join(", "));
    texts.fill(&text)
}

/// The chips of ESP-IDF that one of the libraries is for, in the order of their names.
fn chips(kinds: &[(&Kind, &Built)]) -> Vec<&'static str> {
    let mut chips: Vec<_> = kinds.iter().flat_map(|(kind, _)| kind.esp_idf).copied().collect();
    chips.sort_unstable();
    chips.dedup();
    chips
}

/// `if`s of CMake, one for each library.
fn branches(conditions: impl Iterator<Item = (String, String)>, variable: &str) -> String {
    let mut text = String::new();
    for (index, (condition, folder)) in conditions.enumerate() {
        let word = if index == 0 { "if" } else { "elseif" };
        let _ = writeln!(text, "    {word}({condition})\n        set({variable} \"{folder}\")");
    }
    text
}

fn zephyr(kinds: &[(&Kind, &Built)]) -> String {
    let known = kinds.iter().filter(|(kind, _)| !kind.zephyr.is_empty());
    let conditions = known.map(|(kind, built)| (kind.zephyr.to_owned(), built.target.folder()));
    template!("zephyr/CMakeLists.txt").replace("@processors@", &branches(conditions, "@name@_library"))
}

/// What makes the root a component of ESP-IDF, if a chip of it is among the targets.
fn esp_idf(kinds: &[(&Kind, &Built)], folders: &[String]) -> String {
    let known = kinds.iter().filter(|(kind, _)| !kind.esp_idf.is_empty());
    let conditions = known.map(|(kind, built)| {
        let chips: Vec<_> = kind
            .esp_idf
            .iter()
            .map(|chip| format!("chip STREQUAL \"{chip}\""))
            .collect();
        (chips.join(" OR "), built.target.folder())
    });
    let branches = branches(conditions, "library");
    match branches.is_empty() {
        true => "\n".into(),
        false => template!("esp_idf.cmake")
            .replace("@chips@", &branches)
            .replace("@targets@", &folders.join(", ")),
    }
}

/// Libraries where Arduino looks for them.
fn arduino(kinds: &[(&Kind, &Built)], name: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = vec![];
    for (kind, built) in kinds {
        for folder in kind.arduino {
            let path = format!("src/{folder}/lib{name}.a");
            if files.iter().all(|(other, _)| *other != path) {
                files.push((path, archive(&built.object.bytes, &built.c.functions)));
            }
        }
    }
    files
}
