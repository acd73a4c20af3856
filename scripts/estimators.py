#!/usr/bin/env python3
"""Converts estimators of scikit-learn and writes them, with results, in the layout of ONNX's node tests.

    scripts/estimators.py FOLDER [--only REGEX]
    cargo run -p codegen-tests -- --tests FOLDER

Needs scikit-learn, skl2onnx and onnxruntime. The results are those of ONNX Runtime, whose labels and predictions must be
those of scikit-learn. Classes that are strings are written as their places, as edgec has them.
"""
import argparse
import pathlib
import re
import shutil
import warnings

import numpy as np
import onnx
import onnxruntime
import skl2onnx
from onnx import numpy_helper
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType
from sklearn import (calibration, cluster, compose, datasets, decomposition, discriminant_analysis, ensemble,
                     gaussian_process, impute, linear_model, naive_bayes, neighbors, neural_network, pipeline,
                     preprocessing, svm, tree)

warnings.filterwarnings("ignore")
onnxruntime.set_default_logger_severity(4)

ROWS = 5
OPSET = {"": 17, "ai.onnx.ml": 3}

flowers, kinds = datasets.load_iris(return_X_y=True)
flowers = flowers.astype(np.float32)
patients, progress = datasets.load_diabetes(return_X_y=True)
patients = patients.astype(np.float32)
gaps = flowers.copy()
gaps[::5, 1] = np.nan
sizes = flowers[:, :2].astype(np.int64)

logistic = linear_model.LogisticRegression(max_iter=300)
forest = tree.DecisionTreeClassifier(max_depth=3)
scaled = lambda estimator: pipeline.make_pipeline(preprocessing.StandardScaler(), estimator)

CLASSIFIERS = {
    "logistic_regression": logistic,
    "linear_svc": svm.LinearSVC(random_state=0),
    **{f"svc_{kernel}": scaled(svm.SVC(kernel=kernel)) for kernel in ("linear", "poly", "rbf", "sigmoid")},
    "decision_tree": tree.DecisionTreeClassifier(random_state=0),
    "random_forest": ensemble.RandomForestClassifier(10, random_state=0),
    "extra_trees": ensemble.ExtraTreesClassifier(10, random_state=0),
    "gradient_boosting": ensemble.GradientBoostingClassifier(n_estimators=8, random_state=0),
    "ada_boost": ensemble.AdaBoostClassifier(n_estimators=5, random_state=0),
    "bagging": ensemble.BaggingClassifier(n_estimators=4, random_state=0),
    "k_neighbors": neighbors.KNeighborsClassifier(),
    "gaussian_nb": naive_bayes.GaussianNB(),
    "multinomial_nb": naive_bayes.MultinomialNB(),
    "bernoulli_nb": naive_bayes.BernoulliNB(binarize=2.0),
    "mlp": neural_network.MLPClassifier((16,), max_iter=200, random_state=0),
    "linear_discriminant": discriminant_analysis.LinearDiscriminantAnalysis(),
    "quadratic_discriminant": discriminant_analysis.QuadraticDiscriminantAnalysis(),
    "voting": ensemble.VotingClassifier([("a", logistic), ("b", forest)], voting="soft", flatten_transform=False),
    "calibrated": calibration.CalibratedClassifierCV(svm.LinearSVC(random_state=0), cv=3),
    "pipeline": scaled(pipeline.make_pipeline(decomposition.PCA(2), logistic)),
}
REGRESSORS = {
    "linear_regression": linear_model.LinearRegression(),
    "ridge": linear_model.Ridge(),
    "lasso": linear_model.Lasso(),
    "svr": svm.SVR(),
    "nu_svr": svm.NuSVR(),
    "decision_tree_regressor": tree.DecisionTreeRegressor(max_depth=5, random_state=0),
    "random_forest_regressor": ensemble.RandomForestRegressor(n_estimators=8, max_depth=6, random_state=0),
    "extra_trees_regressor": ensemble.ExtraTreesRegressor(n_estimators=8, max_depth=6, random_state=0),
    "gradient_boosting_regressor": ensemble.GradientBoostingRegressor(n_estimators=10, random_state=0),
    "k_neighbors_regressor": neighbors.KNeighborsRegressor(),
    "mlp_regressor": neural_network.MLPRegressor(hidden_layer_sizes=(16,), max_iter=200, random_state=0),
    "gaussian_process": gaussian_process.GaussianProcessRegressor(alpha=1.0),
}
#: Those without labels, by name with the features that they are fitted on.
OTHERS = {
    "k_means": (cluster.KMeans(3, n_init=2, random_state=0), flowers),
    "mini_batch_k_means": (cluster.MiniBatchKMeans(3, n_init=2, random_state=0), flowers),
    "isolation_forest": (ensemble.IsolationForest(n_estimators=8, random_state=0), flowers),
    "one_class_svm": (svm.OneClassSVM(), flowers),
    "standard_scaler": (preprocessing.StandardScaler(), flowers),
    "min_max_scaler": (preprocessing.MinMaxScaler(), flowers),
    "robust_scaler": (preprocessing.RobustScaler(), flowers),
    "max_abs_scaler": (preprocessing.MaxAbsScaler(), flowers),
    "normalizer": (preprocessing.Normalizer(), flowers),
    "binarizer": (preprocessing.Binarizer(threshold=2.0), flowers),
    "polynomial_features": (preprocessing.PolynomialFeatures(2), flowers),
    "one_hot_encoder": (preprocessing.OneHotEncoder(sparse_output=False), sizes),
    "ordinal_encoder": (preprocessing.OrdinalEncoder(), sizes),
    "simple_imputer": (impute.SimpleImputer(), gaps),
    "pca": (decomposition.PCA(2), flowers),
    "truncated_svd": (decomposition.TruncatedSVD(2, random_state=0), flowers),
}


