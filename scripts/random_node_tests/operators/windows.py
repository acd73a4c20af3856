"""Convolutions, and what windows that slide over images have in common."""
import dataclasses

import numpy as np

from cases import RUNTIME_FIRST, Case, Redraw, rounding
from operators import generates


def frame(draw, opset, spatial, kernel, dilated=True, empty=0):
    """Attributes of a window, and sizes of an image that it fits into."""
    attributes = {}
    strides = [draw.integer(1, 3) for _ in range(spatial)]
    dilations = [draw.integer(1, 3) if draw.chance(0.5) else 1 for _ in range(spatial)]
    if draw.chance(0.7):
        attributes["strides"] = strides
    if dilated and draw.chance(0.5):
        attributes["dilations"] = dilations
    else:
        dilations = [1] * spatial
    extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    if draw.chance(0.3):
        attributes["auto_pad"] = draw.pick(["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"])
    pads = [0] * 2 * spatial
    if attributes.get("auto_pad", "NOTSET") == "NOTSET" and draw.chance(0.7):
        pads = attributes["pads"] = [draw.integer(0, min(k - 1, 3)) for k in kernel * 2]
    least = [max(e - pads[i] - pads[i + spatial], 1) for i, e in enumerate(extents)]
    sizes = tuple(low + (draw.integer(0, 7) if draw.chance(0.9) else 0) for low in least)
    return attributes, sizes


def kernel_of(draw, spatial):
    return [draw.integer(1, 4 if spatial < 3 else 2) for _ in range(spatial)]


def spatial_axes(draw):
    return draw.pick([1, 2, 2, 2, 3])


def images(draw, dtype, channels, sizes, most=16):
    """Mostly one image, sometimes none, of values whose sums of products are exact."""
    return draw.exact((draw.pick([0, 1, 1, 1, 2, 3]), channels) + sizes, dtype, most)


def grouped(draw):
    """Groups, and channels into and out of each."""
    group = draw.pick([1, 1, 1, 2, 3])
    if draw.chance(0.25):
        return draw.integer(2, 9), 1, draw.integer(1, 2)
    if draw.chance(0.1):
        return group, draw.integer(6, 40), draw.integer(5, 40)
    return group, draw.integer(1, 5), draw.integer(1, 18 if group == 1 else 4)


