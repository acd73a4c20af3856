//! Pipes of a process, read by threads: it never waits for a reader, and no reader waits for it for ever.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

/// The lines of a pipe.
#[derive(Debug)]
pub(super) struct Lines {
    lines: Receiver<String>,
    ended: bool,
}

/// Lines that are kept for a reader that has not come yet: a process answers one question at a time.
const KEPT: usize = 16;

/// The next line, of which so many bytes are read, and the rest with the line after it; `None` at the end.
fn line(pipe: &mut impl BufRead, longest: usize) -> Option<String> {
    let mut line = vec![];
    let read = pipe.take(longest as u64).read_until(b'\n', &mut line);
    matches!(read, Ok(1..)).then(|| String::from_utf8_lossy(&line).into_owned())
}

/// The last line of a pipe that says something, once the pipe has ended.
pub(super) fn last_line(pipe: impl Read + Send + 'static, longest: usize) -> Receiver<Option<String>> {
    let (sender, last) = sync_channel(1);
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let lines = std::iter::from_fn(|| line(&mut pipe, longest));
        let said = lines.filter(|line| !line.trim().is_empty()).last();
        // Nobody may want to know.
        let _ = sender.send(said.map(|line| line.trim().to_owned()));
    });
    last
}

impl Lines {
    /// Of lines that are longer than so many bytes, the rest is the next one.
    pub(super) fn of(pipe: impl Read + Send + 'static, longest: usize) -> Self {
        let (sender, lines) = sync_channel(KEPT);
        thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            while let Some(line) = line(&mut pipe, longest) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { lines, ended: false }
    }

    /// The next line, if one comes in this time.
    pub(super) fn next(&mut self, patience: Duration) -> Option<String> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => Some(line),
            Err(error) => {
                self.ended = error == RecvTimeoutError::Disconnected;
                None
            }
        }
    }

    /// Whether the pipe has ended, as far as [`next`](Self::next) has found out.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_one_by_one_and_end() {
        let mut lines = Lines::of(&b"first\nsecond is long\n"[..], 8);
        for expected in ["first\n", "second i", "s long\n"] {
            assert_eq!(lines.next(Duration::from_secs(60)).as_deref(), Some(expected));
        }
        assert_eq!((lines.next(Duration::from_secs(60)), lines.ended()), (None, true));
        let last = last_line(&b"first\n\nlast\n \n"[..], 100).recv().unwrap();
        assert_eq!(last.as_deref(), Some("last"));
    }

    #[test]
    fn nobody_waits_for_ever() {
        let (pipe, _kept) = std::io::pipe().unwrap();
        let mut lines = Lines::of(pipe, 8);
        assert_eq!((lines.next(Duration::from_millis(10)), lines.ended()), (None, false));
    }
}
