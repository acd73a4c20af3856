use std::io::{IsTerminal, Write};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A line on stderr about work that takes a while: the seconds so far on a terminal, what it took at the end.
#[derive(Debug)]
pub struct Progress {
    stop: Option<Sender<()>>,
    line: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows `what`, such as "building the emitted code", until this is dropped.
    pub fn start(what: impl Into<String>) -> Self {
        let what = what.into();
        let (stop, stopped) = mpsc::channel::<()>();
        let line = std::thread::spawn(move || {
            let start = Instant::now();
            let terminal = std::io::stderr().is_terminal();
            while let Err(mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(Duration::from_secs(1)) {
                if terminal {
                    show(&format!("\r{what} .. {} s", start.elapsed().as_secs()));
                }
            }
            let begin = if terminal { "\r" } else { "" };
            show(&format!("{begin}{what} .. {:.1} s\n", start.elapsed().as_secs_f64()));
        });
        Self {
            stop: Some(stop),
            line: Some(line),
        }
    }
}

/// Nobody is helped by an error about a progress line.
fn show(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(line) = self.line.take() {
            let _ = line.join();
        }
    }
}
