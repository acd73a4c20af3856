//! Products of 8-bit integers with AVX2: two inputs at a time, widened to 16 bits, in each of eight lanes.
//!
//! The instruction adds two products of 16-bit factors in 32 bits, which is exact for all bytes; the one that takes
//! bytes saturates. Inputs are widened once for a tile and not for each panel step.
#![allow(unsafe_code)]

use crate::pack::PANEL;
use crate::unrolled::unrolled;
use core::arch::x86_64::{
    __m128i, __m256i, _mm_and_si128, _mm_loadl_epi64, _mm_loadu_si128, _mm_set1_epi8, _mm_setzero_si128,
    _mm_srli_epi16, _mm_sub_epi8, _mm_unpackhi_epi8, _mm_unpacklo_epi8, _mm_xor_si128, _mm256_add_epi32,
    _mm256_cvtepi8_epi16, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_set1_epi32, _mm256_setzero_si256,
    _mm256_storeu_si256,
};
use core::mem::MaybeUninit;

/// Inputs of a row that are widened at once.
const CHUNK: usize = 256;

/// How the weights of a panel are stored.
pub(super) trait Stored {
    /// Those of one input.
    type Row;
    /// The sixteen weights of an input, as bytes.
    ///
    /// # Safety
    /// The processor has AVX2.
    unsafe fn widen(row: &Self::Row) -> __m128i;
}

/// As they are.
pub(super) struct Bytes;

impl Stored for Bytes {
    type Row = [i8; PANEL];

    #[inline(always)]
    unsafe fn widen(row: &Self::Row) -> __m128i {
        // SAFETY: as the caller says; there are sixteen bytes.
        unsafe { _mm_loadu_si128(row.as_ptr().cast()) }
    }
}

/// Two of four bits to a byte.
pub(super) struct HalfBytes;

impl Stored for HalfBytes {
    type Row = [u8; PANEL / 2];

    #[inline(always)]
    unsafe fn widen(row: &Self::Row) -> __m128i {
        // SAFETY: as the caller says; there are eight bytes.
        unsafe {
            let both = _mm_loadl_epi64(row.as_ptr().cast());
            let mask = _mm_set1_epi8(15);
            let (low, high) = (
                _mm_and_si128(both, mask),
                _mm_and_si128(_mm_srli_epi16::<4>(both), mask),
            );
            // The highest of the four bits is a sign.
            let sign = _mm_set1_epi8(8);
            _mm_sub_epi8(_mm_xor_si128(_mm_unpacklo_epi8(low, high), sign), sign)
        }
    }
}

/// [`tile`] as a call of its own, which all layers share: their loops would each have a copy of every height, which is
/// most of what rustc compiles.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
pub(super) unsafe fn apart<W: Stored, const M: usize, const N: usize, const V: usize>(
    mut acc: [[i32; N]; M],
    rows: [&[i8]; M],
    panel: &[W::Row],
) -> [[i32; N]; M] {
    // SAFETY: as the caller says.
    unsafe { add_products::<W, M, N, V>(&mut acc, &rows, panel) };
    acc
}

#[inline(never)]
#[target_feature(enable = "avx2")]
fn add_products<W: Stored, const M: usize, const N: usize, const V: usize>(
    acc: &mut [[i32; N]; M],
    rows: &[&[i8]; M],
    panel: &[W::Row],
) {
    // SAFETY: this function is only called where there is AVX2.
    *acc = unsafe { tile::<W, M, N, V>(*acc, *rows, panel) };
}

