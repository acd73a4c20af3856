//! Functions for C around an emitted struct, and their header: the only emitted text with `unsafe`.
//!
//! A model cannot write code: names in C are the prefix `digits_` or `DIGITS_` with what a function or a number is
//! behind it, or begin with `in_` or `out_`, so that none is a keyword or reserved; comments hold no `*/`.

mod functions;
mod header;
mod training;
mod weights;

use super::identifiers::{Names, commented, plain};
use super::names::{ModelNames, model_name};
use super::{Options, WeightsMode};
use crate::back::plan::Plan;
use crate::back::report::Report;
use crate::ir::DType;
use crate::ir::program::{Port, Program, Training};
use heck::{ToShoutySnakeCase, ToSnakeCase};

/// What C calls a model by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CInterface {
    /// Rust source of the functions. They are in a module of their own, beside that of the emitted file.
    pub source: String,
    /// The header that declares them.
    pub header: String,
    /// What the functions' names begin with: see [`c_prefix`].
    pub prefix: String,
    /// The names of the functions, and of nothing else that a linker sees.
    pub functions: Vec<String>,
    /// Inputs, then outputs: what the function that runs an inference takes behind the model.
    pub arrays: Vec<CArray>,
}

/// An input or an output, as a program in C holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CArray {
    /// What the parameter is called.
    pub name: String,
    /// The type of an element.
    pub element: &'static str,
    /// The constant that holds the number of elements.
    pub length: String,
    /// How many there are.
    pub len: usize,
    /// Whether it is an input.
    pub is_input: bool,
}

/// What a status of the functions means, by the name of its constant: the first is 0.
const STATUSES: [(&str, &str); 3] = [
    ("OK", "All is well."),
    ("NULL_POINTER", "A pointer is null."),
    ("MISALIGNED_POINTER", "A pointer is not aligned as its type must be."),
];

/// The status after these.
const SELF_TEST_FAILED: (&str, &str) = ("SELF_TEST_FAILED", "The self-test found an element that differs.");

/// The status after that, where weights are verified; those of [`weights::REFUSED`] follow.
const NOT_VERIFIED: (&str, &str) = ("WEIGHTS_NOT_VERIFIED", "These are no verified weights.");

/// Bytes that an arena is aligned to, where vectors are and elsewhere.
const ALIGNMENTS: [usize; 2] = [64, 16];

/// Where [`ALIGNMENTS`] differ, for rustc and for compilers of C.
const IS_WIDE: &str = "any(target_arch = \"x86_64\", target_arch = \"aarch64\")";
const IS_WIDE_IN_C: &str = "defined(__x86_64__) || defined(__aarch64__) || defined(_M_X64) || defined(_M_ARM64)";

/// An input or an output, as both languages have it.
struct CPort<'p> {
    port: &'p Port,
    /// `input`, `output` or `target`.
    kind: &'static str,
    /// The parameter.
    parameter: String,
    /// What constants begin with.
    constant: String,
    /// The field of the outputs' struct, if it is an output.
    field: String,
    /// What is said of it.
    described: String,
}

/// What both files are made of.
struct C<'p> {
    options: &'p Options,
    report: &'p Report,
    model: &'p str,
    /// What functions begin with, without the last `_`.
    prefix: String,
    /// What constants begin with, without the last `_`.
    constants: String,
    ports: Vec<CPort<'p>>,
    has_states: bool,
    has_self_test: bool,
    training: Option<CTraining<'p>>,
    /// The type of verified weights, if they are updates.
    weights: Option<&'p str>,
}

/// A step of training, as both languages have it.
struct CTraining<'p> {
    /// What the outputs are compared with.
    targets: Vec<CPort<'p>>,
    /// How many numbers it changes.
    parameters: usize,
    /// Whether gradients are summed up before a step.
    accumulates: bool,
}

/// What the functions' names begin with for a model that is called so, without the `_` behind it: an identifier in lower
/// case.
pub fn c_prefix(name: &str) -> String {
    model_name(name).trim_end_matches('_').to_snake_case()
}

