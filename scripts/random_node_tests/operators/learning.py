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


class Forest:
    """Decision trees, in the attributes of `TreeEnsemble`."""

    def __init__(self, draw, features, targets):
        self.draw, self.features, self.targets = draw, features, targets
        self.nodes, self.leaves, self.members = [], [], []

    def leaf(self):
        self.leaves.append((self.draw.integer(0, self.targets - 1), self.draw.number(-2, 2)))
        return len(self.leaves) - 1, 1

    def node(self, depth):
        index = len(self.nodes)
        kind = self.draw.integer(0, 6)
        self.nodes.append(None)
        branches = [self.leaf() if self.draw.chance(0.3) or depth == 0 else (self.node(depth - 1), 0) for _ in range(2)]
        split = float(self.draw.integer(-3, 3))
        self.nodes[index] = (self.draw.integer(0, self.features - 1), kind, split, *branches, self.draw.integer(0, 1))
        return index

    def attributes(self, roots, dtype):
        columns = zip(*self.nodes)
        features, kinds, splits, then, otherwise, missing = map(list, columns)
        for kind in kinds:
            if kind == 6:
                self.members += [float(self.draw.integer(-3, 3)) for _ in range(self.draw.integer(1, 3))] + [np.nan]
        attributes = {
            "tree_roots": roots,
            "nodes_featureids": features,
            "nodes_modes": numpy_helper.from_array(np.array(kinds, np.uint8)),
            "nodes_splits": numpy_helper.from_array(np.array(splits, dtype)),
            "nodes_truenodeids": [node for node, _ in then],
            "nodes_trueleafs": [leaf for _, leaf in then],
            "nodes_falsenodeids": [node for node, _ in otherwise],
            "nodes_falseleafs": [leaf for _, leaf in otherwise],
            "leaf_targetids": [target for target, _ in self.leaves],
            "leaf_weights": numpy_helper.from_array(np.array([weight for _, weight in self.leaves], dtype)),
            "n_targets": self.targets,
        }
        if self.members:
            attributes["membership_values"] = numpy_helper.from_array(np.array(self.members, dtype))
        if self.draw.chance(0.5):
            attributes["nodes_missing_value_tracks_true"] = missing
        return attributes


@generates("TreeEnsemble")
def trees(draw, name):
    dtype = draw.pick([F32, F64])
    forest = Forest(draw, draw.integer(1, 4), draw.integer(1, 3))
    roots = [forest.node(draw.integer(0, 3)) for _ in range(draw.integer(1, 3))]
    attributes = forest.attributes(roots, dtype)
    if draw.chance(0.6):
        attributes["aggregate_function"] = draw.integer(0, 3)
    # ONNX Runtime cuts fractions off before it looks for members of a set.
    x = np.round(draw.exact((draw.integer(1, 4), forest.features), dtype))
    x = np.where(draw.rng.random(x.shape) < 0.1, np.nan, x).astype(dtype)
    return Case(name, 5, [draw.operand(x, 0.1)], attributes, domain=ML, atol=rounding(F32, 8))


BRANCHES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]


@generates("TreeEnsembleRegressor")
def regression_trees(draw, name):
    opset = draw.integer(1, 4)
    features, targets = draw.integer(1, 4), draw.integer(1, 3)
    nodes, votes = [], []

    def node(tree, depth):
        index = sum(n["treeids"] == tree for n in nodes)
        made = {"treeids": tree, "nodeids": index, "featureids": 0, "modes": "LEAF", "values": 0.0}
        made |= {"truenodeids": 0, "falsenodeids": 0, "missing_value_tracks_true": 0}
        nodes.append(made)
        if depth == 0 or draw.chance(0.3):
            votes.extend((tree, index, target, draw.number(-2, 2)) for target in draw.axes(targets, 1, negative=False))
            return index
        made |= {"featureids": draw.integer(0, features - 1), "modes": draw.pick(BRANCHES)}
        made |= {"values": draw.integer(-8, 8) / 4, "missing_value_tracks_true": draw.integer(0, 1)}
        made["truenodeids"], made["falsenodeids"] = node(tree, depth - 1), node(tree, depth - 1)
        return index

    for tree in range(draw.integer(1, 3)):
        node(tree, draw.integer(1, 3))
    attributes = {f"nodes_{key}": [n[key] for n in nodes] for key in nodes[0]}
    names = ["target_treeids", "target_nodeids", "target_ids", "target_weights"]
    attributes |= dict(zip(names, map(list, zip(*votes))), n_targets=targets)
    if draw.chance(0.5):
        attributes["base_values"] = [draw.number(-2, 2) for _ in range(targets)]
    if draw.chance(0.6):
        attributes["aggregate_function"] = draw.pick(["SUM", "AVERAGE", "MIN", "MAX"])
    if "base_values" in attributes and len(votes) < targets * sum(n["modes"] == "LEAF" for n in nodes):
        raise Redraw("the runtime leaves a target without values without its base value too")
    dtype = draw.pick([F32, F32, F64])
    x = draw.exact((draw.integer(1, 4), features), dtype)
    x = np.where(draw.rng.random(x.shape) < 0.1, np.nan, x).astype(dtype)
    return Case(name, opset, [draw.operand(x, 0.1)], attributes, domain=ML, atol=rounding(F32, 8))
