//! Sums of 8-bit products to 8-bit outputs: [`Arch::requantize`](crate::arch::Arch::requantize) in vectors.
//!
//! A product of a sum and its multiplier has 62 bits and a sign. Vectors multiply the lanes of even and of odd places
//! apart, to 64 bits each. The zero point is added before the shift, so that one addition rounds and adds it; bits that
//! the shift leaves above the low 32 are all copies of the sign, as the shift is 32 or more.
#![allow(unsafe_code)]

use crate::arch::rounding::{addend, limit};
use crate::requantize::Requantize;
use core::arch::x86_64::{
    __m128i, __m256i, __m512i, _mm_cvtsi64_si128, _mm_max_epi8, _mm_min_epi8, _mm_packs_epi16, _mm_packs_epi32,
    _mm_set1_epi8, _mm_setzero_si128, _mm_storel_epi64, _mm_storeu_si128, _mm256_add_epi64, _mm256_and_si256,
    _mm256_blend_epi32, _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_mul_epi32,
    _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_srl_epi64, _mm256_srli_epi64, _mm256_sub_epi32, _mm512_add_epi64,
    _mm512_cvtsepi32_epi8, _mm512_loadu_si512, _mm512_mask_blend_epi32, _mm512_mask_mov_epi64,
    _mm512_maskz_loadu_epi32, _mm512_mul_epi32, _mm512_set1_epi64, _mm512_sra_epi64, _mm512_srli_epi64,
    _mm512_test_epi64_mask,
};

/// `N` outputs, at most sixteen, in one vector of 512 bits. `f` [fits](crate::arch::rounding::fits).
///
/// # Safety
/// The processor has AVX-512 F, BW and VL.
#[inline(always)]
pub(super) unsafe fn outputs_512<const N: usize>(f: Requantize, sums: [i32; N], multipliers: [i32; N]) -> [i8; N] {
    let mut y = [0; 16];
    // SAFETY: as the caller says; there is room for sixteen bytes.
    unsafe {
        let outputs = requantize_512(f, load_512(&sums), load_512(&multipliers));
        _mm_storeu_si128(y.as_mut_ptr().cast(), outputs);
    }
    let mut outputs = [0; N];
    outputs.copy_from_slice(y.get(..N).unwrap_or(&[0; N]));
    outputs
}

/// Sixteen sums to sixteen outputs. `f` [fits](crate::arch::rounding::fits).
///
/// # Safety
/// The processor has AVX-512 F, BW and VL.
#[inline(always)]
pub(super) unsafe fn requantize_512(f: Requantize, sums: __m512i, multipliers: __m512i) -> __m128i {
    // SAFETY: as the caller says.
    unsafe {
        let even = _mm512_mul_epi32(sums, multipliers);
        let odd = _mm512_mul_epi32(_mm512_srli_epi64::<32>(sums), _mm512_srli_epi64::<32>(multipliers));
        // An odd lane's quotient is left in the high half, where it belongs.
        let even = _mm512_sra_epi64(rounded_512(f, even), _mm_cvtsi64_si128(f.shift.into()));
        let odd = _mm512_sra_epi64(rounded_512(f, odd), _mm_cvtsi64_si128(i64::from(f.shift) - 32));
        let quotients = _mm512_mask_blend_epi32(0xaaaa, even, odd);
        let bytes = _mm512_cvtsepi32_epi8(quotients);
        _mm_min_epi8(
            _mm_max_epi8(bytes, _mm_set1_epi8(limit(f.min))),
            _mm_set1_epi8(limit(f.max)),
        )
    }
}

/// Products with the zero point and what rounds them, half to even: a half where the quotient is odd, else less.
///
/// # Safety
/// As [`requantize_512`].
#[inline(always)]
unsafe fn rounded_512(f: Requantize, products: __m512i) -> __m512i {
    // SAFETY: as the caller says.
    unsafe {
        let odd = _mm512_test_epi64_mask(products, _mm512_set1_epi64(1 << f.shift));
        let addend = addend(f);
        let addends = _mm512_mask_mov_epi64(_mm512_set1_epi64(addend), odd, _mm512_set1_epi64(addend + 1));
        _mm512_add_epi64(products, addends)
    }
}

