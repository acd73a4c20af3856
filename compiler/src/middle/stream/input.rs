use std::fmt;
use std::str::FromStr;

/// An input that brings new frames with each run, as `INPUT:AXIS` or `INPUT:AXIS=STEP`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamInput {
    /// Its name.
    pub name: String,
    /// The axis of time, negative from the end.
    pub axis: i64,
    /// New frames of a run; `None` for the least that is possible.
    pub step: Option<usize>,
}

impl fmt::Display for StreamInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.axis)?;
        self.step.map_or(Ok(()), |step| write!(f, "={step}"))
    }
}

impl FromStr for StreamInput {
    type Err = String;

    /// Names of tensors may hold `:` and `=`: the axis follows the last `:`, and the step the `=` after that.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "give an input, its axis of time, and perhaps frames of a run: INPUT:AXIS or INPUT:AXIS=STEP";
        let (name, rest) = text
            .rsplit_once(':')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(wrong)?;
        let (axis, step) = match rest.split_once('=') {
            Some((axis, step)) => (axis, Some(step.parse().map_err(|_| wrong())?)),
            None => (rest, None),
        };
        Ok(Self {
            name: name.to_owned(),
            axis: axis.parse().map_err(|_| wrong())?,
            step,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::StreamInput;

    #[test]
    fn names_may_hold_colons_and_axes_may_be_negative() {
        let one: StreamInput = "input:0:-1=4".parse().unwrap();
        assert_eq!((one.name.as_str(), one.axis, one.step), ("input:0", -1, Some(4)));
        assert_eq!(one.to_string(), "input:0:-1=4");
        let two: StreamInput = "x:2".parse().unwrap();
        assert_eq!((two.name.as_str(), two.axis, two.step), ("x", 2, None));
    }

    #[test]
    fn what_lacks_an_input_or_an_axis_is_refused() {
        for text in ["x", ":1", "x:", "x:time", "x:1=", "x:1=-2"] {
            assert!(
                text.parse::<StreamInput>().unwrap_err().contains("INPUT:AXIS=STEP"),
                "{text}"
            );
        }
    }
}
