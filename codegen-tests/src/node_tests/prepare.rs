//! Compiling a test, with the inputs that decide a shape baked.

use super::suite::{DataSet, NodeTest};
use crate::parts::divide_all;
use edgec::ir::{DType, Tensor};
use edgec::tools::harness::{Comparison, Tolerance, compare};
use edgec::{Compiled, Compiler, Error, front::load};
use prost::Message;
use regex::Regex;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most elements of an input that is baked: it is to be a shape, axes or the like.
const MAX_BAKED: usize = 16;

/// Relative tolerance of bfloat16, which has eight bits.
const BF16: f64 = 1.0 / 64.0;

/// Why a test does not compile.
pub enum Failure {
    /// The compiler says what is wrong with the model, or what it does not support.
    Refused {
        /// All that it says.
        error: String,
        /// The operator and the message, without names and numbers of this test.
        kind: String,
    },
    /// A fault: of the compiler, or of the test.
    Fault(String),
}

/// A test that compiles.
pub struct Prepared {
    /// How it was compiled.
    pub compiler: Compiler,
    /// What came of it.
    pub compiled: Compiled,
    /// The same with every call taken apart that can be.
    pub divided: Compiled,
    /// Names of the inputs that were baked.
    pub baked: Vec<String>,
    cases: Vec<Case>,
    tolerance: Tolerance,
}

struct Case {
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
}

/// Compiles a test.
///
/// # Errors
/// What the compiler says, or that it panicked.
pub fn prepare(test: &NodeTest) -> Result<Prepared, Failure> {
    catch_unwind(AssertUnwindSafe(|| attempt(test))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(Failure::Fault(format!("the compiler panicked: {}", text.unwrap_or(""))))
    })
}

fn attempt(test: &NodeTest) -> Result<Prepared, Failure> {
    let model = load::load_bytes(&test.model.encode_to_vec(), Some(&test.folder));
    let model = model.map_err(|error| Failure::of(&error.into()))?;
    let data_sets = test.data_sets();
    let names = test.inputs();
    let mut values: BTreeMap<&str, &Tensor> = BTreeMap::new();
    for (name, value) in names.iter().zip(data_sets.iter().flat_map(|set| &set.inputs)) {
        values.extend(value.as_ref().ok().map(|value| (name.as_str(), value)));
    }
    let mut compiler = Compiler::new(test.folder.join("model.onnx")).name("Model");
    // An input that nothing reads may be gone.
    let is_input = |name: &str| model.graph.input.iter().any(|input| input.name() == name);
    for (name, value) in values.iter().filter(|(name, _)| is_input(name)) {
        compiler = compiler.shape(*name, value.shape.clone());
    }
    let mut baked: Vec<String> = vec![];
    let compiled = loop {
        let error = match compiler.compile_model(&model, &mut |_, _| {}) {
            Ok(compiled) => break compiled,
            Err(error) => error,
        };
        let wanted: Vec<_> = wanted(&error)
            .filter(|name| !baked.contains(name))
            .filter_map(|name| Some((name.clone(), *values.get(name.as_str())?)))
            .filter(|(_, value)| value.len() <= MAX_BAKED)
            .collect();
        if wanted.is_empty() {
            return Err(Failure::of(&error));
        }
        for (name, value) in wanted {
            compiler = compiler.bake(&name, value.clone());
            baked.push(name);
        }
    };
    let again = compiler.compile_model(&model, &mut |_, _| {});
    let mut divided = again.map_err(|error| Failure::of(&error))?;
    divide_all(&mut divided, 1);
    let cases = data_sets.into_iter().map(|set| case(&compiled, &names, &baked, set));
    Ok(Prepared {
        divided,
        cases: cases.collect::<Result<_, _>>().map_err(Failure::Fault)?,
        tolerance: test.tolerance(),
        compiler,
        compiled,
        baked,
    })
}

