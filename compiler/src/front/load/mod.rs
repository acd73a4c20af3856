//! From bytes to a model the importer can trust: decoded, checked, functions inlined, nodes named and in order.
//!
//! Nodes and stored tensors that reach no output are gone before anything is checked.
//!
//! What holds of a [`Model`]: every tensor name is produced once in its graph, every name a node reads is produced by
//! its graph or one around it, nodes come after what they read, every node has a name of its own and an opset, every
//! stored tensor has as many elements as its shape says and a type the compiler knows. Nothing is known yet of what the
//! operators accept.

mod check;

mod expansion;
mod external_data;
mod functions;
mod live;
mod names;
mod order;
mod sniff;
mod tensor;
mod versions;

use std::path::{Path, PathBuf};

use prost::Message;

use crate::front::proto::{GraphProto, ModelProto, NodeProto};
use crate::words::hex;

pub use crate::error::load::{LoadError, Problem};
pub use crate::error::tensor::TensorProblem;
pub use external_data::SharedBytes;
pub(crate) use tensor::external_file;
pub use tensor::{dtype, dtype_name, shared_tensor, tensor, texts};
pub use versions::{MAX_OPSET, MIN_OPSET, Opsets};

/// Protobuf's own limit.
const MAX_FILE: u64 = 1 << 31;

/// Key of the node metadata that records an opset other than the model's.
const OPSET_KEY: &str = "edgec.opset";

/// A model that has passed every check of this module.
#[derive(Clone, Debug)]
pub struct Model {
    /// The graph, functions inlined.
    pub graph: GraphProto,
    /// Everything else the file says (producer, metadata); its graph and functions have been taken out.
    pub header: ModelProto,
    /// The opset of each domain, for nodes outside functions; [`Model::opset`] answers for any node.
    pub opsets: Opsets,
    /// Whether it has other outputs than the file says, and none of the inputs that only others need.
    pub ends_early: bool,
    /// The folder of the model file, where external data is looked for.
    pub base: Option<PathBuf>,
    /// SHA-256 of the model file in hexadecimal digits, as `sha256sum` prints it; external data is not part of it.
    pub sha256: String,
    /// The files in it that hold tensors of the model, in order.
    pub external_files: Vec<PathBuf>,
}

impl Model {
    /// The opset version by which `node`, of this model, is to be understood.
    ///
    /// A node that was inlined from a function follows the function's imports, which may differ from the model's; the
    /// version is then recorded in the node's own metadata.
    pub fn opset(&self, node: &NodeProto) -> i64 {
        let own = node.metadata_props.iter().find(|entry| entry.key() == OPSET_KEY);
        let own = own.and_then(|entry| entry.value().parse().ok());
        // The check has made sure that one of the two is there.
        own.or_else(|| self.opsets.get(node.domain()).copied()).unwrap_or(0)
    }
}

/// Loads a model file, up to the tensors `outputs`, or to its own outputs where none are given. External data is looked
/// for in its folder.
///
/// # Errors
/// Whatever is wrong with what reaches an output, as many problems as could be found.
pub fn load(path: &Path, outputs: &[String]) -> Result<Model, LoadError> {
    let unreadable = |source| Problem::Unreadable {
        path: path.to_owned(),
        source,
    };
    let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
    if bytes >= MAX_FILE {
        return Err(Problem::TooLarge { bytes }.into());
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    load_bytes_up_to(&bytes, Some(folder_of(path)), outputs)
}

/// The folder of a file, where its external data is looked for.
pub(crate) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Loads a model from the bytes of its file; `base` is the folder where external data is looked for.
///
/// # Errors
/// Whatever is wrong with what reaches an output, as many problems as could be found.
pub fn load_bytes(bytes: &[u8], base: Option<&Path>) -> Result<Model, LoadError> {
    load_bytes_up_to(bytes, base, &[])
}

/// [`load_bytes`], up to the tensors `outputs` as [`load`] has it.
///
/// # Errors
/// As [`load_bytes`].
pub(crate) fn load_bytes_up_to(bytes: &[u8], base: Option<&Path>, outputs: &[String]) -> Result<Model, LoadError> {
    let mut header = decode(bytes)?;
    let mut graph = header
        .graph
        .take()
        .ok_or_else(|| sniff::other_format(bytes).unwrap_or(Problem::NoGraph))?;
    let mut problems = Vec::new();
    let opsets = versions::of_model(&header, &mut problems);
    LoadError::unless_empty(problems)?;

    names::normalise(&mut graph);
    let functions = std::mem::take(&mut header.functions);
    functions::inline(&mut graph, functions, &opsets)?;
    names::make_unique(&mut graph);
    let ends_early = !outputs.is_empty();
    if ends_early {
        live::choose_outputs(&mut graph, outputs)?;
    }
    live::prune(&mut graph, ends_early);

    let mut model = Model {
        graph,
        header,
        opsets,
        ends_early,
        base: base.map(Path::to_owned),
        sha256: hex(&hmac_sha256::Hash::hash(bytes)),
        external_files: vec![],
    };
    let (problems, files) = check::check(&model);
    LoadError::unless_empty(problems)?;
    model.external_files = files.into_iter().collect();
    order::sorted(model)
}

/// Decodes the outermost message.
fn decode(bytes: &[u8]) -> Result<ModelProto, Problem> {
    if bytes.is_empty() {
        return Err(Problem::Empty);
    }
    ModelProto::decode(bytes).map_err(|error| {
        let told = sniff::other_format(bytes).or_else(|| sniff::truncation(bytes));
        told.unwrap_or(Problem::NotProtobuf(error))
    })
}
