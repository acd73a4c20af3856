//! Powers of e for the softmax of integers, from tables.

use crate::requantize::Quantized;

/// What stands for one: powers of e to numbers below zero take 32 bits.
pub(super) const ONE_BITS: u32 = 31;

/// An element whose powers of e are in a table.
pub trait Powers: Quantized {
    /// Entries of the table.
    const ENTRIES: usize;
    /// The table, if it has so many.
    fn table(table: &[u32]) -> Option<Self::Table<'_>>;
    /// A table that has.
    type Table<'a>: Copy;
    /// The entry for an element that is `below` steps below the greatest.
    fn power(table: Self::Table<'_>, below: i32) -> u32;
}

impl Powers for i8 {
    const ENTRIES: usize = 256;
    type Table<'a> = &'a [u32; 256];

    #[inline(always)]
    fn table(table: &[u32]) -> Option<&[u32; 256]> {
        table.first_chunk()
    }

    #[inline(always)]
    fn power(table: &[u32; 256], below: i32) -> u32 {
        table[usize::from(below as u8)]
    }
}

/// The power of so many steps is the product of that of the steps above the last eight bits and that of the last.
impl Powers for i16 {
    const ENTRIES: usize = 512;
    type Table<'a> = [&'a [u32; 256]; 2];

    #[inline(always)]
    fn table(table: &[u32]) -> Option<[&[u32; 256]; 2]> {
        let (single, rest) = table.split_first_chunk()?;
        Some([single, rest.first_chunk()?])
    }

    #[inline(always)]
    fn power([single, of_256]: [&[u32; 256]; 2], below: i32) -> u32 {
        let [high, low] = (below as u16).to_be_bytes();
        let product = u64::from(of_256[usize::from(high)]) * u64::from(single[usize::from(low)]);
        ((product + (1 << (ONE_BITS - 1))) >> ONE_BITS) as u32
    }
}

/// `sum` as a number of 32 bits, the first of them set, and how many bits it is shifted by.
#[inline(always)]
pub(super) fn normal(sum: u64) -> (u32, u32) {
    let excess = (u64::BITS - sum.leading_zeros()).saturating_sub(u32::BITS);
    ((sum >> excess) as u32, excess)
}

/// A quotient that has 32 bits; `None` where the divisor is 0.
#[inline(always)]
pub(super) fn divide(dividend: u64, divisor: u32) -> Option<u32> {
    if divisor == 0 {
        None
    } else if cfg!(target_pointer_width = "64") {
        dividend.checked_div(divisor.into()).map(|quotient| quotient as u32)
    } else {
        Some(divide_bit_by_bit(dividend, divisor))
    }
}

/// [`divide`] where no instruction does it: less code than the division of 64 bits by 64 that a compiler links, and as
/// many instructions for any numbers.
#[inline(always)]
fn divide_bit_by_bit(dividend: u64, divisor: u32) -> u32 {
    let (mut rest, mut quotient) = ((dividend >> u32::BITS) as u32, dividend as u32);
    for _ in 0..u32::BITS {
        let carry = rest >> (u32::BITS - 1);
        rest = rest << 1 | quotient >> (u32::BITS - 1);
        let fits = u32::from(rest >= divisor) | carry;
        rest = rest.wrapping_sub(divisor & fits.wrapping_neg());
        quotient = quotient << 1 | fits;
    }
    quotient
}

/// Bits of a logarithm after the point.
pub(super) const LOG_BITS: u32 = 28;

/// The logarithm to base 2 of `sum / 2^31`, which is at least 1, times `2^28`. The square of a number has twice its
/// logarithm: each squaring gives a bit.
#[inline(always)]
pub(super) fn log2(sum: u64) -> i64 {
    let (mantissa, excess) = normal(sum);
    let (mut mantissa, mut log) = (u64::from(mantissa), i64::from(excess));
    for _ in 0..LOG_BITS {
        let square = (mantissa * mantissa) >> ONE_BITS;
        let doubled = square >> u32::BITS != 0;
        mantissa = if doubled { square >> 1 } else { square };
        log = (log << 1) | i64::from(doubled);
    }
    log
}

#[cfg(test)]
mod tests {
    use super::{LOG_BITS, divide, divide_bit_by_bit, log2};

    #[test]
    fn quotients_bit_by_bit_are_those_of_the_instruction() {
        assert_eq!(divide(5, 0), None);
        for divisor in [1 << 31, (1 << 31) + 1, 0xb504_f334, u32::MAX - 1, u32::MAX] {
            for multiplier in [0, 1, 2, 0x1234_5678, 0x7fff_fffe, 0x7fff_ffff] {
                let dividend = (multiplier << 31) + u64::from(divisor >> 1);
                assert_eq!(divide(dividend, divisor), Some((dividend / u64::from(divisor)) as u32));
                assert_eq!(divide(dividend, divisor), Some(divide_bit_by_bit(dividend, divisor)));
            }
        }
    }

    #[test]
    fn logarithms_are_exact_to_28_bits() {
        for (sum, log) in [
            (1u64 << 31, 0.0),
            (1 << 32, 1.0),
            (3 << 31, 1.584_962_500_721_156),
            (5 << 40, 11.321_928_094_887_362),
        ] {
            let off = log2(sum) as f64 / f64::from(1u32 << LOG_BITS) - log;
            assert!(off.abs() < 8e-9, "{sum}: {off}");
        }
    }
}
