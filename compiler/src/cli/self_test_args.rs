use super::args::pair;
use clap::Args;
use edgec::{Compiler, Error, tools::tensor_file};
use std::path::PathBuf;

/// What devices test themselves with.
#[derive(Debug, Args)]
pub(super) struct SelfTestArgs {
    /// Give the struct `self_test`, which runs one case on the device and compares the results with those computed now
    #[arg(long)]
    self_test: bool,
    /// Give that case this value of an input, instead of pseudo-random numbers; may be repeated; implies --self-test
    #[arg(long, value_name = "INPUT=FILE.npy|.pb", value_parser = input)]
    self_test_input: Vec<(String, PathBuf)>,
}

impl SelfTestArgs {
    /// `compiler` with the self-test that was asked for, files read.
    pub(super) fn apply(&self, compiler: Compiler) -> Result<Compiler, Error> {
        let compiler = if self.self_test {
            compiler.self_test(true)
        } else {
            compiler
        };
        self.self_test_input
            .iter()
            .try_fold(compiler, |compiler, (name, file)| {
                let (value, files) = tensor_file::read_with_files(file)?;
                let compiler = compiler.self_test_input(name, value);
                Ok(files.into_iter().fold(compiler, Compiler::reads))
            })
    }

    /// The words that give the same, files without their folders.
    pub(super) fn words(&self) -> Vec<String> {
        let switch = (self.self_test && self.self_test_input.is_empty()).then(|| "--self-test".to_owned());
        let inputs = self.self_test_input.iter().flat_map(|(name, file)| {
            let file = file.file_name().unwrap_or_default().to_string_lossy();
            ["--self-test-input".to_owned(), format!("{name}={file}")]
        });
        switch.into_iter().chain(inputs).collect()
    }
}

fn input(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) = pair(text)?;
    Ok((name.to_owned(), file.into()))
}
