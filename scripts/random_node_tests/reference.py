"""What the references compute: ONNX Runtime without optimisations, and ONNX's reference evaluator."""
import dataclasses
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
from onnx import helper
from onnx.reference import ReferenceEvaluator

import writing
from cases import BF16, F16, F32, F64, Operand, Redraw

onnxruntime.set_default_logger_severity(4)
warnings.filterwarnings("ignore")
np.seterr(all="ignore")


def outputs(case, disagreements=False):
    """The results of a case, or `Redraw` if it is not valid or no reference can compute it."""
    try:
        types = output_types(case)
    except onnx.shape_inference.InferenceError as error:
        raise Redraw(f"not valid: {error}") from error
    known = case.same_as or case
    results, errors = {}, []
    for name in (*case.references, "own"):
        try:
            results[name] = checked(FUNCTIONS[name](known), types)
        except Exception as error:  # a reference may fail with anything
            errors.append(f"{name}: {type(error).__name__}: {error}")
            continue
        if not (case.agree or disagreements):
            break
    if not results:
        raise Redraw("no reference: " + "; ".join(errors))
    (name, first), *others = results.items()
    for other, result in others:
        if not all(close(a, b) for a, b in zip(first, result)):
            if disagreements:
                print(f"{describe(case)}\n  {name}: {first}\n  {other}: {result}", file=sys.stderr)
            if case.agree:
                raise Redraw("the references disagree")
    if case.agree and len(results) < 2:
        raise Redraw("only one reference: " + "; ".join(errors))
    try:
        writing.model(case, first)
    except onnx.checker.ValidationError as error:
        raise Redraw(f"not valid: {error}") from error
    return first


def output_types(case):
    """Element type and, where it is known, shape of each output."""
    types = []
    for output in writing.model(case).graph.output:
        tensor = output.type.tensor_type
        dims = [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type) if tensor.elem_type else None
        types.append((dtype, dims if tensor.HasField("shape") else None))
    return types


def checked(results, types):
    """The results, if they are of the types that ONNX infers."""
    assert len(results) == len(types), f"{len(results)} results"
    converted = []
    for result, (dtype, dims) in zip(map(np.asarray, results), types):
        if dtype is not None and dtype in (F16, BF16, F64) and result.dtype == F32:
            result = result.astype(dtype)
        if dtype is not None and dtype.kind in "iu" and result.dtype.kind in "iu":
            # NumPy adds small integers up in large ones; what is left of them is the same.
            result = result.astype(dtype)
        assert dtype is None or result.dtype == dtype, f"{result.dtype} instead of {dtype}"
        fits = dims is None or len(dims) == result.ndim and all(d in (None, s) for d, s in zip(dims, result.shape))
        assert fits, f"{result.shape} instead of {dims}"
        converted.append(result)
    return converted


def close(a, b):
    if a.shape != b.shape or a.dtype.kind in "iub":
        return a.shape == b.shape and bool(np.array_equal(a, b))
    return bool(np.allclose(a.astype(np.float64), b.astype(np.float64), 2e-2 if a.dtype == BF16 else 2e-3, 1e-5, True))


def describe(case):
    operands = [o and f"{o.value.dtype}{list(o.value.shape)}" for o in case.inputs]
    return f"{case.operator} {case.opset} {case.attributes} {operands}"


def feeds(case):
    return {name: operand.value for name, operand in writing.operands(case).values() if not operand.known}


def runtime(case):
    """ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = writing.model(case).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds(case))


def widened(case):
    """ONNX Runtime in float32 for 16-bit floats: one rounding at the end, where its own kernels may have several."""
    return runtime(in_single(case, (F16, BF16)))


def widened_evaluator(case):
    """The evaluator in float32 for 16-bit floats, likewise."""
    return evaluator(in_single(case, (F16, BF16)))


def narrowed(case):
    """ONNX Runtime in float32 where it has no float64."""
    return runtime(in_single(case, (F64,)))


def in_single(case, dtypes):
    """The case with operands of `dtypes` in float32."""
    assert any(o is not None and o.value.dtype in dtypes for o in case.inputs), "no such operand"
    single = {id(o): Operand(o.value.astype(F32) if o.value.dtype in dtypes else o.value, o.known)
              for o in case.inputs if o is not None}
    return dataclasses.replace(case, inputs=[o and single[id(o)] for o in case.inputs])


def own(case):
    """The generator's own."""
    assert case.own is not None, "none"
    return case.own()


def evaluator(case):
    """ONNX's reference evaluator."""
    return ReferenceEvaluator(writing.model(case)).run(None, feeds(case))


EVERY = (widened, widened_evaluator, narrowed, runtime, evaluator, own)
FUNCTIONS = {function.__name__: function for function in EVERY}
