use super::body::{Body, plain};
use super::cast::CastFrom;
use super::chunks::{rows, rows_mut};
use super::walk::row;
use crate::arch::Arch;
use crate::function::{Apply, Ceil};
use crate::{Number, Param, Simd};
use core::ops::Range;

/// Means or maxima over the cells of regions of images: ONNX `RoiAlign`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RoiAlign {
    /// Channels of an image.
    pub channels: usize,
    /// Height of an image.
    pub height: usize,
    /// Width of an image.
    pub width: usize,
    /// Cells of a region from top to bottom.
    pub output_height: usize,
    /// Cells of a region from left to right.
    pub output_width: usize,
    /// Samples of a cell along each axis; 0 for about one per element of the image, at most 65536.
    pub sampling_ratio: usize,
    /// Elements of the image in a unit of the regions' coordinates.
    pub spatial_scale: f32,
    /// Whether coordinates count from the edge of the first element, or from its center.
    pub half_pixel: bool,
    /// Whether the greatest weighted neighbour of all samples is sought, or the mean of the samples.
    pub max: bool,
}

/// Samples of a cell along one axis at most. A cell that would have more is far larger than any image.
const MAX_SAMPLES: usize = 1 << 16;

/// Two neighbours along an axis and their weights.
type Pair<T> = [(usize, T); 2];

/// A region along one axis.
#[derive(Clone, Copy)]
struct Span<T> {
    start: T,
    cell: T,
    samples: usize,
    size: usize,
}

