use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::binary;
use crate::front::shared::cosine_window::known_size;
use crate::front::shared::normalization::{cast, computed, reshaped};
use crate::ir::op_error;
use crate::ir::primitives::{BinaryOp, Fft, Frames};

/// The Fourier transforms of frames of a signal, weighted by a window.
pub(super) const STFT: OperatorDef = OperatorDef {
    name: "STFT",
    domain: Domain::Onnx,
    versions: &[17],
    limits: "`frame_step` and `frame_length` must be known at compile time; halves are computed in float32",
    read: |cx| {
        let onesided = cx.attributes.flag("onesided", true)?;
        let ty = cx.ty(0)?;
        let [_, signal, parts] = ty.shape[..] else {
            return Err(op_error(format!(
                "the signal {ty} must have a batch, elements and parts"
            )));
        };
        if onesided && parts == 2 {
            return Err(op_error("half of the spectrum of a complex signal").help("set onesided to 0"));
        }
        let step = known_size(cx, 1, "frame_step")?;
        let window = if cx.has(2) { Some(cx.ty(2)?) } else { None };
        let size = match &window {
            _ if cx.has(3) => known_size(cx, 3, "frame_length")?,
            Some(window) => window.len(),
            None => signal,
        };
        let x = computed(cx, 0)?;
        let mut frames = cx.add(Frames { axis: 1, size, step }, &[x])?;
        if let Some(window) = window {
            if window.shape != [size] {
                return Err(op_error(format!("the window {window} must have {size} elements")));
            }
            let values = computed(cx, 2)?;
            let values = reshaped(cx, values, &[size, 1])?;
            frames = binary(cx, BinaryOp::Mul, frames, values)?;
        }
        let fft = Fft {
            axis: 2,
            length: size,
            inverse: false,
            onesided,
        };
        let y = cx.add(fft, &[frames])?;
        Ok(vec![cast(cx, y, ty.dtype)?])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Absent, Given, Known, int, run};
    use crate::ir::Tensor;

    #[test]
    fn frames_overlap_and_the_rest_is_dropped() {
        let signal = || Given(Tensor::f32(&[1, 6, 1], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        let known = |size: i64| Known(Tensor::i64(&[], &[size]));
        let window = Given(Tensor::f32(&[2], &[1.0, 0.5]));
        let y = run(17, "STFT", &[], &[signal(), known(3), window], 1);
        let bins = [2.0, 0.0, 0.0, 0.0, 6.5, 0.0, 1.5, 0.0];
        assert_eq!(y, Ok(vec![Tensor::f32(&[1, 2, 2, 2], &bins)]));
        let whole = run(
            17,
            "STFT",
            &[int("onesided", 0)],
            &[signal(), known(1), Absent, known(6)],
            1,
        );
        assert!(whole.is_ok_and(|y| y[0].shape == [1, 1, 6, 2]));
        for (step, length) in [(0, 2), (1, 7), (1, 0), (-1, 2)] {
            assert!(run(17, "STFT", &[], &[signal(), known(step), Absent, known(length)], 1).is_err());
        }
    }
}
