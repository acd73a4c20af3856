"""Models compiled by edgec, each for each target, as hermetic actions.

An action reads the program `edgec`, the model and the samples, and nothing else: no environment, no network, no clock.
Its outputs are the same bytes on every machine, so that they can be cached and computed by any worker.
"""

def _edgec_model_impl(ctx):
    source = ctx.actions.declare_file(ctx.label.name + ".rs")
    page = ctx.actions.declare_file(ctx.label.name + ".html")
    outputs = [source, page]
    inputs = [ctx.file.model]
    args = ctx.actions.args()
    args.add(ctx.file.model)
    args.add("-o", source)
    args.add("--report", page)
    args.add("--target", ctx.attr.target)
    args.add("--name", ctx.attr.struct)

    # Where the weights go is part of the rule: an action has to say which files it writes.
    if ctx.attr.sidecar:
        outputs.append(ctx.actions.declare_file(ctx.label.name + ".weights"))
        args.add("--weights", "sidecar")
    else:
        args.add("--weights", "inline")
    if ctx.file.samples:
        inputs.append(ctx.file.samples)
        args.add("--quantize", "int8")
        args.add("--calibrate", ctx.file.samples)
    args.add_all(ctx.attr.options)
    ctx.actions.run(
        executable = ctx.file.edgec,
        inputs = inputs,
        outputs = outputs,
        arguments = [args],
        mnemonic = "Edgec",
        progress_message = "Compiling %s for %s" % (ctx.file.model.short_path, ctx.attr.target),
        execution_requirements = {"block-network": "1"},
    )
    return [DefaultInfo(files = depset(outputs))]

edgec_model = rule(
    implementation = _edgec_model_impl,
    doc = "NAME.rs, with NAME.weights beside it if `sidecar`, and the page NAME.html about it.",
    attrs = {
        "edgec": attr.label(
            allow_single_file = True,
            cfg = "exec",
            default = "//tools:edgec",
            doc = "The program, linked statically: a worker needs nothing else.",
        ),
        "model": attr.label(allow_single_file = [".onnx"], mandatory = True),
        "options": attr.string_list(doc = "More options of the command."),
        "samples": attr.label(
            allow_single_file = [".npz", ".npy"],
            doc = "Samples for calibration, if the model is to become one of integers.",
        ),
        "sidecar": attr.bool(doc = "Puts the weights into a file beside the source."),
        "struct": attr.string(default = "Model", doc = "The emitted struct."),
        "target": attr.string(mandatory = True, doc = "What `edgec --target help` lists."),
    },
)

def edgec_fleet(name, models, targets, **kwargs):
    """Each model for each target: NAME_MODEL_TARGET, and NAME for all of them.

    Args:
      name: What the group is called.
      models: Labels of models, by the names that they get.
      targets: Names of targets.
      **kwargs: Attributes of `edgec_model` for all of them.
    """
    members = []
    for model, label in models.items():
        for target in targets:
            member = "%s_%s_%s" % (name, model, target.replace("-", "_").replace("+", "_"))
            edgec_model(
                name = member,
                model = label,
                target = target,
                **kwargs
            )
            members.append(member)
    native.filegroup(
        name = name,
        srcs = members,
    )
