use super::HarnessError;
use crate::ir::program::Port;
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// ONNX Runtime as the user's `python3` has it, with the model loaded: one thread, all optimisations, inputs and
/// outputs bound.
#[derive(Debug)]
pub struct OnnxRuntime {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    version: String,
}

impl OnnxRuntime {
    /// Loads the model of a file for inputs of these shapes, to run on so many threads.
    ///
    /// # Errors
    /// If there is no `python3`, it has no ONNX Runtime, or that does not take the model.
    pub fn load(model: &Path, inputs: &[Port], threads: usize) -> Result<Self, HarnessError> {
        let shapes: Map<String, Value> = inputs
            .iter()
            .map(|port| (port.name.clone(), json!(port.model_ty().shape)))
            .collect();
        let mut process = Command::new("python3")
            .args(["-c", include_str!("onnxruntime.py")])
            .arg(model)
            .arg(Value::Object(shapes).to_string())
            .arg(threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| HarnessError::new(format!("python3 cannot be run: {e}")).help(INSTALL))?;
        let (Some(requests), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(HarnessError::new("python3 has no standard input and output"));
        };
        let mut peer = Self {
            process,
            requests,
            answers: BufReader::new(answers),
            version: String::new(),
        };
        let answer = peer.answer()?;
        if let Some(missing) = answer["missing"].as_str() {
            return Err(HarnessError::new(format!("python3 has no ONNX Runtime: {missing}")).help(INSTALL));
        }
        if let Some(input) = answer["input"].as_str() {
            return Err(
                HarnessError::new(format!("ONNX Runtime needs a value for the input `{input}`"))
                    .help("inputs that are baked into the emitted code, or are states of it, cannot be compared"),
            );
        }
        peer.version = answer["version"].as_str().unwrap_or_default().to_owned();
        Ok(peer)
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What each run took, of as many as fit into `time`.
    ///
    /// # Errors
    /// If the process has ended.
    pub fn time(&mut self, time: Duration) -> Result<Vec<Duration>, HarnessError> {
        // An answer says more about a process that has ended than an error of the pipe does.
        let _ = writeln!(self.requests, "{}", time.as_secs_f64()).and_then(|()| self.requests.flush());
        let answer = self.answer()?;
        let times = answer.as_array().into_iter().flatten().filter_map(Value::as_u64);
        let times: Vec<_> = times.map(Duration::from_nanos).collect();
        if times.is_empty() {
            return Err(HarnessError::new(format!("ONNX Runtime answers {answer}, not times")));
        }
        Ok(times)
    }

    /// The next line in JSON; what the process wrote as an error if there is none.
    fn answer(&mut self) -> Result<Value, HarnessError> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        if let (Ok(_), Ok(answer)) = (read, serde_json::from_str(&line)) {
            return Ok(answer);
        }
        let _ = self.process.kill();
        let mut text = String::new();
        if let Some(mut errors) = self.process.stderr.take() {
            let _ = std::io::Read::read_to_string(&mut errors, &mut text);
        }
        let last = text.trim().lines().last().unwrap_or("it ended without a message");
        Err(HarnessError::new(format!(
            "ONNX Runtime does not run the model: {last}"
        )))
    }
}

/// Advice where something is not installed.
const INSTALL: &str = "install it for the python3 that is found first: `python3 -m pip install onnxruntime numpy`";

impl Drop for OnnxRuntime {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
