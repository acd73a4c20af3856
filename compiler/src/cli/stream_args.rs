use clap::Args;
use edgec::Compiler;

/// Inputs that bring new frames with each run.
#[derive(Debug, Args)]
pub(super) struct StreamArgs {
    /// Stream the model: each run takes STEP new frames of INPUT along AXIS, as few as possible if no STEP is given, and
    /// keeps what it needs of those before; may be repeated
    #[arg(long = "stream", value_name = "INPUT:AXIS[=STEP]", value_parser = stream)]
    streams: Vec<Stream>,
}

/// An input, its axis of time, and the frames of a run.
#[derive(Clone, Debug)]
struct Stream {
    input: String,
    axis: i64,
    step: Option<usize>,
}

impl StreamArgs {
    /// `compiler` with the streamed inputs.
    pub(super) fn apply(&self, compiler: Compiler) -> Compiler {
        let streams = self.streams.iter();
        streams.fold(compiler, |compiler, stream| {
            compiler.stream(&stream.input, stream.axis, stream.step)
        })
    }

    /// The values of `--stream` that give the same.
    pub(super) fn values(&self) -> impl Iterator<Item = String> + '_ {
        self.streams.iter().map(|Stream { input, axis, step }| match step {
            Some(step) => format!("{input}:{axis}={step}"),
            None => format!("{input}:{axis}"),
        })
    }

    /// Names of the streamed inputs.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &str> {
        self.streams.iter().map(|stream| stream.input.as_str())
    }
}

/// Names of tensors may hold `:` and `=`: the axis follows the last `:`, and the step the `=` after that.
fn stream(text: &str) -> Result<Stream, String> {
    let wrong =
        || "give an input, its axis of time, and perhaps frames of a run: INPUT:AXIS or INPUT:AXIS=STEP".to_owned();
    let (input, rest) = text.rsplit_once(':').ok_or_else(wrong)?;
    let (axis, step) = match rest.split_once('=') {
        Some((axis, step)) => (axis, Some(step.parse().map_err(|_| wrong())?)),
        None => (rest, None),
    };
    let axis = axis.parse().map_err(|_| wrong())?;
    match input {
        "" => Err(wrong()),
        _ => Ok(Stream {
            input: input.to_owned(),
            axis,
            step,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::stream;

    #[test]
    fn names_may_hold_colons_and_axes_may_be_negative() {
        let one = stream("input:0:-1=4").unwrap();
        assert_eq!((one.input.as_str(), one.axis, one.step), ("input:0", -1, Some(4)));
        let two = stream("x:2").unwrap();
        assert_eq!((two.input.as_str(), two.axis, two.step), ("x", 2, None));
    }

    #[test]
    fn what_lacks_an_input_or_an_axis_is_refused() {
        for text in ["x", ":1", "x:", "x:time", "x:1=", "x:1=-2"] {
            assert!(stream(text).unwrap_err().contains("INPUT:AXIS=STEP"), "{text}");
        }
    }
}
