//! Symbolic dimensions of the inputs, pinned by the user or by default.

use super::expression::Expression;
use crate::Error;
use crate::front::load::{self, Model};
use crate::front::proto::tensor_shape_proto::dimension::Value as Dim;
use crate::front::proto::type_proto::Value as Type;
use crate::front::proto::{ValueInfoProto, tensor_shape_proto};
use crate::ir::{DType, Remark, RemarkKind, Tensor, TensorType};
use crate::middle::train::{Init, Part};
use crate::words::{nearest, quoted};
use std::collections::{BTreeMap, HashSet};

/// What the user says of the inputs, of initializers and of loops.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dimensions {
    /// Sizes by symbolic name.
    pub named: BTreeMap<String, usize>,
    /// Whole shapes by input.
    pub shapes: BTreeMap<String, Vec<usize>>,
    /// Values of inputs that are constants then.
    pub baked: BTreeMap<String, Tensor>,
    /// Initializers that training changes, which are states of the graph, and what they are to their layers.
    pub trained: BTreeMap<String, Part>,
    /// What these begin with.
    pub init: Init,
    /// The same as numbers, which take the type of the input.
    pub numbers: BTreeMap<String, Vec<f64>>,
    /// Most trips of loops whose number of trips is only known at run time.
    pub max_trips: Option<usize>,
}

/// A dimension that a model leaves open.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct OpenDimension {
    /// The input.
    pub input: String,
    /// Position in its shape.
    pub axis: usize,
    /// Symbolic name, if it has one.
    pub name: Option<String>,
}

/// Inputs of the model that are not initializers.
pub(super) fn inputs(model: &Model) -> impl Iterator<Item = &ValueInfoProto> {
    let initializers: HashSet<&str> = model.graph.initializer.iter().map(|t| t.name()).collect();
    model
        .graph
        .input
        .iter()
        .filter(move |i| !initializers.contains(i.name()))
}

pub(super) fn tensor_type(info: &ValueInfoProto) -> Option<&crate::front::proto::type_proto::Tensor> {
    match info.r#type.as_ref()?.value.as_ref()? {
        Type::TensorType(ty) => Some(ty),
        _ => None,
    }
}

fn symbol(dim: &tensor_shape_proto::Dimension) -> Option<Option<&str>> {
    match &dim.value {
        Some(Dim::DimValue(size)) if *size >= 0 => None,
        Some(Dim::DimParam(name)) if !name.is_empty() && name != "?" => Some(Some(name)),
        _ => Some(None),
    }
}

/// Every dimension of every input that the model leaves open, the leading one included.
pub fn open_dimensions(model: &Model) -> Vec<OpenDimension> {
    let mut open = vec![];
    for input in inputs(model) {
        let dims = tensor_type(input)
            .and_then(|t| t.shape.as_ref())
            .map_or(&[][..], |s| &s.dim[..]);
        for (axis, dim) in dims.iter().enumerate() {
            if let Some(name) = symbol(dim) {
                open.push(OpenDimension {
                    input: input.name().to_owned(),
                    axis,
                    name: name.map(str::to_owned),
                });
            }
        }
    }
    open
}

/// Types of the inputs, every dimension pinned.
pub(super) fn input_types(
    model: &Model,
    dimensions: &Dimensions,
    remarks: &mut Vec<Remark>,
) -> Result<Vec<(String, TensorType)>, Error> {
    check_names(model, dimensions)?;
    let mut types = vec![];
    let mut open = Open::default();
    for input in inputs(model) {
        let name = input.name();
        let (tensor, dtype) = tensor(input, dimensions)?;
        let Some(shape) = open.shape(name, tensor, dimensions, remarks)? else {
            continue;
        };
        let ty = TensorType::new(dtype, shape);
        ty.check().map_err(|e| {
            Error::usage(
                format!("input `{}`: {}", name.escape_debug(), e.message),
                e.help
                    .unwrap_or_else(|| "pin its dimensions to what the device will run".into()),
            )
        })?;
        types.push((name.to_owned(), ty));
    }
    open.none()?;
    Ok(types)
}

/// Whether the model has the dimensions and inputs that the user names.
fn check_names(model: &Model, dimensions: &Dimensions) -> Result<(), Error> {
    let open_names = open_names(model);
    if let Some(name) = dimensions.named.keys().find(|name| !open_names.contains(*name)) {
        let mut known: Vec<_> = open_names.iter().cloned().collect();
        known.sort();
        return Err(Error::usage(
            format!("no input has a dimension called `{name}`{}", meant(name, &known)),
            if known.is_empty() {
                "all dimensions are fixed: remove --dim".into()
            } else {
                let known: Vec<_> = known.iter().map(|name| format!("`{}`", name.escape_debug())).collect();
                format!("open dimensions: {}", known.join(", "))
            },
        ));
    }
    let baked = dimensions.baked.keys().chain(dimensions.numbers.keys());
    let mut named = dimensions.shapes.keys().chain(baked);
    if let Some(name) = named.find(|name| !inputs(model).any(|i| i.name() == *name)) {
        let known: Vec<_> = inputs(model).map(|i| i.name().to_owned()).collect();
        return Err(Error::usage(
            format!("there is no input called `{name}`{}", meant(name, &known)),
            format!("inputs: {}", known.join(", ")),
        ));
    }
    Ok(())
}

