use super::Classes;
use crate::Error;
use crate::data::samples::{Keys, Labels, Samples, Spec};
use crate::ir::program::Port;

/// Samples and what they should be classified as.
#[derive(Clone, Debug)]
pub struct TestSet {
    /// The samples.
    pub samples: Samples,
    /// Their classes, if they are known.
    pub labels: Option<Labels>,
    /// Remarks for the user.
    pub notes: Vec<String>,
}

/// Default key of the samples, if no array is named like the input.
const SAMPLES: &str = "x";
/// Default key of the labels.
const LABELS: &str = "y";

impl TestSet {
    /// Finds the samples of `data` (see [`samples`](crate::data::samples)) for `inputs`, and their labels. `samples` is
    /// the key of the samples: by default they are the array named like the input, else `x`. `labels` is the key of the
    /// labels, or another `FILE.npz:KEY` or `FILE.npy`; by default `y`, if `data` has it and it holds classes.
    ///
    /// # Errors
    /// If samples or labels that are asked for are missing or do not fit.
    pub fn open(data: &str, samples: Option<&str>, labels: Option<&str>, inputs: &[Port]) -> Result<Self, Error> {
        let mut spec = Spec::parse(data)?;
        spec.keys = match (samples, spec.keys) {
            (None, Keys::ByName) => Keys::ByNameElse(SAMPLES.into()),
            (None, keys) => keys,
            (Some(key), Keys::ByName) => Keys::parse(key)?,
            (Some(_), _) => {
                let message = format!("{data} names the samples already");
                return Err(Error::usage(message, "leave out its key, or the other"));
            }
        };
        let samples = Samples::at(&spec, inputs)?;
        let mut notes = samples.notes().to_vec();
        let labels = match labels {
            Some("none") => None,
            Some(text) => Some(asked_labels(&spec, text)?),
            None => found_labels(&spec).unwrap_or_else(|error| {
                notes.push(format!("no accuracy: {error}"));
                None
            }),
        };
        let rows = samples.len() * samples.rows();
        match &labels {
            Some(labels) if labels.len() != rows => {
                let message = format!("{data}: there are {} labels for {rows} samples", labels.len());
                Err(Error::samples(
                    message,
                    "name the labels of these samples with --labels KEY, or --labels none",
                ))
            }
            _ => Ok(Self { samples, labels, notes }),
        }
    }

    /// Only the first `count` samples, or all if there are fewer. Call it before [`judge`](Self::judge).
    pub fn first(mut self, count: usize) -> Self {
        self.samples = self.samples.first(count);
        let labels = self.samples.len() * self.samples.rows();
        self.labels = self.labels.map(|l| l.first(labels));
        self
    }

    /// What the output tells of these samples: the one called `name`, by default the last. Gives its number and its
    /// classes.
    ///
    /// # Errors
    /// If there is no such output, or labels that do not fit it.
    pub fn judge(&self, outputs: &[Port], name: Option<&str>) -> Result<(usize, Option<Classes>), Error> {
        let position = match name {
            Some(name) => outputs.iter().position(|port| port.name == name),
            None => outputs.len().checked_sub(1),
        };
        let Some(position) = position else {
            let names: Vec<_> = outputs.iter().map(|p| format!("`{}`", p.name.escape_debug())).collect();
            let message = format!("the model has no output `{}`", name.unwrap_or_default().escape_debug());
            return Err(Error::usage(message, format!("its outputs are {}", names.join(", "))));
        };
        let output = &outputs[position];
        let classes = Classes::of(output, self.samples.rows());
        match (&self.labels, classes) {
            (Some(labels), Some(classes)) => classes.check(labels, &output.name)?,
            (Some(_), None) => {
                let message = format!("output `{}` {} tells no classes", output.name.escape_debug(), output.ty);
                let help = "it should have two or more scores per sample; --output names another, --labels none leaves labels out";
                return Err(Error::samples(message, help));
            }
            (None, _) => {}
        }
        Ok((position, classes))
    }
}

fn labels_of(data: &Spec, key: &str) -> Spec {
    Spec {
        path: data.path.clone(),
        keys: Keys::One(key.into()),
    }
}

fn has_extension(spec: &Spec, extension: &str) -> bool {
    spec.path.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension))
}

fn found_labels(data: &Spec) -> Result<Option<Labels>, Error> {
    if has_extension(data, "npz") {
        Labels::read(&labels_of(data, LABELS))
    } else {
        Ok(None)
    }
}

fn asked_labels(data: &Spec, text: &str) -> Result<Labels, Error> {
    let other = Spec::parse(text)?;
    let is_file = has_extension(&other, "npy") || other.keys != Keys::ByName;
    let spec = if is_file { other } else { labels_of(data, text) };
    Labels::read(&spec)?.ok_or_else(|| {
        let message = format!(
            "{}: there is no array of labels `{}`",
            spec.path.display(),
            text.escape_debug()
        );
        Error::samples(message, "name an array of integers with --labels KEY, or leave it out")
    })
}
