use super::HarnessError;
use crate::back::emit::Interface;
use crate::ir::Tensor;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A model that has been built, ready to run in a process of its own.
#[derive(Clone, Debug)]
pub struct Runner {
    pub(super) program: PathBuf,
    pub(super) model: String,
    pub(super) interface: Interface,
    pub(super) threads: usize,
    pub(super) emulator: Vec<String>,
}

impl Runner {
    /// The same with so many threads, if the model takes threads.
    pub fn threads(mut self, count: usize) -> Self {
        self.threads = count;
        self
    }

    /// The same by an emulator of the processor that the program is for, with its arguments.
    pub fn emulator(mut self, words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.emulator = words.into_iter().map(Into::into).collect();
        self
    }

    /// The program, by its emulator if it has one.
    fn command(&self) -> Command {
        match &self.emulator[..] {
            [] => Command::new(&self.program),
            [emulator, arguments @ ..] => {
                let mut command = Command::new(emulator);
                command.args(arguments).arg(&self.program);
                command
            }
        }
    }

    /// Whether the model takes threads.
    pub fn takes_threads(&self) -> bool {
        self.interface.threads
    }

    /// The outputs for each list of inputs, of the model's types and in its order.
    ///
    /// # Errors
    /// If the program fails.
    ///
    /// # Panics
    /// If inputs are not of the model's types; callers check what users give.
    pub fn run(&self, cases: &[Vec<Tensor>]) -> Result<Vec<Vec<Tensor>>, HarnessError> {
        let folder = self.scratch(cases)?;
        self.call(&folder.0, cases.len(), [0, 0])?;
        (0..cases.len())
            .map(|case| self.outputs(&folder.0.join(format!("{case}.out"))))
            .collect()
    }

    /// What `repetitions` runs on `inputs` took, each.
    ///
    /// # Errors
    /// If the program fails.
    ///
    /// # Panics
    /// As [`Runner::run`].
    pub fn time(&self, inputs: Vec<Tensor>, repetitions: usize) -> Result<Vec<Duration>, HarnessError> {
        let folder = self.scratch(&[inputs])?;
        Ok(durations(&self.call(&folder.0, 1, [repetitions, 0])?))
    }

    /// The least of `repetitions` times from the start of a process to the results of its first run, files of inputs
    /// and outputs included.
    ///
    /// # Errors
    /// If the program fails.
    ///
    /// # Panics
    /// As [`Runner::run`].
    pub fn start(&self, inputs: Vec<Tensor>, repetitions: usize) -> Result<Duration, HarnessError> {
        let folder = self.scratch(&[inputs])?;
        let once = |_| {
            let begin = Instant::now();
            self.call(&folder.0, 1, [0, 0]).map(|_| begin.elapsed())
        };
        let times = (0..repetitions).map(once).collect::<Result<Vec<_>, _>>()?;
        Ok(times.into_iter().min().unwrap_or_default())
    }

    /// The least that each kernel call took in `repetitions` runs on `inputs`, of a model that is emitted for
    /// profiling; nothing of others.
    ///
    /// # Errors
    /// If the program fails.
    ///
    /// # Panics
    /// As [`Runner::run`].
    pub fn profile(&self, inputs: Vec<Tensor>, repetitions: usize) -> Result<Vec<Duration>, HarnessError> {
        let folder = self.scratch(&[inputs])?;
        Ok(durations(&self.call(&folder.0, 1, [0, repetitions])?))
    }

    /// Nanoseconds that a thousand products take at the very least on one core of this machine, in 32-bit floats and in
    /// 8-bit integers; for a model that is emitted for profiling.
    ///
    /// # Errors
    /// If the program fails.
    pub fn peaks(&self) -> Result<[f64; 2], HarnessError> {
        let text = output(self.command().arg("--peaks"), &self.program)?;
        let numbers: Vec<f64> = text.lines().filter_map(|line| line.parse().ok()).collect();
        <[f64; 2]>::try_from(numbers).map_err(|_| HarnessError::new("the emitted code is not for profiling"))
    }

    fn scratch(&self, cases: &[Vec<Tensor>]) -> Result<Scratch, HarnessError> {
        let folder = Scratch(
            self.program
                .with_file_name(format!("{}.{}.cases", self.model, std::process::id())),
        );
        std::fs::create_dir_all(&folder.0).map_err(|e| HarnessError::io(&folder.0, e))?;
        for (case, inputs) in cases.iter().enumerate() {
            let types: Vec<_> = inputs.iter().map(Tensor::ty).collect();
            assert_eq!(types, self.interface.inputs, "inputs of `{}`", self.model);
            let bytes: Vec<u8> = inputs.iter().flat_map(|t| t.bytes.iter().copied()).collect();
            let path = folder.0.join(format!("{case}.in"));
            std::fs::write(&path, bytes).map_err(|e| HarnessError::io(&path, e))?;
        }
        Ok(folder)
    }

    fn call(&self, folder: &Path, cases: usize, [timed, profiled]: [usize; 2]) -> Result<String, HarnessError> {
        let mut command = self.command();
        command
            .arg(&self.model)
            .arg(folder)
            .args([cases, timed, self.threads, profiled].map(|number| number.to_string()));
        output(&mut command, &self.program)
    }

    fn outputs(&self, path: &Path) -> Result<Vec<Tensor>, HarnessError> {
        let bytes = std::fs::read(path).map_err(|e| HarnessError::io(path, e))?;
        let mut rest = &bytes[..];
        let mut tensors = vec![];
        for ty in &self.interface.outputs {
            let (own, others) = rest
                .split_at_checked(ty.len() * ty.dtype.size())
                .ok_or_else(|| HarnessError::new(format!("{} is too short", path.display())))?;
            tensors.push(Tensor::new(ty.dtype, ty.shape.clone(), own.to_vec()));
            rest = others;
        }
        Ok(tensors)
    }
}

/// What a program prints.
fn output(command: &mut Command, program: &Path) -> Result<String, HarnessError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| HarnessError::io(program, e))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(HarnessError::new(format!(
        "the emitted code stopped with {}: {}",
        output.status,
        text.trim()
    )))
}

/// A number of nanoseconds in each line.
fn durations(text: &str) -> Vec<Duration> {
    let nanos = text.lines().filter_map(|line| line.parse().ok());
    nanos.map(Duration::from_nanos).collect()
}

/// A folder that is removed when it is no longer used.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
