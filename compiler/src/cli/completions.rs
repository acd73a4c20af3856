//! What is generated from the definition of the arguments: completions for shells, and pages of the manual.

use super::args::Cli;
use super::write_to;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use edgec::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Where each shell looks for the script.
const COMPLETIONS_HELP: &str = "Where the script goes:
  bash        edgec completions bash > ~/.local/share/bash-completion/completions/edgec
  zsh         edgec completions zsh > a folder of $fpath, as _edgec
  fish        edgec completions fish > ~/.config/fish/completions/edgec.fish
  powershell  edgec completions powershell >> $PROFILE
  elvish      edgec completions elvish >> ~/.config/elvish/rc.elv";

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write a page for edgec and for each of its commands into this folder, such as ~/.local/share/man/man1
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

/// `edgec completions`.
pub(super) fn completions(args: &CompletionsArgs) -> miette::Result<ExitCode> {
    let mut script = vec![];
    clap_complete::generate(args.shell, &mut Cli::command(), "edgec", &mut script);
    write_to(std::io::stdout().lock(), &String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

/// An error if a page would be written over a file that is none of edgec's.
fn pages_of_others(folder: &Path) -> Result<(), Error> {
    let Ok(files) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    for path in files.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_page = name == "edgec.1" || name.starts_with("edgec-") && name.ends_with(".1");
        let is_ours = || std::fs::read(&path).is_ok_and(|page| page.windows(9).any(|word| word == b".TH edgec"));
        if is_page && !is_ours() {
            return Err(Error::Usage {
                message: format!("{} is there already, and edgec has not written it", path.display()),
                help: Some("give another folder".into()),
            });
        }
    }
    Ok(())
}

/// `edgec man`.
pub(super) fn man(args: &ManArgs) -> miette::Result<ExitCode> {
    match &args.output {
        Some(folder) => {
            pages_of_others(folder)?;
            let written =
                std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
            written.map_err(|error| Error::io(folder, error))?;
        }
        None => {
            let mut page = vec![];
            let rendered = Man::new(Cli::command()).render(&mut page);
            rendered.map_err(|error| miette::miette!("the page cannot be made: {error}"))?;
            write_to(std::io::stdout().lock(), &String::from_utf8_lossy(&page))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
