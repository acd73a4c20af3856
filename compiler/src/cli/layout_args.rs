use clap::{Args, ValueEnum};
use edgec::{Compiler, InputLayout};

/// In which order the caller gives the elements of images.
#[derive(Debug, Args)]
pub(super) struct LayoutArgs {
    /// Take images channels-last, as cameras give them: nhwc for all inputs, INPUT=nhwc for one; may be repeated
    #[arg(long, value_name = "[INPUT=]nhwc", value_parser = layout)]
    input_layout: Vec<Given>,
}

/// A layout for one input, or for all.
#[derive(Clone, Debug)]
struct Given {
    input: Option<String>,
    layout: InputLayout,
}

/// `nhwc` or `INPUT=nhwc`, cut at the last `=`: names of models hold anything.
fn layout(text: &str) -> Result<Given, String> {
    let (input, name) = match text.rsplit_once('=') {
        Some((input, name)) => (Some(input.to_owned()), name),
        None => (None, text),
    };
    let layout =
        InputLayout::from_str(name, true).map_err(|_| format!("`{name}` is no layout: write nhwc or model"))?;
    Ok(Given { input, layout })
}

impl LayoutArgs {
    /// The compiler, with the layouts that are given.
    pub(super) fn apply(&self, compiler: Compiler) -> Compiler {
        self.input_layout
            .iter()
            .fold(compiler, |compiler, given| match &given.input {
                Some(input) => compiler.input_layout_of(input, given.layout),
                None => compiler.input_layout(given.layout),
            })
    }

    /// The values of the flags that ask for the same again.
    pub(super) fn values(&self) -> Vec<String> {
        let name = |layout: InputLayout| {
            let value = layout.to_possible_value();
            value.map_or_else(String::new, |value| value.get_name().to_owned())
        };
        let values = self.input_layout.iter().map(|given| match &given.input {
            Some(input) => format!("{input}={}", name(given.layout)),
            None => name(given.layout),
        });
        values.collect()
    }
}
