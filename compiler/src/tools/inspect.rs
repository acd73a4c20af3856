//! What a model is, for people who are about to compile it.

use crate::back::report::grouped;
use crate::front::import::{OpenDimension, open_dimensions, visit_nodes};
use crate::front::load::{self, Model};
use crate::front::node::full_name;
use crate::front::ops;
use crate::front::proto::ValueInfoProto;
use crate::front::proto::tensor_shape_proto::dimension::Value as Dim;
use crate::front::proto::type_proto::Value as Type;
use crate::tools::prune_report::PruneReport;
use crate::tools::ram_curve::RamCurve;
use crate::{Compiler, Error, Report};
use miette::Diagnostic;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

/// An input or output as the model declares it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// Its element type as ONNX calls it; `?` if it is not a tensor.
    pub dtype: String,
    /// Its dimensions, sizes or symbols; `None` if not even the rank is declared.
    pub shape: Option<Vec<String>>,
}

/// How often an operator occurs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OperatorCount {
    /// The operator, with its domain unless it is ONNX's own.
    pub name: String,
    /// Nodes.
    pub nodes: usize,
    /// Whether this compiler knows it.
    pub supported: bool,
}

/// What a model is.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// What wrote the file.
    pub producer: String,
    /// Opset version by domain.
    pub opsets: BTreeMap<String, i64>,
    /// The inputs.
    pub inputs: Vec<Declared>,
    /// The outputs.
    pub outputs: Vec<Declared>,
    /// Dimensions to pin with `--dim` or `--shape`.
    pub open_dimensions: Vec<OpenDimension>,
    /// The operators, the most frequent first.
    pub operators: Vec<OperatorCount>,
    /// Elements of all stored tensors.
    pub parameters: u64,
    /// What it costs, if it compiles as it is.
    pub summary: Option<Report>,
    /// Why it does not.
    pub problem: Option<String>,
    /// What to do about it, such as flags to give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Inspection {
    /// Reads the model, and compiles it to tell its cost.
    ///
    /// # Errors
    /// If the file cannot be read; a model that does not compile is described all the same.
    pub fn of(compiler: &Compiler) -> Result<Self, Error> {
        let model = compiler.load()?;
        let (summary, problem, advice) = match compiler.compile_model(&model, &mut |_, _| {}) {
            Ok(compiled) => (Some(compiled.report), None, None),
            // Its advice is to look at what stands above.
            Err(error @ Error::Operators(_)) => (None, Some(error.to_string()), None),
            Err(error) => (None, Some(error.to_string()), error.help().map(|help| help.to_string())),
        };
        let header = &model.header;
        let initializers: HashSet<&str> = model.graph.initializer.iter().map(|t| t.name()).collect();
        let inputs = model.graph.input.iter().filter(|i| !initializers.contains(i.name()));
        let elements = |dims: &[i64]| dims.iter().map(|d| d.unsigned_abs()).product::<u64>();
        Ok(Self {
            producer: format!("{} {}", header.producer_name(), header.producer_version())
                .trim()
                .to_owned(),
            opsets: model
                .opsets
                .iter()
                .map(|(domain, version)| (domain.clone(), *version))
                .collect(),
            inputs: inputs.map(declared).collect(),
            outputs: model.graph.output.iter().map(declared).collect(),
            open_dimensions: open_dimensions(&model),
            operators: operators(&model),
            parameters: model.graph.initializer.iter().map(|t| elements(&t.dims)).sum(),
            summary,
            problem,
            advice,
        })
    }
}

/// What a model is, with the reports that were asked for: what `edgec inspect` tells, as one object.
#[derive(Serialize)]
pub struct Inspected {
    /// What it is.
    #[serde(flatten)]
    pub inspection: Inspection,
    /// What pruning brings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune_report: Option<PruneReport>,
    /// What less RAM costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ram_curve: Option<RamCurve>,
}

