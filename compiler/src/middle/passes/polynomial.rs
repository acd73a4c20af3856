//! Expressions of one value that amount to a polynomial, however they are written.

use super::rewrite::{input, plain, scalar};
use crate::ir::primitives::{BinaryOp, Map};
use crate::ir::{Graph, ValueId};
use runtime_core::function::AnyFunction;

/// Coefficients, that of the constant first.
pub(super) type Polynomial = [f64; 4];

/// Operators between a value and what it is made of.
const MAX_DEPTH: usize = 8;

/// The polynomial in `x` that `value` is, if it is one of degree three at most.
pub(super) fn polynomial(graph: &Graph, value: ValueId, x: ValueId) -> Option<Polynomial> {
    within(graph, value, x, MAX_DEPTH)
}

fn within(graph: &Graph, value: ValueId, x: ValueId, depth: usize) -> Option<Polynomial> {
    if value == x {
        return Some([0.0, 1.0, 0.0, 0.0]);
    }
    if let Some(number) = scalar(graph, value) {
        return Some([number.into(), 0.0, 0.0, 0.0]);
    }
    let depth = depth.checked_sub(1)?;
    let node = graph.producer(value);
    let part = |index: usize| within(graph, input(node, index)?, x, depth);
    if let Some(map) = node.op::<Map>() {
        let square = matches!(map.function, AnyFunction::Square(_));
        let x = part(0).filter(|_| square)?;
        return product(x, x);
    }
    let is = |op| plain(node, op).is_some();
    if is(BinaryOp::Mul) {
        product(part(0)?, part(1)?)
    } else if is(BinaryOp::Add) {
        Some(combined(part(0)?, part(1)?, 1.0))
    } else if is(BinaryOp::Sub) {
        Some(combined(part(0)?, part(1)?, -1.0))
    } else if is(BinaryOp::Div) {
        let divisor = scalar(graph, input(node, 1)?)?;
        Some(part(0)?.map(|c| c / f64::from(divisor)))
    } else {
        None
    }
}

fn combined(a: Polynomial, b: Polynomial, sign: f64) -> Polynomial {
    std::array::from_fn(|i| a[i] + sign * b[i])
}

fn product(a: Polynomial, b: Polynomial) -> Option<Polynomial> {
    let mut product = [0.0; 4];
    for (i, a) in a.into_iter().enumerate() {
        for (j, b) in b.into_iter().enumerate().filter(|(_, b)| a * b != 0.0) {
            *product.get_mut(i + j)? += a * b;
        }
    }
    Some(product)
}

/// Whether the coefficients are these, except for what constants lose on their way through an exporter.
pub(super) fn agree(found: Polynomial, expected: Polynomial) -> bool {
    let near = |(found, expected): (f64, f64)| (found - expected).abs() <= 2e-6 * expected.abs();
    found.into_iter().zip(expected).all(near)
}
