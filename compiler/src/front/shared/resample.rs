//! Which elements, with which weights, make each element of a resized axis: what Resize and Upsample have in common.

use super::normalization::cast;
use crate::front::node::NodeContext;
use crate::ir::primitives::{Gather, Map, Resize, Select};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};
use runtime_core::function::Round;

/// The most indices and weights of one axis.
const MAX_TABLE: f64 = 4e6;

/// Where an output element lies in the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::front) enum Coordinates {
    HalfPixel,
    HalfPixelSymmetric,
    PytorchHalfPixel,
    AlignCorners,
    Asymmetric,
    TfHalfPixelForNearest,
    TfCropAndResize,
}

/// Which input element is nearest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::front) enum Nearest {
    RoundPreferFloor,
    RoundPreferCeil,
    Floor,
    Ceil,
    /// Of Upsample and Resize before opset 11: `Ceil` where the axis shrinks, else `Floor`.
    Simple,
}

/// What is made of the input elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::front) enum Interpolation {
    Nearest(Nearest),
    Linear,
    Cubic { a: f64 },
}

/// How every axis is resized.
#[derive(Clone, Copy, Debug)]
pub(in crate::front) struct Method {
    pub interpolation: Interpolation,
    pub coordinates: Coordinates,
    pub antialias: bool,
    pub exclude_outside: bool,
    /// What elements outside the input are, with `TfCropAndResize`.
    pub outside: f32,
}

/// One resized axis.
#[derive(Clone, Copy, Debug)]
pub(in crate::front) struct Axis {
    pub axis: usize,
    pub input: usize,
    pub output: usize,
    /// The output's length with its fraction, where it comes from a factor.
    pub length: f32,
    pub scale: f32,
    /// First and last part of the axis that is used, of `TfCropAndResize`.
    pub region: (f32, f32),
}

/// Indices and weights, `taps` for each output element.
#[derive(Debug, PartialEq)]
pub(in crate::front) struct Table {
    pub taps: usize,
    pub indices: Vec<i32>,
    /// Empty where every output element is one input element.
    pub weights: Vec<f64>,
}

impl Axis {
    /// In single precision, as other implementations compute it: which element is nearest may depend on the rounding.
    fn coordinate(&self, i: usize, coordinates: Coordinates) -> f32 {
        let (x, input, output) = (i as f32, self.input as f32, self.output as f32);
        let half_pixel = (x + 0.5) / self.scale - 0.5;
        match coordinates {
            Coordinates::HalfPixel => half_pixel,
            Coordinates::HalfPixelSymmetric => {
                let adjustment = output / (self.scale * input);
                let center = input / 2.0;
                center * (1.0 - adjustment) + half_pixel
            }
            Coordinates::PytorchHalfPixel if self.output > 1 => half_pixel,
            Coordinates::PytorchHalfPixel => 0.0,
            // As in ONNX's tests, where a length is the scale times the other length; other runtimes cut its fraction
            // off.
            Coordinates::AlignCorners if self.output > 1 => x * (input - 1.0) / (self.length - 1.0),
            Coordinates::AlignCorners => 0.0,
            Coordinates::Asymmetric => x / self.scale,
            Coordinates::TfHalfPixelForNearest => (x + 0.5) / self.scale,
            Coordinates::TfCropAndResize => {
                let (start, end) = self.region;
                if self.output > 1 {
                    start * (input - 1.0) + x * (end - start) * (input - 1.0) / (output - 1.0)
                } else {
                    0.5 * (start + end) * (input - 1.0)
                }
            }
        }
    }

    fn is_outside(&self, x: f32, coordinates: Coordinates) -> bool {
        coordinates == Coordinates::TfCropAndResize && !(0.0..=self.input as f32 - 1.0).contains(&x)
    }

    /// Whether it stays as it is, whatever the coordinates.
    fn is_whole(&self) -> bool {
        self.input == self.output && (self.input == 0 || self.scale == 1.0 && self.region == (0.0, 1.0))
    }

    /// Which output elements lie outside the input.
    fn outside(&self, method: Method) -> Vec<u8> {
        let outside = |i| self.is_outside(self.coordinate(i, method.coordinates), method.coordinates);
        (0..self.output).map(|i| outside(i).into()).collect()
    }

