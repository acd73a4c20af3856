#!/usr/bin/env python3
"""Runs ONNX's node tests by `onnx.backend.test` through the package: those that the command `onnx-node-tests` has run.

usage: node_tests.py VERDICTS.json

VERDICTS.json is what that command writes with --json. Each test that passes there must pass here, and each that is out
of scope there must be refused here, with an error. As there, the shapes that tests declare for their outputs are taken
away.
"""

import io
import json
import sys
import unittest
import warnings

import onnx
from edgec.backend import Backend
from onnx.backend.test import BackendTest
from onnx.backend.test.runner import BackendIsNotSupposedToImplementIt


def forget(graph: onnx.GraphProto) -> None:
    """Takes away what a graph says of the shapes of its outputs and of values between, also in graphs inside."""
    graph.ClearField("value_info")
    forget_shapes(graph.output)
    forget_inside(graph.node)


def forget_inside(nodes) -> None:
    for attribute in (attribute for node in nodes for attribute in node.attribute):
        for graph in [*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])]:
            forget(graph)
            forget_shapes(graph.input)


def forget_shapes(values) -> None:
    for value in values:
        if value.type.HasField("tensor_type"):
            value.type.tensor_type.ClearField("shape")


class Recorder(Backend):
    """The backend, which notes what it refuses."""

    refused = set()
    name = ""

    @classmethod
    def prepare(cls, model, device="CPU", **kwargs):
        stripped = onnx.ModelProto()
        stripped.CopyFrom(model)
        forget(stripped.graph)
        for function in stripped.functions:
            function.ClearField("value_info")
            forget_inside(function.node)
        prepared = super().prepare(stripped, device, **kwargs)
        run = prepared.run

        def recorded(inputs, **kwargs):
            try:
                return run(inputs, **kwargs)
            except BackendIsNotSupposedToImplementIt:
                cls.refused.add(cls.name)
                raise

        prepared.run = recorded
        return prepared


def name_of(test: unittest.TestCase) -> str:
    """What ONNX calls a test."""
    return test.id().rpartition(".")[2].removesuffix("_cpu")


class Result(unittest.TextTestResult):
    """Tells the backend which test runs."""

    def startTest(self, test):
        Recorder.name = name_of(test)
        super().startTest(test)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    warnings.filterwarnings("ignore")
    with open(sys.argv[1], encoding="utf-8") as file:
        verdicts = {verdict["name"]: verdict for verdict in json.load(file)}
    cases = BackendTest(Recorder, __name__).test_cases["OnnxBackendNodeModelTest"]
    suite = unittest.TestSuite(cases(f"{name}_cpu") for name in verdicts)
    result = unittest.TextTestRunner(io.StringIO(), resultclass=Result).run(suite)
    failed = {name_of(test): text for test, text in result.failures + result.errors}
    wrong, passed = [], 0
    for name, verdict in verdicts.items():
        if verdict["out_of_scope"] is not None:
            # What NumPy cannot hold, or the border does not take, is refused before the compiler sees it.
            if name not in Recorder.refused and name not in failed:
                wrong.append(f"{name}: passes, and is out of scope")
        elif name in Recorder.refused or name in failed:
            if verdict["failure"] is None:
                wrong.append(f"{name}: {failed.get(name, 'refused')}")
        else:
            passed += 1
    print("\n".join(wrong))
    out = sum(verdict["out_of_scope"] is not None for verdict in verdicts.values())
    print(f"onnx.backend.test: {passed} of {len(verdicts) - out} node tests pass; {out} are out of scope")
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
