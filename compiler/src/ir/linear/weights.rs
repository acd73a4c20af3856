/// Which weight of a layer is where: the output channel, the input channel and the tap of the kernel that each belongs
/// to.
///
/// Weights are `[channels, channels of a group, kernel..]`. The first axis holds the output channels of a convolution,
/// and the input channels of a transposed convolution or a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightPlaces {
    /// Axis of the output channels, 0 or 1; that of the input channels is the other.
    pub outputs_axis: usize,
    /// Groups of channels. Axis 0 holds the channels of all groups, axis 1 those of one.
    pub groups: usize,
    /// Extents of axis 0, of axis 1, and of the kernel.
    extents: [usize; 3],
}

impl WeightPlaces {
    pub(super) fn new(outputs_axis: usize, groups: usize, shape: &[usize]) -> Self {
        Self {
            outputs_axis,
            groups,
            extents: [shape[0], shape[1], shape[2..].iter().product()],
        }
    }

    /// Output channels.
    pub fn outputs(&self) -> usize {
        self.channels(self.outputs_axis)
    }

    /// Input channels.
    pub fn inputs(&self) -> usize {
        self.channels(1 - self.outputs_axis)
    }

    /// Input channels that meet in one sum, without those of other groups.
    pub fn inputs_of_group(&self) -> usize {
        self.inputs() / self.groups
    }

    /// Extent of the axis of the output channels, along which weights have scales of their own: those of a transposed
    /// convolution are shared by its groups.
    pub fn along(&self) -> usize {
        self.extents[self.outputs_axis]
    }

    /// Elements of the kernel: 1 for products.
    pub fn taps(&self) -> usize {
        self.extents[2]
    }

    fn channels(&self, axis: usize) -> usize {
        self.extents[axis] * if axis == 0 { 1 } else { self.groups }
    }

    /// The channels of axis 0 and of axis 1 that weight `index` belongs to, counted over all groups.
    fn pair(&self, index: usize) -> [usize; 2] {
        let [outer, inner, taps] = self.extents;
        let first = index / (inner * taps);
        let group = first / (outer / self.groups);
        [first, group * inner + index / taps % inner]
    }

    /// The output channel of weight `index`.
    pub fn output(&self, index: usize) -> usize {
        self.pair(index)[self.outputs_axis]
    }

    /// The input channel that weight `index` multiplies.
    pub fn input(&self, index: usize) -> usize {
        self.pair(index)[1 - self.outputs_axis]
    }

    /// The index of the weight of an output channel, an input channel counted within its group, and a tap.
    pub fn index(&self, output: usize, input: usize, tap: usize) -> usize {
        let [outer, inner, taps] = self.extents;
        let [first, second] = if self.outputs_axis == 0 {
            [output, input]
        } else {
            [output / inner * (outer / self.groups) + input, output % inner]
        };
        (first * inner + second) * taps + tap
    }
}

#[cfg(test)]
mod tests {
    use super::WeightPlaces;

    /// Every weight has a place of its own, and `index` finds it.
    fn check(places: &WeightPlaces) {
        let (group, per_group) = (places.inputs_of_group(), places.outputs() / places.groups);
        let mut seen = vec![];
        for output in 0..places.outputs() {
            for input in 0..group {
                for tap in 0..places.taps() {
                    let index = places.index(output, input, tap);
                    assert_eq!(places.output(index), output, "{places:?}");
                    assert_eq!(places.input(index), output / per_group * group + input, "{places:?}");
                    assert_eq!(index % places.taps(), tap, "{places:?}");
                    seen.push(index);
                }
            }
        }
        seen.sort_unstable();
        let all = places.extents.iter().product();
        assert_eq!(seen, (0..all).collect::<Vec<_>>(), "{places:?}");
    }

    #[test]
    fn every_weight_has_one_place() {
        for outputs_axis in [0, 1] {
            for groups in [1, 2, 3] {
                for [outer, inner] in [[1, 1], [2, 3], [4, 1]] {
                    check(&WeightPlaces::new(outputs_axis, groups, &[outer * groups, inner, 2, 3]));
                }
            }
        }
        check(&WeightPlaces::new(1, 1, &[5, 4]));
    }

    #[test]
    fn channels_of_each_kind() {
        let counts = |places: WeightPlaces| [places.outputs(), places.inputs(), places.along(), places.taps()];
        let conv = WeightPlaces::new(0, 2, &[6, 4, 3, 3]);
        assert_eq!(counts(conv), [6, 8, 6, 9]);
        assert_eq!([conv.output(0), conv.input(0)], [0, 0]);
        assert_eq!([conv.output(3 * 36 + 9), conv.input(3 * 36 + 9)], [3, 5]);
        let transposed = WeightPlaces::new(1, 2, &[6, 4, 3, 3]);
        assert_eq!(counts(transposed), [8, 6, 4, 9]);
        assert_eq!([transposed.output(3 * 36 + 9), transposed.input(3 * 36 + 9)], [5, 3]);
        let product = WeightPlaces::new(1, 1, &[6, 4]);
        assert_eq!(counts(product), [4, 6, 4, 1]);
        assert_eq!([product.output(9), product.input(9)], [1, 2]);
    }
}