/// A question whether a name that is none of `known` was meant for one of them.
fn meant(name: &str, known: &[String]) -> String {
    nearest(name, known.iter().map(String::as_str)).map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}

/// The declared tensor of an input, and its element type, which is that of the value given for it.
fn tensor<'a>(
    input: &'a ValueInfoProto,
    dimensions: &Dimensions,
) -> Result<(&'a crate::front::proto::type_proto::Tensor, DType), Error> {
    let name = input.name();
    let Some(tensor) = tensor_type(input) else {
        return Err(Error::usage(
            format!("input `{}` is not a tensor", name.escape_debug()),
            "sequences, maps and optionals are not supported: make the input a tensor",
        ));
    };
    let Some(dtype) = load::dtype(tensor.elem_type()) else {
        return Err(Error::usage(
            format!(
                "input `{}` has element type {}",
                name.escape_debug(),
                load::dtype_name(tensor.elem_type())
            ),
            "supported: float, double, float16, bfloat16, int8 to int64, uint8 to uint64, bool",
        ));
    };
    if let Some(value) = dimensions.baked.get(name).filter(|value| value.dtype != dtype) {
        return Err(Error::usage(
            format!(
                "the value given for input `{}` is {}, the model has {dtype} there",
                name.escape_debug(),
                value.ty()
            ),
            "give the array that element type (in NumPy with .astype(..))",
        ));
    }
    Ok((tensor, dtype))
}

/// What nobody has pinned, and the flags that would.
#[derive(Default)]
struct Open {
    dimensions: Vec<String>,
    flags: Vec<String>,
}

impl Open {
    /// The shape of an input, with 1 for what is open; nothing if all of it is.
    fn shape(
        &mut self,
        name: &str,
        tensor: &crate::front::proto::type_proto::Tensor,
        dimensions: &Dimensions,
        remarks: &mut Vec<Remark>,
    ) -> Result<Option<Vec<usize>>, Error> {
        let baked = dimensions.baked.get(name).map(|value| &value.shape);
        let given = baked.or(dimensions.shapes.get(name));
        let Some(dims) = tensor.shape.as_ref().map(|s| &s.dim[..]) else {
            if given.is_none() {
                self.dimensions
                    .push(format!("the whole shape of `{}`", name.escape_debug()));
                self.flags
                    .push(format!("--shape {}", quoted(&format!("{name}=D0,D1,.."))));
            }
            return Ok(given.cloned());
        };
        if let Some(given) = given {
            check_given(name, given, dims, dimensions)?;
        }
        let mut shape = vec![];
        for (axis, dim) in dims.iter().enumerate() {
            let size = match (given, &dim.value, symbol(dim)) {
                (Some(given), _, _) => given[axis],
                (None, Some(Dim::DimValue(size)), None) => *size as usize,
                (None, _, Some(Some(name))) if dimensions.named.contains_key(name) => dimensions.named[name],
                (None, _, Some(Some(name))) if solved(name, dimensions)?.is_some() => {
                    solved(name, dimensions)?.unwrap_or(1)
                }
                (None, _, _) if axis == 0 => {
                    let reason = "has an open leading dimension, which was taken as 1";
                    let advice = format!("another size: {}", flag(name, dims, symbol(dim).flatten(), dimensions));
                    remarks.push(Remark::on(RemarkKind::OpenDimension, name, reason).advise(advice));
                    1
                }
                (None, _, symbol) => {
                    let symbol = symbol.flatten();
                    let called = symbol.map_or(String::new(), |s| format!(", called `{}`", s.escape_debug()));
                    self.dimensions
                        .push(format!("dimension {axis} of `{}`{called}", name.escape_debug()));
                    // Where another dimension has no name, the whole shape is given, and this one with it. The first
                    // is 1 then.
                    let all_named = dims.iter().skip(1).all(|dim| self::symbol(dim) != Some(None));
                    self.flags
                        .push(flag(name, dims, symbol.filter(|_| all_named), dimensions));
                    1
                }
            };
            shape.push(size);
        }
        Ok(Some(shape))
    }

    /// An error if anything is open.
    fn none(mut self) -> Result<(), Error> {
        if self.dimensions.is_empty() {
            return Ok(());
        }
        let mut seen = HashSet::new();
        self.flags.retain(|flag| seen.insert(flag.clone()));
        Err(Error::Dimensions {
            message: format!("open dimensions: {}", self.dimensions.join("; ")),
            help: format!("shapes are fixed at compile time; add {}", self.flags.join(" ")),
        })
    }
}

