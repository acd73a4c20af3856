//! Suggestions for commands and options that are misspelt, where clap has none.

use super::args::Cli;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Command, CommandFactory};
use edgec::words::nearest;
use std::ffi::OsString;
use std::path::Path;

/// An error if the first argument is nearly a command. Clap takes such a word for a model, as compiling has no name.
pub(super) fn command(first: Option<OsString>) -> Option<Error> {
    let first = first?.into_string().ok()?;
    let mut cli = Cli::command();
    let names: Vec<_> = cli
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .chain(["help".to_owned()])
        .collect();
    if first.starts_with('-') || names.contains(&first) || Path::new(&first).exists() {
        return None;
    }
    let meant = nearest(&first, names.iter().map(String::as_str))?;
    let mut error = Error::new(ErrorKind::InvalidSubcommand).with_cmd(&cli);
    error.insert(ContextKind::InvalidSubcommand, ContextValue::String(first));
    error.insert(
        ContextKind::SuggestedSubcommand,
        ContextValue::Strings(vec![meant.to_owned()]),
    );
    error.insert(ContextKind::Usage, ContextValue::StyledStr(cli.render_usage()));
    Some(error)
}

/// `error` with a suggestion, if it is about an option that is nearly one of the command's and that clap finds
/// unlike all of them: it compares the beginnings of words.
pub(super) fn option(mut error: Error) -> Error {
    let suggested = error.get(ContextKind::SuggestedArg).is_some();
    let (ErrorKind::UnknownArgument, Some(ContextValue::String(given)), false) =
        (error.kind(), error.get(ContextKind::InvalidArg), suggested)
    else {
        return error;
    };
    let mut cli = Cli::command();
    cli.build();
    let command = std::env::args().nth(1).and_then(|name| cli.find_subcommand(name));
    if let Some(meant) = nearest_option(command.unwrap_or(&cli), given) {
        error.insert(ContextKind::SuggestedArg, ContextValue::String(meant));
        error.remove(ContextKind::Suggested);
    }
    error
}

fn nearest_option(command: &Command, given: &str) -> Option<String> {
    let given = given.strip_prefix("--")?;
    let options = command.get_arguments().filter_map(|option| option.get_long());
    Some(format!("--{}", nearest(given, options)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_are_nearly_there() {
        let shown = |word: &str| command(Some(word.into())).map(|error| error.to_string());
        assert!(shown("insepct").is_some_and(|e| e.contains("'insepct'") && e.contains("'inspect'")));
        for other in ["inspect", "help", "m.onnx", "--quantise", "resnet"] {
            assert_eq!(shown(other), None, "{other}");
        }
    }

    #[test]
    fn options_that_are_nearly_there() {
        let cli = Cli::command();
        assert_eq!(nearest_option(&cli, "--dmi").as_deref(), Some("--dim"));
        assert_eq!(nearest_option(&cli, "--quantise").as_deref(), Some("--quantize"));
        assert_eq!(nearest_option(&cli, "--frobnicate"), None);
        assert_eq!(nearest_option(&cli, "-x"), None);
    }
}
