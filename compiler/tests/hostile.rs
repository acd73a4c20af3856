//! Whatever the bytes, the compiler answers: with a result or an error, never a panic, in bounded time and memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use edgec::front::load::load_bytes;
use edgec::front::proto::attribute_proto::AttributeType;
use edgec::front::proto::tensor_proto::DataType;
use edgec::front::proto::*;
use edgec::{Compiler, Weights};
use proc_macro2::{TokenStream, TokenTree};
use proptest::prelude::*;
use prost::Message;

/// How long one model may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the tests on models of the zoo may take together, each.
const ZOO_TIME: Duration = Duration::from_secs(10);
/// How much memory this whole file of tests may take, in KiB.
const MEMORY: u64 = 1 << 20;

/// What is tested: from the bytes of a model to Rust source, which must be Rust.
fn compile(bytes: &[u8]) -> Result<String, String> {
    compile_as("model", bytes)
}

/// [`compile`] with a name for the struct.
fn compile_as(name: &str, bytes: &[u8]) -> Result<String, String> {
    let model = load_bytes(bytes, None).map_err(|error| error.to_string())?;
    let compiler = Compiler::new("model.onnx").name(name).weights(Weights::Sidecar);
    let compiled = compiler
        .compile_model(&model, &mut |_, _| {})
        .map_err(|error| error.to_string())?;
    let source = compiler.emit(&compiled, "model.weights").source;
    if let Err(error) = syn::parse_file(&source) {
        panic!("what is emitted is not Rust: {error}\n{source}");
    }
    Ok(source)
}

/// Compiles what may be wrong; `what` tells the cases apart when one fails.
fn survives(what: &str, bytes: &[u8]) -> Result<String, String> {
    let start = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| compile(bytes)));
    let took = start.elapsed();
    assert!(took < PATIENCE, "{what} took {took:?}");
    if let Some(peak) = peak_memory() {
        assert!(peak < MEMORY, "{what} brought the process to {peak} KiB");
    }
    result.unwrap_or_else(|_| panic!("{what} makes the compiler panic"))
}

/// Compiles what is wrong, and returns the error.
fn error(what: &str, model: &ModelProto) -> String {
    survives(what, &model.encode_to_vec()).expect_err(what)
}

/// The most memory the process has had so far, in KiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// splitmix64: the same cases in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn value(name: &str, shape: &[i64]) -> ValueInfoProto {
    use tensor_shape_proto::{Dimension, dimension::Value};
    let dim = shape
        .iter()
        .map(|dim| Dimension {
            value: Some(Value::DimValue(*dim)),
            denotation: None,
        })
        .collect();
    let tensor = type_proto::Tensor {
        elem_type: Some(1),
        shape: Some(TensorShapeProto { dim }),
    };
    let r#type = TypeProto {
        value: Some(type_proto::Value::TensorType(tensor)),
        denotation: None,
    };
    ValueInfoProto {
        name: text(name),
        r#type: Some(r#type),
        ..Default::default()
    }
}

fn node(op: &str, input: &[&str], output: &[&str]) -> NodeProto {
    let strings = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    NodeProto {
        op_type: text(op),
        input: strings(input),
        output: strings(output),
        ..Default::default()
    }
}

fn attribute(name: &str, r#type: AttributeType) -> AttributeProto {
    AttributeProto {
        name: text(name),
        r#type: Some(r#type.into()),
        ..Default::default()
    }
}

fn floats(name: &str, dims: &[i64]) -> TensorProto {
    let len = dims.iter().product::<i64>();
    TensorProto {
        name: text(name),
        dims: dims.to_vec(),
        data_type: Some(DataType::Float.into()),
        raw_data: Some((0..len).flat_map(|i| (i as f32 / 64.0).to_le_bytes()).collect()),
        ..Default::default()
    }
}

fn model(graph: GraphProto) -> ModelProto {
    let opset = |domain: &str, version| OperatorSetIdProto {
        domain: text(domain),
        version: Some(version),
    };
    ModelProto {
        ir_version: Some(10),
        opset_import: vec![opset("", 17), opset("local", 1)],
        graph: Some(graph),
        ..Default::default()
    }
}