    /// At least the entries of the table, known before it is made.
    fn table_len(&self, method: Method) -> f64 {
        let taps = if method.antialias {
            4.0 / f64::from(self.scale.min(1.0)) + 2.0
        } else {
            4.0
        };
        self.output.max(1) as f64 * taps
    }

    /// The table of this axis.
    pub(in crate::front) fn table(&self, method: Method) -> Table {
        let coordinates = (0..self.output).map(|i| self.coordinate(i, method.coordinates));
        let clamped = |i: i64| i.clamp(0, self.input as i64 - 1) as i32;
        if let Interpolation::Nearest(nearest) = method.interpolation {
            return Table {
                taps: 1,
                indices: coordinates.map(|x| clamped(nearest.of(x, self.scale) as i64)).collect(),
                weights: vec![],
            };
        }
        let reach = if matches!(method.interpolation, Interpolation::Linear) {
            1.0
        } else {
            2.0
        };
        let stretch = if method.antialias {
            f64::from(self.scale.min(1.0))
        } else {
            1.0
        };
        let first = (-reach / stretch).floor() as i64 + 1;
        let taps = (2 - 2 * first) as usize;
        let (mut indices, mut weights) = (vec![], vec![]);
        for x in coordinates {
            let base = x.floor() as i64;
            let ratio = f64::from(x - x.floor());
            let places = (0..taps as i64).map(|i| base.saturating_add(first + i));
            let row = places.clone().zip(first..).map(|(place, offset)| {
                let inside = (0..self.input as i64).contains(&place);
                let distance = (offset as f64 - ratio) * stretch;
                if method.exclude_outside && !inside {
                    0.0
                } else {
                    method.interpolation.weight(distance)
                }
            });
            let total: f64 = row.clone().sum();
            let scale = if total == 0.0 { 0.0 } else { 1.0 / total };
            indices.extend(places.map(clamped));
            weights.extend(row.map(|weight| weight * scale));
        }
        Table { taps, indices, weights }.simplified()
    }
}

impl Method {
    /// That of Upsample, and of Resize before opset 11.
    pub(in crate::front) fn simple(interpolation: Interpolation) -> Self {
        let coordinates = Coordinates::Asymmetric;
        Self {
            interpolation,
            coordinates,
            antialias: false,
            exclude_outside: false,
            outside: 0.0,
        }
    }
}

impl Table {
    /// Without weights if each output element is one input element.
    fn simplified(self) -> Self {
        let rows = self.indices.chunks(self.taps).zip(self.weights.chunks(self.taps));
        let single = rows.map(|(indices, weights)| {
            let used = weights.iter().position(|w| *w != 0.0)?;
            let others = weights[used + 1..].iter().all(|w| *w == 0.0);
            (weights[used] == 1.0 && others).then(|| indices[used])
        });
        match single.collect() {
            Some(indices) => Self {
                taps: 1,
                indices,
                weights: vec![],
            },
            None => self,
        }
    }
}

impl Nearest {
    fn of(self, x: f32, scale: f32) -> f32 {
        match self {
            Self::RoundPreferFloor => (x - 0.5).ceil(),
            Self::RoundPreferCeil => (x + 0.5).floor(),
            Self::Floor => x.floor(),
            Self::Ceil => x.ceil(),
            Self::Simple if scale < 1.0 => x.ceil(),
            Self::Simple => x.floor(),
        }
    }
}

impl Interpolation {
    /// The weight of an element at this distance.
    fn weight(self, distance: f64) -> f64 {
        let x = distance.abs();
        match self {
            Self::Nearest(_) => 1.0,
            Self::Linear => (1.0 - x).max(0.0),
            Self::Cubic { a } if x <= 1.0 => ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0,
            Self::Cubic { a } if x < 2.0 => ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a,
            Self::Cubic { .. } => 0.0,
        }
    }
}

/// The element type in which weighted sums of elements of type `dtype` are computed.
fn computed(dtype: DType) -> Result<DType, OpError> {
    match dtype {
        DType::F32 | DType::F16 | DType::Bf16 => Ok(DType::F32),
        DType::Bool => Err(op_error("booleans have no weighted sums").help("supported: mode nearest")),
        _ => Ok(DType::F64),
    }
}

