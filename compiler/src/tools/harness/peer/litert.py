

def load(path, shapes, threads):
    """An interpreter with XNNPACK, of the model as `onnx2tf` converts it: that program is not of this Python."""
    from importlib.metadata import version
    from pathlib import Path
    import shutil
    import subprocess
    import tempfile

    import numpy
    from ai_edge_litert.interpreter import Interpreter

    convert = shutil.which("onnx2tf")
    if convert is None:
        raise ImportError("there is no program onnx2tf in PATH, which converts models for it")
    fixed = [f"{name}:{','.join(map(str, shape))}" for name, shape in shapes.items() if shape]
    with tempfile.TemporaryDirectory() as folder:
        # It would download pictures to look at what it has made.
        pictures = numpy.zeros((20, 128, 128, 3), numpy.float32)
        numpy.save(f"{folder}/calibration_image_sample_data_20x128x128x3_float32.npy", pictures)
        command = [convert, "-i", str(Path(path).resolve()), "-o", "converted", "-n"]
        command += ["-ois", *fixed] if fixed else []
        converted = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        models = list(Path(folder, "converted").glob("*_float32.tflite"))
        if not models:
            said = [line for line in (converted.stdout + converted.stderr).splitlines() if line.strip()]
            raise RuntimeError("onnx2tf does not convert it: " + (said[-1].strip() if said else "no message"))
        interpreter = Interpreter(model_content=models[0].read_bytes(), num_threads=threads)
    interpreter.allocate_tensors()
    # Images are channels-last there, and names are others.
    inputs = interpreter.get_input_details()
    kinds = [(each["name"], numpy.dtype(each["dtype"]).name) for each in inputs]
    found = values(kinds, {each["name"]: tuple(each["shape"]) for each in inputs})
    for each in inputs:
        interpreter.set_tensor(each["index"], found[each["name"]])
    return interpreter.invoke, version("ai-edge-litert")


serve(load)