/// A small network with what models have: a convolution, a function, tensors stored in several ways.
fn network() -> ModelProto {
    let mut conv = node("Conv", &["x", "w"], &["c"]);
    conv.attribute = vec![AttributeProto {
        ints: vec![1; 4],
        ..attribute("pads", AttributeType::Ints)
    }];
    let mut call = node("Block", &["c"], &["b"]);
    call.domain = text("local");
    call.attribute = vec![AttributeProto {
        f: Some(0.1),
        ..attribute("slope", AttributeType::Float)
    }];
    let shape = TensorProto {
        name: text("shape"),
        dims: vec![2],
        data_type: Some(DataType::Int64.into()),
        int64_data: vec![1, 512],
        ..Default::default()
    };
    let graph = GraphProto {
        name: text("network"),
        node: vec![
            conv,
            call,
            node("Reshape", &["b", "shape"], &["r"]),
            node("MatMul", &["r", "m"], &["p"]),
            node("Softmax", &["p"], &["y"]),
        ],
        input: vec![value("x", &[1, 3, 8, 8])],
        output: vec![value("y", &[1, 10])],
        initializer: vec![floats("w", &[8, 3, 3, 3]), floats("m", &[512, 10]), shape],
        ..Default::default()
    };
    let mut leaky = node("LeakyRelu", &["x"], &["t"]);
    leaky.attribute = vec![AttributeProto {
        ref_attr_name: text("slope"),
        ..attribute("alpha", AttributeType::Float)
    }];
    let block = FunctionProto {
        name: text("Block"),
        domain: text("local"),
        input: vec!["x".into()],
        output: vec!["y".into()],
        attribute: vec!["slope".into()],
        node: vec![leaky, node("Add", &["t", "x"], &["y"])],
        opset_import: vec![OperatorSetIdProto {
            domain: text(""),
            version: Some(17),
        }],
        ..Default::default()
    };
    ModelProto {
        functions: vec![block],
        ..model(graph)
    }
}

/// The network with a branch.
fn branching() -> ModelProto {
    let mut choice = node("If", &["flag"], &["i"]);
    choice.attribute = ["then_branch", "else_branch"]
        .map(|name| {
            let nodes = vec![node("Relu", &["b"], &["inner"])];
            let graph = GraphProto {
                node: nodes,
                output: vec![value("inner", &[1, 8, 8, 8])],
                ..Default::default()
            };
            AttributeProto {
                g: Some(graph),
                ..attribute(name, AttributeType::Graph)
            }
        })
        .to_vec();
    let flag = TensorProto {
        name: text("flag"),
        data_type: Some(DataType::Bool.into()),
        int32_data: vec![1],
        ..Default::default()
    };
    let mut model = network();
    let graph = model.graph.as_mut().unwrap();
    graph.node.insert(2, choice);
    graph.node[3].input[0] = "i".into();
    graph.initializer.push(flag);
    model
}

/// A graph from `x` to `y` through these nodes.
fn graph(nodes: Vec<NodeProto>) -> GraphProto {
    GraphProto {
        node: nodes,
        input: vec![value("x", &[4])],
        output: vec![value("y", &[4])],
        ..Default::default()
    }
}

/// The zoo's models up to a size, or none, said aloud.
fn zoo(max: u64) -> Vec<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/zoo");
    let root = std::env::var_os("EDGEC_ZOO").map_or(default, PathBuf::from);
    let Ok(folders) = std::fs::read_dir(&root) else {
        eprintln!("skipped: no models at {} (EDGEC_ZOO)", root.display());
        return Vec::new();
    };
    let files = folders
        .flatten()
        .filter_map(|folder| std::fs::read_dir(folder.path()).ok())
        .flatten()
        .flatten();
    let small = |path: &PathBuf| path.metadata().is_ok_and(|metadata| metadata.len() <= max);
    let mut models: Vec<PathBuf> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "onnx"))
        .filter(small)
        .collect();
    models.sort();
    models
}

#[test]
fn the_network_itself_is_fine() {
    compile(&network().encode_to_vec()).unwrap();
    compile(&branching().encode_to_vec()).unwrap();
}

#[test]
fn truncations() {
    let bytes = network().encode_to_vec();
    for len in (0..bytes.len()).step_by(1024) {
        let cut = survives(&format!("the network cut to {len} bytes"), &bytes[..len]);
        assert!(cut.is_err(), "{len} of {} bytes are taken for a model", bytes.len());
    }
    // The last bytes are the functions: without them the call is a node of an operator nobody knows.
    for len in bytes.len() - 300..bytes.len() {
        let _ = survives(&format!("the network cut to {len} bytes"), &bytes[..len]);
    }
}

