

def load(path, shapes, threads):
    """An optimised plan. Through its package for Python tract has one thread."""
    import tract

    if threads != 1:
        stop(threads=True)
    model = tract.onnx().load(path)
    ports = []
    for index in range(model.input_count()):
        name = model.input_name(index)
        if name not in shapes:
            stop(input=name)
        fact = str(model.input_fact(index)).lower()
        kind = next((kind for kind in KINDS if fact.endswith(kind)), "f32")
        model.set_input_fact(index, ",".join(map(str, shapes[name])) + "," + kind)
        ports.append((name, KINDS[kind]))
    plan = model.into_model().into_runnable()
    inputs = [tract.Tensor.from_numpy(value) for value in values(ports, shapes).values()]
    return lambda: plan.run(inputs), tract.version()


# The types of tract and of NumPy.
KINDS = {
    "f32": "float32",
    "f64": "float64",
    "f16": "float16",
    "bool": "bool",
    **{f"{sign[0]}{bits}": f"{sign}{bits}" for sign in ("int", "uint") for bits in (8, 16, 32, 64)},
}

serve(load)
