//! Functions of the model, which are inlined.

use super::{loaded, nodes, refused};
use codegen_tests::model_builder::{Attr, FunctionBuilder, ModelBuilder};
use edgec::ir::DType;

/// `y = LeakyRelu(x)` twice, by functions: `twice` calls `once`, whose slope is an attribute.
fn with_functions() -> ModelBuilder {
    let once = FunctionBuilder::new("f", "once", &["x"], &["y"])
        .opset("", 17)
        .default("slope", Attr::Float(0.25))
        .node(
            "LeakyRelu",
            &["x"],
            &["t"],
            &[("alpha", Attr::Ref("slope")), ("gone", Attr::Ref("absent"))],
        )
        .node("Identity", &["t"], &["y"], &[]);
    let twice = FunctionBuilder::new("f", "twice", &["x", "unused"], &["y", "copy"])
        .opset("", 16)
        .opset("f", 1)
        .attribute("first")
        .node_of("f", "once", &["x"], &["t"], &[("slope", Attr::Ref("first"))])
        .node_of("f", "once", &["t"], &["y"], &[])
        .node("Relu", &["x"], &["copy"], &[]);
    ModelBuilder::new(17)
        .opset("f", 1)
        .function(twice)
        .function(once)
        .input("t", DType::F32, &[1])
        .node("twice", &["t"], &["y", "copy"], &[("first", Attr::Float(0.5))])
        .named("call")
        .of_domain("f")
        .output("y", DType::F32, &[1])
        .output("copy", DType::F32, &[1])
}

#[test]
fn functions_are_inlined() {
    let model = loaded(&with_functions());
    let names = [
        "call/once_0/LeakyRelu_0",
        "call/once_0/Identity_1",
        "call/once_1/LeakyRelu_0",
        "call/once_1/Identity_1",
    ];
    assert_eq!(nodes(&model)[..4], names);
    let [a, b, c, d, relu] = &model.graph.node[..] else {
        panic!()
    };
    assert_eq!(a.input, ["t"]);
    assert_eq!(b.input, a.output);
    assert_eq!(c.input, b.output);
    assert_eq!(d.input, c.output);
    assert_eq!(d.output, ["y"]);
    assert_eq!(relu.input, ["t"]);
    let alpha = |node: &edgec::front::proto::NodeProto| (node.attribute.len(), node.attribute[0].f());
    assert_eq!(alpha(a), (1, 0.5), "given by the call, passed on");
    assert_eq!(alpha(c), (1, 0.25), "the default");
    assert_eq!(model.opset(a), 17);
    assert_eq!(model.opset(relu), 16, "that of the function it comes from");
    assert!(model.header.functions.is_empty());
}

#[test]
fn outputs_of_functions_that_are_inputs() {
    let swap = FunctionBuilder::new("f", "swap", &["a", "b"], &["b", "a", "a"]).opset("", 17);
    let model = ModelBuilder::new(17)
        .opset("f", 1)
        .function(swap)
        .input("x", DType::F32, &[1])
        .input("y", DType::F32, &[1])
        .node("swap", &["x", "y"], &["u", "", "v"], &[])
        .of_domain("f")
        .output("u", DType::F32, &[1])
        .output("v", DType::F32, &[1]);
    let model = loaded(&model);
    let [u, v] = &model.graph.node[..] else { panic!() };
    assert_eq!((u.op_type(), &u.input[0][..], &u.output[0][..]), ("Identity", "y", "u"));
    assert_eq!((v.op_type(), &v.input[0][..], &v.output[0][..]), ("Identity", "x", "v"));
}

