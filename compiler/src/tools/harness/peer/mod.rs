mod lines;

use super::HarnessError;
use crate::ir::program::Port;
use lines::{Lines, last_line};
use serde_json::{Map, Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// What loading a model may take, and what runs may take beside the time that is asked for.
const PATIENCE: Duration = Duration::from_secs(600);
/// Bytes of an answer, of which the largest are some ten thousand times.
const LONGEST_ANSWER: usize = 64 << 20;
/// Bytes of a line of what a process says of its errors.
const LONGEST_COMPLAINT: usize = 16 << 10;
/// For what a process says of its errors once it has ended.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Another runtime, as a package of the user's `python3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// ONNX Runtime with all optimisations, inputs and outputs bound.
    OnnxRuntime,
    /// LiteRT with XNNPACK, of a model that `onnx2tf` converts, which takes minutes.
    LiteRt,
    /// OpenVINO in 32-bit floats, as one stream for the least latency.
    OpenVino,
    /// tract, which has one thread.
    Tract,
}

impl Peer {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OnnxRuntime => "ONNX Runtime",
            Self::LiteRt => "LiteRT",
            Self::OpenVino => "OpenVINO",
            Self::Tract => "tract",
        }
    }

    /// How `--compare` and the summary for programs call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::OnnxRuntime => "onnxruntime",
            Self::LiteRt => "litert",
            Self::OpenVino => "openvino",
            Self::Tract => "tract",
        }
    }

    /// The program that loads a model and answers with times.
    fn program(self) -> String {
        let load = match self {
            Self::OnnxRuntime => include_str!("onnxruntime.py"),
            Self::LiteRt => include_str!("litert.py"),
            Self::OpenVino => include_str!("openvino.py"),
            Self::Tract => include_str!("tract.py"),
        };
        format!("{}{load}", include_str!("serve.py"))
    }

    /// Advice if it is not installed.
    fn install(self) -> String {
        let package = match self {
            Self::LiteRt => "ai-edge-litert",
            Self::OnnxRuntime | Self::OpenVino | Self::Tract => self.word(),
        };
        let install =
            format!("install it for the python3 that is found first: `python3 -m pip install {package} numpy`");
        match self {
            Self::LiteRt => {
                format!("{install}, and `onnx2tf` into an environment of its own, with the program in PATH")
            }
            Self::OnnxRuntime | Self::OpenVino | Self::Tract => install,
        }
    }
}

/// A peer with a model loaded.
#[derive(Debug)]
pub struct RunningPeer {
    peer: Peer,
    process: Child,
    requests: ChildStdin,
    answers: Lines,
    error: Receiver<Option<String>>,
    version: String,
}

impl RunningPeer {
    /// Loads the model of a file for inputs of these shapes, to run on so many threads.
    ///
    /// # Errors
    /// If there is no `python3`, it does not have the peer, or that does not take the model or so many threads.
    pub fn load(peer: Peer, model: &Path, inputs: &[Port], threads: usize) -> Result<Self, HarnessError> {
        let shapes: Map<String, Value> = inputs
            .iter()
            .map(|port| (port.name.clone(), json!(port.model_ty().shape)))
            .collect();
        let name = peer.name();
        let mut process = Command::new("python3")
            .args(["-c", &peer.program()])
            .arg(model)
            .arg(Value::Object(shapes).to_string())
            .arg(threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| HarnessError::new(format!("python3 cannot be run: {e}")).help(peer.install()))?;
        let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let (Some(requests), Some(answers), Some(errors)) = pipes else {
            return Err(HarnessError::new("python3 has no standard input and output"));
        };
        let mut running = Self {
            peer,
            process,
            requests,
            answers: Lines::of(answers, LONGEST_ANSWER),
            error: last_line(errors, LONGEST_COMPLAINT),
            version: String::new(),
        };
        let answer = running.answer()?;
        if let Some(missing) = answer["missing"].as_str() {
            return Err(HarnessError::new(format!("python3 has no {name}: {missing}")).help(peer.install()));
        }
        if answer["threads"].as_bool().is_some() {
            return Err(HarnessError::new(format!("{name} has one thread")).help("leave out --threads, or this peer"));
        }
        if let Some(input) = answer["input"].as_str() {
            return Err(
                HarnessError::new(format!("{name} needs a value for the input `{input}`"))
                    .help("inputs that are baked into the emitted code, or are states of it, cannot be compared"),
            );
        }
        running.version = answer["version"].as_str().unwrap_or_default().to_owned();
        Ok(running)
    }

    /// Which it is.
    pub fn peer(&self) -> Peer {
        self.peer
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
            let name = self.peer.name();
            return Err(HarnessError::new(format!("{name} answers {answer}, not times")));
        }
        Ok(times)
    }

    /// The next line in JSON; what the process wrote as an error if there is none.
    fn answer(&mut self) -> Result<Value, HarnessError> {
        let name = self.peer.name();
        let line = self.answers.next(PATIENCE);
        if let Some(answer) = line.as_deref().and_then(|line| serde_json::from_str(line).ok()) {
            return Ok(answer);
        }
        let _ = self.process.kill();
        if line.is_none() && !self.answers.ended() {
            let seconds = PATIENCE.as_secs();
            return Err(HarnessError::new(format!("{name} has not answered for {seconds} s")));
        }
        let last = self.error.recv_timeout(LAST_WORDS).ok().flatten();
        let last = last.unwrap_or_else(|| "it ended without a message".into());
        Err(HarnessError::new(format!("{name} does not run the model: {last}")))
    }
}

impl Drop for RunningPeer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
