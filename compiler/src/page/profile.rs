//! What kernel calls were measured to take, from a file of figures.
//!
//! A profile is an object in JSON, `{"layers": [{"name": "l00_conv", "value": 9216, "unit": "instructions"}, ..]}`, or
//! a list of such objects, of which one is of the model. Everything else that is known is compared where it is there:
//! of a layer its `kernel`, of the whole `sha256` of the model's file and `target`. Fields that are not known are
//! ignored.

use crate::back::report::{CallReport, Report};
use crate::ir::Printable;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What was measured of a model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Profile {
    /// Where, and with which options, for people.
    #[serde(default)]
    pub on: Option<String>,
    /// SHA-256 of the model's file.
    #[serde(default)]
    pub sha256: Option<String>,
    /// What the model was compiled for.
    #[serde(default)]
    pub target: Option<String>,
    /// The kernel calls, each once.
    pub layers: Vec<Measured>,
}

/// What a kernel call was measured to take.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Measured {
    /// Its name in the emitted file, `l00_conv`.
    pub name: String,
    /// The kernel that ran.
    #[serde(default)]
    pub kernel: Option<String>,
    /// How much it took.
    pub value: f64,
    /// Of what.
    pub unit: Unit,
    /// What it takes at the very least, in the same unit, where the machine sets a limit.
    #[serde(default)]
    pub limit: Option<f64>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Instructions of the processor.
    Instructions,
    /// Cycles of its clock.
    Cycles,
    /// Microseconds.
    Us,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Instructions => "instructions",
            Self::Cycles => "cycles",
            Self::Us => "µs",
        })
    }
}

/// Why figures cannot stand beside a model's layers; reads on after the name of their file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: &'static str,
}

const NO_PROFILE: &str = r#"a profile is {"layers": [{"name": "l00_conv", "value": 9216, "unit": "instructions"}, ..]},
with every kernel call of the emitted file; units are instructions, cycles and us"#;
const OF_ANOTHER: &str = "the profile was made of another model, or with other options:
measure again what this command compiles, with the same --target and --quantize";
const TOO_MANY: &str = "keep the one that is meant: an object of the list is a profile by itself";

/// What a layer can take at most, in any unit: some years of cycles.
const MOST: f64 = 1e18;

impl Profile {
    /// The profiles in a file.
    ///
    /// # Errors
    /// If it holds something else.
    pub fn parse(text: &str) -> Result<Vec<Self>, Mismatch> {
        let wrong = |reason: String| Mismatch {
            message: format!("is no profile: {reason}"),
            help: NO_PROFILE,
        };
        let objects = match serde_json::from_str(text).map_err(|error| wrong(error.to_string()))? {
            Value::Array(objects) => objects,
            object => vec![object],
        };
        if objects.is_empty() {
            return Err(wrong(
                "the list is empty; the tool that measures may have failed".into(),
            ));
        }
        let profiles = objects.into_iter().map(|object| {
            let profile: Self = serde_json::from_value(object).map_err(|error| error.to_string())?;
            profile.check().map(|()| profile)
        });
        profiles.collect::<Result<_, _>>().map_err(wrong)
    }

    /// Whether the figures can be compared with each other.
    fn check(&self) -> Result<(), String> {
        let Some(first) = self.layers.first() else {
            return Err("it has no layers; a tool may have to be told to measure them, as by --layers".into());
        };
        let mut names = BTreeSet::new();
        for layer in &self.layers {
            let name = Printable(&layer.name);
            if !names.insert(&layer.name) {
                return Err(format!("the layer `{name}` is there twice"));
            }
            if layer.unit != first.unit {
                return Err(format!(
                    "the layer `{name}` is in {}, and those before it are in {}",
                    layer.unit, first.unit
                ));
            }
            let numbers = [Some(layer.value), layer.limit];
            if numbers.into_iter().flatten().any(|number| number.is_sign_negative()) {
                return Err(format!("the layer `{name}` took less than nothing"));
            }
            if numbers.into_iter().flatten().any(|number| number > MOST) {
                return Err(format!("the layer `{name}` took longer than anything can be measured"));
            }
        }
        Ok(())
    }

