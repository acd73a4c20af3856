"""Images sampled elsewhere."""
import dataclasses

import numpy as np

import reference
from cases import F32, FLOATS, I64, RUNTIME_FIRST, Case, Operand, Redraw, rounding
from operators import generates

NEAREST = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]


def factors(draw, shape, low=1):
    """A factor for each axis; most axes of more than two stay."""
    choices = [1.0, 2.0, 3.0, 1.5, 2.6] + ([0.5, 0.6, 0.8, 0.3] if low < 1 else [])
    scales = [1.0 if len(shape) - i > 2 or draw.chance(0.2) else draw.pick(choices) for i in range(len(shape))]
    if any(int(np.floor(n * np.float32(s))) < 1 for n, s in zip(shape, scales)):
        raise Redraw("an empty image")
    return scales


@generates("Upsample")
def upsample(draw, name):
    opset = draw.opset(name, newest=9)
    dtype = draw.type_of(name, opset)
    shape = draw.shape(4, 4, most=5, empty=0) if opset < 7 else draw.shape(1, 4, most=5, empty=0)
    mode = draw.pick(["nearest", "linear" if opset >= 7 else "bilinear"])
    scales = factors(draw, shape)
    if mode != "nearest" and (len(shape) not in (2, 4) or dtype not in FLOATS):
        raise Redraw("the runtime has linear sampling of two axes of floats")
    x = draw.operand(draw.any(shape, dtype), 0.05)
    attributes = {"mode": mode} if mode != "nearest" or draw.chance(0.5) else {}
    newer = Case(name, 9, [x, Operand(np.array(scales, F32), True)], {"mode": mode.replace("bi", "")})
    tolerance = {"atol": rounding(dtype, 8)} if dtype in FLOATS else {}
    if opset < 7:
        attributes |= {"height_scale": scales[2], "width_scale": scales[3]}
        return Case(name, opset, [x], attributes, same_as=newer, **tolerance)
    if opset < 9:
        return Case(name, opset, [x], attributes | {"scales": scales}, same_as=newer, **tolerance)
    return Case(name, opset, [x, draw.operand(np.array(scales, F32), 0.8)], attributes, **tolerance)


@generates("Resize")
def resize(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset, "T1" if opset >= 11 else "T")
    modes = ["nearest", "linear"] + (["cubic"] if opset >= 11 else [])
    mode = draw.pick(modes) if dtype in FLOATS else "nearest"
    shape = draw.shape(4, 4, most=6, empty=0) if mode == "cubic" else draw.shape(1, 4, most=6, empty=0)
    x = draw.operand(draw.any(shape, dtype), 0.05)
    tolerance = {"atol": rounding(dtype, 20)} if dtype in FLOATS else {}
    attributes = {"mode": mode} if mode != "nearest" or draw.chance(0.5) else {}
    if opset < 11:
        scales = draw.operand(np.array(factors(draw, shape, 0), F32), 0.8)
        return Case(name, opset, [x, scales], attributes, **tolerance)
    coordinates = ["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"]
    coordinates += ["tf_half_pixel_for_nn"] if opset < 13 and mode == "nearest" else []
    coordinates += ["half_pixel_symmetric"] if opset >= 19 else []
    coordinates += ["tf_crop_and_resize"]
    if draw.chance(0.8):
        attributes["coordinate_transformation_mode"] = draw.pick(coordinates)
    crops = attributes.get("coordinate_transformation_mode") == "tf_crop_and_resize"
    if mode == "nearest" and draw.chance(0.7):
        attributes["nearest_mode"] = draw.pick(NEAREST)
    if mode == "cubic":
        attributes |= {"cubic_coeff_a": draw.pick([-0.5, -0.75])} if draw.chance(0.5) else {}
        attributes |= {"exclude_outside": draw.integer(0, 1)} if draw.chance(0.5) else {}
    if opset >= 18 and mode != "nearest" and draw.chance(0.3) and not crops:
        attributes["antialias"] = 1
    axes = None
    if opset >= 18 and draw.chance(0.3):
        axes = attributes["axes"] = draw.axes(len(shape), min(2, len(shape)), min(2, len(shape)))
    named = [shape[axis] for axis in (range(len(shape)) if axes is None else axes)]
    scales = factors(draw, named, 0)
    if any(int(np.float32(n) * np.float32(s)) != int(n * float(np.float32(s))) for n, s in zip(named, scales)):
        raise Redraw("the length is a matter of rounding")
    if crops and any(int(n * s) == n for n, s in zip(named, scales)):
        raise Redraw("the runtime does not crop what keeps its length")
    region = None
    if crops:
        region = np.array([draw.number(0, 0.4) for _ in named] + [draw.number(0.6, 1) for _ in named], F32)
        attributes |= {"extrapolation_value": draw.number(-2, 2)} if draw.chance(0.5) else {}
    roi = None if region is None else draw.operand(region, 0.8)
    if draw.chance(0.5):
        inputs = [x, roi, draw.operand(np.array(scales, F32), 0.8)]
    else:
        sizes = [int(np.floor(n * s)) for n, s in zip(named, scales)]
        inputs = [x, roi, None, draw.ints(sizes)]
        if opset >= 18 and draw.chance(0.3):
            attributes["keep_aspect_ratio_policy"] = draw.pick(["stretch", "not_larger", "not_smaller"])
    if opset < 13:
        # These were no optional inputs yet; an empty one stands for none.
        empty = lambda operand: Operand(np.zeros(0, F32), True) if operand is None else operand
        inputs = [inputs[0], empty(inputs[1]), empty(inputs[2]), *inputs[3:]]
    case = Case(name, opset, inputs, attributes, **tolerance)
    # Both are consulted: of the many modes each has some of its own ways.
    case.agree = True
    return case


