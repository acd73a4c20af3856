"""What scikit-learn's estimators become: linear models, support vectors, trees that classify, and what prepares features."""
import numpy as np
from onnx import numpy_helper

from cases import F32, F64, I32, I64, Case, rounding
from operators import generates
from operators.learning import BRANCHES, forest

ML = "ai.onnx.ml"
TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"]


def numbers(draw, count, low=-2.0, high=2.0):
    return [draw.number(low, high) for _ in range(count)]


def rows(draw, features, types=(F32,)):
    """Rows of features, of a type that the operator takes."""
    shape = (draw.integer(1, 5), features)
    return draw.operand(draw.exact(shape, draw.dtype(list(types)), 8), 0.1)


def labels(draw, count):
    """Classes by number."""
    return list(range(count)) if draw.chance(0.5) else draw.shuffled(range(-3, 9))[:count]


@generates("Scaler")
def scaler(draw, name):
    features = draw.integer(1, 5)
    count = features if draw.chance(0.7) else 1
    attributes = {"offset": numbers(draw, count), "scale": numbers(draw, count)}
    return Case(name, 1, [rows(draw, features, [F32, F64, I32, I64])], attributes, domain=ML, atol=1e-5)


@generates("Normalizer")
def normalizer(draw, name):
    attributes = {"norm": draw.pick(["MAX", "L1", "L2"])}
    return Case(name, 1, [rows(draw, draw.integer(1, 5), [F32, F64, I32, I64])], attributes, domain=ML, atol=1e-6)


@generates("Imputer")
def imputer(draw, name):
    features = draw.integer(1, 4)
    count = features if draw.chance(0.6) else 1
    if draw.chance(0.4):
        attributes = {"imputed_value_int64s": [draw.integer(-9, 9) for _ in range(count)]}
        attributes["replaced_value_int64"] = draw.integer(-2, 2)
        x = draw.rng.integers(-2, 3, (draw.integer(1, 5), features)).astype(I64)
    else:
        attributes = {"imputed_value_floats": numbers(draw, count)}
        attributes["replaced_value_float"] = float("nan") if draw.chance(0.6) else 0.5
        x = draw.pick([np.array([0.5, -1.0, np.nan, 2.0])])[draw.rng.integers(0, 4, (draw.integer(1, 5), features))]
        x = x.astype(F32)
    return Case(name, 1, [draw.operand(x, 0.1)], attributes, domain=ML)


@generates("OneHotEncoder")
def one_hot(draw, name):
    categories = draw.shuffled(range(-3, 6))[: draw.integer(1, 6)]
    x = draw.rng.integers(-4, 7, draw.shape(1, 2, empty=0)).astype(draw.pick([I64, F32, F64]))
    attributes = {"cats_int64s": categories, "zeros": 1}
    return Case(name, 1, [draw.operand(x, 0.1)], attributes, domain=ML)


@generates("FeatureVectorizer")
def vectorizer(draw, name):
    count, dtype = draw.integer(1, 4), draw.pick([F32, F64, I32, I64])
    sizes = [draw.integer(1, 4) for _ in range(count)]
    height = draw.integer(1, 4)
    declared = [size if draw.chance(0.6) else draw.integer(1, 5) for size in sizes]
    inputs = [draw.operand(draw.exact((height, size), dtype), 0.1) for size in sizes]
    return Case(name, 1, inputs, {"inputdimensions": declared}, domain=ML)


@generates("LabelEncoder")
def label_encoder(draw, name):
    """Numbers only: the runner compares no strings."""
    count = draw.integer(1, 8)
    far = draw.chance(0.3)
    keys = draw.shuffled([-(2**62), -7, -2, 0, 1, 2, 3, 40, 5000, 2**62] if far else range(-4, 9))[:count]
    by_float = draw.chance(0.4)
    if by_float:
        keys = [float(np.float32(key)) / 2 for key in keys]
    to_float = draw.chance(0.5)
    if by_float and not to_float and draw.chance(0.5):
        keys[0] = 0.0 if 0.0 in keys[1:] else keys[0]
    values = numbers(draw, count) if to_float else [draw.integer(-9, 9) for _ in range(count)]
    if not by_float and not to_float:
        # The runtime has these by tensors only.
        tensor = lambda of: numpy_helper.from_array(np.array(of, I64))
        attributes = {"keys_tensor": tensor(keys), "values_tensor": tensor(values), "default_tensor": tensor([7])}
    else:
        attributes = {"keys_floats" if by_float else "keys_int64s": keys}
        attributes["values_floats" if to_float else "values_int64s"] = values
        if draw.chance(0.5):
            attributes |= {"default_float": 9.5} if to_float else {"default_int64": 11}
    opset = 4 if "keys_tensor" in attributes else draw.integer(2, 4)
    chosen = [keys[draw.integer(0, count - 1)] if draw.chance(0.6) else draw.integer(-9, 9) for _ in range(6)]
    x = np.array(chosen, F32 if by_float else I64).reshape(draw.pick([(6,), (2, 3), (6, 1)]))
    return Case(name, opset, [draw.operand(x, 0.1)], attributes, domain=ML)