/// The numbers, at most sixteen, and zeros.
///
/// # Safety
/// As [`requantize_512`].
#[inline(always)]
unsafe fn load_512<const N: usize>(numbers: &[i32; N]) -> __m512i {
    // SAFETY: as the caller says; sixteen numbers are 64 bytes, and the mask leaves out what is beyond fewer.
    unsafe {
        match numbers.first_chunk::<16>() {
            Some(all) => _mm512_loadu_si512(all.as_ptr().cast()),
            None => _mm512_maskz_loadu_epi32(((1_u32 << N) - 1) as u16, numbers.as_ptr()),
        }
    }
}

/// `N` outputs, a multiple of eight, in vectors of 256 bits. `f` [fits](crate::arch::rounding::fits).
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
pub(super) unsafe fn outputs_256<const N: usize>(f: Requantize, sums: [i32; N], multipliers: [i32; N]) -> [i8; N] {
    let mut outputs = [0; N];
    let eights = outputs.as_chunks_mut::<8>().0.iter_mut().zip(sums.as_chunks::<8>().0);
    for ((y, sums), multipliers) in eights.zip(multipliers.as_chunks::<8>().0) {
        // SAFETY: as the caller says; there are eight numbers, and room for eight bytes.
        unsafe {
            let sums = _mm256_loadu_si256(sums.as_ptr().cast());
            let multipliers = _mm256_loadu_si256(multipliers.as_ptr().cast());
            _mm_storel_epi64(y.as_mut_ptr().cast(), requantize_256(f, sums, multipliers));
        }
    }
    outputs
}

/// Eight sums to eight outputs, in the low half. `f` [fits](crate::arch::rounding::fits).
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
pub(super) unsafe fn requantize_256(f: Requantize, sums: __m256i, multipliers: __m256i) -> __m128i {
    // SAFETY: as the caller says.
    unsafe {
        let even = _mm256_mul_epi32(sums, multipliers);
        let odd = _mm256_mul_epi32(_mm256_srli_epi64::<32>(sums), _mm256_srli_epi64::<32>(multipliers));
        // Only `shift - 32` bits of an odd lane's high half go: above the quotient's own bits there are zeros, as in
        // an even lane.
        let even = _mm256_srl_epi64(rounded_256(f, even), _mm_cvtsi64_si128(f.shift.into()));
        let odd = _mm256_srl_epi64(rounded_256(f, odd), _mm_cvtsi64_si128(i64::from(f.shift) - 32));
        let quotients = _mm256_blend_epi32::<0b1010_1010>(even, odd);
        let quotients = _mm256_sub_epi32(quotients, _mm256_set1_epi32((1_u64 << (63 - f.shift)) as i32));
        let (low, high) = (
            _mm256_castsi256_si128(quotients),
            _mm256_extracti128_si256::<1>(quotients),
        );
        let bytes = _mm_packs_epi16(_mm_packs_epi32(low, high), _mm_setzero_si128());
        _mm_min_epi8(
            _mm_max_epi8(bytes, _mm_set1_epi8(limit(f.min))),
            _mm_set1_epi8(limit(f.max)),
        )
    }
}

/// As [`rounded_512`]. AVX2 has no shift of 64 bits that keeps the sign: 2^63 is added too, which makes all products
/// positive, and what is left of it goes after the shift.
///
/// # Safety
/// As [`requantize_256`].
#[inline(always)]
unsafe fn rounded_256(f: Requantize, products: __m256i) -> __m256i {
    // SAFETY: as the caller says.
    unsafe {
        let quotients = _mm256_srl_epi64(products, _mm_cvtsi64_si128(f.shift.into()));
        let odd = _mm256_and_si256(quotients, _mm256_set1_epi64x(1));
        let addend = addend(f).wrapping_add(i64::MIN);
        _mm256_add_epi64(_mm256_add_epi64(products, _mm256_set1_epi64x(addend)), odd)
    }
}