@generates("GridSample")
def grid_sample(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset, "T1")
    spatial = 2 if opset < 20 else draw.pick([2, 2, 3])
    bi = "bi" if opset < 20 else ""
    modes = [bi + "linear", "nearest"] + ([bi + "cubic"] if spatial == 2 else [])
    attributes = {"mode": draw.pick(modes)} if draw.chance(0.8) else {}
    attributes |= {"padding_mode": draw.pick(["zeros", "border", "reflection"])} if draw.chance(0.8) else {}
    attributes |= {"align_corners": draw.integer(0, 1)} if draw.chance(0.6) else {}
    if dtype not in FLOATS:
        attributes["mode"] = "nearest"
    batch, channels = draw.integer(1, 2), draw.integer(1, 3)
    shape = (batch, channels, *(draw.integer(1, 6) for _ in range(spatial)))
    x = draw.uniform(shape, dtype) if dtype in FLOATS else draw.exact(shape, dtype)
    grids = draw.type_of(name, opset, "T2")
    shape = (batch, *(draw.integer(1, 5) for _ in range(spatial)), spatial)
    grid = draw.uniform(shape, grids, -1.6, 1.6)
    case = Case(name, opset, [draw.operand(x, 0.1), draw.operand(grid, 0.2)], attributes, atol=rounding(dtype, 30))
    # Of cubic samples beyond a border the evaluator moves all, the runtime and PyTorch those pixels that are outside.
    case.references = RUNTIME_FIRST
    if opset < 20:
        # The evaluator knows the newer names of the modes only.
        newer = attributes | {"mode": attributes.get("mode", "bilinear").replace("bi", "")}
        case.same_as = dataclasses.replace(case, opset=20, attributes=newer)
    if dtype not in FLOATS:
        # No reference has them; they are exact in float32.
        grid = case.inputs[1]
        single = dataclasses.replace(case.same_as or case, inputs=[Operand(x.astype(F32)), grid])
        own = lambda: [reference.outputs(single)[0].astype(dtype)]
        return dataclasses.replace(case, own=own, references=())
    return case


@generates("RoiAlign")
def roi_align(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset, "T1")
    batch, count, height, width = draw.integer(1, 2), draw.integer(1, 4), draw.integer(2, 8), draw.integer(2, 8)
    x = draw.uniform((batch, draw.integer(1, 3), height, width), dtype)
    corners = draw.uniform((count, 2), F32, -1, 3)
    regions = np.concatenate([corners, corners + draw.uniform((count, 2), F32, 0.5, 6)], -1)
    where = draw.rng.integers(0, batch, count).astype(I64)
    attributes = {}
    for key, value in (
        ("mode", draw.pick(["avg", "max"])),
        ("output_height", draw.integer(1, 4)),
        ("output_width", draw.integer(1, 4)),
        ("sampling_ratio", draw.integer(0, 3)),
        ("spatial_scale", draw.pick([1.0, 0.5, 0.75])),
    ):
        if draw.chance(0.7):
            attributes[key] = value
    if opset >= 16 and draw.chance(0.6):
        attributes["coordinate_transformation_mode"] = draw.pick(["half_pixel", "output_half_pixel"])
    inputs = [draw.operand(x, 0.1), draw.operand(regions.astype(dtype), 0.3), draw.operand(where, 0.5)]
    return Case(name, opset, inputs, attributes, atol=rounding(dtype, 10))


@generates("AffineGrid")
def affine_grid(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset, "T1")
    spatial = draw.integer(2, 3)
    batch = draw.integer(1, 3)
    theta = draw.uniform((batch, spatial, spatial + 1), dtype, -2, 2)
    size = [batch, draw.integer(1, 3), *(draw.integer(1, 6) for _ in range(spatial))]
    attributes = {"align_corners": draw.integer(0, 1)} if draw.chance(0.6) else {}
    case = Case(name, opset, [draw.operand(theta, 0.2), draw.ints(size)], attributes, atol=rounding(dtype, 6))
    # The runtime puts the corner of a single pixel at 1, the evaluator at -1, PyTorch at 0.
    return dataclasses.replace(case, references=("widened_evaluator", "evaluator"))
