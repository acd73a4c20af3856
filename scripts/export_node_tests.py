#!/usr/bin/env python3
"""Writes the node tests of the installed `onnx` package to FOLDER/VERSION and prints that path.

usage: export_node_tests.py FOLDER

Layout: test_NAME/model.onnx, test_NAME/test_data_set_K/{input,output}_N.pb, and test_NAME/data.json where a test has
a tolerance of its own. Does nothing if the folder is there.
"""
import json
import os
import pathlib
import sys
import warnings

import numpy as np
import onnx
from onnx import numpy_helper


def proto(value, info):
    if isinstance(value, onnx.TensorProto):
        return value
    kind = info.type.WhichOneof("value")
    if kind == "map_type":
        return numpy_helper.from_dict(value, info.name)
    if kind == "sequence_type":
        return numpy_helper.from_list(value, info.name)
    if kind == "optional_type":
        return numpy_helper.from_optional(value, info.name)
    return numpy_helper.from_array(np.asarray(value), info.name)


def export(case, folder):
    folder.mkdir(parents=True)
    graph = case.model.graph
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    for number, (inputs, outputs) in enumerate(case.data_sets):
        data = folder / f"test_data_set_{number}"
        data.mkdir()
        for side, values, infos in (("input", inputs, graph.input), ("output", outputs, graph.output)):
            for index, (value, info) in enumerate(zip(values, infos)):
                (data / f"{side}_{index}.pb").write_bytes(proto(value, info).SerializeToString())
    if (case.rtol, case.atol) != (1e-3, 1e-7):
        (folder / "data.json").write_text(json.dumps({"rtol": case.rtol, "atol": case.atol}))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = pathlib.Path(sys.argv[1]) / onnx.__version__
    if not target.is_dir():
        warnings.filterwarnings("ignore")
        from onnx.backend.test.case.node import collect_testcases

        partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
        for case in collect_testcases(None):
            export(case, partial / case.name)
        partial.rename(target)
    print(target)


if __name__ == "__main__":
    main()