def places(values, classes):
    """Labels as numbers: strings by their places among the classes."""
    values = np.asarray(values)
    if values.dtype.kind not in "UO":
        return values
    return np.array([list(classes).index(value) for value in values.ravel()], np.int64).reshape(values.shape)


def write(folder, model, feeds, classes, check):
    """Runs a model, has its results checked, and writes the test."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    results = [np.array([list(row.values()) for row in y], np.float32) if isinstance(y, list) else places(y, classes)
               for y in session.run(None, feeds)]
    check(results)
    for value in model.graph.input:
        value.type.tensor_type.shape.dim[0].dim_value = ROWS
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    onnx.save(model, folder / "model.onnx")
    for side, values in (("input", feeds.values()), ("output", results)):
        for index, value in enumerate(values):
            tensor = numpy_helper.from_array(np.ascontiguousarray(value).reshape(np.shape(value)))
            (data / f"{side}_{index}.pb").write_bytes(tensor.SerializeToString())


def agrees(expected):
    """A check of the first result, or of the last of a cluster's or a detector's, with scikit-learn's."""

    def check(results):
        expected_ = np.asarray(expected, np.float64)
        close = lambda y: y.size == expected_.size and np.allclose(y.ravel(), expected_.ravel(), 1e-3, 1e-3)
        assert any(close(y) for y in results), "ONNX Runtime and scikit-learn disagree"

    return check


def converted(estimator, x):
    return skl2onnx.to_onnx(estimator, x, target_opset=OPSET)


def cases():
    """Name, and what writes the test."""
    targets = {"binary": kinds % 2, "classes": kinds, "names": np.array(["setosa", "versicolor", "virginica"])[kinds]}
    for name, estimator in CLASSIFIERS.items():
        for target, y in targets.items():

            def classifier(folder, estimator=estimator, y=y):
                fitted, x = estimator.fit(flowers, y), flowers[:: len(flowers) // ROWS][:ROWS]
                expected = places(fitted.predict(x), fitted.classes_)
                write(folder, converted(fitted, x), {"X": x}, fitted.classes_, agrees(expected))

            yield f"{name}_{target}", classifier
    for name, estimator in REGRESSORS.items():

        def regressor(folder, estimator=estimator):
            fitted, x = estimator.fit(patients, progress), patients[:ROWS]
            write(folder, converted(fitted, x), {"X": x}, [], agrees(fitted.predict(x)))

        yield name, regressor
    for name, (estimator, features) in OTHERS.items():

        def other(folder, estimator=estimator, features=features):
            fitted, x = estimator.fit(features), features[:: len(features) // ROWS][:ROWS]
            use = fitted.transform if hasattr(fitted, "transform") and not hasattr(fitted, "predict") else fitted.predict
            write(folder, converted(fitted, x), {"X": x}, [], agrees(use(x)))

        yield name, other
    yield "column_transformer", columns


def columns(folder):
    """Several inputs of different types."""
    numbers = pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler())
    encoder = preprocessing.OneHotEncoder(handle_unknown="ignore")
    prepared = compose.ColumnTransformer([("numbers", numbers, [0, 1]), ("sizes", encoder, [2, 3])])
    names = np.array(["setosa", "versicolor", "virginica"])[kinds]
    whole = np.concatenate([flowers[:, :2], sizes], 1)
    fitted = pipeline.make_pipeline(prepared, ensemble.RandomForestClassifier(5, random_state=0)).fit(whole, names)
    types = [("numbers", FloatTensorType([None, 2])), ("sizes", Int64TensorType([None, 2]))]
    model = skl2onnx.convert_sklearn(fitted, initial_types=types, target_opset=OPSET)
    chosen = slice(0, ROWS * 29, 29)
    feeds = {"numbers": flowers[chosen, :2], "sizes": sizes[chosen]}
    write(folder, model, feeds, fitted.classes_, agrees(places(fitted.predict(whole[chosen]), fitted.classes_)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", type=re.compile, default="", metavar="REGEX")
    arguments = parser.parse_args()
    only = re.compile(arguments.only)
    for name, make in cases():
        if only.search(name):
            folder = arguments.folder / name
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            print(name)


if __name__ == "__main__":
    main()
