use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::{each, storable};
use crate::front::shared::cosine_window::{known_size, output_datatype};
use crate::front::shared::normalization::cast;
use crate::ir::{OpError, Tensor, op_error};
use runtime_core::function::{Exp, Log};

/// Triangles on the mel scale that weigh the bins of a spectrum.
pub(super) const MEL_WEIGHT_MATRIX: OperatorDef = OperatorDef {
    name: "MelWeightMatrix",
    domain: Domain::Onnx,
    versions: &[17],
    limits: "all inputs must be known at compile time",
    read: |cx| {
        let dtype = output_datatype(cx)?;
        let bands = known_size(cx, 0, "num_mel_bins")?;
        let length = known_size(cx, 1, "dft_length")?;
        let rate = known_size(cx, 2, "sample_rate")?;
        let edges = [edge(cx, 3, "lower_edge_hertz")?, edge(cx, 4, "upper_edge_hertz")?];
        let shape = [length / 2 + 1, bands];
        let mut weights = vec![0.0; storable(&shape)?];
        let centres = centres(bands, length, rate, edges)?;
        for (band, triangle) in centres.windows(3).enumerate() {
            let [low, centre, high] = [triangle[0], triangle[1], triangle[2]];
            if centre >= shape[0] || high > shape[0] {
                return Err(
                    op_error(format!("band {band} reaches from bin {low} to {high} of {}", shape[0]))
                        .help("lower `upper_edge_hertz` to half of `sample_rate` at most"),
                );
            }
            weights[centre * bands + band] = 1.0;
            for bin in low..centre {
                weights[bin * bands + band] = (bin - low) as f64 / (centre - low) as f64;
            }
            for bin in centre..high {
                weights[bin * bands + band] = (high - bin) as f64 / (high - centre) as f64;
            }
        }
        let weights = cx.add_constant(Tensor::f64(&shape, &weights));
        Ok(vec![cast(cx, weights, dtype)?])
    },
};

/// A frequency: input `index`, called `name`.
fn edge(cx: &NodeContext<'_>, index: usize, name: &str) -> Result<f64, OpError> {
    let value = cx.known(index, name)?.scalar_f64();
    value
        .filter(|hertz| hertz.is_finite() && *hertz >= 0.0)
        .ok_or_else(|| op_error(format!("`{name}` must be one frequency of at least 0")))
}

/// The bins at equal distances on the mel scale: where the first band begins, the centres, where the last band ends.
fn centres(bands: usize, length: usize, rate: usize, edges: [f64; 2]) -> Result<Vec<usize>, OpError> {
    let logs = each(Log, &edges.map(|hertz| 1.0 + hertz / 700.0))?;
    let step = (logs[1] - logs[0]) / (bands + 2) as f64;
    let mels: Vec<f64> = (0..bands + 2).map(|i| logs[0] + i as f64 * step).collect();
    let bin = |ratio: f64| ((length + 1) as f64 * (700.0 * (ratio - 1.0)) / rate as f64).floor() as usize;
    Ok(each(Exp, &mels)?.into_iter().map(bin).collect())
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Known, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn bands_stay_inside_the_spectrum() {
        let matrix = |upper: f64| {
            let size = |v: i32| Known(Tensor::i32(&[], &[v]));
            let edge = |v: f64| Known(Tensor::scalar(DType::F32, v));
            let operands = [size(2), size(8), size(8000), edge(0.0), edge(upper)];
            run(17, "MelWeightMatrix", &[], &operands, 1)
        };
        let weights = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(matrix(4000.0), Ok(vec![Tensor::f32(&[5, 2], &weights)]));
        assert!(matrix(1e9).is_err());
    }
}
