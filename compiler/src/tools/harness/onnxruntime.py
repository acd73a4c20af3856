"""Times a model in ONNX Runtime: MODEL.onnx INPUTS THREADS, where INPUTS are names and shapes in JSON.

Prints the version, or what is missing, or an input without a value. Then answers each line that is read, a number of
seconds, with the nanoseconds of as many runs as fit, at least three, as JSON.
"""

import json
import sys
import time


def stop(**reason):
    """Ends with what the user has to do something about."""
    print(json.dumps(reason), flush=True)
    sys.exit(0)


try:
    import numpy
    import onnxruntime
except ImportError as error:
    stop(missing=f"{error}")

TYPES = {
    "float": "float32",
    "double": "float64",
    "float16": "float16",
    "bool": "bool",
    **{name: name for name in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")},
}


def session(path, shapes, threads):
    """A session of so many threads with inputs and outputs bound."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    model = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    binding, random = model.io_binding(), numpy.random.default_rng(0)
    for port in model.get_inputs():
        kind = TYPES.get(port.type.removeprefix("tensor(").removesuffix(")"))
        if port.name not in shapes or kind is None:
            stop(input=port.name)
        value = random.random(shapes[port.name])
        if "float" not in kind:
            value = numpy.zeros(shapes[port.name])
        binding.bind_ortvalue_input(port.name, onnxruntime.OrtValue.ortvalue_from_numpy(value.astype(kind)))
    for port in model.get_outputs():
        binding.bind_output(port.name)
    return model, binding


def times(model, binding, seconds):
    """The nanoseconds of each run."""
    found, end = [], time.perf_counter() + seconds
    while len(found) < 3 or time.perf_counter() < end:
        start = time.perf_counter_ns()
        model.run_with_iobinding(binding)
        found.append(time.perf_counter_ns() - start)
    return found


def main():
    """Answers until there is nothing more to read."""
    model, binding = session(sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps({"version": onnxruntime.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(times(model, binding, float(line))), flush=True)


main()
