use alloc::vec;

/// Puts copies of elements where nothing may be read or written after them.
pub(crate) trait Place {
    /// The same elements, with the end of memory behind them where there is one.
    fn at_end<'a, T: Copy + 'a>(&'a mut self, elements: &'a mut [T]) -> &'a mut [T];
}

/// The operands of a kernel except its output.
pub(super) struct Operands<'a, W> {
    pub(super) x: &'a [i8],
    pub(super) w: &'a [W],
    pub(super) parameters: &'a [i32],
    /// Words and numbers that the kernel needs beside them.
    pub(super) scratch: usize,
    pub(super) patch: usize,
}

/// What lies around an output.
const CANARY: i8 = 0x55;
const MARGIN: usize = 16;

impl<W: Copy> Operands<'_, W> {
    /// Runs a kernel with each operand in turn at the end of memory, and compares its outputs and what lies around
    /// them.
    pub(super) fn check(
        &self,
        place: &mut impl Place,
        expected: &[i8],
        kernel: impl Fn(&[i8], &[W], &[i32], &mut [i8], &mut [u32], &mut [i8]),
    ) {
        for last in 0..6 {
            let (mut x, mut w, mut parameters) = (self.x.to_vec(), self.w.to_vec(), self.parameters.to_vec());
            let (mut scratch, mut patch) = (vec![0x5555_5555; self.scratch], vec![CANARY; self.patch]);
            let mut around = vec![CANARY; expected.len() + 2 * MARGIN];
            let y = &mut around[MARGIN..MARGIN + expected.len()];
            match last {
                0 => kernel(place.at_end(&mut x), &w, &parameters, y, &mut scratch, &mut patch),
                1 => kernel(&x, place.at_end(&mut w), &parameters, y, &mut scratch, &mut patch),
                2 => kernel(&x, &w, place.at_end(&mut parameters), y, &mut scratch, &mut patch),
                3 => kernel(&x, &w, &parameters, y, place.at_end(&mut scratch), &mut patch),
                4 => kernel(&x, &w, &parameters, y, &mut scratch, place.at_end(&mut patch)),
                _ => {
                    let mut own = vec![0; expected.len()];
                    let own = place.at_end(&mut own);
                    kernel(&x, &w, &parameters, own, &mut scratch, &mut patch);
                    y.copy_from_slice(own);
                }
            }
            assert_eq!(y, expected);
            let (before, after) = (&around[..MARGIN], &around[MARGIN + expected.len()..]);
            assert!(before.iter().chain(after).all(|byte| *byte == CANARY));
        }
    }
}
