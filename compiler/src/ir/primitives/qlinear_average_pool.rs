use super::{Pool, PoolKind};
use crate::bindings::Between;
use crate::ir::Lowering;
use crate::ir::fixed_point::{MULTIPLIER_BITS, Quantization, Rounding, Uniform, expect, multipliers, room};
use crate::ir::geometry::{Layout, Window};
use crate::ir::{Fill, OverTime, Time};
use crate::ir::{Inputs, OpError, Operator, Parts, Tensor, TensorType};
use runtime_core::kernels::QlinearAveragePool2d;

/// Averages of the windows of quantised images, rounded once, half to even, and limited.
#[derive(Clone, Debug, PartialEq)]
pub struct QlinearAveragePool {
    pool: Pool,
    count_include_pad: bool,
    x: Uniform,
    y: Uniform,
    limits: Option<(i32, i32)>,
}

/// Elements of a window whose sum fits into 32 bits.
const MOST_TAPS: usize = 1 << 23;

impl QlinearAveragePool {
    /// The average pool `pool` of images quantised as `x`, quantised as `y`, within the least and greatest integer of a
    /// fused `Relu` or `Clip`. `None` for other pools, quantisations with several scales or of other types than `i8`
    /// and `i16`, windows of millions of elements, or if the output's scale is a billion times finer.
    pub fn new(pool: &Pool, x: &Quantization, y: &Quantization, limits: Option<(i32, i32)>) -> Option<Self> {
        let PoolKind::Average { count_include_pad } = pool.kind else {
            return None;
        };
        let operator = Self {
            pool: pool.clone(),
            count_include_pad,
            x: Uniform::of(x)?,
            y: Uniform::of(y)?,
            limits,
        };
        (operator.taps() <= MOST_TAPS).then_some(())?;
        let (_, shift) = operator.multipliers(false)?;
        Rounding::new(operator.y, shift, limits)?;
        operator.multipliers(true)?;
        Some(operator)
    }

    /// The layout of its images.
    pub fn layout(&self) -> Layout {
        self.pool.layout
    }

    /// The same of images in another layout.
    pub fn in_layout(&self, layout: Layout) -> Self {
        let pool = Pool {
            layout,
            ..self.pool.clone()
        };
        Self { pool, ..self.clone() }
    }

    /// Elements of a window.
    fn taps(&self) -> usize {
        self.pool
            .window
            .kernel
            .iter()
            .fold(1, |taps: usize, k| taps.saturating_mul(*k))
    }

    /// The multipliers for every number of elements of a window, or that for all, and their shift.
    fn multipliers(&self, full: bool) -> Option<(Vec<i32>, u32)> {
        let (factor, taps) = (self.x.scale / self.y.scale, self.taps());
        if full {
            let bits = room(self.x.reach() * taps as u64)?;
            return multipliers([factor / taps as f64].into_iter(), bits);
        }
        // The multiplier for a sum of many elements is as much smaller.
        multipliers((1..=taps).map(|count| factor / count as f64), MULTIPLIER_BITS)
    }

    /// Whether all elements of all windows are averaged.
    fn is_full(&self, input: &[usize], output: &[usize]) -> bool {
        let Window { strides, pads, .. } = &self.pool.window;
        let rank = input.len();
        (0..rank).all(|axis| {
            let padding = |index: usize| if self.count_include_pad { pads[index] } else { 0 };
            let last = output[axis].saturating_sub(1) * strides[axis] + self.pool.window.span(axis);
            pads[axis] == padding(axis) && last <= pads[axis] + input[axis] + padding(rank + axis)
        })
    }
}

impl Operator for QlinearAveragePool {
    fn name(&self) -> &'static str {
        "QlinearAveragePool"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        self.pool.check()?;
        let (_, output) = self.pool.images(expect(inputs, 0, self.x.dtype)?)?;
        Ok(vec![TensorType::new(self.y.dtype, output.shape(self.pool.layout))])
    }

    fn work(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        self.pool.work(inputs, outputs)
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (image, output) = self.pool.images(cx.ty(0))?;
        let full = self.is_full(&image.spatial, &output.spatial);
        let (multipliers, shift) = self.multipliers(full).unwrap_or_default();
        let window = &self.pool.window;
        let (min, max) = self.limits.unwrap_or((i32::MIN, i32::MAX));
        let kernel = QlinearAveragePool2d {
            batch: image.batch,
            input: image.hwc(),
            output: output.hwc(),
            kernel: Window::pair(&window.kernel, 1),
            strides: Window::pair(&window.strides, 1),
            dilations: Window::pair(&window.dilations, 1),
            pads: window.pads2d(),
            count_include_pad: self.count_include_pad,
            x_zero: self.x.zero,
            shift,
            zero: self.y.zero,
            min,
            max,
        };
        let multipliers = cx.add_constant("multipliers", Tensor::i32(&[multipliers.len()], &multipliers));
        let (x, y) = (cx.input(0), cx.output(0));
        let (from, to) = (self.x.dtype, self.y.dtype);
        cx.call(Between { kernel, from, to }, &[x, multipliers], &[y]);
        Ok(())
    }

    fn parts(&self, axis: usize, x: &[usize], _: &[usize]) -> Option<Parts> {
        (axis == self.layout().channel_axis(x.len())).then(|| Parts::same(axis, x[axis]))
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        let (window, layout) = (&self.pool.window, self.pool.layout);
        window.counts_padding(time, layout, self.count_include_pad)?;
        window.over_time(time, layout, self, |window| {
            let pool = Pool {
                window,
                ..self.pool.clone()
            };
            let operator = Self { pool, ..self.clone() };
            (operator.into(), Fill::Value(self.x.zero))
        })
    }
}
