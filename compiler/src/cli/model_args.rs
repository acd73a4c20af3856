use super::args::pair;
use super::layout_args::LayoutArgs;
use super::output_args::OutputArgs;
use clap::Args;
use edgec::{Compiler, Error, tools::tensor_file};
use std::path::{Path, PathBuf};

/// The model and its shapes.
#[derive(Debug, Args)]
pub(super) struct ModelArgs {
    /// The ONNX model
    #[arg(value_name = "MODEL.onnx")]
    pub(super) model: PathBuf,
    #[command(flatten)]
    pub(super) options: ModelOptions,
}

/// What of a model is compiled: its shapes, values of inputs, and where it ends.
#[derive(Debug, Args)]
pub(super) struct ModelOptions {
    /// Pin every dimension called N to the size V; may be repeated
    #[arg(long, value_name = "N=V", value_parser = dim)]
    pub(super) dim: Vec<(String, usize)>,
    /// Give an input its whole shape; may be repeated
    #[arg(long, value_name = "INPUT=1,3,48,192", value_parser = shape)]
    pub(super) shape: Vec<(String, Shape)>,
    /// Give an input its value now; `run` then does not take it; may be repeated
    #[arg(long, value_name = "INPUT=FILE.npy|.pb|NUMBERS", value_parser = bake)]
    pub(super) bake: Vec<(String, Baked)>,
    #[command(flatten)]
    pub(super) outputs: OutputArgs,
    #[command(flatten)]
    pub(super) layout: LayoutArgs,
}

/// Sizes of all dimensions.
#[derive(Clone, Debug)]
pub(super) struct Shape(pub(super) Vec<usize>);

impl ModelArgs {
    pub(super) fn compiler(&self) -> Result<Compiler, Error> {
        let options = &self.options;
        let dims = options.dim.iter();
        let compiler = dims.fold(Compiler::new(&self.model), |c, (name, size)| c.dim(name, *size));
        let shapes = options.shape.iter();
        let compiler = shapes.fold(compiler, |c, (name, shape)| c.shape(name, shape.0.clone()));
        baked(options.outputs.apply(options.layout.apply(compiler)), &options.bake)
    }
}

/// The value of an input.
#[derive(Clone, Debug)]
pub(super) enum Baked {
    /// In a file.
    File(PathBuf),
    /// As they were written, and as they are.
    Numbers(String, Vec<f64>),
}

impl Baked {
    /// What the flag says, files without their folders.
    pub(super) fn text(&self) -> String {
        match self {
            Self::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Numbers(text, _) => text.clone(),
        }
    }
}

/// `compiler` with the values of inputs, those in files read.
pub(super) fn baked(compiler: Compiler, bake: &[(String, Baked)]) -> Result<Compiler, Error> {
    bake.iter().try_fold(compiler, |c, (name, value)| match value {
        Baked::File(file) => {
            let (tensor, files) = tensor_file::read_with_files(file)?;
            Ok(files.into_iter().fold(c.bake(name, tensor), Compiler::reads))
        }
        Baked::Numbers(_, numbers) => Ok(c.bake_numbers(name, numbers.as_slice())),
    })
}

fn size(text: &str) -> Result<usize, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a size"))
}

fn dim(text: &str) -> Result<(String, usize), String> {
    let (name, value) = pair(text)?;
    Ok((name.to_owned(), size(value)?))
}

pub(super) fn bake(text: &str) -> Result<(String, Baked), String> {
    let (name, value) = pair(text)?;
    let numbers: Result<Vec<f64>, _> = value.split(',').map(str::parse).collect();
    let value = match numbers {
        Ok(numbers) => Baked::Numbers(value.into(), numbers),
        Err(_) if [".npy", ".pb"].iter().any(|end| value.ends_with(end)) || Path::new(value).exists() => {
            Baked::File(value.into())
        }
        Err(_) => return Err("it is neither a number, or several with commas, nor a file .npy or .pb".into()),
    };
    Ok((name.to_owned(), value))
}

fn shape(text: &str) -> Result<(String, Shape), String> {
    let (name, value) = pair(text)?;
    let sizes = value
        .split(',')
        .filter(|_| !value.is_empty())
        .map(size)
        .collect::<Result<_, _>>()?;
    Ok((name.to_owned(), Shape(sizes)))
}