/// Resizes input 0 along each of `axes`, those that shrink most first. Integers are rounded in the end.
pub(in crate::front) fn add(
    cx: &mut NodeContext<'_>,
    mut axes: Vec<Axis>,
    method: Method,
) -> Result<Vec<ValueId>, OpError> {
    let ty = cx.ty(0)?;
    let mut x = cx.input(0)?;
    axes.sort_by_key(|a| (a.output as u128 * 1000).checked_div(a.input as u128));
    for axis in axes.into_iter().filter(|axis| !axis.is_whole()) {
        if axis.input == 0 || axis.table_len(method) > MAX_TABLE {
            return Err(op_error(format!(
                "axis {} of {ty} cannot be resized to {}",
                axis.axis, axis.output
            )));
        }
        let Table { taps, indices, weights } = axis.table(method);
        if !weights.is_empty() {
            let dtype = computed(ty.dtype)?;
            x = cast(cx, x, dtype)?;
            let bytes = weights.iter().flat_map(|w| Tensor::scalar(dtype, *w).bytes.to_vec());
            let weights = Tensor::new(dtype, vec![axis.output, taps], bytes.collect());
            let indices = cx.add_constant(Tensor::i32(&[axis.output, taps], &indices));
            let weights = cx.add_constant(weights);
            x = cx.add(Resize { axis: axis.axis }, &[x, indices, weights])?;
        } else if axis.input != axis.output || !indices.iter().copied().eq(0..axis.input as i32) {
            let indices = cx.add_constant(Tensor::i32(&[axis.output], &indices));
            x = cx.add(Gather { axis: axis.axis }, &[x, indices])?;
        }
        let outside = axis.outside(method);
        if outside.contains(&1) {
            let mut shape = vec![1; ty.rank() - axis.axis];
            shape[0] = axis.output;
            let outside = cx.add_constant(Tensor::new(DType::Bool, shape, outside));
            let value = cx.scalar(cx.value_ty(x).dtype, method.outside.into());
            x = cx.add(Select, &[outside, value, x])?;
        }
    }
    if cx.value_ty(x).dtype == DType::F64 && ty.dtype.is_integer() {
        x = cx.add(Map { function: Round.into() }, &[x])?;
    }
    Ok(vec![cast(cx, x, ty.dtype)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINEAR: Method = Method {
        interpolation: Interpolation::Linear,
        coordinates: Coordinates::HalfPixel,
        antialias: false,
        exclude_outside: false,
        outside: 0.0,
    };

    fn axis(input: usize, output: usize) -> Axis {
        Axis {
            axis: 0,
            input,
            output,
            length: output as f32,
            scale: output as f32 / input as f32,
            region: (0.0, 1.0),
        }
    }

    #[test]
    fn linear_half_pixel() {
        let table = axis(2, 4).table(LINEAR);
        assert_eq!(table.indices, [0, 0, 0, 1, 0, 1, 1, 1]);
        assert_eq!(table.weights, [0.25, 0.75, 0.75, 0.25, 0.25, 0.75, 0.75, 0.25]);
    }

    #[test]
    fn shrinking_without_antialias_uses_two_elements() {
        assert_eq!(axis(4, 2).table(LINEAR).indices, [0, 1, 2, 3]);
        assert_eq!(
            axis(4, 2)
                .table(Method {
                    antialias: true,
                    ..LINEAR
                })
                .taps,
            4
        );
    }

    #[test]
    fn a_scale_of_one_moves_nothing() {
        assert!(axis(3, 3).is_whole() && axis(0, 0).is_whole());
        let cropped = Axis {
            region: (0.0, 0.5),
            ..axis(3, 3)
        };
        assert!(!cropped.is_whole() && !axis(3, 4).is_whole());
    }

    #[test]
    fn old_nearest_rounds_up_where_it_shrinks() {
        let interpolation = Interpolation::Nearest(Nearest::Simple);
        let method = Method {
            interpolation,
            coordinates: Coordinates::Asymmetric,
            ..LINEAR
        };
        assert_eq!(
            Axis {
                scale: 0.6,
                ..axis(4, 2)
            }
            .table(method)
            .indices,
            [0, 2]
        );
        assert_eq!(axis(2, 4).table(method).indices, [0, 0, 1, 1]);
    }
}
