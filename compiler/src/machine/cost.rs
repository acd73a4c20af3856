use super::{Favour, Machine};
use serde::Serialize;

/// Thousandths of an instruction that a byte of weights is worth on a board, where every inference reads it from
/// memory.
const BYTE: u64 = 1000;

/// What it takes to compute a node once in one of several ways. An estimate, in proportion to those of the other ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Thousandths of an instruction.
    pub time: u64,
    /// Bytes of weights.
    pub flash: u64,
    /// Bytes of the arena beside operands and results.
    pub scratch: u64,
}

impl Machine {
    /// Puts costs into the order of preference on this machine: the least is the best.
    pub fn rank(&self, cost: &Cost) -> (u64, u64, u64) {
        let Cost { time, flash, scratch } = *cost;
        match self.favour {
            Favour::Flash => (flash, time, scratch),
            Favour::Speed if self.microcontroller => (time, flash, scratch),
            Favour::Speed => (time.saturating_add(flash.saturating_mul(BYTE)), flash, scratch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flash_is_worth_what_the_machine_says() {
        let [quick, small] = [(3000, 1000), (5000, 400)].map(|(time, flash)| Cost {
            time,
            flash,
            scratch: 0,
        });
        let prefers_small = |machine: &Machine| machine.rank(&small) < machine.rank(&quick);
        assert!(prefers_small(&Machine::board()) && prefers_small(&Machine::mcu()));
        let micro = Machine::named("cortex-m4f").unwrap();
        assert!(!prefers_small(&micro) && prefers_small(&micro.favour(Favour::Flash)));
    }
}
