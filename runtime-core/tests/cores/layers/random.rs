use alloc::vec::Vec;
use runtime_core::requantize::Requantize;
use runtime_core::upper_word::SHIFT;

/// A small generator of numbers: the tests are the same on every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as u32
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }

    pub(super) fn byte(&mut self) -> i8 {
        match self.next() % 8 {
            0 => i8::MIN,
            1 => i8::MAX,
            _ => self.next() as i8,
        }
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<i8> {
        (0..len).map(|_| self.byte()).collect()
    }

    /// Weights of which all pairs fit: none is -128.
    pub(super) fn weights(&mut self, len: usize) -> Vec<i8> {
        (0..len).map(|_| self.byte().max(-127)).collect()
    }

    pub(super) fn biases(&mut self, len: usize) -> Vec<i32> {
        (0..len).map(|_| self.next() as i32 % 100_000).collect()
    }

    /// Multipliers that bring sums of `k` products to the range of the outputs; odd, so that no sum ends halfway.
    pub(super) fn multipliers(&mut self, len: usize, k: usize) -> Vec<i32> {
        let most = (1 << 32) / (1 + 16 * k as u64);
        (0..len).map(|_| (self.next() as u64 % most) as i32 | 1).collect()
    }

    pub(super) fn requantize(&mut self) -> Requantize {
        // Some are beyond the type.
        let limits = [(-128, 127), (-20, 127), (-128, 50), (3, 60), (-1000, 60), (-20, 300)];
        let (min, max) = limits[self.below(6)];
        Requantize {
            shift: SHIFT,
            zero: self.byte().into(),
            min,
            max,
            outside: self.byte().into(),
        }
    }
}
