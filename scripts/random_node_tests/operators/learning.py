"""Classical machine learning, and counting of words."""
import dataclasses

import numpy as np
from onnx import numpy_helper

import reference
from cases import F16, F32, F64, I32, I64, Case, Redraw, rounding
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


@generates("TreeEnsemble")
def trees(draw, name):
    dtype = draw.dtype([F16, F32, F64])
    features, targets = draw.integer(1, 4), draw.integer(1, 3)
    nodes, leaves, members = [], [], []

    def leaf():
        leaves.append((draw.integer(-16, 16) / 4, draw.integer(0, targets - 1)))
        return len(leaves) - 1

    def grown(depth):
        """Adds a node, then what is below it; children come after their parents, as ONNX has them."""
        place = len(nodes)
        mode = draw.integer(0, 6) if draw.chance(0.3) else draw.integer(0, 3)
        nodes.append([mode, draw.integer(0, features - 1), 0.0, 0, 0, 0, 0, draw.integer(0, 1)])
        if mode == 6:
            members.append([draw.integer(-8, 8) / 4 for _ in range(draw.integer(1, 3))])
        else:
            nodes[place][2] = draw.integer(-8, 8) / 4
        for branch in (0, 1):
            is_leaf = depth == 0 or draw.chance(0.4)
            nodes[place][3 + branch] = int(is_leaf)
            nodes[place][5 + branch] = leaf() if is_leaf else grown(depth - 1)
        return place

    roots = [grown(draw.integer(0, 3)) for _ in range(draw.integer(1, 3))]
    mode, feature, split, true_leaf, false_leaf, true_id, false_id, missing = zip(*nodes)
    tensor = lambda values, kind: numpy_helper.from_array(np.array(values, kind))
    attributes = {
        "n_targets": targets,
        "tree_roots": roots,
        "nodes_modes": tensor(mode, np.uint8),
        "nodes_featureids": list(feature),
        "nodes_splits": tensor(split, dtype),
        "nodes_trueleafs": list(true_leaf),
        "nodes_falseleafs": list(false_leaf),
        "nodes_truenodeids": list(true_id),
        "nodes_falsenodeids": list(false_id),
        "leaf_weights": tensor([weight for weight, _ in leaves], dtype),
        "leaf_targetids": [target for _, target in leaves],
    }
    if members:
        attributes["membership_values"] = tensor([v for group in members for v in (*group, np.nan)], dtype)
    attributes |= {"nodes_missing_value_tracks_true": list(missing)} if draw.chance(0.5) else {}
    attributes |= {"aggregate_function": draw.integer(0, 3)} if draw.chance(0.6) else {}
    if attributes.get("aggregate_function", 1) > 1:
        reached = {target for _, target in leaves}
        if len(reached) < targets or len(roots) * targets > 1:
            raise Redraw("the least or greatest of no leaf")
    x = draw.exact((draw.integer(1, 5), features), dtype, 8)
    if draw.chance(0.3):
        x = np.where(draw.rng.random(x.shape) < 0.2, np.nan, x).astype(dtype)
    plain = Case(name, 5, [draw.operand(x, 0.05)], attributes, domain=ML, atol=rounding(dtype, 4))
    if members:
        # The runtime fails for some and the evaluator errs.
        tracks = attributes.get("nodes_missing_value_tracks_true", [0] * len(nodes))
        plain.references, plain.own = (), lambda: [walked(x, nodes, leaves, members, tracks, attributes).astype(dtype)]
    if draw.chance(0.7):
        return plain
    # The runtime has the numbers of these two the other way round, the evaluator has neither.
    transform = draw.integer(1, 2)

    def own():
        scores = reference.outputs(plain)[0].astype(F64)
        powers = np.exp(scores - scores.max(1, keepdims=True))
        softmax, logistic = powers / powers.sum(1, keepdims=True), 1 / (1 + np.exp(-scores))
        return [(softmax if transform == 1 else logistic).astype(dtype)]

    transformed = attributes | {"post_transform": transform}
    return dataclasses.replace(plain, attributes=transformed, references=(), own=own)


