use super::model_args::ModelArgs;
use super::quantize_args::QuantizeArgs;
use super::self_test_args::SelfTestArgs;
use super::state_args::StateArgs;
use super::stream_args::StreamArgs;
use super::target_args::TargetArgs;
use clap::Args;
use edgec::back::emit::from_hex;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct KeygenArgs {
    /// The secret key: a new one, or with --public one that is there; the public key goes beside it, into a file with
    /// `.pub` behind its name
    #[arg(value_name = "KEY")]
    pub(super) key: PathBuf,
    /// Make a key for --encrypt instead of one that signs
    #[arg(long)]
    pub(super) cipher: bool,
    /// Print the public key of a secret key that is there
    #[arg(long, conflicts_with_all = ["cipher", "force"])]
    pub(super) public: bool,
    /// Replace keys that are there: devices that trust them can get no updates any more
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct SignArgs {
    /// The weights, as `edgec pack` or `edgec MODEL.onnx -o MODEL.rs --weights updatable` has written them
    #[arg(value_name = "WEIGHTS")]
    pub(super) weights: PathBuf,
    /// The secret key, in PEM
    #[arg(long, value_name = "KEY")]
    pub(super) key: PathBuf,
    /// The revision: larger than those of all weights before
    #[arg(long, value_name = "N")]
    pub(super) revision: u64,
    /// Gets the signed weights
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: PathBuf,
    /// Replace a file at the output's place that edgec has not written
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("asked for").required(true).args(["code", "hash"]))]
pub(super) struct PackArgs {
    #[command(flatten)]
    pub(super) model: ModelArgs,
    /// Write the weights only: the code is in the firmware already
    #[arg(long, required = true)]
    pub(super) weights_only: bool,
    /// The Rust file that is to take the weights; its code must be what this model is compiled to
    #[arg(long = "for", value_name = "MODEL.rs", id = "code")]
    pub(super) code: Option<PathBuf>,
    /// The structure that the weights must have, where that file is not at hand: it says so in its third line
    #[arg(long, value_name = "SHA256", value_parser = hash)]
    pub(super) hash: Option<Hash>,
    /// Gets the weights
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: PathBuf,
    /// Encrypt them with the key in this file, which `edgec keygen --cipher` makes
    #[arg(long, value_name = "CIPHER-KEY")]
    pub(super) encrypt: Option<PathBuf>,
    /// Sign them with this secret key, as `edgec sign` does
    #[arg(long, value_name = "KEY", requires = "revision")]
    pub(super) key: Option<PathBuf>,
    /// Their revision: larger than those of all weights before
    #[arg(long, value_name = "N", requires = "key")]
    pub(super) revision: Option<u64>,
    /// Replace a file at the output's place that edgec has not written
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) state: StateArgs,
    #[command(flatten)]
    pub(super) stream: StreamArgs,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    pub(super) quantize: QuantizeArgs,
    #[command(flatten)]
    pub(super) self_test: SelfTestArgs,
}

/// A digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hash(pub(super) [u8; 32]);

fn hash(text: &str) -> Result<Hash, String> {
    from_hex(text)
        .map(Hash)
        .ok_or_else(|| "it must have 64 hexadecimal digits".into())
}