impl Failure {
    fn of(error: &Error) -> Self {
        let kind = match error {
            Error::Pass { .. } => return Self::Fault(format!("{error:?}")),
            Error::Operators(problems) => {
                let messages = problems.iter().map(|p| format!("{}: {}", p.operator, p.message));
                messages.collect::<Vec<_>>().join("; ")
            }
            _ => error.to_string(),
        };
        Self::Refused {
            error: format!("{error:?}"),
            kind: without_numbers(&kind),
        }
    }
}

/// A message with `N` for each number, and for each list of them.
fn without_numbers(message: &str) -> String {
    let number = Regex::new(r"(?-u:\b)[0-9][0-9.x]*(, -?[0-9][0-9.]*)*").expect("the pattern is valid");
    number.replace_all(message, "N").into_owned()
}

/// Inputs that an error asks for the values of.
fn wanted(error: &Error) -> impl Iterator<Item = String> {
    let problems = match error {
        Error::Operators(problems) => &problems[..],
        _ => &[],
    };
    problems.iter().flat_map(|problem| problem.bake.clone())
}

fn case(compiled: &Compiled, names: &[String], baked: &[String], set: DataSet) -> Result<Case, String> {
    let mut inputs = vec![];
    let mut ports = compiled.program.inputs.iter();
    for (name, value) in names.iter().zip(set.inputs) {
        if !baked.contains(name) {
            inputs.push(bfloat16(value?, ports.next().map(|port| port.ty.dtype)));
        }
    }
    let types: Vec<_> = inputs.iter().map(Tensor::ty).collect();
    let wanted: Vec<_> = compiled.program.inputs.iter().map(|port| port.ty.clone()).collect();
    if types != wanted {
        return Err(format!("the inputs are {types:?}, the program takes {wanted:?}"));
    }
    let ports = compiled.program.outputs.iter().map(|port| Some(port.ty.dtype));
    let outputs = set.outputs.into_iter().zip(ports);
    let outputs = outputs.map(|(value, dtype)| Ok(bfloat16(value?, dtype)));
    let outputs = outputs.collect::<Result<_, String>>()?;
    Ok(Case { inputs, outputs })
}

/// The tests of old versions store bfloat16 as the 16 bits that it has.
fn bfloat16(value: Tensor, wanted: Option<DType>) -> Tensor {
    match (value.dtype, wanted) {
        (DType::U16, Some(DType::Bf16)) => Tensor::new(DType::Bf16, value.shape, value.bytes.to_vec()),
        _ => value,
    }
}

impl Prepared {
    /// The inputs of each case.
    pub fn inputs(&self) -> Vec<Vec<Tensor>> {
        self.cases.iter().map(|case| case.inputs.clone()).collect()
    }

    /// What the host executor computes.
    pub fn execute(&self) -> Vec<Vec<Tensor>> {
        let mut executor = self.compiled.executor();
        self.cases.iter().map(|case| executor.run(&case.inputs)).collect()
    }

    /// Compares what came out of each case with what should.
    ///
    /// # Errors
    /// How the first output that differs does.
    pub fn check(&self, got: &[Vec<Tensor>]) -> Result<(), String> {
        if self.cases.is_empty() || self.cases.iter().any(|case| case.outputs.is_empty()) {
            return Err("the test has no data".into());
        }
        for (case, got) in self.cases.iter().zip(got) {
            for (index, (want, got)) in case.outputs.iter().zip(got).enumerate() {
                let result = self.compare(got, want);
                if !result.passes() {
                    return Err(format!("output {index}: {result}"));
                }
            }
        }
        Ok(())
    }

    fn compare(&self, got: &Tensor, want: &Tensor) -> Comparison {
        let relative = match want.dtype {
            DType::Bf16 => self.tolerance.relative.max(BF16),
            _ => self.tolerance.relative,
        };
        let absolute = self.tolerance.absolute;
        compare(got, want, Tolerance { relative, absolute })
    }
}
