//! The equations of `Einsum`.

use crate::ir::{OpError, op_error};

/// Stands for one dimension: a letter, or a place in the ellipsis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::front) enum Label {
    /// A letter.
    Letter(u8),
    /// A dimension under the ellipsis, counted from its last one.
    Ellipsis(usize),
}

/// What the dimensions of the operands and of the result are called.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::front) struct Equation {
    /// Of each operand.
    pub(in crate::front) inputs: Vec<Vec<Label>>,
    /// Of the result.
    pub(in crate::front) output: Vec<Label>,
}

impl Equation {
    /// Reads an equation for operands of these shapes.
    pub(in crate::front) fn parse(text: &str, shapes: &[Vec<usize>]) -> Result<Self, OpError> {
        let wrong = |what: &str| op_error(format!("the equation `{}` {what}", text.escape_debug()));
        let text: String = text.chars().filter(|c| *c != ' ').collect();
        let (left, right) = match text.split_once("->") {
            Some((left, right)) => (left, Some(right)),
            None => (&text[..], None),
        };
        let terms: Vec<&str> = left.split(',').collect();
        if terms.len() != shapes.len() {
            return Err(wrong(&format!(
                "has {} terms for {} operands",
                terms.len(),
                shapes.len()
            )));
        }
        let mut inputs = vec![];
        let mut hidden = 0;
        for (term, shape) in terms.iter().zip(shapes) {
            let letters = term.chars().filter(|c| *c != '.').count();
            let under = shape.len().checked_sub(letters);
            let under = under.filter(|count| *count == 0 || term.contains("..."));
            let under = under.ok_or_else(|| wrong(&format!("does not name the dimensions of an operand {shape:?}")))?;
            hidden = hidden.max(under);
            let labels = labels(term, under);
            inputs.push(labels.ok_or_else(|| wrong("has a term that is not made of letters and one `...`"))?);
        }
        let output = match right {
            Some(right) => labels(right, hidden).ok_or_else(|| wrong("has a wrong output"))?,
            None => implicit(&inputs, hidden),
        };
        if let Some(twice) = output
            .iter()
            .enumerate()
            .find(|(i, label)| output[..*i].contains(label))
        {
            return Err(wrong(&format!("names {:?} twice in the output", twice.1)));
        }
        if output.iter().any(|label| !inputs.iter().flatten().any(|l| l == label)) {
            return Err(wrong("names a dimension in the output that no operand has"));
        }
        let dropped = (0..hidden).map(Label::Ellipsis).any(|label| !output.contains(&label));
        if dropped {
            return Err(wrong("leaves `...` out of the output").help("name the dimensions that are summed"));
        }
        Ok(Self { inputs, output })
    }
}

/// The labels of a term whose ellipsis stands for `hidden` dimensions.
fn labels(term: &str, hidden: usize) -> Option<Vec<Label>> {
    let (before, after) = match term.split_once("...") {
        Some((before, after)) => (before, Some(after)),
        None => (term, None),
    };
    let letters = |text: &str| -> Option<Vec<Label>> {
        let letter = |c: u8| c.is_ascii_alphabetic().then_some(Label::Letter(c));
        text.bytes().map(letter).collect()
    };
    let mut labels = letters(before)?;
    if let Some(after) = after {
        labels.extend((0..hidden).rev().map(Label::Ellipsis));
        labels.extend(letters(after)?);
    }
    Some(labels)
}

/// The output where the equation does not tell: the ellipsis, then letters that occur once, sorted.
fn implicit(inputs: &[Vec<Label>], hidden: usize) -> Vec<Label> {
    let letters = (0..=u8::MAX).map(Label::Letter);
    let once = letters.filter(|letter| inputs.iter().flatten().filter(|l| *l == letter).count() == 1);
    (0..hidden).rev().map(Label::Ellipsis).chain(once).collect()
}