# The evaluator is wrong with a bias of several groups, and with some paddings.
@generates("Conv")
def conv(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    kernel = kernel_of(draw, spatial_axes(draw))
    attributes, sizes = frame(draw, opset, len(kernel), kernel)
    group, inner, outer = grouped(draw)
    attributes |= {"group": group} if group > 1 or draw.chance(0.3) else {}
    attributes |= {"kernel_shape": kernel} if draw.chance(0.6) else {}
    weights = draw.exact((group * outer, inner, *kernel), dtype, 8)
    inputs = [draw.operand(images(draw, dtype, group * inner, sizes), 0.05), draw.operand(weights, 0.8)]
    if draw.chance(0.5):
        inputs.append(draw.operand(draw.exact((group * outer,), dtype), 0.8))
    return Case(name, opset, inputs, attributes, atol=rounding(dtype, 20), references=RUNTIME_FIRST)


@generates("ConvTranspose")
def conv_transpose(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    spatial = spatial_axes(draw)
    kernel = kernel_of(draw, spatial)
    attributes, _ = frame(draw, opset, spatial, kernel)
    sizes = tuple(draw.integer(1, 6) for _ in kernel)
    strides = attributes.get("strides", [1] * spatial)
    dilations = attributes.get("dilations", [1] * spatial)
    if attributes.get("auto_pad", "NOTSET") == "NOTSET" and draw.chance(0.4):
        # Less than the stride or the dilation of its axis.
        attributes["output_padding"] = [draw.integer(0, max(s, d) - 1) for s, d in zip(strides, dilations)]
    extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    if attributes.get("auto_pad", "").startswith("SAME") and any(e < s for e, s in zip(extents, strides)):
        # The text has `size * stride` elements there, the references only those that a window reaches.
        raise Redraw("gaps between windows")
    if draw.chance(0.15):
        attributes.pop("pads", None)
        attributes["output_shape"] = [n * s + draw.integer(-1, 1) for n, s in zip(sizes, strides)]
    group, inner, outer = grouped(draw)
    attributes |= {"group": group} if group > 1 or draw.chance(0.3) else {}
    attributes |= {"kernel_shape": kernel} if draw.chance(0.6) else {}
    weights = draw.exact((group * inner, outer, *kernel), dtype, 8)
    inputs = [draw.operand(images(draw, dtype, group * inner, sizes), 0.05), draw.operand(weights, 0.8)]
    if draw.chance(0.5):
        inputs.append(draw.operand(draw.exact((group * outer,), dtype), 0.8))
    return Case(name, opset, inputs, attributes, atol=rounding(dtype, 20), references=RUNTIME_FIRST)


@generates("Col2Im")
def col2im(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    if dtype == np.dtype(bool):
        raise Redraw("sums of booleans")
    spatial = draw.pick([1, 2, 2, 3])
    block = [draw.integer(1, 3) for _ in range(spatial)]
    attributes, sizes = frame(draw, opset, spatial, block)
    attributes.pop("auto_pad", None)
    strides, pads = attributes.get("strides", [1] * spatial), attributes.get("pads", [0] * 2 * spatial)
    dilations = attributes.get("dilations", [1] * spatial)
    counts = [
        (n + pads[i] + pads[i + spatial] - d * (k - 1) - 1) // s + 1
        for i, (n, k, s, d) in enumerate(zip(sizes, block, strides, dilations))
    ]
    if min(counts) < 1:
        raise Redraw("a window that does not fit")
    x = draw.exact((draw.integer(1, 2), draw.integer(1, 3) * int(np.prod(block)), int(np.prod(counts))), dtype, 8)
    case = Case(name, opset, [draw.operand(x, 0.1), draw.ints(list(sizes)), draw.ints(block)], attributes)
    # The runtime is wrong with other numbers of axes.
    return case if spatial == 2 else dataclasses.replace(case, references=("widened_evaluator", "evaluator"))


@generates("DeformConv")
def deform_conv(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    kernel = [draw.integer(1, 3) for _ in range(2)]
    attributes, sizes = frame(draw, opset, 2, kernel)
    attributes.pop("auto_pad", None)
    strides, pads = attributes.get("strides", [1, 1]), attributes.get("pads", [0] * 4)
    dilations = attributes.get("dilations", [1, 1])
    counts = [
        (n + pads[i] + pads[i + 2] - d * (k - 1) - 1) // s + 1
        for i, (n, k, s, d) in enumerate(zip(sizes, kernel, strides, dilations))
    ]
    group, shifts = draw.integer(1, 2), draw.integer(1, 2)
    inner, outer, batch = draw.integer(1, 2) * shifts, draw.integer(1, 3), draw.integer(1, 2)
    attributes |= {"group": group} if group > 1 else {}
    attributes |= {"offset_group": shifts} if shifts > 1 else {}
    attributes |= {"kernel_shape": kernel} if draw.chance(0.6) else {}
    points = int(np.prod(kernel))
    inputs = [
        draw.operand(draw.exact((batch, group * inner, *sizes), dtype), 0.1),
        draw.operand(draw.exact((group * outer, inner, *kernel), dtype, 8), 0.6),
        draw.operand(draw.uniform((batch, shifts * 2 * points, *counts), dtype, -2, 2), 0.1),
        draw.optional(0.5, lambda: draw.operand(draw.exact((group * outer,), dtype), 0.6)),
        draw.optional(0.5, lambda: draw.operand(draw.uniform((batch, shifts * points, *counts), dtype, 0, 1), 0.1)),
    ]
    return Case(name, opset, inputs, attributes, atol=rounding(dtype, 60))


@generates("CausalConvWithState")
def causal_conv(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    batch, channels, length, size = draw.integer(1, 3), draw.integer(1, 5), draw.integer(1, 8), draw.integer(1, 4)
    inputs = [
        draw.operand(draw.exact((batch, channels, length), dtype), 0.1),
        draw.operand(draw.exact((channels, 1, size), dtype, 8), 0.7),
        draw.optional(0.5, lambda: draw.operand(draw.exact((channels,), dtype), 0.6)),
        draw.optional(0.6, lambda: draw.operand(draw.exact((batch, channels, size - 1), dtype), 0.1)),
    ]
    attributes = {"activation": draw.pick(["none", "silu", "swish"])} if draw.chance(0.7) else {}
    return Case(name, opset, inputs, attributes, (True, True), atol=rounding(dtype, 20))
