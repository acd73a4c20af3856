//! Takes ways to compute layers that were measured.

use super::Compiler;
use crate::Error;
use crate::ir::program::{Call, Program};
use crate::ir::{Remark, RemarkKind};
use crate::machine::{Choices, Machine, Way};

/// Layers that an error names at most.
const SHOWN: usize = 8;

impl Compiler {
    /// Computes layers in ways that [`tune`](Self::tune) has found. Compiling fails if the model has no such layers.
    pub fn tuned(mut self, choices: Choices) -> Self {
        self.tuned = choices;
        self
    }
}

/// The way of a call, if there were several.
pub(super) fn way(call: &Call) -> Option<Way> {
    let choice = call.choice.as_ref()?;
    Some(Way {
        kernel: choice.kernel.into(),
        layout: choice.layout.into(),
    })
}

/// Whether a function is a form of a kernel: of integers, or with a residual.
fn is_kernel(function: &str, kernel: &str) -> bool {
    let form = function.strip_prefix("qlinear_").unwrap_or(function);
    form.strip_suffix("_add").unwrap_or(form) == kernel
}

/// Checks that what was measured is of this machine, and that all choices were made. A remark says if it is of another
/// file of the model: with other weights only, the same ways are the fastest.
pub(super) fn check(machine: &Machine, model_sha256: &str, program: &Program) -> Result<Option<Remark>, Error> {
    let choices = &machine.tuned;
    if let Some(measured) = choices.target.as_ref().filter(|measured| **measured != machine.name) {
        return Err(Error::usage(
            format!(
                "the tuned file is for the target {}, and the model is compiled for {}",
                measured.escape_debug(),
                machine.name
            ),
            "write the file again by `edgec tune` with this --target, or leave out --tuned",
        ));
    }
    check_ways(choices, program)?;
    let other = choices.sha256.as_ref().is_some_and(|measured| measured != model_sha256);
    let remark = || {
        Remark::of_model(
            RemarkKind::Tuned,
            "the tuned file was measured with a file of the model that has another SHA-256",
        )
        .advise("the ways stay the fastest if only weights differ; else write it again by `edgec tune`")
    };
    Ok(other.then(remark))
}

/// Checks that all choices were made.
fn check_ways(choices: &Choices, program: &Program) -> Result<(), Error> {
    let is_made = |name: &str, chosen: &Way| {
        let mut calls = program.calls.iter().filter(|call| call.name == name);
        calls.any(|call| match way(call) {
            Some(way) => way == *chosen,
            // The only way that is left is not recorded; its kernel tells.
            None => is_kernel(call.kernel.name(), &chosen.kernel),
        })
    };
    let mut missing: Vec<String> = choices
        .iter()
        .filter(|(name, way)| !is_made(name, way))
        .map(|(name, way)| format!("`{name}` by {} of {}", way.kernel, way.layout))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let more = missing.len().saturating_sub(SHOWN);
    missing.truncate(SHOWN);
    if more > 0 {
        missing.push(format!("and {more} more"));
    }
    Err(Error::usage(
        format!(
            "the tuned file computes layers in ways that this model does not offer: {}",
            missing.join(", ")
        ),
        "write the file again by `edgec tune`, with this model and these options, or leave out --tuned",
    ))
}
