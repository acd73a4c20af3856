use crate::KernelCall;
use runtime_core::partial::Part;
use std::ops::Range;

/// A call that computes some rows of what another computes, bit for bit as it does.
#[derive(Debug)]
pub struct CallPart {
    /// The kernel with its parameters.
    pub kernel: Box<dyn KernelCall>,
    /// Elements of each of the first inputs that it takes in place of the whole inputs; it takes all others whole.
    pub inputs: Vec<Range<usize>>,
    /// Elements of output 0 that it writes. Other outputs are temporaries.
    pub output: Range<usize>,
    /// The input after those of `inputs` of which it takes the elements that it writes, as a residual is.
    pub residual: Option<usize>,
}

impl CallPart {
    /// A part with its parameters as a call.
    pub(crate) fn of<L, const N: usize, K: KernelCall + 'static>(part: Part<L, N>, call: impl FnOnce(L) -> K) -> Self {
        Self {
            kernel: Box::new(call(part.layer)),
            inputs: part.inputs.to_vec(),
            output: part.output,
            residual: None,
        }
    }

    /// A part of a call that makes each element of the elements in the same place of its first `inputs` inputs.
    pub(crate) fn elementwise(call: impl KernelCall + 'static, inputs: usize, elements: Range<usize>) -> Self {
        Self {
            kernel: Box::new(call),
            inputs: vec![elements.clone(); inputs],
            output: elements,
            residual: None,
        }
    }
}

/// The methods of a [`KernelCall`] whose parameters, `self` or a field of it, can be divided: over `$n` tensors.
macro_rules! by_parts {
    ($n:literal) => {
        fn divides(&self) -> bool {
            $n == 1
        }

        fn row(&self) -> Option<usize> {
            runtime_core::partial::Partial::<$n>::row(self)
        }

        fn part(&self, rows: std::ops::Range<usize>) -> Option<$crate::CallPart> {
            let part = runtime_core::partial::Partial::<$n>::part(self, rows)?;
            Some($crate::CallPart::of(part, |layer| layer))
        }
    };
    ($n:literal, $field:tt) => {
        fn divides(&self) -> bool {
            $n == 1
        }

        fn row(&self) -> Option<usize> {
            runtime_core::partial::Partial::<$n>::row(&self.$field)
        }

        fn part(&self, rows: std::ops::Range<usize>) -> Option<$crate::CallPart> {
            let part = runtime_core::partial::Partial::<$n>::part(&self.$field, rows)?;
            Some($crate::CallPart::of(part, |layer| {
                let mut call = *self;
                call.$field = layer;
                call
            }))
        }
    };
}
pub(crate) use by_parts;

/// The methods of a [`KernelCall`] that makes each element of one element of each of `$inputs` tensors.
macro_rules! by_elements {
    ($inputs:literal) => {
        fn row(&self) -> Option<usize> {
            Some(1)
        }

        fn part(&self, rows: std::ops::Range<usize>) -> Option<$crate::CallPart> {
            Some($crate::CallPart::elementwise(*self, $inputs, rows))
        }
    };
}
pub(crate) use by_elements;