impl<T: Apply> Span<T>
where
    i32: CastFrom<T>,
{
    #[inline(always)]
    fn new<A: Arch>(layer: &RoiAlign, start: T, end: T, cells: usize, size: usize) -> Self {
        let number = |value: usize| T::from_f32(value as f32);
        let (scale, offset) = (
            T::from_f32(layer.spatial_scale),
            T::from_f32(if layer.half_pixel { 0.5 } else { 0.0 }),
        );
        let (start, end) = (start.mul(scale).sub(offset), end.mul(scale).sub(offset));
        let mut length = end.sub(start);
        if !layer.half_pixel {
            length = length.max(T::ONE);
        }
        let cell = length.div(number(cells));
        let samples = match layer.sampling_ratio {
            0 => usize::try_from(i32::cast_from(cell.apply::<A, _>(Ceil)))
                .unwrap_or(0)
                .min(MAX_SAMPLES),
            samples => samples,
        };
        Self {
            start,
            cell,
            samples,
            size,
        }
    }

    /// Where a sample lies.
    #[inline(always)]
    fn at(self, cell: usize, sample: usize) -> T {
        let number = |value: usize| T::from_f32(value as f32);
        let within = number(sample)
            .add(T::from_f32(0.5))
            .mul(self.cell)
            .div(number(self.samples));
        self.start.add(number(cell).mul(self.cell)).add(within)
    }

    /// The first sample of a cell that lies where `is_behind` holds, by bisection.
    #[inline(always)]
    fn first(self, cell: usize, is_behind: impl Fn(T) -> bool) -> usize {
        let (mut low, mut high) = (0, self.samples);
        while low < high {
            let middle = low.midpoint(high);
            if is_behind(self.at(cell, middle)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    /// The samples of a cell that may lie in the image. Of a region that is far larger than the image, few do: the
    /// steps are bounded by the image's size, whatever the region. Samples lie in order, unless the cell runs
    /// backwards.
    #[inline(always)]
    fn inside(self, cell: usize) -> Range<usize> {
        if self.cell > T::ZERO {
            let size = T::from_f32(self.size as f32);
            self.first(cell, |at| at >= Number::neg(T::ONE))..self.first(cell, |at| at > size)
        } else {
            0..self.samples
        }
    }

    /// The neighbours of a sample; none if it lies outside of the image.
    #[inline(always)]
    fn sample(self, cell: usize, sample: usize) -> Option<Pair<T>> {
        let number = |value: usize| T::from_f32(value as f32);
        let at = self.at(cell, sample);
        if !(at >= Number::neg(T::ONE) && at <= number(self.size)) {
            return None;
        }
        let at = at.max(T::ZERO);
        let last = self.size.checked_sub(1)?;
        let low = usize::try_from(i32::cast_from(at)).unwrap_or(0);
        if low >= last {
            return Some([(last, T::ONE), (last, T::ZERO)]);
        }
        let t = at.sub(number(low));
        Some([(low, T::ONE.sub(t)), (low + 1, t)])
    }
}

impl RoiAlign {
    /// One cell of one region, in every channel of `image`.
    #[inline(always)]
    fn cell<T: Apply>(self, [v, h]: [Span<T>; 2], [i, j]: [usize; 2], image: &[T], y: &mut [T])
    where
        i32: CastFrom<T>,
    {
        let planes = || rows(image, self.height.saturating_mul(self.width));
        let cells = self.output_height.saturating_mul(self.output_width);
        let at = i.wrapping_mul(self.output_width).wrapping_add(j);
        let count = T::from_f32((v.samples as f32 * h.samples as f32).max(1.0));
        let (rows, columns) = (v.inside(i), h.inside(j));
        // The samples left out are zeros, of which `y` holds one already.
        let mut first = rows.len() == v.samples && columns.len() == h.samples;
        for m in rows {
            for n in columns.clone() {
                let neighbours = v.sample(i, m).zip(h.sample(j, n));
                for (plane, y) in planes().zip(rows_mut(y, cells)) {
                    let Some(y) = y.get_mut(at) else { return };
                    let (sum, greatest) = neighbours.map_or((T::ZERO, T::ZERO), |n| self.weighted(n, plane));
                    *y = match (self.max, first) {
                        (true, true) => greatest,
                        (true, false) => y.max(greatest),
                        (false, _) => y.add(sum.div(count)),
                    };
                }
                first = false;
            }
        }
    }

    /// The sum and the greatest of four neighbours with their weights.
    #[inline(always)]
    fn weighted<T: Apply>(self, (v, h): (Pair<T>, Pair<T>), plane: &[T]) -> (T, T) {
        let (mut sum, mut greatest) = (T::ZERO, T::LEAST);
        for (row, a) in v {
            for (column, b) in h {
                if let Some(x) = plane.get(row.wrapping_mul(self.width).wrapping_add(column)) {
                    let weighted = a.mul(b).mul(*x);
                    sum = sum.add(weighted);
                    greatest = greatest.max(weighted);
                }
            }
        }
        (sum, greatest)
    }
}

impl<'a, T: Apply> Body<(&'a [T], &'a [T], &'a [i64], &'a mut [T])> for RoiAlign
where
    i32: CastFrom<T>,
{
    #[inline(always)]
    fn body<A: Arch>(self, (x, rois, images, y): (&'a [T], &'a [T], &'a [i64], &'a mut [T])) {
        let size = self.channels.saturating_mul(self.height).saturating_mul(self.width);
        let cells = self.output_height.saturating_mul(self.output_width);
        let results = rows_mut(y, self.channels.saturating_mul(cells));
        for ((roi, image), y) in rows(rois, 4).zip(images).zip(results) {
            let start = usize::try_from(*image).ok().and_then(|image| image.checked_mul(size));
            let image = start.and_then(|start| row(x, start, size)).unwrap_or(&[]);
            let &[left, top, right, bottom] = roi else { return };
            y.fill(T::ZERO);
            let spans = [
                Span::new::<A>(&self, top, bottom, self.output_height, self.height),
                Span::new::<A>(&self, left, right, self.output_width, self.width),
            ];
            for i in 0..self.output_height {
                for j in 0..self.output_width {
                    self.cell(spans, [i, j], image, y);
                }
            }
        }
    }
}

/// `y[r, c, i, j]` is made of cell `[i, j]` of region `rois[r]` (left, top, right, bottom) in channel `c` of image
/// `x[images[r]]`.
#[inline(always)]
pub fn roi_align<P, T>(_: Simd, layer: P, x: &[T], rois: &[T], images: &[i64], y: &mut [T])
where
    P: Param<RoiAlign>,
    T: Apply,
    i32: CastFrom<T>,
{
    plain(layer.get(), (x, rois, images, y))
}
