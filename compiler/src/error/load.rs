//! What can be wrong with a model file, in words for the person who has it.

use std::fmt;
use std::path::PathBuf;

use super::tensor::TensorProblem;
use crate::ir::Printable;
use thiserror::Error;

/// How many problems an error prints before it only counts the rest.
const SHOWN: usize = 20;

/// Every problem found in a model, the first one first; never empty.
#[derive(Debug)]
pub struct LoadError {
    problems: Vec<Problem>,
}

impl LoadError {
    /// An error of the given problems, or `Ok` where there are none.
    pub(crate) fn unless_empty(problems: Vec<Problem>) -> Result<(), LoadError> {
        if problems.is_empty() {
            Ok(())
        } else {
            Err(LoadError { problems })
        }
    }

    /// The problems, in the order they were found.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl From<Problem> for LoadError {
    fn from(problem: Problem) -> Self {
        LoadError {
            problems: vec![problem],
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.problems.as_slice() {
            return write!(f, "{}", Printable(only));
        }
        write!(f, "the model has {} problems:", self.problems.len())?;
        for problem in self.problems.iter().take(SHOWN) {
            write!(f, "\n  - {}", Printable(problem))?;
        }
        match self.problems.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

impl std::error::Error for LoadError {}

impl miette::Diagnostic for LoadError {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let mut helps: Vec<String> = Vec::new();
        for help in self.problems.iter().filter_map(Problem::help) {
            if !helps.contains(&help) {
                helps.push(help);
            }
        }
        (!helps.is_empty()).then(|| Box::new(helps.join("\n")) as Box<dyn fmt::Display>)
    }
}

/// One thing wrong with a model file.
#[derive(Debug, Error)]
pub enum Problem {
    /// The file cannot be opened or read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is larger than a protobuf message can be.
    #[error("the model file has {bytes} bytes; protobuf files end at 2 GiB")]
    TooLarge {
        /// Size of the file.
        bytes: u64,
    },
    /// The file has no bytes.
    #[error("the model file is empty")]
    Empty,
    /// The bytes belong to another kind of file.
    #[error("this is not an ONNX model: it looks like {kind}")]
    OtherFormat {
        /// The kind of file, with its article.
        kind: &'static str,
        /// How to get an ONNX model from it.
        remedy: Option<&'static str>,
    },
    /// A field of the outermost message ends after the file does.
    #[error("the model file is cut short: the field at byte {at} needs {need} bytes and {have} are left")]
    Truncated {
        /// Where the field's contents start.
        at: usize,
        /// Bytes the field declares.
        need: u64,
        /// Bytes that follow.
        have: usize,
    },
    /// The bytes are not the protobuf encoding of a model.
    #[error("this is not an ONNX model, or it is damaged: {0}")]
    NotProtobuf(#[from] prost::DecodeError),
    /// The model message has no graph.
    #[error("the model holds no graph")]
    NoGraph,
    /// The model does not say which IR version it follows.
    #[error("the model states no IR version")]
    NoIrVersion,
    /// The IR version is outside what this compiler reads.
    #[error("the model follows ONNX IR version {found}; this compiler reads versions {oldest} to {newest}")]
    IrVersion {
        /// The model's version.
        found: i64,
        /// The oldest one read.
        oldest: i64,
        /// The newest one read.
        newest: i64,
    },
    /// The default operator set is older or newer than this compiler's.
    #[error("{whose} uses opset {found} of the ONNX operators; this compiler reads opsets {oldest} to {newest}")]
    Opset {
        /// "the model" or the function.
        whose: String,
        /// The version imported.
        found: i64,
        /// The oldest one read.
        oldest: i64,
        /// The newest one read.
        newest: i64,
    },
    /// One domain is imported twice, at different versions.
    #[error("{whose} imports both version {first} and version {second} of the operator domain `{domain}`")]
    OpsetConflict {
        /// "the model" or the function.
        whose: String,
        /// The operator domain.
        domain: String,
        /// The version imported first.
        first: i64,
        /// The version imported later.
        second: i64,
    },
    /// A node's operator domain is not imported.
    #[error(
        "node `{node}` ({op}) belongs to the operator domain `{domain}`, whose opset version the model does not state"
    )]
    NoOpset {
        /// The node.
        node: String,
        /// Its operator.
        op: String,
        /// The operator's domain.
        domain: String,
    },
    /// A node has no operator.
    #[error("node `{node}` names no operator")]
    NoOperator {
        /// The node.
        node: String,
    },
    /// An input, initializer or output of a graph has no name.
    #[error("{what} number {index} of graph `{graph}` has no name")]
    Unnamed {
        /// Which list it is in.
        what: &'static str,
        /// Its position there, from 0.
        index: usize,
        /// The graph.
        graph: String,
    },
    /// Two places produce a tensor of the same name.
    #[error("the tensor `{tensor}` is produced twice: by {first} and by {second}")]
    ProducedTwice {
        /// The tensor.
        tensor: String,
        /// Where first.
        first: String,
        /// Where again.
        second: String,
    },
    /// A node reads a tensor that nothing produces.
    #[error("node `{node}` ({op}) reads `{tensor}`, which no node, initializer or graph input produces")]
    NotProduced {
        /// The node.
        node: String,
        /// Its operator.
        op: String,
        /// The tensor.
        tensor: String,
    },
    /// A graph output that nothing produces.
    #[error("the output `{tensor}` of graph `{graph}` is not produced by any node, initializer or graph input")]
    OutputNotProduced {
        /// The graph.
        graph: String,
        /// The tensor.
        tensor: String,
    },
    /// A tensor that is to be an output, and is none of the model's.
    #[error("the model has no tensor `{tensor}` to end at")]
    NoSuchTensor {
        /// The tensor.
        tensor: String,
        /// The tensor that may have been meant.
        nearest: Option<String>,
        /// The model's own outputs.
        outputs: Vec<String>,
    },
    /// The model has two outputs of the same name.
    #[error("the graph lists its output `{tensor}` twice")]
    OutputTwice {
        /// The tensor.
        tensor: String,
    },
    /// Nodes that need each other's outputs.
    #[error("the graph has a cycle: {}", path(cycle))]
    Cycle {
        /// Nodes along it; the first one is repeated at the end.
        cycle: Vec<String>,
    },
    /// A sparse initializer.
    #[error("the initializer `{tensor}` is sparse; only dense initializers are read")]
    Sparse {
        /// The initializer.
        tensor: String,
    },
    /// A tensor that cannot be read.
    #[error("the tensor `{tensor}` {reason}")]
    Tensor {
        /// The tensor, or the node and attribute that holds it.
        tensor: String,
        /// What is wrong with it.
        reason: TensorProblem,
    },
    /// An attribute outside a function that refers to a function's attribute.
    #[error(
        "attribute `{attribute}` of node `{node}` refers to the function attribute `{target}`, but the node is in no function"
    )]
    StrayReference {
        /// The node.
        node: String,
        /// The attribute.
        attribute: String,
        /// What it refers to.
        target: String,
    },
    /// Two functions of the model cannot be told apart.
    #[error("the model defines the function `{function}` twice")]
    FunctionTwice {
        /// The function, with its domain.
        function: String,
    },
    /// A function that calls itself, perhaps through others.
    #[error("the function `{function}` calls itself; ONNX functions cannot be recursive")]
    Recursive {
        /// The function, with its domain.
        function: String,
    },
    /// A call with more operands than the function has.
    #[error("node `{node}` gives {given} {what} to the function `{function}`, which has {declared}")]
    Arity {
        /// The call.
        node: String,
        /// The function, with its domain.
        function: String,
        /// "inputs" or "outputs".
        what: &'static str,
        /// How many the call has.
        given: usize,
        /// How many the function has.
        declared: usize,
    },
    /// A function output that its body does not produce.
    #[error("the function `{function}` does not produce its output `{tensor}`")]
    FunctionOutput {
        /// The function, with its domain.
        function: String,
        /// The output.
        tensor: String,
    },
    /// Functions or subgraphs inside each other, too many levels.
    #[error("functions and subgraphs are nested more than {limit} deep at node `{node}`")]
    TooDeep {
        /// The innermost node looked at.
        node: String,
        /// Levels allowed.
        limit: usize,
    },
    /// Function calls that expand to an unreasonable size.
    #[error("the functions of the model expand to more than {limit} {what}")]
    Expansion {
        /// "nodes" or "bytes".
        what: &'static str,
        /// How many are allowed.
        limit: usize,
    },
}

