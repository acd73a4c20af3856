//! The tests in a folder: `NAME/model.onnx`, `NAME/test_data_set_K/{input,output}_N.pb`, sometimes `NAME/data.json`.

use edgec::front::proto::type_proto::Value;
use edgec::front::proto::{AttributeProto, GraphProto, ModelProto, ValueInfoProto};
use edgec::ir::Tensor;
use edgec::tools::harness::Tolerance;
use edgec::tools::tensor_file;
use prost::Message;
use std::path::{Path, PathBuf};

/// Tolerance of the tests, as ONNX's own runner has it.
const TOLERANCE: Tolerance = Tolerance {
    relative: 1e-3,
    absolute: 1e-7,
};

/// One test: a model and what should come out of it.
#[derive(Clone, Debug)]
pub struct NodeTest {
    /// Name of its folder.
    pub name: String,
    /// The operator tested, with its domain unless that is ONNX's own.
    pub operator: String,
    /// The opset of that operator's domain.
    pub opset: i64,
    /// Its folder.
    pub folder: PathBuf,
    /// The model.
    pub model: ModelProto,
}

/// Inputs and outputs of one run, in the model's order; a file's own error where one cannot be read.
pub struct DataSet {
    /// The inputs.
    pub inputs: Vec<Result<Tensor, String>>,
    /// The outputs.
    pub outputs: Vec<Result<Tensor, String>>,
}

/// All tests in `folder`, by name.
///
/// # Errors
/// If it cannot be read or holds a model that cannot be decoded.
pub fn read(folder: &Path) -> Result<Vec<NodeTest>, String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut folders: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("model.onnx").is_file())
        .collect();
    folders.sort();
    let mut tests: Vec<NodeTest> = vec![];
    for folder in folders {
        let path = folder.join("model.onnx");
        let bytes = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let model = ModelProto::decode(&bytes[..]).map_err(|e| format!("{}: {e}", path.display()))?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (operator, opset) = tested(&model);
        // The operator whose function a test has expanded is that of the test before it.
        let original = name.split_once("_expanded").map(|(original, _)| original);
        let original = original.and_then(|name| tests.iter().find(|t| t.name == name));
        let operator = original.map_or(operator, |t| t.operator.clone());
        tests.push(NodeTest {
            name,
            operator,
            opset,
            folder,
            model,
        });
    }
    Ok(tests)
}

/// The operator of a model's first node, and the opset of its domain.
fn tested(model: &ModelProto) -> (String, i64) {
    let node = model.graph.as_ref().and_then(|graph| graph.node.first());
    let (domain, operator) = node.map_or(("", ""), |node| (node.domain(), node.op_type()));
    let opset = model.opset_import.iter().find(|import| import.domain() == domain);
    let operator = match domain {
        "" => operator.to_owned(),
        domain => format!("{domain}.{operator}"),
    };
    (operator, opset.map_or(0, |import| import.version()))
}

impl NodeTest {
    /// Takes away what the model says of the shapes of outputs and of values between, so that nothing is read from the
    /// answer.
    pub fn strip(&mut self) {
        if let Some(graph) = &mut self.model.graph {
            strip(graph);
        }
        for function in &mut self.model.functions {
            function.value_info.clear();
            function
                .node
                .iter_mut()
                .for_each(|node| strip_attributes(&mut node.attribute));
        }
    }

    /// Names of the model's inputs, in order.
    pub fn inputs(&self) -> Vec<String> {
        let inputs = self.model.graph.iter().flat_map(|graph| &graph.input);
        inputs.map(|input| input.name().to_owned()).collect()
    }

    /// Number of the model's outputs.
    pub fn output_count(&self) -> usize {
        self.model.graph.as_ref().map_or(0, |graph| graph.output.len())
    }

    /// The data sets, in order.
    pub fn data_sets(&self) -> Vec<DataSet> {
        let tensor = |path: PathBuf| tensor_file::read(&path).map_err(|e| e.to_string());
        let folders = (0..).map(|k| self.folder.join(format!("test_data_set_{k}")));
        let read = |folder: PathBuf| DataSet {
            inputs: (0..self.inputs().len())
                .map(|n| tensor(folder.join(format!("input_{n}.pb"))))
                .collect(),
            outputs: (0..self.output_count())
                .map(|n| tensor(folder.join(format!("output_{n}.pb"))))
                .collect(),
        };
        folders.take_while(|folder| folder.is_dir()).map(read).collect()
    }

    /// The test's own tolerance where it states one.
    pub fn tolerance(&self) -> Tolerance {
        let text = std::fs::read(self.folder.join("data.json")).unwrap_or_default();
        let own: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        Tolerance {
            relative: own["rtol"].as_f64().unwrap_or(TOLERANCE.relative),
            absolute: own["atol"].as_f64().unwrap_or(TOLERANCE.absolute),
        }
    }
}

fn strip(graph: &mut GraphProto) {
    graph.value_info.clear();
    graph.output.iter_mut().for_each(forget_shape);
    for node in &mut graph.node {
        strip_attributes(&mut node.attribute);
    }
}

fn strip_attributes(attributes: &mut [AttributeProto]) {
    let inner = attributes.iter_mut().flat_map(|a| a.g.iter_mut().chain(&mut a.graphs));
    for graph in inner {
        strip(graph);
        graph.input.iter_mut().for_each(forget_shape);
    }
}

fn forget_shape(info: &mut ValueInfoProto) {
    if let Some(Value::TensorType(ty)) = info.r#type.as_mut().and_then(|ty| ty.value.as_mut()) {
        ty.shape = None;
    }
}
