//! Small models that ask for much: nesting, functions, loops and constants.

use super::build::{along, attribute, floats, graph, model, network, node, text, value};
use super::{error, survives};
use edgec::front::proto::attribute_proto::AttributeType;
use edgec::front::proto::tensor_proto::DataType;
use edgec::front::proto::*;
use prost::Message;

#[test]
fn messages_inside_each_other() {
    // From the inside out: graph (6) of an attribute (5) of a node (1), again and again, at last graph (7) of the
    // model.
    let mut bytes = Vec::new();
    for depth in (0..3000).rev() {
        let field = if depth == 0 { 7 } else { [6, 1, 5][depth % 3] };
        let mut outer = vec![field << 3 | 2];
        prost::encode_length_delimiter(bytes.len(), &mut outer).unwrap();
        outer.append(&mut bytes);
        bytes = outer;
    }
    let refused = survives("a thousand graphs inside each other", &bytes).unwrap_err();
    assert!(refused.contains("recursion limit"), "{refused}");
}

#[test]
fn many_empty_messages() {
    // Two bytes each, in the file.
    for field in [1, 5, 11, 12, 13, 15] {
        let mut graph = [field << 3 | 2, 0].repeat(200_000);
        let mut bytes = vec![0x08, 10, 0x42, 2, 0x10, 17, 0x3A];
        prost::encode_length_delimiter(graph.len(), &mut bytes).unwrap();
        bytes.append(&mut graph);
        let _ = survives(&format!("200 000 empty fields {field}"), &bytes);
    }
}

#[test]
fn functions_that_grow() {
    let mut bomb = network();
    bomb.functions = (0..40)
        .map(|index| {
            let below = |output: &str| {
                let op = if index == 0 {
                    "Neg".to_owned()
                } else {
                    format!("f{}", index - 1)
                };
                let domain = text(if index == 0 { "" } else { "local" });
                NodeProto {
                    domain,
                    ..node(&op, &["x"], &[output])
                }
            };
            FunctionProto {
                name: Some(format!("f{index}")),
                domain: text("local"),
                input: vec!["x".into()],
                output: vec!["y".into()],
                node: vec![below("y"), below("t")],
                ..Default::default()
            }
        })
        .collect();
    bomb.graph = Some(graph(vec![NodeProto {
        domain: text("local"),
        ..node("f39", &["x"], &["y"])
    }]));
    assert!(error("functions that double 40 times", &bomb).contains("expand to more than"));

    // A long name, prefixed to the name of every node of the body.
    let call = bomb.graph.as_mut().unwrap().node.first_mut().unwrap();
    call.name = Some("n".repeat(1 << 20));
    assert!(error("a name that is copied often", &bomb).contains("expand to more than"));
}

#[test]
fn many_nodes() {
    let name = |index: usize| {
        if index == 0 {
            "x".to_owned()
        } else {
            format!("t{index}")
        }
    };
    let chain = |count: usize| {
        (0..count)
            .rev()
            .map(|i| node("Neg", &[&name(i)], &[&name(i + 1)]))
            .collect()
    };
    let long = |count: usize| GraphProto {
        output: vec![value(&name(count), &[4])],
        ..graph(chain(count))
    };
    survives("3 000 nodes in reverse", &model(long(3_000)).encode_to_vec()).unwrap();

    let mut cycle = long(20_000);
    cycle.node.last_mut().unwrap().input = vec!["t20000".into()];
    assert!(error("a cycle of 20 000 nodes", &model(cycle)).contains("cycle"));

    let mut wide: Vec<_> = (1..2_000).map(|i| node("Neg", &["x"], &[&name(i)])).collect();
    wide.push(NodeProto {
        input: (1..2_000).map(name).collect(),
        ..node("Sum", &[], &["y"])
    });
    survives("2 000 nodes side by side", &model(graph(wide)).encode_to_vec()).unwrap();
}

#[test]
fn maps_that_grow() {
    // What a layer computes is doubled until it is as large as a model may need: channels, or numbers of each channel.
    for (what, axis) in [("channels", 1), ("numbers of each channel", 2)] {
        let name = |i: usize| format!("t{i}");
        let double = |i: usize| along(axis, node("Concat", &[&name(i), &name(i)], &[&name(i + 1)]));
        let mut nodes = vec![node("Conv", &["x", "k"], &["t0"])];
        nodes.extend((0..24).map(double));
        nodes.push(node("Relu", &["t24"], &["y"]));
        let graph = GraphProto {
            input: vec![value("x", &[1, 2, 4])],
            initializer: vec![floats("k", &[2, 2, 1])],
            ..graph(nodes)
        };
        survives(what, &model(graph).encode_to_vec()).unwrap();
    }
}

#[test]
fn constants_that_grow() {
    // Each node doubles what is known at compile time: 2^40 elements in the end.
    let name = |index: usize| {
        if index == 0 {
            "w".to_owned()
        } else {
            format!("t{index}")
        }
    };
    let double = |i: usize| along(0, node("Concat", &[&name(i), &name(i)], &[&name(i + 1)]));
    let mut graph = graph((0..36).map(double).collect());
    graph.node.push(node("Sub", &["t36", "x"], &["y"]));
    graph.initializer = vec![floats("w", &[16])];
    // Folding ends where its budget does; the operators that are left would make a tensor that is too large.
    let refused = error("constants that double", &model(graph));
    assert!(refused.contains("larger than 2 GiB"), "{refused}");
}

