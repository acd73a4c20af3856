//! Samples on their way from a microphone to a model.

use core::sync::atomic::{AtomicI8, AtomicUsize, Ordering};

/// A ring of `N` samples between one who writes, such as the interrupt of a microphone, and one who reads. It needs
/// neither locks nor instructions that compare and exchange, which a Cortex-M0 has not.
pub struct Ring<const N: usize> {
    samples: [AtomicI8; N],
    written: AtomicUsize,
    read: AtomicUsize,
}

impl<const N: usize> Ring<N> {
    /// An empty one.
    pub const fn new() -> Self {
        // Places are counted past the end of the ring, and past that of a `usize`.
        const { assert!(N.is_power_of_two()) };
        Self {
            samples: [const { AtomicI8::new(0) }; N],
            written: AtomicUsize::new(0),
            read: AtomicUsize::new(0),
        }
    }

    fn at(&self, place: usize) -> Option<&AtomicI8> {
        self.samples.get(place % N)
    }

    /// Adds a sample. `false` if there is no room: whoever reads is too slow.
    pub fn push(&self, sample: i8) -> bool {
        let written = self.written.load(Ordering::Relaxed);
        let is_full = written.wrapping_sub(self.read.load(Ordering::Acquire)) >= N;
        if !is_full && let Some(place) = self.at(written) {
            place.store(sample, Ordering::Relaxed);
            self.written.store(written.wrapping_add(1), Ordering::Release);
        }
        !is_full
    }

    /// Takes the oldest samples, as many as a run of the model does. `false` if there are fewer.
    pub fn take<const FRAME: usize>(&self, frame: &mut [i8; FRAME]) -> bool {
        let read = self.read.load(Ordering::Relaxed);
        if self.written.load(Ordering::Acquire).wrapping_sub(read) < FRAME {
            return false;
        }
        for (i, sample) in frame.iter_mut().enumerate() {
            *sample = self
                .at(read.wrapping_add(i))
                .map_or(0, |place| place.load(Ordering::Relaxed));
        }
        self.read.store(read.wrapping_add(FRAME), Ordering::Release);
        true
    }
}

impl<const N: usize> Default for Ring<N> {
    fn default() -> Self {
        Self::new()
    }
}
