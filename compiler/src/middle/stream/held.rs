//! Operands that are the same for all frames but have a dimension for them.

use super::walk::{Refused, Walk};
use crate::ir::{NodeId, Tensor, ValueId};

impl Walk<'_> {
    /// Operand number `operand` of a node with `count` frames, all of which are alike.
    pub(super) fn held(&mut self, id: NodeId, operand: usize, axis: usize, count: usize) -> Result<ValueId, Refused> {
        let value = self.graph.node(id).inputs[operand];
        let known = value.and_then(|value| self.graph.constant(value));
        let shorter = known.and_then(|tensor| frames(tensor, axis, count));
        let name = value.map_or(String::new(), |value| self.graph.value(value).name.clone());
        match shorter {
            Some(tensor) => Ok(self.graph.add_constant(name, tensor)),
            None => {
                let name = name.escape_debug();
                let reason = format!("its operand `{name}` is of the whole window, and differs from frame to frame");
                Err(self.refuse(id, reason))
            }
        }
    }
}

/// So many frames along an axis of a tensor, if all its frames are alike.
fn frames(tensor: &Tensor, axis: usize, count: usize) -> Option<Tensor> {
    let frame = tensor.shape[axis + 1..].iter().product::<usize>() * tensor.dtype.size();
    let window = frame * tensor.shape[axis];
    if window == 0 {
        return None;
    }
    let mut bytes = vec![];
    for window in tensor.bytes.chunks_exact(window) {
        let first = &window[..frame];
        if window.chunks_exact(frame).any(|other| other != first) {
            return None;
        }
        bytes.extend(first.repeat(count));
    }
    let mut shape = tensor.shape.clone();
    shape[axis] = count;
    Some(Tensor::new(tensor.dtype, shape, bytes))
}

#[cfg(test)]
mod tests {
    use super::frames;
    use crate::ir::Tensor;

    #[test]
    fn frames_that_are_alike_can_be_fewer_or_more() {
        let tensor = Tensor::i32(&[2, 3, 1], &[4, 4, 4, 7, 7, 7]);
        assert_eq!(frames(&tensor, 1, 2), Some(Tensor::i32(&[2, 2, 1], &[4, 4, 7, 7])));
    }

    #[test]
    fn frames_that_differ_cannot() {
        assert_eq!(frames(&Tensor::i32(&[2, 2], &[4, 5, 7, 7]), 1, 1), None);
    }
}
