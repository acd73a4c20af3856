pub(crate) mod load;
pub(crate) mod tensor;

use crate::ir::{Node, OpError, Printable, PrintableLines};
use load::LoadError;
use miette::Diagnostic;
use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Why a model could not be compiled.
#[derive(thiserror::Error, Diagnostic)]
pub enum Error {
    /// The file is not an ONNX model, or not a sound one.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Load(#[from] LoadError),

    /// Nodes that cannot be compiled: all that were found.
    #[error("{}", list(.0))]
    #[diagnostic(help("`edgec inspect` lists a model's operators and which of them are supported"))]
    Operators(Vec<OperatorProblem>),

    /// Inputs whose dimensions must be given.
    #[error("{}", PrintableLines(message))]
    Dimensions {
        /// What is open or in conflict.
        message: String,
        /// The flags to add.
        #[help]
        help: String,
    },

    /// A pass broke the graph: a fault of the compiler.
    #[error("internal error: pass `{pass}` broke the graph: {}", PrintableLines(message))]
    #[diagnostic(help("please report this, with the model if you can share it"))]
    Pass {
        /// The pass.
        pass: &'static str,
        /// The node and the rule.
        message: String,
    },

    /// A model that takes more memory than it may.
    #[error("{}", PrintableLines(message))]
    Budget {
        /// Which memory, how much of it, and what for.
        message: String,
        /// What would help.
        #[help]
        help: String,
    },

    /// A model that integers do not suit: nothing of it becomes integers, or too little of its outputs is left.
    #[error("{}", PrintableLines(message))]
    Quantization {
        /// What cannot be, or what is lost.
        message: String,
        /// What would help.
        #[help]
        help: String,
    },

    /// An option that makes no sense for this model.
    #[error("{}", PrintableLines(message))]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        #[help]
        help: Option<String>,
    },

    /// Samples or labels that cannot be read or do not fit the model.
    #[error("{}", PrintableLines(message))]
    Samples {
        /// The file, the array, and what is wrong with it.
        message: String,
        /// What to do.
        #[help]
        help: Option<String>,
    },

    /// A file that could not be read or written.
    #[error("{}: {error}", Printable(path.display()))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says. No `source`: it would be shown twice.
        error: std::io::Error,
        /// What to do, where that is known.
        #[help]
        help: Option<String>,
    },
}

/// The message and what to do: what a build script that unwraps a result shows.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        self.help()
            .map_or(Ok(()), |help| write!(f, "\n  help: {}", PrintableLines(help)))
    }
}

/// One node that cannot be compiled, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorProblem {
    /// Name of the node.
    pub node: String,
    /// The operator, with its domain unless it is ONNX's own.
    pub operator: String,
    /// The opset version that the model imports; 0 for nodes made by passes.
    pub opset: i64,
    /// What is wrong.
    pub message: String,
    /// What is supported, or what to do.
    pub help: Option<String>,
    /// Inputs of the model whose values would have to be known at compile time.
    pub bake: Vec<String>,
}

impl OperatorProblem {
    /// A problem of a node of the graph.
    pub(crate) fn of(node: &Node, error: &OpError) -> Self {
        Self {
            node: node.name.clone(),
            operator: node.operator().map_or("", |op| op.name()).to_owned(),
            opset: 0,
            message: error.message.clone(),
            help: error.help.clone(),
            bake: error.bake.clone(),
        }
    }
}

impl fmt::Display for OperatorProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node `{}` ({}", self.node.escape_debug(), Printable(&self.operator))?;
        if self.opset > 0 {
            write!(f, ", opset {}", self.opset)?;
        }
        write!(f, "): {}", Printable(&self.message))?;
        self.help
            .as_ref()
            .map_or(Ok(()), |help| write!(f, "; {}", Printable(help)))
    }
}

fn list(problems: &[OperatorProblem]) -> String {
    match problems {
        [one] => one.to_string(),
        _ => {
            let lines: Vec<_> = problems.iter().map(|p| format!("\n  - {p}")).collect();
            format!("{} nodes cannot be compiled:{}", problems.len(), lines.concat())
        }
    }
}

impl Error {
    /// A node's problem found after import.
    pub(crate) fn operator(node: &Node, error: &OpError) -> Self {
        Self::Operators(vec![OperatorProblem::of(node, error)])
    }

    pub(crate) fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            help: Some(help.into()),
        }
    }

    pub(crate) fn quantization(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Quantization {
            message: message.into(),
            help: help.into(),
        }
    }

    pub(crate) fn samples(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Samples {
            message: message.into(),
            help: Some(help.into()),
        }
    }

    /// A file that could not be read or written.
    pub fn io(path: impl Into<PathBuf>, error: std::io::Error) -> Self {
        let path = path.into();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let missing = folder.filter(|folder| error.kind() == ErrorKind::NotFound && !folder.exists());
        let help = missing.map(|folder| {
            let folder = Printable(folder.display());
            format!("there is no folder {folder}: make it, or give another name")
        });
        Self::Io { path, error, help }
    }
}