/// The functions for a struct that is in the module `module`, and their header, of the file name `header`.
pub fn c_interface(
    (program, plan, report): (&Program, &Plan, &Report),
    options: &Options,
    module: &str,
    header: &str,
) -> CInterface {
    let names = ModelNames::of(program, plan, report, options);
    let stem = names.model.trim_end_matches('_');
    let mut parameters = Names::default();
    let inputs = super::interface::inputs(program).map(|port| ("input", "in", port));
    let outputs = super::interface::outputs(program).map(|port| ("output", "out", port));
    let fields = vec![String::new(); program.inputs.len()]
        .into_iter()
        .chain(names.output_fields.clone());
    let ports = inputs.chain(outputs).zip(names.ports.iter().zip(fields));
    let ports = ports.map(|((kind, short, port), (constant, field))| CPort {
        port: port.0,
        field,
        kind,
        parameter: parameters.snake(&format!("{short}_{}", port.0.name)),
        constant: constant.trim_end_matches('_').to_owned(),
        described: super::interface::describe(kind, port),
    });
    let ports = ports.collect();
    let training = program.training.as_ref();
    let c = C {
        options,
        report,
        model: &names.model,
        prefix: c_prefix(&options.struct_name),
        constants: stem.to_shouty_snake_case(),
        ports,
        has_states: !program.states.is_empty(),
        has_self_test: program.golden.is_some(),
        training: training.map(|training| CTraining::of(training, program, &mut parameters)),
        weights: (options.weights == WeightsMode::Updatable).then_some(&*names.verified),
    };
    CInterface {
        source: functions::source(&c, module, header),
        header: header::header(&c, program),
        functions: c.functions(),
        arrays: c.ports.iter().map(|port| c.array(port)).collect(),
        prefix: c.prefix,
    }
}

impl<'p> CTraining<'p> {
    fn of(training: &'p Training, program: &Program, parameters: &mut Names) -> Self {
        // The last is the learning rate, a number.
        let (_, targets) = training.inputs.split_last().expect("a step has a learning rate");
        let target = |port: &'p Port| CPort {
            port,
            kind: "target",
            parameter: parameters.snake(&format!("in_{}", port.name)),
            constant: String::new(),
            field: String::new(),
            described: super::interface::describe("input", (port, None)),
        };
        let changed = training.parameters.iter();
        Self {
            targets: targets.iter().map(target).collect(),
            parameters: changed.map(|index| program.states[*index].ty.len()).sum(),
            accumulates: training.sums.is_some(),
        }
    }
}

impl C<'_> {
    /// Lines without comment marks: where both files come from.
    fn banner(&self) -> [String; 3] {
        [
            format!(
                "@generated by edgec {} from {}. Do not edit.",
                env!("CARGO_PKG_VERSION"),
                plain(&self.options.source)
            ),
            format!("SHA-256 of the model: {}", self.report.sha256),
            format!("Regenerate: {}", commented(&self.options.command)),
        ]
    }

    /// What each status means, by the name of its constant, with its number.
    fn statuses(&self) -> impl Iterator<Item = (usize, &'static str, &'static str)> {
        let (has_self_test, verifies) = (self.has_self_test, self.weights.is_some());
        let refused = weights::REFUSED.map(|(name, meaning, _)| (name, meaning));
        let all = STATUSES
            .into_iter()
            .chain([SELF_TEST_FAILED, NOT_VERIFIED])
            .chain(refused);
        let all = all.enumerate().map(|(number, (name, meaning))| (number, name, meaning));
        all.filter(move |(number, ..)| match number.checked_sub(STATUSES.len()) {
            None => true,
            Some(0) => has_self_test,
            Some(_) => verifies,
        })
    }

    fn functions(&self) -> Vec<String> {
        let learns = self.training.is_some();
        let accumulates = self.training.as_ref().is_some_and(|step| step.accumulates);
        let all = [
            ("init", true),
            ("verify_weights", self.weights.is_some()),
            ("weights_revision", self.weights.is_some()),
            ("run", true),
            ("reset", self.has_states),
            ("self_test", self.has_self_test),
            ("train_step", learns),
            ("accumulate", accumulates),
            ("apply", accumulates),
            ("parameters", learns),
            ("set_parameters", learns),
        ];
        let there = all.iter().filter(|(_, is_there)| *is_there);
        there.map(|(name, _)| format!("{}_{name}", self.prefix)).collect()
    }

    fn array(&self, port: &CPort<'_>) -> CArray {
        CArray {
            name: port.parameter.clone(),
            element: element(port.port.ty.dtype).1,
            length: format!("{}_{}_LEN", self.constants, port.constant),
            len: port.port.ty.len(),
            is_input: port.kind == "input",
        }
    }

    /// Bytes of the struct for an alignment: at least one, which every struct of C has.
    fn storage(&self, alignment: usize) -> usize {
        self.report.ram.max(1).next_multiple_of(alignment)
    }
}

/// The type of an element in Rust, and in C.
fn element(dtype: DType) -> (String, &'static str) {
    let c = match dtype {
        DType::F32 => "float",
        DType::F64 => "double",
        DType::F16 | DType::Bf16 | DType::U16 => "uint16_t",
        DType::I8 => "int8_t",
        DType::I16 => "int16_t",
        DType::I32 => "int32_t",
        DType::I64 => "int64_t",
        DType::U8 | DType::Bool => "uint8_t",
        DType::U32 => "uint32_t",
        DType::U64 => "uint64_t",
    };
    let rust = dtype.rust_name();
    let path = match dtype {
        DType::F16 | DType::Bf16 | DType::Bool => "runtime_core::",
        _ => "",
    };
    (format!("{path}{rust}"), c)
}
