

def load(path, shapes, threads):
    """A request of one stream of so many threads, for the least latency, with its inputs set."""
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    ports = {port.get_any_name(): port for port in model.inputs}
    for name in ports:
        if name not in shapes:
            stop(input=name)
    model.reshape({ports[name]: shapes[name] for name in ports})
    # Floats stay floats: by default it computes in bfloat16 where the processor has that.
    configuration = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    request = core.compile_model(model, "CPU", configuration).create_infer_request()
    kinds = [(name, port.get_element_type().to_dtype().name) for name, port in ports.items()]
    for name, value in values(kinds, shapes).items():
        request.set_tensor(name, openvino.Tensor(value))
    return request.infer, openvino.__version__.split("-")[0]


serve(load)