    /// The one of `profiles` that is of this model.
    ///
    /// # Errors
    /// If none is, with the first layer that tells, or if several are.
    pub fn of<'p>(profiles: &'p [Self], report: &Report) -> Result<&'p Self, Mismatch> {
        let differences: Vec<_> = profiles.iter().map(|profile| profile.difference(report)).collect();
        let fits = profiles.iter().zip(&differences).filter(|(_, d)| d.is_none());
        match (
            &fits.map(|(profile, _)| profile).collect::<Vec<_>>()[..],
            &differences[..],
        ) {
            ([one], _) => Ok(*one),
            ([], [Some(difference)]) => Err(Mismatch {
                message: format!("does not fit this model: {difference}"),
                help: OF_ANOTHER,
            }),
            ([], _) => {
                let each = profiles.iter().zip(&differences).map(|(profile, difference)| {
                    format!(
                        "\n  - {}: {}",
                        profile.title(),
                        difference.as_deref().unwrap_or_default()
                    )
                });
                let each: String = each.collect();
                Err(Mismatch {
                    message: format!("holds {} profiles, and none fits this model:{each}", profiles.len()),
                    help: OF_ANOTHER,
                })
            }
            (several, _) => {
                let titles: Vec<_> = several.iter().map(|profile| profile.title()).collect();
                Err(Mismatch {
                    message: format!("holds {} profiles of this model: {}", several.len(), titles.join("; ")),
                    help: TOO_MANY,
                })
            }
        }
    }

    /// Where it was measured, in words.
    pub(super) fn title(&self) -> String {
        let on = self.on.as_deref().unwrap_or("a machine that the file does not name");
        Printable(on).to_string()
    }

    /// What is counted.
    pub(super) fn unit(&self) -> Unit {
        self.layers.first().map_or(Unit::Instructions, |layer| layer.unit)
    }

    /// The figures by the names of calls.
    pub(super) fn by_name(&self) -> BTreeMap<&str, &Measured> {
        self.layers.iter().map(|layer| (layer.name.as_str(), layer)).collect()
    }

    /// What shows that it is not of this model.
    fn difference(&self, report: &Report) -> Option<String> {
        let other = |own: &Option<String>, its: &str| own.as_deref().is_some_and(|own| own != its);
        if other(&self.target, &report.target) {
            let target = Printable(self.target.as_deref().unwrap_or_default());
            return Some(format!(
                "it was measured for `{target}`, and this is for `{}`",
                report.target
            ));
        }
        // Layers tell more than the digest: they are looked at first.
        let layers = self.differing_layer(report);
        layers.or_else(|| other(&self.sha256, &report.sha256).then(|| "it is of a file with another SHA-256".into()))
    }

    fn differing_layer(&self, report: &Report) -> Option<String> {
        let mut measured = self.by_name();
        // Of a model that is trained the steps after the inference may not have been measured.
        let needed = report.training.as_ref().map(|training| training.inference_calls);
        let needed = needed.unwrap_or(report.calls.len());
        for (index, call) in report.calls.iter().enumerate() {
            match measured.remove(call.name.as_str()) {
                None if index < needed => {
                    return Some(format!("the model's layer `{}` is not in it", call.name));
                }
                None => {}
                Some(layer) => {
                    let other = layer.kernel.as_ref().filter(|kernel| **kernel != call.kernel);
                    if let Some(other) = other {
                        return Some(other_kernel(call, other));
                    }
                }
            }
        }
        let first = measured.into_keys().next()?;
        Some(format!("the model has no layer `{}`, which is in it", Printable(first)))
    }
}

fn other_kernel(call: &CallReport, measured: &str) -> String {
    let (name, kernel) = (&call.name, &call.kernel);
    format!(
        "its layer `{name}` ran `{}`, and here that is `{kernel}`",
        Printable(measured)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        Profile::parse(text).unwrap_err().message
    }

    #[test]
    fn figures_come_alone_or_in_a_list_with_whatever_else() {
        let one =
            r#"{"on": "a board", "more": 1, "layers": [{"name": "l00_conv", "value": 2.5, "unit": "us", "macs": 3}]}"#;
        let profiles = Profile::parse(one).unwrap();
        assert_eq!(profiles, Profile::parse(&format!("[{one}]")).unwrap());
        assert_eq!(profiles[0].unit(), Unit::Us);
        assert_eq!(profiles[0].by_name()["l00_conv"].value, 2.5);
        assert_eq!(profiles[0].title(), "a board");
    }

    #[test]
    fn figures_that_cannot_be_compared_are_no_profile() {
        let layers = |layers: &str| message(&format!(r#"{{"layers": [{layers}]}}"#));
        let one = r#"{"name": "a", "value": 1, "unit": "us"}"#;
        assert!(message("l00_conv 5").contains("is no profile: expected value"));
        assert!(message("{}").contains("missing field `layers`"));
        assert!(message("[]").contains("is no profile: the list is empty"));
        assert!(layers("").contains("it has no layers; a tool may have to be told"));
        assert!(layers(r#"{"name": "a", "value": 1, "unit": "ms"}"#).contains("unknown variant `ms`"));
        assert!(layers(&format!("{one}, {one}")).contains("`a` is there twice"));
        assert!(
            layers(&format!(r#"{one}, {{"name": "b", "value": 1, "unit": "cycles"}}"#))
                .contains("`b` is in cycles, and those before it are in µs")
        );
        assert!(layers(r#"{"name": "a", "value": -1, "unit": "us"}"#).contains("`a` took less than nothing"));
    }
}
