

def load(path, shapes, threads):
    """A session of so many threads with all optimisations, and with inputs and outputs bound."""
    import onnxruntime

    types = {"float": "float32", "double": "float64"}
    for name in ("float16", "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"):
        types[name] = name
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    model = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    binding = model.io_binding()
    ports = [(port.name, types.get(port.type.removeprefix("tensor(").removesuffix(")"))) for port in model.get_inputs()]
    for name, value in values(ports, shapes).items():
        binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(value))
    for port in model.get_outputs():
        binding.bind_output(port.name)
    return lambda: model.run_with_iobinding(binding), onnxruntime.__version__


serve(load)