#[test]
fn truncations_of_the_zoo() {
    let start = Instant::now();
    for path in zoo(2 << 20) {
        if start.elapsed() > ZOO_TIME {
            return;
        }
        let bytes = std::fs::read(&path).unwrap();
        for len in (0..bytes.len()).step_by(1024.max(bytes.len() / 50)) {
            // A cut between two fields of the outermost message can leave a model without metadata.
            let _ = survives(&format!("{} cut to {len} bytes", path.display()), &bytes[..len]);
        }
    }
}

#[test]
fn bit_flips() {
    let whole = [network().encode_to_vec(), branching().encode_to_vec()];
    for seed in 0..10_000 {
        let mut random = Random(seed);
        let mut bytes = whole[usize::from(seed % 4 == 0)].clone();
        for _ in 0..=random.below(4) {
            // Most of the bytes are weights: aim half of the flips at the structure, which is at both ends.
            let at = match random.below(4) {
                0 => random.below(1024),
                1 => bytes.len() - 1 - random.below(512),
                _ => random.below(bytes.len()),
            };
            bytes[at] ^= 1 << random.below(8);
        }
        let _ = survives(&format!("the network with the bits of seed {seed} flipped"), &bytes);
    }
}

#[test]
fn bit_flips_of_the_zoo() {
    let start = Instant::now();
    for path in zoo(64 << 10) {
        if start.elapsed() > ZOO_TIME {
            return;
        }
        let bytes = std::fs::read(&path).unwrap();
        for seed in 0..100 {
            let mut bytes = bytes.clone();
            let mut random = Random(seed);
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
            let _ = survives(
                &format!("{} with the bit of seed {seed} flipped", path.display()),
                &bytes,
            );
        }
    }
}

#[test]
fn files_that_are_not_models() {
    for bytes in [
        "",
        "\n",
        "hello\n",
        "{}",
        "<html>",
        "version https://git-lfs.github.com/spec/v1\n",
    ] {
        survives(bytes, bytes.as_bytes()).unwrap_err();
    }
    for byte in 0..=255 {
        for len in [1, 2, 10, 1000] {
            survives(&format!("{len} bytes of {byte}"), &vec![byte; len]).unwrap_err();
        }
    }
}

#[test]
fn graphs_that_make_no_sense() {
    let cycle = graph(vec![
        node("Add", &["x", "b"], &["a"]),
        node("Neg", &["a"], &["b"]),
        node("Abs", &["b"], &["y"]),
    ]);
    assert!(error("a cycle", &model(cycle)).contains("cycle"));
    let itself = graph(vec![node("Add", &["x", "y"], &["y"])]);
    assert!(error("a node that reads itself", &model(itself)).contains("cycle"));
    let twice = graph(vec![node("Neg", &["x"], &["y"]), node("Abs", &["x"], &["y"])]);
    assert!(error("a name twice", &model(twice)).contains("produced twice"));
    let missing = graph(vec![node("Add", &["x", "nowhere"], &["y"])]);
    assert!(error("a missing input", &model(missing)).contains("`nowhere`"));
    error("a missing output", &model(graph(Vec::new())));
    error(
        "an empty graph",
        &ModelProto {
            opset_import: Vec::new(),
            ..model(graph(vec![NodeProto::default()]))
        },
    );
}

#[test]
fn tensors_that_are_not_there() {
    let huge = |dims: &[i64], data_type: DataType| {
        let mut graph = graph(vec![node("Add", &["x", "w"], &["y"])]);
        let data_type = Some(data_type.into());
        graph.initializer = vec![TensorProto {
            name: text("w"),
            dims: dims.to_vec(),
            data_type,
            ..Default::default()
        }];
        error(&format!("an absent tensor of {dims:?}"), &model(graph))
    };
    for data_type in [
        DataType::Float,
        DataType::Int8,
        DataType::Int64,
        DataType::Bool,
        DataType::String,
    ] {
        huge(&[1_000_000_000], data_type);
        huge(&[i64::MAX], data_type);
        huge(&[1 << 32, 1 << 32], data_type);
        huge(&[0, i64::MAX, i64::MAX], data_type);
        huge(&[i64::MIN, -1], data_type);
        huge(&[i64::from(u32::MAX); 100], data_type);
    }
    assert!(huge(&[1_000_000_000], DataType::Float).contains("1000000000"));
}

