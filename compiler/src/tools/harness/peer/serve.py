"""Times a model in another runtime: MODEL.onnx INPUTS THREADS, where INPUTS are names and shapes in JSON.

Prints the version, or what is missing, or an input without a value. Then answers each line that is read, a number of
seconds, with the nanoseconds of as many runs as fit, at least three, as JSON. A peer's own file follows this one: it
has a function that loads a model for named arrays, and calls `serve` with it.
"""

import json
import sys
import time


def stop(**reason):
    """Ends with what the user has to do something about."""
    print(json.dumps(reason), flush=True)
    sys.exit(0)


def values(ports, shapes):
    """An array for each input, given as its name and the name of its type in NumPy, if there is one."""
    import numpy

    random, found = numpy.random.default_rng(0), {}
    for name, kind in ports:
        if name not in shapes or kind is None:
            stop(input=name)
        value = random.random(shapes[name])
        found[name] = (value if "float" in kind else numpy.zeros(shapes[name])).astype(kind)
    return found


def times(run, seconds):
    """The nanoseconds of each run."""
    found, end = [], time.perf_counter() + seconds
    while len(found) < 3 or time.perf_counter() < end:
        start = time.perf_counter_ns()
        run()
        found.append(time.perf_counter_ns() - start)
    return found


def serve(load):
    """Answers until there is nothing more to read. `load` gives a function that runs the model, and the version."""
    try:
        run, version = load(sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]))
    except ImportError as error:
        stop(missing=f"{error}")
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        print(json.dumps(times(run, float(line))), flush=True)
