"""Pooling, and its inverse."""
import dataclasses

import numpy as np

from cases import I64, Case, Redraw, rounding
from operators import generates
from operators.windows import RUNTIME_FIRST, frame, images, kernel_of, spatial_axes


@generates("AveragePool", "MaxPool", "LpPool")
def pool(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    kernel = kernel_of(draw, spatial_axes(draw))
    dilated = opset >= {"AveragePool": 19, "MaxPool": 10, "LpPool": 18}[name]
    attributes, sizes = frame(draw, opset, len(kernel), kernel, dilated)
    attributes["kernel_shape"] = kernel
    strides, dilations = (attributes.get(key, [1] * len(kernel)) for key in ("strides", "dilations"))
    reaches = [(-(-n // s) - 1) * s + (k - 1) * d + 1 for n, s, k, d in zip(sizes, strides, kernel, dilations)]
    if attributes.get("auto_pad", "").startswith("SAME") and any(r < n for r, n in zip(reaches, sizes)):
        # The text has negative padding there, which each reference takes for something else.
        raise Redraw("images that windows do not fill")
    x = draw.operand(images(draw, dtype, draw.integer(1, 5), sizes), 0.05)
    case = Case(name, opset, [x], attributes, references=RUNTIME_FIRST)
    case.atol = rounding(dtype, 4) if dtype.kind not in "iu" else None
    if opset >= (18 if name == "LpPool" else 10) and draw.chance(0.4):
        attributes["ceil_mode"] = draw.integer(0, 1)
    if opset < 7 and name != "LpPool":
        # The evaluator counts padding there, and of the runtime it is the first version.
        case.same_as = dataclasses.replace(case, opset=7)
    if name == "AveragePool" and opset >= 7 and draw.chance(0.5):
        attributes["count_include_pad"] = draw.integer(0, 1)
    if name == "LpPool" and draw.chance(0.7):
        attributes["p"] = draw.integer(1, 3) if opset >= 2 else draw.pick([1.0, 2.0, 3.0])
    if name == "MaxPool" and opset >= 8 and draw.chance(0.4):
        case.inputs = [draw.operand(draw.distinct(x.value.shape, dtype))] if dtype.itemsize > 1 else [x]
        case.outputs = (True, True)
        if draw.chance(0.5):
            attributes["storage_order"] = draw.integer(0, 1)
    if attributes.get("ceil_mode") or "dilations" in attributes:
        # The runtime pads for windows that are not dilated and has a number for those between elements; both references
        # have changed their minds about the last window.
        case.outputs = (True,)
        case.references, case.own = (), lambda: [pooled(case)]
    return case


def pooled(case):
    """Pooling by the text: padding beyond the stated one, as `ceil_mode` may need it, is never counted."""
    x, attributes, kernel = case.inputs[0].value, case.attributes, case.attributes["kernel_shape"]
    wide = x.astype(np.float64)
    rank = len(kernel)
    strides, dilations = (attributes.get(key, [1] * rank) for key in ("strides", "dilations"))
    places = []
    for i, (size, k, s, d) in enumerate(zip(x.shape[2:], kernel, strides, dilations)):
        extent = (k - 1) * d + 1
        before, after = attributes.get("pads", [0] * 2 * rank)[i :: rank]
        if attributes.get("auto_pad", "NOTSET").startswith("SAME"):
            count = -(-size // s)
            total = max((count - 1) * s + extent - size, 0)
            before = total // 2 if attributes["auto_pad"] == "SAME_UPPER" else total - total // 2
            after = total - before
        else:
            room = size + before + after - extent
            count = (-(-room // s) if attributes.get("ceil_mode") else room // s) + 1
            # A window that would begin in the padding behind the image is left out.
            count -= int((count - 1) * s >= size + before)
        starts = [n * s - before for n in range(count)]
        places.append([[(t, -before <= t < size + after) for t in range(n, n + extent, d)] for n in starts])
    result = np.zeros(x.shape[:2] + tuple(map(len, places)))
    for index in np.ndindex(*result.shape[2:]):
        taps = [places[axis][n] for axis, n in enumerate(index)]
        inside = np.ix_(*([t for t, _ in tap if 0 <= t < n] for tap, n in zip(taps, x.shape[2:])))
        values = wide[(slice(None), slice(None), *inside)]
        values = values.reshape(*x.shape[:2], int(np.prod(values.shape[2:])))
        counted = int(np.prod([sum(counts for _, counts in tap) for tap in taps]))
        counted = counted if attributes.get("count_include_pad") else max(values.shape[-1], 1)
        p = attributes.get("p", 2)
        result[(slice(None), slice(None), *index)] = {
            "MaxPool": lambda: values.max(-1, initial=-np.inf),
            "AveragePool": lambda: values.sum(-1) / counted,
            "LpPool": lambda: (np.abs(values) ** p).sum(-1) ** (1 / p),
        }[case.operator]()
    return result.astype(x.dtype)


@generates("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def global_pool(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    sizes = tuple(draw.size(6, 0) for _ in range(spatial_axes(draw)))
    x = draw.operand(images(draw, dtype, draw.integer(1, 5), sizes), 0.05)
    attributes = {}
    if name == "GlobalLpPool" and draw.chance(0.7):
        attributes["p"] = draw.integer(1, 3) if opset >= 2 else draw.pick([1.0, 2.0, 3.0])
    case = Case(name, opset, [x], attributes, atol=rounding(dtype, 4))
    if name == "GlobalLpPool" and opset != 2:
        # No reference has another version.
        whole = attributes | ({"p": int(attributes["p"])} if "p" in attributes else {})
        case.same_as = dataclasses.replace(case, opset=2, attributes=whole)
    return case


@generates("MaxUnpool")
def unpool(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset, "T1")
    spatial = draw.pick([1, 2, 2, 3])
    kernel = [draw.integer(1, 3) for _ in range(spatial)]
    attributes = {"kernel_shape": kernel}
    if draw.chance(0.7):
        attributes["strides"] = [draw.integer(1, 3) for _ in kernel]
    if draw.chance(0.3):
        attributes["pads"] = [draw.integer(0, (k - 1) // 2) for k in kernel * 2]
    strides, pads = attributes.get("strides", [1] * spatial), attributes.get("pads", [0] * 2 * spatial)
    shape = (draw.integer(1, 2), draw.integer(1, 3)) + tuple(draw.integer(1, 4) for _ in kernel)
    natural = [
        (n - 1) * s + k - pads[i] - pads[i + spatial] for i, (n, s, k) in enumerate(zip(shape[2:], strides, kernel))
    ]
    if min(natural) < 1:
        raise Redraw("an empty image")
    # Indices count in the tensor of that size, also where another size is wanted.
    total = int(np.prod(shape[:2]) * np.prod(natural))
    if total < np.prod(shape):
        raise Redraw("fewer places than values")
    places = np.sort(draw.rng.permutation(total)[: int(np.prod(shape))]).reshape(shape).astype(I64)
    inputs = [draw.operand(draw.exact(shape, dtype), 0.1), draw.operand(places, 0.3)]
    if draw.chance(0.3):
        inputs.append(draw.ints([*shape[:2], *(n + draw.integer(0, 2) for n in natural)]))
    # For the runtime they count in the wanted size, against the node test of ONNX.
    return Case(name, opset, inputs, attributes, references=("widened_evaluator", "evaluator"))


@generates("MaxRoiPool")
def max_roi_pool(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    batch, height, width = draw.integer(1, 2), draw.integer(2, 8), draw.integer(2, 8)
    x = draw.exact((batch, draw.integer(1, 3), height, width), dtype)
    scale = draw.pick([1.0, 0.5])
    regions = []
    for _ in range(draw.integer(1, 4)):
        left, top = draw.integer(0, width - 1), draw.integer(0, height - 1)
        corner = (draw.integer(left, width - 1), draw.integer(top, height - 1))
        regions.append([draw.integer(0, batch - 1), *(v / scale for v in (left, top, *corner))])
    attributes = {"pooled_shape": [draw.integer(1, 3), draw.integer(1, 3)]}
    attributes |= {"spatial_scale": scale} if scale != 1 else {}
    case = Case(name, opset, [draw.operand(x, 0.1), draw.operand(np.array(regions, dtype), 0.4)], attributes)
    return dataclasses.replace(case, same_as=dataclasses.replace(case, opset=1))