#[test]
fn shapes_that_do_not_fit() {
    for shape in [
        &[i64::MAX, i64::MAX][..],
        &[1 << 40],
        &[-1],
        &[i64::MIN],
        &[0],
        &[1; 1000],
    ] {
        let mut graph = graph(vec![node("Neg", &["x"], &["y"])]);
        graph.input = vec![value("x", shape)];
        graph.output = vec![value("y", shape)];
        let _ = survives(&format!("an input of {shape:?}"), &model(graph).encode_to_vec());
    }
}

#[test]
fn names_from_hell() {
    let names = [
        "fn",
        "self",
        "Self",
        "crate",
        "_",
        "*/",
        "/*",
        "\"; evil()",
        "'",
        "\\",
        "\n",
        "\r\n//",
        "\0",
        "{}",
        "{0:?}",
        "r#fn",
        "🦀",
        "日本語",
        "\u{202e}rtl",
        "\u{200d}",
        "1st",
        "../../etc/passwd",
        "a b",
        "%s%n",
        "<b>",
        "`",
        "|",
    ];
    for name in names.into_iter().map(str::to_owned).chain(["n".repeat(100_000)]) {
        let nodes = vec![
            NodeProto {
                name: Some(name.clone()),
                ..node("Neg", &[&name], &["t"])
            },
            NodeProto {
                name: Some(name.clone()),
                ..node("Abs", &["t"], &[&format!("{name}.out")])
            },
        ];
        let graph = GraphProto {
            name: Some(name.clone()),
            input: vec![value(&name, &[4])],
            output: vec![value(&format!("{name}.out"), &[4])],
            doc_string: Some(name.clone()),
            ..graph(nodes)
        };
        let what = format!("the name {:?}", name.chars().take(40).collect::<String>());
        let bytes = model(graph).encode_to_vec();
        let source = survives(&what, &bytes).unwrap();
        let named = compile_as(&name, &bytes).unwrap();
        for source in [source, named] {
            assert!(is_tame(&source), "{what} leaves its place:\n{source}");
        }
    }
}

/// Whether the tokens and comments of emitted source are what an emitter writes: nothing that the hostile names spell,
/// no character beyond printable ASCII, no line of unreasonable length.
fn is_tame(source: &str) -> bool {
    fn calls(tokens: TokenStream, name: &str) -> bool {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let found = match (&token, tokens.peek()) {
                (TokenTree::Ident(ident), Some(TokenTree::Group(group))) if ident == name => group.stream().is_empty(),
                (TokenTree::Group(group), _) => calls(group.stream(), name),
                _ => false,
            };
            if found {
                return true;
            }
        }
        false
    }
    let printable = source.chars().all(|c| matches!(c, ' '..='~' | '\n'));
    let short = source.lines().all(|line| line.len() < 1000);
    let block_comments = source.lines().any(|line| {
        let line = line.trim_start();
        !line.starts_with("//") && (line.contains("/*") || line.contains("*/"))
    });
    printable && short && !block_comments && !calls(source.parse().unwrap(), "evil")
}

