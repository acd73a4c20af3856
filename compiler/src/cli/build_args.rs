//! How emitted code is built.

use clap::Args;

#[derive(Debug, Args)]
pub(super) struct BuildArgs {
    /// Flags of rustc, such as "-C target-cpu=native"; by default none, as users build
    #[arg(
        long,
        value_name = "FLAGS",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    pub(super) rustflags: String,
}
