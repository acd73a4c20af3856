use super::args::pair;
use clap::Args;
use edgec::Compiler;

/// What is kept from one run to the next.
#[derive(Debug, Args)]
pub(super) struct StateArgs {
    /// Keep a state: INPUT is what OUTPUT was in the run before, and zeros in the first; may be repeated
    #[arg(long = "state", value_name = "INPUT=OUTPUT", value_parser = names)]
    states: Vec<(String, String)>,
}

impl StateArgs {
    /// `compiler` with the states.
    pub(super) fn apply(&self, compiler: Compiler) -> Compiler {
        let states = self.states.iter();
        states.fold(compiler, |compiler, (input, output)| compiler.state(input, output))
    }

    /// The values of `--state` that give the same.
    pub(super) fn values(&self) -> impl Iterator<Item = String> + '_ {
        self.states.iter().map(|(input, output)| format!("{input}={output}"))
    }
}

fn names(text: &str) -> Result<(String, String), String> {
    let (input, output) = pair(text)?;
    Ok((input.to_owned(), output.to_owned()))
}
