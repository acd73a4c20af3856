use super::MaxPoolIndices;
use crate::bindings::{AveragePoolCall, MaxPoolCall};
use crate::ir::geometry::{Image, Layout, Window};
use crate::ir::gradient::{scattered, spread};
use crate::ir::{DType, Inputs, Movement, OpError, Operator, Parts, TensorType, op_error};
use crate::ir::{Fill, OverTime, Time};
use crate::ir::{Gradient, Lowering};
use runtime_core::kernels::Pool2d;

/// A pool over windows along one or two spatial axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// What it makes of a window.
    pub kind: PoolKind,
    /// Geometry.
    pub window: Window,
    /// Whether a last window may stick out at the end.
    pub ceil_mode: bool,
    /// Layout of the input and of the output.
    pub layout: Layout,
}

/// What a pool makes of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The greatest element.
    Max,
    /// The mean, with or without the padding.
    Average {
        /// Whether padding counts as zeros.
        count_include_pad: bool,
    },
}

impl Pool {
    /// The images that it reads and makes.
    pub(super) fn images(&self, x: &TensorType) -> Result<(Image, Image), OpError> {
        let image = Image::of(x, self.layout, self.window.rank())?;
        let spatial = image.spatial.iter().enumerate();
        let spatial = spatial
            .map(|(i, size)| self.window.output(i, *size, self.ceil_mode))
            .collect::<Result<_, _>>()?;
        let output = Image {
            spatial,
            ..image.clone()
        };
        Ok((image, output))
    }

    /// By how many elements the sum of each window is divided.
    fn counts(&self, spatial: &[usize], windows: &[usize], padding_counts: bool) -> Vec<usize> {
        let rank = windows.len();
        let along = |axis: usize, place: usize| {
            let (before, after) = (self.window.pads[axis], self.window.pads[rank + axis]);
            let (size, dilation) = (spatial[axis], self.window.dilations[axis]);
            // Elements from the beginning of the padding on.
            let places = (0..self.window.kernel[axis]).map(|tap| place * self.window.strides[axis] + tap * dilation);
            let counted = |at: &usize| {
                let inside = (before..before + size).contains(at);
                inside || padding_counts && *at < before + size + after
            };
            places.filter(counted).count()
        };
        let counts = (0..windows.iter().product()).map(|index| {
            let mut rest = index;
            let axes = (0..rank).rev().map(|axis| {
                let place = rest % windows[axis];
                rest /= windows[axis];
                along(axis, place)
            });
            axes.product::<usize>().max(1)
        });
        counts.collect()
    }

    /// Checks the window.
    pub(super) fn check(&self) -> Result<(), OpError> {
        self.window.check()?;
        match self.window.rank() {
            rank @ 3.. => Err(op_error(format!("a pool over {rank} spatial axes at once"))),
            _ => Ok(()),
        }
    }
}

impl Operator for Pool {
    fn name(&self) -> &'static str {
        match self.kind {
            PoolKind::Max => "MaxPool",
            PoolKind::Average { .. } => "AveragePool",
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        self.check()?;
        let supported = match self.kind {
            PoolKind::Max => x.dtype != DType::Bool,
            PoolKind::Average { .. } => matches!(x.dtype, DType::F32 | DType::F64),
        };
        if !supported {
            return Err(op_error(format!("element type {} is not supported", x.dtype)));
        }
        let (_, output) = self.images(x)?;
        Ok(vec![x.with_shape(output.shape(self.layout))])
    }

    fn work(&self, _: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        let taps = self
            .window
            .kernel
            .iter()
            .fold(1u64, |taps, k| taps.saturating_mul(*k as u64));
        taps.saturating_mul(outputs[0].len() as u64)
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (image, output) = self.images(cx.ty(0))?;
        let pool = Pool2d {
            batch: image.batch,
            input: image.hwc(),
            output: output.hwc(),
            kernel: Window::pair(&self.window.kernel, 1),
            strides: Window::pair(&self.window.strides, 1),
            dilations: Window::pair(&self.window.dilations, 1),
            pads: self.window.pads2d(),
            count_include_pad: self.kind
                == PoolKind::Average {
                    count_include_pad: true,
                },
        };
        let dtype = cx.ty(0).dtype;
        let (x, y) = (cx.input(0), cx.output(0));
        match self.kind {
            PoolKind::Max => cx.call(MaxPoolCall { pool, dtype }, &[x], &[y]),
            PoolKind::Average { .. } => cx.call(AveragePoolCall { pool, dtype }, &[x], &[y]),
        }
        Ok(())
    }

    fn movement(&self, _: usize) -> Option<Movement> {
        (self.kind == PoolKind::Max).then(Movement::of_first)
    }

    fn parts(&self, axis: usize, x: &[usize], _: &[usize]) -> Option<Parts> {
        (axis == self.layout.channel_axis(x.len())).then(|| Parts::same(axis, x[axis]))
    }

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let (x, g) = (cx.input(0)?, cx.of_output()?);
        let shape = cx.shape(x);
        let gradient = match self.kind {
            // Of equal elements it is the first that is taken.
            PoolKind::Max => {
                let indices = MaxPoolIndices {
                    window: self.window.clone(),
                    ceil_mode: self.ceil_mode,
                    column_major: false,
                };
                let places = cx.add_all(indices, &[x])?[1];
                scattered(cx, [g, places], &shape)?
            }
            PoolKind::Average { count_include_pad } => {
                let dtype = cx.ty(g).dtype;
                let windows = cx.shape(g)[2..].to_vec();
                let counts = self.counts(&shape[2..], &windows, count_include_pad);
                let counts: Vec<f64> = counts.into_iter().map(|count| 1.0 / count as f64).collect();
                let parts = cx.add_numbers(dtype, &windows, &counts);
                let share = cx.product(g, parts)?;
                let ones = [&[shape[1], 1], &self.window.kernel[..]].concat();
                let ones = cx.add_numbers(dtype, &ones, &vec![1.0; ones.iter().product()]);
                spread(cx, &self.window, shape[1], [share, ones], &shape[2..])?
            }
        };
        cx.give(0, gradient)
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        let fill = match self.kind {
            PoolKind::Max => Fill::Least,
            PoolKind::Average { .. } => Fill::Value(0),
        };
        let counts = !matches!(
            self.kind,
            PoolKind::Average {
                count_include_pad: false
            }
        );
        self.window.counts_padding(time, self.layout, counts)?;
        self.window.over_time(time, self.layout, self, |window| {
            let operator = Self { window, ..self.clone() };
            (operator.into(), fill)
        })
    }
}