COMPARISONS = [np.less_equal, np.less, np.greater_equal, np.greater, np.equal, np.not_equal]


def walked(x, nodes, leaves, members, tracks, attributes):
    """What a walk through the trees finds."""
    sets = iter(members)
    sets = [next(sets) if node[0] == 6 else None for node in nodes]
    found = [[[] for _ in range(attributes["n_targets"])] for _ in x]
    for row, targets in zip(x.astype(np.float64), found):
        for place in attributes["tree_roots"]:
            is_leaf = False
            while not is_leaf:
                mode, feature, split, *branches, _ = nodes[place]
                value = row[feature]
                holds = value in sets[place] if mode == 6 else COMPARISONS[mode](value, split)
                branch = 0 if holds or np.isnan(value) and tracks[place] else 1
                is_leaf, place = branches[branch], branches[2 + branch]
            weight, target = leaves[place]
            targets[target].append(weight)
    function = attributes.get("aggregate_function", 1)
    join = [lambda values: sum(values) / len(attributes["tree_roots"]), sum, min, max][function]
    return np.array([[join(values) for values in targets] for targets in found])


BRANCHES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]


def forest(draw, trees, features, modes, votes_of):
    """Attributes of the nodes of random trees, and the votes of their leaves: (tree, node, target, weight), where
    `votes_of(tree)` gives targets and weights."""
    nodes, votes = [], []

    def node(tree, depth):
        index = sum(n["treeids"] == tree for n in nodes)
        made = {"treeids": tree, "nodeids": index, "featureids": 0, "modes": "LEAF", "values": 0.0}
        made |= {"truenodeids": 0, "falsenodeids": 0, "missing_value_tracks_true": 0}
        nodes.append(made)
        if depth == 0 or draw.chance(0.3):
            votes.extend((tree, index, target, weight) for target, weight in votes_of(tree))
            return index
        made |= {"featureids": draw.integer(0, features - 1), "modes": draw.pick(modes)}
        made |= {"values": draw.integer(-8, 8) / 4, "missing_value_tracks_true": draw.integer(0, 1)}
        made["truenodeids"], made["falsenodeids"] = node(tree, depth - 1), node(tree, depth - 1)
        return index

    for tree in range(trees):
        node(tree, draw.integer(1, 3))
    return {f"nodes_{key}": [n[key] for n in nodes] for key in nodes[0]}, votes


@generates("TreeEnsembleRegressor")
def regression_trees(draw, name):
    opset = draw.integer(1, 4)
    features, targets = draw.integer(1, 4), draw.integer(1, 3)

    def voted(_):
        return [(target, draw.number(-2, 2)) for target in draw.axes(targets, 1, negative=False)]

    attributes, votes = forest(draw, draw.integer(1, 3), features, BRANCHES, voted)
    names = ["target_treeids", "target_nodeids", "target_ids", "target_weights"]
    attributes |= dict(zip(names, map(list, zip(*votes))), n_targets=targets)
    if draw.chance(0.5):
        attributes["base_values"] = [draw.number(-2, 2) for _ in range(targets)]
    if draw.chance(0.6):
        attributes["aggregate_function"] = draw.pick(["SUM", "AVERAGE", "MIN", "MAX"])
    if "base_values" in attributes and len(votes) < targets * attributes["nodes_modes"].count("LEAF"):
        raise Redraw("the runtime leaves a target without values without its base value too")
    dtype = draw.pick([F32, F32, F64])
    x = draw.exact((draw.integer(1, 4), features), dtype)
    x = np.where(draw.rng.random(x.shape) < 0.1, np.nan, x).astype(dtype)
    return Case(name, opset, [draw.operand(x, 0.1)], attributes, domain=ML, atol=rounding(F32, 8))
