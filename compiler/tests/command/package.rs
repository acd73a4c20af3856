//! Packages for C and C++: built for this machine, linked by its compilers, and run.

use crate::digits::said;
use edgec::data::npz;
use edgec::ir::Tensor;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Inputs as the examples make them up.
fn pixels() -> Vec<f32> {
    (0..64).map(|i| (i % 16) as f32 / 16.0).collect()
}

fn edgec(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    command.current_dir(folder);
    command.env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("package"));
    command
}

fn package(folder: &Path, args: &[&str]) -> Output {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx");
    edgec(folder).arg("package").arg(model).args(args).output().unwrap()
}

/// rustc's name of this machine, if there are packages for it.
fn host() -> Option<String> {
    let output = Command::new("rustc").arg("-vV").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "))?.to_owned();
    let is_there = host.contains("linux");
    if !is_there {
        eprintln!("skipped: there are no packages for {host}");
    }
    is_there.then_some(host)
}

/// Runs a tool in a folder, and gives what it prints.
fn tool(folder: &Path, program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(folder).output();
    let output = output.unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(output.status.success(), "{program} {args:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: {program} is missing");
    }
    found
}

/// All files of a folder by their paths in it.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for path in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), bytes);
            }
        }
    }
    found
}

/// The numbers behind the name of an output.
fn printed(text: &str, name: &str) -> Vec<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
    let numbers = line.unwrap_or_else(|| panic!("{text}")).split_whitespace();
    numbers.map(|number| number.parse().unwrap()).collect()
}

fn assert_close(found: &[f64], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - f64::from(*b)).abs() < 1e-5, "{found:?} {expected:?}");
    }
}

/// The scores of `edgec run` on [`pixels`].
fn scores(folder: &Path) -> Vec<f32> {
    let image = Tensor::f32(&[1, 1, 8, 8], &pixels());
    npz::write(&folder.join("in.npz"), &[("image", &image)]).unwrap();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx");
    let mut command = edgec(folder);
    command.arg("run").arg(model);
    let run = command
        .args(["--input", "in.npz", "--output", "out.npz"])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", said(&run));
    let outputs = npz::read(&folder.join("out.npz")).unwrap();
    let bytes = outputs["scores"].bytes.chunks_exact(4);
    bytes
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect()
}