/// [`Arch::tile_i8`](crate::arch::Arch::tile_i8) and `tile_i4` for the first `N` columns of a panel, in `V = N / 8`
/// vectors a row.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn tile<W: Stored, const M: usize, const N: usize, const V: usize>(
    mut acc: [[i32; N]; M],
    mut rows: [&[i8]; M],
    panel: &[W::Row],
) -> [[i32; N]; M] {
    unrolled!(i in 0..M {
        let Some(cut) = rows[i].get(..panel.len()) else { return acc };
        rows[i] = cut;
    });
    // SAFETY: as the caller says.
    let mut sums = [[unsafe { _mm256_setzero_si256() }; V]; M];
    unrolled!(i in 0..M {
        for (sum, from) in sums[i].iter_mut().zip(acc[i].as_chunks::<8>().0) {
            // SAFETY: as the caller says; there are eight numbers.
            *sum = unsafe { _mm256_loadu_si256(from.as_ptr().cast()) };
        }
    });
    let mut wide = [[MaybeUninit::<i16>::uninit(); CHUNK]; M];
    let mut done = 0;
    while done < panel.len() {
        let len = (panel.len() - done).min(CHUNK);
        let Some(panel) = panel.get(done..done + len) else {
            return acc;
        };
        unrolled!(i in 0..M {
            let Some(row) = rows[i].get(done..done + len) else { return acc };
            // SAFETY: as the caller says; there are at most `CHUNK` numbers.
            unsafe { widen(row, wide[i].as_mut_ptr().cast()) };
        });
        // SAFETY: as the caller says; `len` is at most `CHUNK`.
        sums = unsafe { products::<W, M, V>(sums, wide.as_ptr().cast(), panel) };
        done += len;
    }
    unrolled!(i in 0..M {
        for (sum, to) in sums[i].iter().zip(acc[i].as_chunks_mut::<8>().0) {
            // SAFETY: as the caller says; there is room for eight numbers.
            unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), *sum) };
        }
    });
    acc
}

/// Inputs as 16 bits, and a zero after an odd number of them.
///
/// # Safety
/// The processor has AVX2; there is room for the inputs at `to`, and for one more if their number is odd.
#[inline(always)]
unsafe fn widen(row: &[i8], mut to: *mut i16) {
    let (sixteens, rest) = row.as_chunks::<16>();
    // SAFETY: as the caller says.
    unsafe {
        for sixteen in sixteens {
            let wide = _mm256_cvtepi8_epi16(_mm_loadu_si128(sixteen.as_ptr().cast()));
            _mm256_storeu_si256(to.cast(), wide);
            to = to.add(16);
        }
        for x in rest {
            to.write(i16::from(*x));
            to = to.add(1);
        }
        if rest.len() % 2 == 1 {
            to.write(0);
        }
    }
}

/// Adds the products of the inputs of a panel of at most `CHUNK` of them.
///
/// # Safety
/// The processor has AVX2; at `from` are `M` rows of `CHUNK` numbers of 16 bits, of which as many are written as the
/// panel has inputs, and a zero after an odd number.
#[inline(always)]
unsafe fn products<W: Stored, const M: usize, const V: usize>(
    mut sums: [[__m256i; V]; M],
    mut from: *const i32,
    panel: &[W::Row],
) -> [[__m256i; V]; M] {
    let (pairs, rest) = panel.as_chunks::<2>();
    // SAFETY: as the caller says.
    unsafe {
        for pair in pairs {
            let w = weights::<V>(W::widen(&pair[0]), W::widen(&pair[1]));
            sums = multiply_add::<M, V>(from, w, sums);
            from = from.add(1);
        }
        if let [last] = rest {
            let w = weights::<V>(W::widen(last), _mm_setzero_si128());
            sums = multiply_add::<M, V>(from, w, sums);
        }
    }
    sums
}

/// The weights of two inputs, those of each column side by side.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn weights<const V: usize>(first: __m128i, second: __m128i) -> [__m256i; V] {
    // SAFETY: as the caller says.
    unsafe {
        let mut weights = [_mm256_cvtepi8_epi16(_mm_unpacklo_epi8(first, second)); V];
        if V > 1 {
            weights[1] = _mm256_cvtepi8_epi16(_mm_unpackhi_epi8(first, second));
        }
        weights
    }
}

/// Adds the products of two inputs of each row, which `from` points at in the first.
///
/// # Safety
/// The processor has AVX2; `M` rows of `CHUNK` numbers lie one after the other, in the first of which `from` is.
#[inline(always)]
unsafe fn multiply_add<const M: usize, const V: usize>(
    from: *const i32,
    w: [__m256i; V],
    mut sums: [[__m256i; V]; M],
) -> [[__m256i; V]; M] {
    unrolled!(i in 0..M {
        // SAFETY: as the caller says; two numbers of 16 bits are one of 32, of any alignment.
        let x = unsafe { _mm256_set1_epi32(from.byte_add(i * CHUNK * 2).read_unaligned()) };
        for v in 0..V {
            // SAFETY: as the caller says.
            sums[i][v] = unsafe { _mm256_add_epi32(sums[i][v], _mm256_madd_epi16(x, w[v])) };
        }
    });
    sums
}