impl Inspected {
    /// Inspects the model, with these reports if it compiles: where it does not, the inspection says why.
    ///
    /// # Errors
    /// As [`Inspection::of`], and those of the reports.
    pub fn of(compiler: &Compiler, prune_report: bool, ram_curve: bool) -> Result<Self, Error> {
        let inspection = Inspection::of(compiler)?;
        let compiles = inspection.problem.is_none();
        let pruning = (prune_report && compiles).then(|| PruneReport::of_model(compiler, &compiler.load()?));
        let curve = (ram_curve && compiles).then(|| RamCurve::of(compiler, &compiler.load()?));
        Ok(Self {
            inspection,
            prune_report: pruning.transpose()?,
            ram_curve: curve.transpose()?,
        })
    }
}

fn declared(info: &ValueInfoProto) -> Declared {
    let tensor = match info.r#type.as_ref().and_then(|t| t.value.as_ref()) {
        Some(Type::TensorType(tensor)) => Some(tensor),
        _ => None,
    };
    let shape = tensor.and_then(|t| t.shape.as_ref()).map(|shape| {
        let dims = shape.dim.iter().map(|dim| match &dim.value {
            Some(Dim::DimValue(size)) if *size >= 0 => size.to_string(),
            Some(Dim::DimParam(name)) if !name.is_empty() => name.escape_debug().to_string(),
            _ => "?".into(),
        });
        dims.collect()
    });
    let dtype = tensor.map_or("?".into(), |t| load::dtype_name(t.elem_type()).to_string());
    Declared {
        name: info.name().to_owned(),
        dtype,
        shape,
    }
}

fn operators(model: &Model) -> Vec<OperatorCount> {
    let mut counts: BTreeMap<String, OperatorCount> = BTreeMap::new();
    visit_nodes(&model.graph, false, &mut |node, _| {
        let name = full_name(node);
        let supported = ops::find(node.domain(), node.op_type()).is_some();
        counts
            .entry(name.clone())
            .or_insert(OperatorCount {
                name,
                nodes: 0,
                supported,
            })
            .nodes += 1;
    });
    let mut counts: Vec<_> = counts.into_values().collect();
    counts.sort_by_key(|c| std::cmp::Reverse(c.nodes));
    counts
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = self
            .shape
            .as_ref()
            .map_or("shape not declared".into(), |s| format!("[{}]", s.join(", ")));
        write!(f, "`{}` {} {shape}", self.name.escape_debug(), self.dtype)
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.producer.is_empty() {
            writeln!(f, "producer    {}", self.producer.escape_debug())?;
        }
        let opsets = self
            .opsets
            .iter()
            .map(|(d, v)| format!("{} {v}", if d.is_empty() { "ai.onnx" } else { d }.escape_debug()));
        writeln!(f, "opsets      {}", opsets.collect::<Vec<_>>().join(", "))?;
        for input in &self.inputs {
            writeln!(f, "input       {input}")?;
        }
        for output in &self.outputs {
            writeln!(f, "output      {output}")?;
        }
        for open in &self.open_dimensions {
            let name = open
                .name
                .as_ref()
                .map_or(String::new(), |n| format!(", called `{}`", n.escape_debug()));
            writeln!(
                f,
                "open        dimension {} of `{}`{name}",
                open.axis,
                open.input.escape_debug()
            )?;
        }
        writeln!(f, "parameters  {}", grouped(self.parameters))?;
        writeln!(f, "operators")?;
        for operator in &self.operators {
            let remark = if operator.supported { "" } else { "  NOT SUPPORTED" };
            writeln!(f, "  {:>5}  {}{remark}", operator.nodes, operator.name.escape_debug())?;
        }
        match (&self.summary, &self.problem) {
            (Some(summary), _) => write!(f, "\n{summary}"),
            (None, Some(problem)) => writeln!(f, "\nas it is, it does not compile: {problem}"),
            (None, None) => Ok(()),
        }?;
        match &self.advice {
            Some(advice) => writeln!(f, "{advice}"),
            None => Ok(()),
        }
    }
}