/// Writes `dist` again, which these arguments have made.
fn is_written_again_in_place(folder: &Path, args: &[&str]) {
    let write = |more: &[&str]| package(folder, &[args, more].concat());
    let before = contents(&folder.join("dist"));

    // A library of an earlier package goes; what users have written stays.
    let record = folder.join("dist/edgec-package.json");
    let text = fs::read_to_string(&record).unwrap();
    let old = "lib/old/libdigits.a";
    // Of "old", which stands for what an earlier version has written.
    let digest = "cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4";
    fs::create_dir(folder.join("outside")).unwrap();
    std::os::unix::fs::symlink("../outside", folder.join("dist/link")).unwrap();
    for outside in ["../precious", "/dev/null"] {
        let listed = format!("\"files\": {{ \"{old}\": \"{digest}\", \"{outside}\": \"{digest}\",");
        fs::write(&record, text.replace("\"files\": {", &listed)).unwrap();
        fs::create_dir_all(folder.join("dist/lib/old")).unwrap();
        fs::write(folder.join("dist").join(old), "old").unwrap();
        fs::write(folder.join("precious"), "old").unwrap();
        let again = write(&["--force"]);
        assert_eq!(again.status.code(), Some(0), "{}", said(&again));
        assert!(
            contents(&folder.join("dist")) == before,
            "the same bytes, and nothing else"
        );
        assert!(!folder.join("dist/lib/old").exists() && folder.join("precious").exists());
    }
    // What a link leads to is the user's, and so is a file that has changed.
    fs::write(folder.join("outside/file"), "old").unwrap();
    fs::write(folder.join("dist/README.md"), "mine").unwrap();
    let listed = format!("\"files\": {{ \"link/file\": \"{digest}\",");
    fs::write(&record, text.replace("\"files\": {", &listed)).unwrap();
    let refused = write(&[]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    let told = "not as `edgec package` has written it in dist: README.md, link/file";
    assert!(said(&refused).contains(told), "{}", said(&refused));
    assert_eq!(fs::read(folder.join("dist/README.md")).unwrap(), b"mine");
    let forced = write(&["--force"]);
    assert_eq!(forced.status.code(), Some(0), "{}", said(&forced));
    assert!(folder.join("outside/file").exists());
    fs::remove_file(folder.join("dist/link")).unwrap();
    assert!(contents(&folder.join("dist")) == before);

    // A run that was interrupted: the record names old and new files.
    let replaced = format!("\"replaced\": {{ \"README.md\": \"{digest}\" }},\n  \"files\": {{");
    fs::write(&record, text.replace("\"files\": {", &replaced)).unwrap();
    fs::write(folder.join("dist/README.md"), "old").unwrap();
    fs::remove_file(folder.join("dist/CMakeLists.txt")).unwrap();
    let again = write(&[]);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert!(contents(&folder.join("dist")) == before);
}

/// One test for both, as the library is built once then.
#[test]
fn packages_link_and_run_and_are_written_again() {
    let Some(host) = host() else { return };
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let args = ["--target", &host, "-o", "dist", "--self-test"];
    let made = package(folder, &args);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    assert!(said(&made).contains("dist is ready"), "{}", said(&made));
    let library = format!("dist/lib/{host}/libdigits.a");
    let files = contents(&folder.join("dist"));

    // Nothing tells where it was made.
    let places = [
        env!("CARGO_MANIFEST_DIR").trim_end_matches("compiler").to_owned(),
        folder.display().to_string(),
        env!("CARGO_TARGET_TMPDIR").to_owned(),
        std::env::var("HOME").unwrap_or("/home/".into()) + "/",
    ];
    for (file, bytes) in &files {
        let text = String::from_utf8_lossy(bytes);
        for place in &places {
            assert!(!text.contains(place.as_str()), "{} names {place}", file.display());
        }
    }

    // Both examples, with warnings as errors.
    let expected = scores(folder);
    let rest = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-Idist/include", "-o"];
    for (compiler, flags, source) in [
        ("cc", &["-std=c99"][..], "main.c"),
        ("c++", &["-std=c++11", "-fno-exceptions", "-fno-rtti"], "main.cpp"),
    ] {
        if has(compiler) {
            let source = format!("dist/examples/{source}");
            tool(
                folder,
                compiler,
                &[flags, &rest, &["example", &source, &library]].concat(),
            );
            assert_close(&printed(&tool(folder, "./example", &[]), "out_scores"), &expected);
        }
    }
    if has("cmake") {
        tool(folder, "cmake", &["-S", "dist", "-B", "build"]);
        tool(folder, "cmake", &["--build", "build"]);
        assert_close(
            &printed(&tool(folder, "build/digits_cpp", &[]), "out_scores"),
            &expected,
        );
    }

    is_written_again_in_place(folder, &args);

    // A second model in the same program, each with kernels of its own.
    let second = ["--name", "Other Digits", "--outputs", "conv2_relu", "--opt", "s"];
    let made = package(folder, &[&["--target", &host, "-o", "other"][..], &second].concat());
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    fs::write(
        folder.join("both.c"),
        "#include \"digits.h\"\n#include \"other_digits.h\"\n#include <stdio.h>\n\
         static digits_model one;\nstatic other_digits_model two;\n\
         static float scores[DIGITS_SCORES_LEN], image[DIGITS_IMAGE_LEN];\n\
         static float features[OTHER_DIGITS_CONV2_RELU_LEN];\n\
         int main(void) {\n    return digits_init(&one) | other_digits_init(&two) |\n        \
         digits_run(&one, image, scores) | other_digits_run(&two, image, features) |\n        \
         digits_self_test(&one, NULL, NULL);\n}\n",
    )
    .unwrap();
    let other = format!("other/lib/{host}/libother_digits.a");
    if has("cc") {
        let sources = ["both", "both.c", "-Iother/include", &library, &other];
        tool(folder, "cc", &[&["-std=c99"][..], &rest, &sources].concat());
        tool(folder, "./both", &[]);
    }
}

#[test]
fn mistakes_are_told_before_anything_is_built() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    fs::create_dir(folder.join("full")).unwrap();
    fs::write(folder.join("full/notes"), "mine").unwrap();
    fs::write(folder.join("file"), "mine").unwrap();
    let m0 = ["--target", "cortex-m0"];
    for (args, code, told) in [
        (&["-o", "dist"][..], 2, "--target"),
        (&["--target", "board", "-o", "dist"], 2, "stands for many machines"),
        (&["--target", "mcu", "-o", "dist"], 2, "stands for many machines"),
        (&["--target", "wasm32", "-o", "dist"], 2, "not in the format ELF"),
        (
            &["--target", "cortex-m4f,cortex-m7", "-o", "dist"],
            2,
            "C does not tell cortex-m7 from cortex-m4f",
        ),
        (
            &["--target", "rv32im", "-o", "dist"],
            1,
            "rustup target add riscv32im-unknown-none-elf",
        ),
        (&["--target", "cortex-m44", "-o", "dist"], 2, "did you mean `cortex-m4`"),
        (
            &[m0[0], m0[1], "-o", "full"],
            2,
            "full is not empty, and `edgec package` has not written it",
        ),
        (&[m0[0], m0[1], "-o", "file"], 2, "file is no folder"),
        (
            &[m0[0], m0[1], "-o", "dist", "--name", "Math"],
            2,
            "the header math.h would take the place of the C library's",
        ),
        (
            &[m0[0], m0[1], "-o", "dist", "--name", "x"],
            2,
            "names that begin with x_",
        ),
        (
            &[m0[0], m0[1], "-o", "dist", "--package-version", "1.0"],
            2,
            "three numbers",
        ),
        (&[m0[0], m0[1], "-o", "dist", "--opt", "4"], 2, "possible values"),
    ] {
        let refused = package(folder, args);
        assert_eq!(refused.status.code(), Some(code), "{args:?}: {}", said(&refused));
        assert!(said(&refused).contains(told), "{args:?}: {}", said(&refused));
    }
    assert_eq!(contents(folder).len(), 2, "nothing is written");
    let mut without_rust = edgec(folder);
    without_rust.args(["package", "m.onnx", "-o", "dist", "--target", "cortex-m0"]);
    without_rust.env("PATH", folder).env_remove("RUSTC");
    let refused = without_rust.output().unwrap();
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("rustc cannot be run") && said(&refused).contains("https://rustup.rs"));
}

#[test]
fn what_c_cannot_call_is_told() {
    let Some(host) = host() else { return };
    let temporary = tempfile::tempdir().unwrap();
    for (flags, told) in [
        (
            &["--weights", "updatable"][..],
            "a package cannot have --weights updatable yet",
        ),
        (&["--threads"], "the functions for C run a model on one thread"),
    ] {
        let refused = package(
            temporary.path(),
            &[&["--target", &host, "-o", "dist"][..], flags].concat(),
        );
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        assert!(said(&refused).contains(told), "{}", said(&refused));
    }
    assert!(!temporary.path().join("dist").exists());
}