@generates("LinearRegressor")
def linear_regressor(draw, name):
    features, targets = draw.integer(1, 5), draw.integer(1, 3)
    attributes = {"coefficients": numbers(draw, features * targets), "targets": targets}
    attributes |= {"intercepts": numbers(draw, targets)} if draw.chance(0.7) else {}
    attributes |= {"post_transform": draw.pick(TRANSFORMS)} if draw.chance(0.6) else {}
    return Case(name, 1, [rows(draw, features)], attributes, domain=ML, atol=1e-5)


@generates("LinearClassifier")
def linear_classifier(draw, name):
    features, classes = draw.integer(1, 5), draw.integer(2, 4)
    scores = 1 if classes == 2 and draw.chance(0.5) else classes
    attributes = {"coefficients": numbers(draw, features * scores), "intercepts": numbers(draw, scores)}
    attributes |= {"classlabels_ints": labels(draw, classes), "post_transform": draw.pick(TRANSFORMS)}
    x = rows(draw, features, [F32, F64, I32, I64])
    return Case(name, 1, [x], attributes, (True, True), domain=ML, atol=1e-5)


def kernel(draw):
    kind = draw.pick(["LINEAR", "POLY", "RBF", "SIGMOID"])
    return {"kernel_type": kind, "kernel_params": [draw.number(0.1, 0.6), draw.number(-1, 1), draw.integer(2, 4)]}


@generates("SVMRegressor")
def svm_regressor(draw, name):
    features, count = draw.integer(1, 4), draw.integer(0, 5)
    attributes = kernel(draw) | {"n_supports": count, "rho": [draw.number(-1, 1)]}
    attributes["coefficients"] = numbers(draw, count or features)
    attributes |= {"support_vectors": numbers(draw, count * features, -1)} if count else {}
    attributes |= {"one_class": 1} if draw.chance(0.3) else {}
    return Case(name, 1, [rows(draw, features)], attributes, domain=ML, atol=1e-4)


@generates("SVMClassifier")
def svm_classifier(draw, name):
    features, classes = draw.integer(1, 4), draw.integer(2, 4)
    attributes = kernel(draw) | {"classlabels_ints": labels(draw, classes)}
    if draw.chance(0.2):
        attributes |= {"coefficients": numbers(draw, features * classes), "rho": [draw.number(-1, 1)]}
    else:
        sizes = [draw.integer(1, 3) for _ in range(classes)]
        pairs = classes * (classes - 1) // 2
        attributes |= {"vectors_per_class": sizes, "rho": numbers(draw, pairs)}
        attributes["support_vectors"] = numbers(draw, sum(sizes) * features, -1)
        attributes["coefficients"] = numbers(draw, sum(sizes) * (classes - 1))
        if draw.chance(0.5):
            attributes |= {"prob_a": numbers(draw, pairs, -2, -0.1), "prob_b": numbers(draw, pairs, -0.5, 0.5)}
    attributes["post_transform"] = draw.pick(TRANSFORMS)
    x = rows(draw, features, [F32, F64, I32, I64])
    return Case(name, 1, [x], attributes, (True, True), domain=ML, atol=1e-4)


@generates("TreeEnsembleClassifier")
def trees(draw, name):
    opset = draw.integer(1, 4)
    features, classes = draw.integer(1, 4), draw.integer(2, 4)
    modes = BRANCHES[:1] if draw.chance(0.5) else BRANCHES[:4] if draw.chance(0.6) else BRANCHES
    #: Votes of every leaf: for all classes, for one that its tree stands for, or for any.
    kind = draw.pick(["all", "tree", "any"] if classes > 2 else ["all", "first", "second"])
    positive = draw.chance(0.5)

    def voted(tree):
        if kind == "any":
            targets = draw.axes(classes, 1, negative=False)
        else:
            targets = {"all": range(classes), "tree": [tree % classes], "first": [0], "second": [1]}[kind]
        return [(target, draw.number(0 if positive else -1, 1)) for target in targets]

    attributes, votes = forest(draw, draw.integer(1, 6), features, modes, voted)
    names = ["class_treeids", "class_nodeids", "class_ids", "class_weights"]
    attributes |= dict(zip(names, map(list, zip(*votes))), classlabels_int64s=labels(draw, classes))
    attributes["post_transform"] = draw.pick(TRANSFORMS)
    if draw.chance(0.5):
        attributes["base_values"] = numbers(draw, draw.integer(1, 2) if classes == 2 else classes)
    dtype = draw.pick([F32, F32, F64, I32, I64])
    x = draw.exact((draw.integer(1, 4), features), dtype)
    if dtype.kind == "f":
        x = np.where(draw.rng.random(x.shape) < 0.1, np.nan, x).astype(dtype)
    return Case(name, opset, [draw.operand(x, 0.1)], attributes, (True, True), domain=ML, atol=rounding(F32, 8))
