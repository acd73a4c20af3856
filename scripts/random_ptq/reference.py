"""What ONNX Runtime's static quantizer makes of a model."""
import logging
import pathlib
import tempfile

import numpy as np
import onnxruntime
from onnxruntime import quantization


class Samples(quantization.CalibrationDataReader):
    """Samples stacked on a new first axis, one after another."""

    def __init__(self, samples):
        count = len(next(iter(samples.values())))
        self.rows = iter([{name: values[i] for name, values in samples.items()} for i in range(count)])

    def get_next(self):
        return next(self.rows, None)


def session(path):
    options = onnxruntime.SessionOptions()
    # Its optimisations saturate on some processors.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def decibels(model, samples, compared):
    """Signal to noise of each output over the first samples, 999 where there is no noise; None if the quantizer fails."""
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        quantized = pathlib.Path(folder) / "quantized.onnx"
        try:
            quantization.quantize_static(
                str(model),
                str(quantized),
                Samples(samples),
                quant_format=quantization.QuantFormat.QDQ,
                per_channel=True,
                activation_type=quantization.QuantType.QInt8,
                weight_type=quantization.QuantType.QInt8,
                calibrate_method=quantization.CalibrationMethod.MinMax,
            )
            floats, integers = session(model), session(quantized)
        except Exception as error:  # Whatever it fails with is of no interest here.
            print(f"{model}: {error}")
            return None
        signal, noise = 0.0, 0.0
        rows = Samples({name: values[:compared] for name, values in samples.items()})
        while (row := rows.get_next()) is not None:
            wanted = [np.asarray(y, np.float64) for y in floats.run(None, row)]
            got = [np.asarray(y, np.float64) for y in integers.run(None, row)]
            signal = signal + np.array([np.sum(y * y) for y in wanted])
            noise = noise + np.array([np.sum((a - b) ** 2) for a, b in zip(wanted, got)])
    return [999.0 if n == 0 else -999.0 if s == 0 else float(10 * np.log10(s / n)) for s, n in zip(signal, noise)]