#[test]
fn subgraphs_in_functions_are_renamed() {
    // The body of the If has a tensor `x` of its own, and reads the function's input, which the caller calls `x`.
    let branch = ModelBuilder::new(17)
        .node("Neg", &["input"], &["x"], &[])
        .untyped_output("x");
    let given = ModelBuilder::new(17)
        .node("Abs", &["x"], &["t"], &[])
        .untyped_output("t");
    let choose = FunctionBuilder::new("f", "choose", &["c", "input"], &["t"])
        .opset("", 17)
        .attribute("other")
        .node(
            "If",
            &["c"],
            &["t"],
            &[
                ("then_branch", Attr::Graph(branch)),
                ("else_branch", Attr::Ref("other")),
            ],
        );
    let model = ModelBuilder::new(17)
        .opset("f", 1)
        .function(choose)
        .input("c", DType::Bool, &[0; 0])
        .input("x", DType::F32, &[1])
        .node("choose", &["c", "x"], &["y"], &[("other", Attr::Graph(given))])
        .named("call")
        .of_domain("f")
        .output("y", DType::F32, &[1]);
    let model = loaded(&model);
    let graphs: Vec<_> = model.graph.node[0]
        .attribute
        .iter()
        .filter_map(|a| a.g.as_ref())
        .collect();
    assert_eq!(graphs[0].node[0].input, ["x"], "the caller's");
    assert_eq!(graphs[0].node[0].output, ["call/x"], "its own");
    assert_eq!(graphs[0].output[0].name(), "call/x");
    assert_eq!(
        graphs[1].node[0].input,
        ["x"],
        "written by the caller, in the caller's names"
    );
    assert_eq!(graphs[1].node[0].output, ["t"]);
}

#[test]
fn functions_that_are_wrong() {
    let f = |name: &str, calls: &str| {
        FunctionBuilder::new("f", name, &["x"], &["y"])
            .opset("", 17)
            .node_of("f", calls, &["x"], &["y"], &[])
    };
    let model = ModelBuilder::new(17)
        .opset("f", 1)
        .input("x", DType::F32, &[1])
        .node("a", &["x"], &["y"], &[])
        .of_domain("f")
        .output("y", DType::F32, &[1]);
    refused(
        &model.clone().function(f("a", "b")).function(f("b", "a")),
        &["`f::a` calls itself"],
    );
    refused(
        &model.clone().function(f("a", "b")).function(f("a", "b")),
        &["`f::a` twice"],
    );
    refused(
        &model.clone().function(FunctionBuilder::new("f", "a", &[], &["y"])),
        &["`f::a`", "not produce", "`y`"],
    );
    let none = FunctionBuilder::new("f", "a", &[], &["y"])
        .opset("", 17)
        .node("Abs", &["x"], &["y"], &[]);
    refused(&model.clone().function(none), &["1 inputs", "`f::a`, which has 0"]);
    let old = FunctionBuilder::new("f", "a", &["x"], &["y"])
        .opset("", 29)
        .node("Abs", &["x"], &["y"], &[]);
    refused(&model.clone().function(old), &["the function `f::a` uses opset 29"]);
    // A body cannot reach the caller's tensors.
    let reach = FunctionBuilder::new("f", "a", &["q"], &["y"])
        .opset("", 17)
        .node("Abs", &["x"], &["y"], &[]);
    refused(&model.clone().function(reach), &["reads `a_0/x`"]);
}

#[test]
fn functions_that_expand_without_end() {
    let call = |model: ModelBuilder| {
        model
            .input("x", DType::F32, &[1])
            .node("f40", &["x"], &["y"], &[])
            .of_domain("f")
            .opset("f", 1)
            .output("y", DType::F32, &[1])
    };
    let level = |index: usize, calls: usize| {
        let below = format!("f{}", index - 1);
        let mut function = FunctionBuilder::new("f", &format!("f{index}"), &["x"], &["y"]).opset("", 17);
        for i in 0..calls {
            let output = if i == 0 { "y".to_owned() } else { format!("t{i}") };
            function = function.node_of("f", &below, &["x"], &[&output], &[]);
        }
        function
    };
    let leaf = FunctionBuilder::new("f", "f0", &["x"], &["y"])
        .opset("", 17)
        .node("Abs", &["x"], &["y"], &[]);
    let chain = |calls| {
        (1..=40).fold(ModelBuilder::new(17).function(leaf.clone()), |m, i| {
            m.function(level(i, calls))
        })
    };
    assert_eq!(loaded(&call(chain(1))).graph.node.len(), 1);
    refused(&call(chain(2)), &["expand to more than"]);

    let deep = (1..=60).fold(ModelBuilder::new(17).function(leaf), |m, i| m.function(level(i, 1)));
    let deep = call(deep).node("f60", &["x"], &["z"], &[]).of_domain("f");
    refused(&deep, &["nested more than 48 deep"]);
}
