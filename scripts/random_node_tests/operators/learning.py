"""Classical machine learning, and counting of words."""
import numpy as np
from onnx import numpy_helper

from cases import F32, F64, I32, I64, Case, Redraw, rounding
from operators import generates

ML = "ai.onnx.ml"


@generates("ArrayFeatureExtractor")
def features(draw, name):
    shape = draw.shape(1, 3, empty=0)
    x = draw.any(shape, draw.dtype([F32, F64, I32, I64]))
    chosen = draw.rng.integers(0, shape[-1], (1, draw.integer(1, 4))).astype(I64)
    return Case(name, 1, [draw.operand(x, 0.1), draw.operand(chosen, 0.6)], domain=ML)


@generates("Binarizer")
def binarizer(draw, name):
    attributes = {"threshold": draw.number(-2, 2)} if draw.chance(0.7) else {}
    return Case(name, 1, [draw.operand(draw.exact(draw.shape(1, 3)), 0.1)], attributes, domain=ML)


@generates("TfIdfVectorizer")
def words(draw, name):
    opset = draw.opset(name)
    shortest = draw.integer(1, 2)
    longest = draw.integer(shortest, 3)
    pool, starts, grams = [], [], 0
    for length in range(1, longest + 1):
        starts.append(len(pool))
        chosen = {tuple(draw.integer(1, 4) for _ in range(length)) for _ in range(draw.integer(1, 3))}
        grams += len(chosen)
        pool += [word for gram in sorted(chosen) for word in gram]
    attributes = {
        "mode": draw.pick(["TF", "IDF", "TFIDF"]),
        "min_gram_length": shortest,
        "max_gram_length": longest,
        "max_skip_count": draw.integer(0, 2),
        "ngram_counts": starts,
        "ngram_indexes": draw.shuffled(range(grams)),
        "pool_int64s": pool,
    }
    if draw.chance(0.5):
        attributes["weights"] = [draw.number(0.2, 2) for _ in range(grams)]
    shape = (draw.integer(1, 9),) if draw.chance(0.5) else (draw.integer(1, 3), draw.integer(1, 9))
    x = draw.rng.integers(1, 6, shape).astype(draw.pick([I32, I64]))
    return Case(name, opset, [draw.operand(x, 0.1)], attributes)
