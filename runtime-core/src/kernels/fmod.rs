//! The remainder of floats, exactly: long division of the mantissas, bit by bit. (`libm::fmod` divides integers, which
//! leaves a panic path in firmware optimised for size.)

macro_rules! remainders {
    ($($name:ident: $ty:ident, $bits:ident, $mantissa:literal, $exponent:literal;)*) => {$(
        /// What remains of `x / y` rounded towards zero, with the sign of `x`; NaN for an infinite `x` and a zero `y`.
        pub(super) fn $name(x: $ty, y: $ty) -> $ty {
            const IMPLICIT: $bits = 1 << $mantissa;
            /// Mantissa with its highest bit at `IMPLICIT`, and exponent, of a positive finite number.
            fn split(bits: $bits) -> ($bits, i32) {
                let exponent = (bits >> $mantissa) as i32;
                let mantissa = bits & (IMPLICIT - 1);
                if exponent > 0 {
                    return (mantissa | IMPLICIT, exponent);
                }
                let shift = mantissa.leading_zeros().saturating_sub($exponent);
                (mantissa.wrapping_shl(shift), 1i32.wrapping_sub_unsigned(shift))
            }
            let (size_x, size_y) = (x.abs(), y.abs());
            if !(size_x < $ty::INFINITY && size_y > 0.0) {
                return $ty::NAN;
            }
            if size_x < size_y {
                return x;
            }
            let ((mut rest, mut exponent), (divisor, last)) = (split(size_x.to_bits()), split(size_y.to_bits()));
            loop {
                if rest >= divisor {
                    rest = rest.wrapping_sub(divisor);
                }
                if exponent <= last || rest == 0 {
                    break;
                }
                rest <<= 1;
                exponent = exponent.wrapping_sub(1);
            }
            while rest != 0 && rest < IMPLICIT {
                rest <<= 1;
                exponent = exponent.wrapping_sub(1);
            }
            let bits = match u32::try_from(exponent) {
                _ if rest == 0 => 0,
                Ok(exponent @ 1..) => (rest & (IMPLICIT - 1)) | (exponent as $bits) << $mantissa,
                _ => rest.wrapping_shr(1i32.wrapping_sub(exponent) as u32),
            };
            $ty::from_bits(bits).copysign(x)
        }
    )*};
}
remainders! {
    fmodf: f32, u32, 23, 8;
    fmod: f64, u64, 52, 11;
}

#[cfg(test)]
mod tests {
    use super::{fmod, fmodf};

    #[test]
    fn as_in_the_standard_library() {
        let singles = (0..u32::MAX).step_by(3_567_587).map(f32::from_bits);
        for x in singles.clone() {
            for y in singles.clone() {
                let (single, double) = (fmodf(x, y), fmod(f64::from(x) * 1e-290, f64::from(y) * 1e-290));
                let expected = x % y;
                assert!(
                    single.to_bits() == expected.to_bits() || single.is_nan() && expected.is_nan(),
                    "{x:e} % {y:e}"
                );
                let expected = (f64::from(x) * 1e-290) % (f64::from(y) * 1e-290);
                assert!(
                    double.to_bits() == expected.to_bits() || double.is_nan() && expected.is_nan(),
                    "{x:e} % {y:e}"
                );
            }
        }
    }
}