#[test]
fn messages_inside_each_other() {
    // From the inside out: graph (6) of an attribute (5) of a node (1), again and again, at last graph (7) of the model.
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
fn constants_that_grow() {
    // Each node doubles what is known at compile time: 2^40 elements in the end.
    let name = |index: usize| {
        if index == 0 {
            "w".to_owned()
        } else {
            format!("t{index}")
        }
    };
    let double = |i: usize| {
        let axis = AttributeProto {
            i: Some(0),
            ..attribute("axis", AttributeType::Int)
        };
        NodeProto {
            attribute: vec![axis],
            ..node("Concat", &[&name(i), &name(i)], &[&name(i + 1)])
        }
    };
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

/// Numbers that are not meant to be where they are put.
const NUMBERS: [i64; 16] = [
    i64::MIN,
    i64::MIN + 1,
    -(1 << 31),
    -2,
    -1,
    0,
    1,
    3,
    1000,
    1 << 20,
    i32::MAX as i64,
    1 << 31,
    1 << 32,
    1 << 48,
    1 << 62,
    i64::MAX,
];

/// Puts a wrong number in the place of one in an attribute or a stored tensor of integers.
fn spoil(model: &mut ModelProto, random: &mut Random) {
    let graph = model.graph.as_mut().unwrap();
    let number = NUMBERS[random.below(NUMBERS.len())];
    let float = [f32::NAN, f32::INFINITY, -1.0, 0.0, 1e-30, 1e30, 1e6, 0.5][random.below(8)];
    let mut places: Vec<Box<dyn FnMut() + '_>> = vec![];
    for attribute in graph.node.iter_mut().flat_map(|node| &mut node.attribute) {
        if let Some(i) = &mut attribute.i {
            places.push(Box::new(move || *i = number));
        }
        if let Some(f) = &mut attribute.f {
            places.push(Box::new(move || *f = float));
        }
        for i in &mut attribute.ints {
            places.push(Box::new(move || *i = number));
        }
        for f in &mut attribute.floats {
            places.push(Box::new(move || *f = float));
        }
    }
    for tensor in &mut graph.initializer {
        let (ty, rank) = (DataType::try_from(tensor.data_type()), tensor.dims.len());
        for i in tensor.int64_data.iter_mut().take(8) {
            places.push(Box::new(move || *i = number));
        }
        let bytes = match ty {
            Ok(DataType::Int64) => number.to_le_bytes().to_vec(),
            Ok(DataType::Float) if rank == 1 => float.to_le_bytes().to_vec(),
            _ => continue,
        };
        let elements = tensor
            .raw_data
            .iter_mut()
            .flat_map(|raw| raw.chunks_exact_mut(bytes.len()));
        for element in elements.take(8) {
            let bytes = bytes.clone();
            places.push(Box::new(move || element.copy_from_slice(&bytes)));
        }
    }
    if !places.is_empty() {
        let place = random.below(places.len());
        places[place]();
    }
}

/// Models of one node with numbers for attributes and operands; the data is an input or, if `known`, a constant.
fn nodes_with_numbers(known: bool) -> Vec<(&'static str, ModelProto)> {
    let ints = |name: &str, values: &[i64]| AttributeProto {
        ints: values.to_vec(),
        ..attribute(name, AttributeType::Ints)
    };
    let int = |name: &str, value: i64| AttributeProto {
        i: Some(value),
        ..attribute(name, AttributeType::Int)
    };
    let text = |name: &str, value: &str| AttributeProto {
        s: Some(value.as_bytes().to_vec()),
        ..attribute(name, AttributeType::String)
    };
    let list = |name: &str, values: &[i64]| TensorProto {
        name: Some(name.to_owned()),
        dims: vec![values.len() as i64],
        data_type: Some(DataType::Int64.into()),
        int64_data: values.to_vec(),
        ..Default::default()
    };
    let scalar = |name: &str, number: i64| TensorProto {
        dims: vec![],
        ..list(name, &[number])
    };
    let window = || {
        vec![
            ints("strides", &[1, 1]),
            ints("dilations", &[1, 1]),
            ints("pads", &[1, 1, 1, 1]),
        ]
    };
    let pool = || [window(), vec![ints("kernel_shape", &[2, 2]), int("ceil_mode", 0)]].concat();
    let same = || {
        vec![
            ints("strides", &[2, 2]),
            text("auto_pad", "SAME_UPPER"),
            int("group", 2),
        ]
    };
    let weights = || vec![floats("w", &[4, 2, 3, 3])];
    let cases = [
        (
            "Conv",
            vec!["x", "w"],
            [window(), vec![int("group", 2), ints("kernel_shape", &[3, 3])]].concat(),
            weights(),
        ),
        ("Conv", vec!["x", "w"], same(), weights()),
        (
            "ConvTranspose",
            vec!["x", "w"],
            [
                window(),
                vec![
                    int("group", 2),
                    ints("output_padding", &[0, 0]),
                    ints("output_shape", &[6, 6]),
                ],
            ]
            .concat(),
            weights(),
        ),
        ("ConvTranspose", vec!["x", "w"], same(), weights()),
        ("MaxPool", vec!["x"], pool(), vec![]),
        (
            "AveragePool",
            vec!["x"],
            [pool(), vec![int("count_include_pad", 1)]].concat(),
            vec![],
        ),
        (
            "MaxPool",
            vec!["x"],
            vec![ints("kernel_shape", &[2, 2]), text("auto_pad", "SAME_LOWER")],
            vec![],
        ),
        (
            "Pad",
            vec!["x", "a"],
            vec![],
            vec![list("a", &[0, 0, 1, 1, 0, 0, 1, 1])],
        ),
        (
            "Pad",
            vec!["x", "a"],
            vec![text("mode", "reflect")],
            vec![list("a", &[0, 0, 1, 1, 0, 0, 1, 1])],
        ),
        (
            "Slice",
            vec!["x", "a", "b", "c", "d"],
            vec![],
            vec![
                list("a", &[0, 1]),
                list("b", &[1, 4]),
                list("c", &[1, 2]),
                list("d", &[1, 2]),
            ],
        ),
        ("Tile", vec!["x", "a"], vec![], vec![list("a", &[1, 2, 1, 1])]),
        ("Expand", vec!["x", "a"], vec![], vec![list("a", &[2, 1, 1, 1, 1])]),
        (
            "Reshape",
            vec!["x", "a"],
            vec![int("allowzero", 0)],
            vec![list("a", &[1, 4, -1])],
        ),
        ("ConstantOfShape", vec!["a"], vec![], vec![list("a", &[2, 3])]),
        (
            "Range",
            vec!["a", "b", "c"],
            vec![],
            vec![scalar("a", 0), scalar("b", 10), scalar("c", 2)],
        ),
        (
            "Resize",
            vec!["x", "", "", "a"],
            vec![text("mode", "linear"), int("antialias", 1)],
            vec![list("a", &[1, 4, 8, 8])],
        ),
        (
            "Resize",
            vec!["x", "", "s"],
            vec![text("mode", "cubic"), int("antialias", 1)],
            vec![floats("s", &[4])],
        ),
        ("DepthToSpace", vec!["x"], vec![int("blocksize", 2)], vec![]),
        ("SpaceToDepth", vec!["x"], vec![int("blocksize", 2)], vec![]),
        ("Split", vec!["x", "a"], vec![int("axis", 1)], vec![list("a", &[1])]),
        ("Concat", vec!["x", "x"], vec![int("axis", 1)], vec![]),
        (
            "Gather",
            vec!["x", "a"],
            vec![int("axis", 1)],
            vec![list("a", &[0, 3, -1])],
        ),
        ("Transpose", vec!["x"], vec![ints("perm", &[3, 1, 0, 2])], vec![]),
        (
            "ReduceSum",
            vec!["x", "a"],
            vec![int("keepdims", 0)],
            vec![list("a", &[1, 2])],
        ),
        (
            "ArgMax",
            vec!["x"],
            vec![int("axis", 1), int("select_last_index", 1)],
            vec![],
        ),
        ("Unsqueeze", vec!["x", "a"], vec![], vec![list("a", &[0, 3])]),
        ("Squeeze", vec!["x", "a"], vec![], vec![list("a", &[0])]),
        ("Flatten", vec!["x"], vec![int("axis", 2)], vec![]),
        ("Softmax", vec!["x"], vec![int("axis", 2)], vec![]),
        ("Cast", vec!["x"], vec![int("to", 7)], vec![]),
        (
            "GroupNormalization",
            vec!["x", "s", "s"],
            vec![int("num_groups", 2)],
            vec![floats("s", &[2])],
        ),
        (
            "LayerNormalization",
            vec!["x", "s"],
            vec![int("axis", -1)],
            vec![floats("s", &[6])],
        ),
        (
            "Mod",
            vec!["a", "b"],
            vec![int("fmod", 0)],
            vec![list("a", &[7, -7]), list("b", &[3, -2])],
        ),
        (
            "Div",
            vec!["a", "b"],
            vec![],
            vec![list("a", &[7, -7]), list("b", &[3, -1])],
        ),
        (
            "Pow",
            vec!["a", "b"],
            vec![],
            vec![list("a", &[7, -7]), list("b", &[3, 2])],
        ),
    ];
    let cases = cases.into_iter().map(|(op, inputs, attribute, mut initializer)| {
        let node = NodeProto {
            attribute,
            ..node(op, &inputs, &["y"])
        };
        let mut input = vec![];
        if known {
            initializer.push(floats("x", &[1, 4, 6, 6]));
        } else {
            input.push(value("x", &[1, 4, 6, 6]));
        }
        let output = vec![ValueInfoProto {
            name: Some("y".into()),
            ..Default::default()
        }];
        let mut model = model(GraphProto {
            node: vec![node],
            input,
            output,
            initializer,
            ..Default::default()
        });
        model.opset_import[0].version = Some(18);
        (op, model)
    });
    cases.collect()
}

#[test]
fn numbers_out_of_place() {
    let mut compiled = 0;
    for known in [false, true] {
        for (op, model) in nodes_with_numbers(known) {
            for seed in 0..150 {
                let (mut model, mut random) = (model.clone(), Random(seed));
                for _ in 0..=random.below(3) {
                    spoil(&mut model, &mut random);
                }
                let what = format!("{op} with the numbers of seed {seed} (constant: {known})");
                compiled += usize::from(survives(&what, &model.encode_to_vec()).is_ok());
            }
        }
    }
    assert!(compiled > 100, "only {compiled} of the models are any good");
}

#[test]
fn large_inputs() {
    // 2 GiB and a little less, in few and in many dimensions; attributes as they should be.
    for shape in [
        &[1, 4, 11_585, 11_585][..],
        &[1, 4, 1, 1 << 27],
        &[0, 4, 1 << 13, 1 << 13],
        &[2; 8],
        &[1; 9],
    ] {
        for (op, mut model) in nodes_with_numbers(false) {
            model.graph.as_mut().unwrap().input = vec![value("x", shape)];
            let refused = survives(&format!("{op} of {shape:?}"), &model.encode_to_vec());
            let reads_x = model.graph.unwrap().node[0].input.contains(&"x".to_owned());
            if shape.len() > 8 && reads_x {
                assert!(refused.unwrap_err().contains("9 dimensions: at most 8"), "{op}");
            }
        }
    }
}

#[test]
fn numbers_out_of_place_in_the_zoo() {
    let start = Instant::now();
    for path in zoo(512 << 10) {
        let model = ModelProto::decode(&*std::fs::read(&path).unwrap()).unwrap();
        for seed in 0..20 {
            let (mut model, mut random) = (model.clone(), Random(seed));
            spoil(&mut model, &mut random);
            let _ = survives(
                &format!("{} with the number of seed {seed}", path.display()),
                &model.encode_to_vec(),
            );
            if start.elapsed() > ZOO_TIME {
                return;
            }
        }
    }
}

/// A change to a file, by position in thousandths.
#[derive(Clone, Debug)]
enum Edit {
    Set(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (0..1000usize, any::<u8>()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (0..1000usize, prop::collection::vec(any::<u8>(), 1..20)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (0..1000usize, 1..300usize).prop_map(|(at, len)| Edit::Remove(at, len)),
        (0..1000usize, 1..300usize).prop_map(|(at, len)| Edit::Repeat(at, len)),
    ]
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let (Edit::Set(at, _) | Edit::Insert(at, _) | Edit::Remove(at, _) | Edit::Repeat(at, _)) = self;
        let at = at * bytes.len() / 1000;
        let to = |len: usize, bytes: &Vec<u8>| (at + len).min(bytes.len());
        match self {
            Edit::Set(_, byte) => bytes.iter_mut().skip(at).take(1).for_each(|b| *b = *byte),
            Edit::Insert(_, new) => drop(bytes.splice(at..at, new.iter().copied())),
            Edit::Remove(_, len) => drop(bytes.drain(at..to(*len, bytes))),
            Edit::Repeat(_, len) => bytes.extend_from_within(at..to(*len, bytes)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = survives("random bytes", &bytes);
    }

    #[test]
    fn random_edits(edits in prop::collection::vec(edit(), 1..6)) {
        let mut network = network();
        // Without the weights, edits hit what describes them.
        network.graph.as_mut().unwrap().initializer[1] = floats("m", &[512, 0]);
        let mut bytes = network.encode_to_vec();
        edits.iter().for_each(|edit| edit.apply(&mut bytes));
        let _ = survives("an edited network", &bytes);
    }
}