/// The nodes of a cycle, the middle of a long one left out.
fn path(cycle: &[String]) -> String {
    let shown = |names: &[String]| {
        names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(" -> ")
    };
    match cycle {
        [start @ .., last] if start.len() > 8 => format!("{} -> .. -> `{last}`", shown(&start[..8])),
        _ => shown(cycle),
    }
}

impl Problem {
    /// What the person can do about it, where there is more to say than the message does.
    fn help(&self) -> Option<String> {
        match self {
            Problem::OtherFormat { remedy, .. } => remedy.map(str::to_owned),
            Problem::Truncated { .. } => Some("copy or download the file again".into()),
            Problem::Opset { found, oldest, .. } if found < oldest => {
                Some("opsets begin at 1; export the model again".into())
            }
            Problem::Opset { newest, .. } => Some(format!(
                "export the model again with opset {newest} or below, or use a newer compiler"
            )),
            Problem::IrVersion { found, newest, .. } if found > newest => {
                Some("export the model again with an older version of the `onnx` package".into())
            }
            Problem::NoSuchTensor { nearest, outputs, .. } => {
                let quoted = |name: &String| format!("`{}`", Printable(name));
                let own: Vec<_> = outputs.iter().map(quoted).collect();
                let meant = nearest
                    .as_ref()
                    .map_or(String::new(), |name| format!("did you mean {}? ", quoted(name)));
                Some(format!(
                    "{meant}--outputs takes names of tensors between the model's nodes; its own outputs are {}",
                    own.join(", ")
                ))
            }
            Problem::Cycle { .. } | Problem::ProducedTwice { .. } | Problem::NotProduced { .. } => Some(
                "`python -m onnx.checker model.onnx` checks a model; the program that wrote this one is at fault"
                    .into(),
            ),
            Problem::Tensor {
                reason: TensorProblem::ExternalWithoutFolder,
                ..
            } => Some("load the model from its file, so that its folder is known".into()),
            _ => None,
        }
    }
}
