//! The most stack that a built program takes, read from its instructions: for each function how deep its stack is at
//! each call, and from there the path of calls that takes most.
//!
//! It follows Thumb, as Cortex-M runs it, and RV32. What the stack is given by a number that is computed, loops that
//! take more of it in each turn, calls by pointers that are not constants, and recursion have no bound here, and are
//! reported so. Interrupts are apart: the processor begins each on the stack of what it interrupts.

mod effect;
mod image;
mod riscv;
mod state;
mod thumb;
mod walk;

use crate::Error;
use image::Image;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use walk::Frame;

/// One function on the path that takes most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackFrame {
    /// Its name, as it is written in the source.
    pub function: String,
    /// Where it is.
    pub address: u32,
    /// Bytes of stack that it has taken where it calls the next one; for the last one, the most that it takes.
    pub bytes: u64,
}

/// The most stack that a function takes, with all that it calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackReport {
    /// The function.
    pub entry: String,
    /// Bytes of the path: no call takes more unless something is unbounded.
    pub bytes: u64,
    /// The path of calls that takes most, from the entry on.
    pub path: Vec<StackFrame>,
    /// What could not be followed, with the reason: the bytes are no bound then.
    pub unbounded: Vec<String>,
}

/// The most stack that the function `entry` of an image takes, or else what the processor starts with. The name is that
/// of the symbol, or the path in the source or the end of it, such as `job::infer`.
///
/// # Errors
/// If `elf` is no image for a Cortex-M or RV32, has no symbols, or has no such function, or several.
pub fn stack(elf: &[u8], entry: Option<&str>) -> Result<StackReport, Error> {
    let image = Image::read(elf)?;
    let entry = image.entry(entry)?;
    let mut tree = Tree {
        image: &image,
        frames: BTreeMap::new(),
        deepest: BTreeMap::new(),
        unbounded: BTreeSet::new(),
    };
    tree.follow(entry);
    Ok(StackReport {
        entry: image.name(entry),
        bytes: tree.bytes(entry),
        path: tree.path(entry),
        unbounded: tree.unbounded.into_iter().collect(),
    })
}

/// Functions that are reached, and what they take.
struct Tree<'i, 'e> {
    image: &'i Image<'e>,
    frames: BTreeMap<u32, Frame>,
    /// The bytes that a function takes with all that it calls, and the call that takes most.
    deepest: BTreeMap<u32, (u64, Option<walk::Call>)>,
    unbounded: BTreeSet<String>,
}

impl Tree<'_, '_> {
    /// Finds what the functions from `entry` on take: each after all that it calls.
    fn follow(&mut self, entry: u32) {
        let (mut open, mut ahead) = (BTreeSet::new(), vec![(entry, false)]);
        while let Some((function, is_done)) = ahead.pop() {
            if is_done {
                open.remove(&function);
                self.sum_up(function);
                continue;
            }
            if self.frames.contains_key(&function) {
                if open.contains(&function) {
                    let name = self.image.name(function);
                    self.unbounded
                        .insert(format!("`{name}` calls itself, by way of others or not"));
                }
                continue;
            }
            let Some(end) = self.image.end(function) else {
                self.unbounded
                    .insert(format!("a call to {function:#x}, where no function begins"));
                self.frames.insert(function, Frame::default());
                continue;
            };
            let frame = walk::frame(self.image, function, end);
            if let Some((address, reason)) = frame.unknown {
                let name = self.image.name(function);
                self.unbounded.insert(format!("`{name}` at {address:#x}: {reason}"));
            }
            ahead.push((function, true));
            ahead.extend(frame.calls.iter().map(|call| (call.target, false)));
            open.insert(function);
            self.frames.insert(function, frame);
        }
    }

    fn sum_up(&mut self, function: u32) {
        let frame = &self.frames[&function];
        let mut deepest = (frame.bytes.max(0) as u64, None);
        for call in &frame.calls {
            let bytes = call.depth.max(0) as u64 + self.bytes(call.target);
            if bytes > deepest.0 {
                deepest = (bytes, Some(*call));
            }
        }
        self.deepest.insert(function, deepest);
    }

    /// What is known of a function: nothing of one that is being followed, which calls itself.
    fn bytes(&self, function: u32) -> u64 {
        self.deepest.get(&function).map_or(0, |(bytes, _)| *bytes)
    }

    fn path(&self, entry: u32) -> Vec<StackFrame> {
        let (mut path, mut next, mut passed) = (vec![], Some(entry), BTreeSet::new());
        while let Some(function) = next.take().filter(|function| passed.insert(*function)) {
            let (bytes, call) = self.deepest.get(&function).copied().unwrap_or_default();
            path.push(StackFrame {
                function: self.image.name(function),
                address: function,
                bytes: call.map_or(bytes, |call| call.depth.max(0) as u64),
            });
            next = call.map(|call| call.target);
        }
        path
    }
}

#[cfg(test)]
mod tests;
