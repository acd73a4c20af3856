use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::cosine_window::known_size;
use crate::front::shared::normalization::{cast, computed};
use crate::ir::op_error;
use crate::ir::primitives::Fft;

/// The discrete Fourier transform along one axis, or its inverse.
pub(super) const DFT: OperatorDef = OperatorDef {
    name: "DFT",
    domain: Domain::Onnx,
    versions: &[17, 20],
    limits: "`dft_length` and `axis` must be known at compile time; float16 and bfloat16 are computed in float32",
    read: |cx| {
        let inverse = cx.attributes.flag("inverse", false)?;
        let onesided = cx.attributes.flag("onesided", false)?;
        let ty = cx.ty(0)?;
        let axis = if cx.opset() < 20 {
            cx.attributes.int("axis", 1)?
        } else if cx.has(2) {
            match cx.ints(2, "axis")?[..] {
                [axis] => axis,
                _ => return Err(op_error("`axis` must be one integer")),
            }
        } else {
            -2
        };
        let axis = ty.axis(axis)?;
        let length = if cx.has(1) {
            known_size(cx, 1, "dft_length")?
        } else if inverse && onesided {
            2 * ty.shape[axis].saturating_sub(1)
        } else {
            ty.shape[axis]
        };
        let fft = Fft {
            axis,
            length,
            inverse,
            onesided,
        };
        let x = computed(cx, 0)?;
        let y = cx.add(fft, &[x])?;
        Ok(vec![cast(cx, y, ty.dtype)?])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Absent, Given, Known, Operand, int, run};
    use crate::ir::Tensor;

    /// Complex numbers from another, by the definition.
    fn expected(x: &[(f64, f64)], sign: f64) -> Vec<f64> {
        let turn = sign * std::f64::consts::TAU / x.len() as f64;
        let bin = |k: usize| {
            let terms = x.iter().enumerate().map(|(n, (re, im))| {
                let (sin, cos) = (turn * (k * n % x.len()) as f64).sin_cos();
                [re * cos - im * sin, re * sin + im * cos]
            });
            terms.fold([0.0; 2], |sum, term| [sum[0] + term[0], sum[1] + term[1]])
        };
        (0..x.len()).flat_map(bin).collect()
    }

    fn near(y: Result<Vec<Tensor>, String>, expected: &[f64], tolerance: f64) {
        let y = y.unwrap().remove(0).to_f64();
        let most = expected.iter().fold(1.0, |most: f64, v| most.max(v.abs()));
        assert_eq!(y.len(), expected.len());
        for (y, e) in y.iter().zip(expected) {
            assert!((y - e).abs() <= tolerance * most, "{y} for {e} of {}", expected.len());
        }
    }

    #[test]
    fn every_kind_of_length() {
        for length in [1usize, 2, 3, 4, 5, 6, 7, 8, 12, 15, 30, 49, 60, 64, 101, 128, 240, 360] {
            let element = |i: usize| ((i * i % 7) as f64 - 3.0, (i * 5 % 11) as f64);
            for (parts, inverse) in [(1, 0), (1, 1), (2, 0), (2, 1)] {
                let x: Vec<(f64, f64)> = (0..length).map(element).collect();
                let x: Vec<_> = x
                    .into_iter()
                    .map(|(re, im)| (re, if parts == 2 { im } else { 0.0 }))
                    .collect();
                let numbers: Vec<f64> = x
                    .iter()
                    .flat_map(|(re, im)| [*re, *im].into_iter().take(parts))
                    .collect();
                let singles: Vec<f32> = numbers.iter().map(|v| *v as f32).collect();
                let (sign, scale) = if inverse == 1 {
                    (1.0, 1.0 / length as f64)
                } else {
                    (-1.0, 1.0)
                };
                let expected: Vec<f64> = expected(&x, sign).into_iter().map(|v| v * scale).collect();
                let shape = [1, length, parts];
                let dft = |x: Tensor| run(17, "DFT", &[int("inverse", inverse)], &[Given(x)], 1);
                near(dft(Tensor::f64(&shape, &numbers)), &expected, 1e-13);
                near(dft(Tensor::f32(&shape, &singles)), &expected, 2e-6);
            }
        }
    }

    #[test]
    fn half_spectra_of_every_kind_of_length() {
        let both = [int("onesided", 1), int("inverse", 1)];
        for length in [1usize, 2, 3, 6, 7, 10, 16, 22, 45] {
            let signal: Vec<f64> = (0..length).map(|i| (i * i % 7) as f64 - 2.0).collect();
            let x = Given(Tensor::f64(&[length, 1], &signal));
            let spectrum = run(20, "DFT", &both[..1], &[x], 1).unwrap().remove(0);
            assert_eq!(spectrum.shape, [length / 2 + 1, 2]);
            let length = Known(Tensor::i64(&[], &[length as i64]));
            near(run(20, "DFT", &both, &[Given(spectrum), length], 1), &signal, 1e-13);
        }
    }

    #[test]
    fn half_spectra_and_their_inverse_along_any_axis() {
        let signal = Tensor::f32(&[1, 4, 2, 1], &[1.0, -1.0, 2.0, 0.0, 3.0, 5.0, 4.0, 7.0]);
        let size = |length: i64| Known(Tensor::i64(&[], &[length]));
        let axis = || size(1);
        let spectrum = run(
            20,
            "DFT",
            &[int("onesided", 1)],
            &[Given(signal.clone()), Absent, axis()],
            1,
        )
        .unwrap();
        assert_eq!(spectrum[0].shape, [1, 3, 2, 2]);
        let attributes = [int("onesided", 1), int("inverse", 1)];
        let back = |length: Operand| {
            run(20, "DFT", &attributes, &[Given(spectrum[0].clone()), length, axis()], 1).map(|mut y| y.remove(0))
        };
        assert_eq!(back(Absent), Ok(signal.clone()));
        assert_eq!(back(size(4)), Ok(signal));
        assert_eq!(back(size(5)).unwrap().shape, [1, 5, 2, 1]);
    }

    #[test]
    fn signals_are_cut_or_filled_up() {
        let x = || Given(Tensor::f32(&[3, 1], &[1.0, 2.0, 3.0]));
        let size = |length: i64| Known(Tensor::i64(&[], &[length]));
        let dft = |length: i64| run(20, "DFT", &[], &[x(), size(length)], 1);
        assert_eq!(dft(2), Ok(vec![Tensor::f32(&[2, 2], &[3.0, 0.0, -1.0, 0.0])]));
        assert_eq!(
            dft(4),
            Ok(vec![Tensor::f32(&[4, 2], &[6.0, 0.0, -2.0, -2.0, 2.0, 0.0, -2.0, 2.0])])
        );
        assert!(dft(0).is_err() && dft(-1).is_err() && dft(1 << 40).is_err());
        let wrong = run(20, "DFT", &[], &[x(), Absent, size(1)], 1);
        assert!(wrong.is_err(), "the last axis holds the parts");
    }
}