/// A loop of `trips` iterations from `x` to `y`, whose body makes `out` of `x` and a run-time or a known state `s`.
fn looping(trips: i64, state: &str, body: Vec<NodeProto>, result: &str) -> NodeProto {
    let graph = GraphProto {
        node: body,
        input: vec![value("i", &[]), value("go", &[]), value("s", &[4])],
        output: vec![value("go", &[]), value("out", &[4])],
        ..Default::default()
    };
    let trip_count = TensorProto {
        data_type: Some(DataType::Int64.into()),
        int64_data: vec![trips],
        ..Default::default()
    };
    let stored = AttributeProto {
        t: Some(trip_count),
        ..attribute("value", AttributeType::Tensor)
    };
    let count = NodeProto {
        attribute: vec![stored],
        ..node("Constant", &[], &["trips"])
    };
    let outer = GraphProto {
        node: vec![
            count,
            NodeProto {
                attribute: vec![AttributeProto {
                    g: Some(graph),
                    ..attribute("body", AttributeType::Graph)
                }],
                ..node("Loop", &["trips", "", state], &["out"])
            },
        ],
        output: vec![value("out", &[4])],
        ..Default::default()
    };
    // In a branch of its own, so that loops can be put inside each other.
    let branch = |name| AttributeProto {
        g: Some(outer.clone()),
        ..attribute(name, AttributeType::Graph)
    };
    NodeProto {
        attribute: vec![branch("then_branch"), branch("else_branch")],
        ..node("If", &["flag"], &[result])
    }
}

/// A loop of `trips` steps inside `levels` others, all called `name`.
fn loops_inside_loops(levels: usize, trips: i64, name: &str) -> ModelProto {
    let mut body = vec![node("Neg", &["s"], &["out"])];
    for level in 0..=levels {
        let inner = GraphProto {
            node: body,
            input: vec![value("i", &[]), value("go", &[]), value("s", &[4])],
            output: vec![value("go", &[]), value("out", &[4])],
            ..Default::default()
        };
        let state = if level == levels { "x" } else { "s" };
        body = vec![NodeProto {
            name: text(name),
            attribute: vec![AttributeProto {
                g: Some(inner),
                ..attribute("body", AttributeType::Graph)
            }],
            ..node("Loop", &["trips", "", state], &["out"])
        }];
    }
    body.push(node("Sub", &["out", "x"], &["y"]));
    let trips = TensorProto {
        name: text("trips"),
        data_type: Some(DataType::Int64.into()),
        int64_data: vec![trips],
        ..Default::default()
    };
    model(GraphProto {
        initializer: vec![trips],
        ..graph(body)
    })
}

#[test]
fn loops_are_not_looked_at_at_every_level() {
    survives("loops of one trip", &loops_inside_loops(24, 1, "l").encode_to_vec()).unwrap();
    let refused = error("loops of ten trips", &loops_inside_loops(8, 10, "l"));
    assert!(refused.contains("8192 nodes"), "{refused}");
    let refused = error("a long name", &loops_inside_loops(0, 1000, &"l".repeat(100_000)));
    assert!(refused.contains("shorter names"), "{refused}");
}

#[test]
fn loops_that_grow() {
    let flag = TensorProto {
        name: text("flag"),
        data_type: Some(DataType::Bool.into()),
        int32_data: vec![1],
        ..Default::default()
    };
    let whole = |last: NodeProto, known: bool| {
        let mut graph = graph(vec![last, node("Sub", &["z", "x"], &["y"])]);
        graph.initializer.push(flag.clone());
        graph.initializer.extend(known.then(|| floats("w", &[4])));
        model(graph)
    };
    let mut nested = looping(1000, "s", vec![node("Neg", &["s"], &["out"])], "out");
    for _ in 0..4 {
        nested = looping(1000, "s", vec![nested], "out");
    }
    let nested = looping(1000, "x", vec![nested], "z");
    let refused = error("loops inside loops", &whole(nested, false));
    assert!(
        refused.contains("8192 nodes") && refused.contains("unrolled"),
        "{refused}"
    );

    let long = looping(1 << 40, "x", vec![node("Neg", &["s"], &["out"])], "z");
    let refused = error("a long loop", &whole(long, false));
    assert!(refused.contains("4096 iterations"), "{refused}");

    let join = || NodeProto {
        attribute: vec![AttributeProto {
            i: Some(0),
            ..attribute("axis", AttributeType::Int)
        }],
        ..node("Concat", &["s", "s"], &["out"])
    };
    for (known, state) in [(false, "x"), (true, "w")] {
        let refused = error(
            "a state that doubles",
            &whole(looping(64, state, vec![join()], "z"), known),
        );
        assert!(refused.contains("Concat"), "{refused}");
    }
    survives(
        "a loop of 1000",
        &whole(looping(1000, "x", vec![node("Neg", &["s"], &["out"])], "z"), false).encode_to_vec(),
    )
    .unwrap();
}
