#!/usr/bin/env python3
"""Writes random tests of ONNX's operators, in the layout of ONNX's node tests, for `onnx-node-tests` to run.

    python3 scripts/random_node_tests --seed 1 --count 1000 FOLDER
    cargo run -p codegen-tests -- --tests FOLDER --executor --allow-refused

Each test is FOLDER/OPERATOR_SEED_K: one node with a random version, element types, shapes, attributes and values, and
what ONNX Runtime or ONNX's reference evaluator computes of it. The same arguments give the same tests with the same
versions of the packages; a test depends on its name only, so `--operator '^Add$' --count 9` writes Add's first nine.
"""
import argparse
import pathlib
import re
import sys

import cases
import operators
import reference
import writing


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, nargs="?", metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=500, help="tests in all, the same number of each operator")
    parser.add_argument("--operator", type=re.compile, default="", metavar="REGEX", help="only operators that match")
    parser.add_argument("--list", action="store_true", help="print the operators instead")
    parser.add_argument(
        "--disagreements", action="store_true", help="print where the two references disagree, on standard error"
    )
    return parser.parse_args()


def main():
    args = arguments()
    names = [name for name in sorted(operators.GENERATORS) if args.operator.search(name)]
    if args.list:
        print("\n".join(names))
        return
    if not names or args.folder is None:
        sys.exit("no operator matches" if not names else "FOLDER is missing")
    redrawn = {}
    for number in range(args.count):
        name, index = names[number % len(names)], number // len(names)
        draw = cases.Draw(f"{name}/{args.seed}/{index}")
        while True:
            try:
                case = operators.GENERATORS[name](draw)
                outputs = reference.outputs(case, args.disagreements)
                break
            except cases.Redraw as reason:
                redrawn.setdefault(name, []).append(str(reason))
                if len(redrawn[name]) > 100 + 50 * args.count // len(names):
                    sys.exit(f"{name}: no valid test, last because: {reason}")
        writing.write(args.folder / f"{name.replace('.', '_')}_{args.seed}_{index}", case, outputs)
    for name, reasons in redrawn.items():
        print(f"{name}: {len(reasons)} drawn again, last because: {reasons[-1][:600]}", file=sys.stderr)


if __name__ == "__main__":
    main()