/// The names of open dimensions, and those in the expressions that are names of others, such as `past + 1`.
fn open_names(model: &Model) -> HashSet<String> {
    let mut names = HashSet::new();
    for name in open_dimensions(model)
        .into_iter()
        .filter_map(|dimension| dimension.name)
    {
        names.extend(
            Expression::parse(&name)
                .iter()
                .flat_map(Expression::names)
                .map(str::to_owned),
        );
        names.insert(name);
    }
    names
}

/// The size of a dimension whose name is an expression of others that are given.
fn solved(name: &str, dimensions: &Dimensions) -> Result<Option<usize>, Error> {
    let Some(expression) = Expression::parse(name) else {
        return Ok(None);
    };
    if expression.names().any(|name| !dimensions.named.contains_key(name)) {
        return Ok(None);
    }
    let size = expression.value(&|name| dimensions.named.get(name).map(|size| *size as i64));
    let size = size.and_then(|size| usize::try_from(size).ok());
    size.map(Some).ok_or_else(|| {
        Error::usage(
            format!(
                "the dimension `{}` is no size for what --dim gives",
                name.escape_debug()
            ),
            format!("give it by itself: --dim {}", quoted(&format!("{name}=N"))),
        )
    })
}

/// The flag that pins a dimension of input `name`, called `symbol` in the model if it has a name there.
fn flag(name: &str, dims: &[tensor_shape_proto::Dimension], symbol: Option<&str>, dimensions: &Dimensions) -> String {
    match symbol {
        Some(symbol) => match Expression::parse(symbol).filter(|expression| !expression.is_name()) {
            // What it is computed from, all that is not given.
            Some(expression) => {
                let names = expression.names().filter(|name| !dimensions.named.contains_key(*name));
                names
                    .map(|name| format!("--dim {}", quoted(&format!("{name}=N"))))
                    .collect::<Vec<_>>()
                    .join(" ")
            }
            // `N=N` would look as if it said something.
            None if symbol == "N" => "--dim N=SIZE".to_owned(),
            None => format!("--dim {}", quoted(&format!("{symbol}=N"))),
        },
        None => {
            let size = |dim| size(dim, dimensions).map_or_else(|| shown(dim), |size| size.to_string());
            let shape: Vec<_> = dims.iter().map(size).collect();
            format!("--shape {}", quoted(&format!("{name}={}", shape.join(","))))
        }
    }
}

/// The size that `--dim` gives a dimension.
fn size(dim: &tensor_shape_proto::Dimension, dimensions: &Dimensions) -> Option<usize> {
    let name = symbol(dim)??;
    let given = dimensions.named.get(name).copied();
    given.or_else(|| solved(name, dimensions).ok()?)
}

fn shown(dim: &tensor_shape_proto::Dimension) -> String {
    match (&dim.value, symbol(dim)) {
        (Some(Dim::DimValue(size)), None) => size.to_string(),
        _ => "N".into(),
    }
}

fn check_given(
    name: &str,
    given: &[usize],
    dims: &[tensor_shape_proto::Dimension],
    dimensions: &Dimensions,
) -> Result<(), Error> {
    for (dim, given) in dims.iter().zip(given) {
        if let Some(size) = size(dim, dimensions).filter(|size| size != given) {
            let symbol = symbol(dim).flatten().unwrap_or_default();
            return Err(Error::usage(
                format!(
                    "the dimension `{}` of input `{}` is {size} by --dim, and {given} in its shape",
                    symbol.escape_debug(),
                    name.escape_debug()
                ),
                "the shape of an input is enough: leave out --dim where no other input has this dimension",
            ));
        }
    }
    let declared: Vec<_> = dims.iter().map(shown).collect();
    let fits = given.len() == dims.len()
        && given
            .iter()
            .zip(&declared)
            .all(|(given, declared)| declared == "N" || *declared == given.to_string());
    if fits {
        return Ok(());
    }
    Err(Error::usage(
        format!(
            "shape {given:?} does not fit input `{}`, declared as {}",
            name.escape_debug(),
            declared.join("x")
        ),
        "N stands for an open dimension",
    ))
}

/// Notes where a declared output shape contradicts the inferred one, which is used.
pub(super) fn check_output(_model: &Model, output: &ValueInfoProto, inferred: &TensorType, remarks: &mut Vec<Remark>) {
    let Some(dims) = tensor_type(output).and_then(|t| t.shape.as_ref()) else {
        return;
    };
    let declared: Vec<_> = dims.dim.iter().map(shown).collect();
    let fits = declared.len() == inferred.rank()
        && declared
            .iter()
            .zip(&inferred.shape)
            .all(|(d, i)| d == "N" || *d == i.to_string());
    if !fits {
        let reason = format!("is declared as {} but is {inferred}", declared.join("x"));
        remarks.push(Remark::on(RemarkKind::DeclaredShape, output.name(), reason));
    }
}
