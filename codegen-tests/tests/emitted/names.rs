//! Whatever a model calls its nodes and tensors, the emitted file compiles without a warning and computes the same.

use codegen_tests::model_builder::ModelBuilder;
use codegen_tests::workspace;
use edgec::Compiler;
use edgec::ir::{DType, Tensor};
use edgec::tools::harness::Module;

/// Characters of each general category of Unicode, in the order of its names: Cc, Cf, Cn, Co, Ll, Lm, Lo, Lt, Lu, Mc,
/// Me, Mn, Nd, Nl, No, Pc, Pd, Pe, Pf, Pi, Po, Ps, Sc, Sk, Sm, So, Zl, Zp, Zs.
const CATEGORIES: [&str; 29] = [
    "\u{1}\t\n\u{7f}\u{85}",
    "\u{ad}\u{200b}\u{202e}\u{feff}",
    "\u{378}\u{fffe}\u{10ffff}",
    "\u{e000}\u{f8ff}\u{100000}",
    "abzßéαя",
    "ʰˀ々ー",
    "aªא中ก",
    "ǅǈᾈ",
    "ABZÉΑЯ",
    "\u{903}\u{93e}",
    "\u{488}\u{20dd}",
    "\u{300}\u{36f}\u{5b0}",
    "019٣५",
    "ⅠⅳⅫ",
    "²½①",
    "_‿⁀",
    "-–—",
    ")]}",
    "’”»",
    "‘“«",
    "!\"#%&'*,./:;?@\\",
    "([{",
    "$€¥",
    "^`¨",
    "+<=>|~×",
    "©°🦀",
    "\u{2028}",
    "\u{2029}",
    " \u{a0}\u{3000}",
];

/// Keywords of all editions, and names that emitted code or Rust's prelude has.
const TAKEN: &str = "abstract as async await become box break const continue crate do dyn else enum extern false final fn for \
    gen if impl in let loop macro match mod move mut override priv pub ref return self Self static struct super trait true try \
    type typeof unsafe unsized use virtual where while yield union raw safe auto default macro_rules _ __ t T y y1 a b arena \
    simd Simd kernels layers slots weights run run_in new RAM MACS WEIGHTS MODEL_SHA256 runtime_core core std u8 i8 f32 str \
    Default Arena Slot Weights Sidecar Some None Ok Err Option Result Box Vec L00Add l00_add L00_ADD from whole FILE";

/// A fixed sequence of random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % end
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    /// One to six characters, one of the words that are taken, or both.
    fn name(&mut self, taken: &[&str]) -> String {
        let kind = self.below(4);
        let mut name = String::new();
        if kind == 0 {
            name.push_str(self.pick(taken));
        }
        if kind != 0 || self.below(2) == 0 {
            for _ in 0..=self.below(6) {
                let category: Vec<char> = self.pick(&CATEGORIES).chars().collect();
                name.push(category[self.below(category.len())]);
            }
        }
        name
    }
}

/// Names that differ from one another: those of tensors must.
fn distinct(random: &mut Random, taken: &[&str], count: usize) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    while names.len() < count {
        let name = random.name(taken);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A sum of all inputs and a constant, and what `Relu` and a part of it give.
fn model(tensors: &[String], nodes: &[String], inputs: usize) -> Vec<u8> {
    let (given, rest) = tensors.split_at(inputs);
    let (constant, made) = (&rest[0], &rest[1..]);
    let mut builder = ModelBuilder::new(17);
    for name in given {
        builder = builder.input(name, DType::F32, &[1, 4]);
    }
    builder = builder.initializer_f32(constant, &[1, 4], &[0.5, -1.0, 2.0, 1e-3]);
    let mut sum = constant;
    for (step, name) in given.iter().enumerate() {
        builder = builder
            .node("Add", &[sum, name], &[&made[step]], &[])
            .named(&nodes[step]);
        sum = &made[step];
    }
    let [.., rectified, product] = made else {
        panic!("more names are needed");
    };
    builder
        .node("Relu", &[sum], &[rectified], &[])
        .named(&nodes[inputs])
        .node("Mul", &[rectified, sum], &[product], &[])
        .named(&nodes[inputs + 1])
        .output(rectified, DType::F32, &[1, 4])
        .output(product, DType::F32, &[1, 4])
        .bytes()
}

#[test]
fn any_names_give_code_without_warnings() {
    let taken: Vec<&str> = TAKEN.split_whitespace().collect();
    let mut random = Random(2024);
    let mut models: Vec<(String, Vec<u8>)> = vec![];
    // Every name that is taken is an input, a node and a struct once.
    for (part, words) in taken.chunks(8).enumerate() {
        let names: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let more = distinct(&mut random, &["other"], words.len() + 3);
        let more = more.into_iter().map(|name| format!("{part}:{name}"));
        let tensors: Vec<String> = names.iter().cloned().chain(more).collect();
        let nodes: Vec<String> = names.iter().cloned().chain(["A".into(), "a".into()]).collect();
        for word in words {
            models.push(((*word).to_owned(), model(&tensors, &nodes, words.len())));
        }
    }
    for _ in 0..40 {
        let inputs = 1 + random.below(7);
        let tensors = distinct(&mut random, &taken, 2 * inputs + 3);
        let nodes: Vec<String> = (0..inputs + 2).map(|_| random.name(&taken)).collect();
        models.push((random.name(&taken), model(&tensors, &nodes, inputs)));
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut modules, mut expected) = (vec![], vec![]);
    for (number, (name, bytes)) in models.into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.onnx"));
        std::fs::write(&path, bytes).unwrap();
        let compiler = Compiler::new(path).name(&name);
        let compiled = compiler.compile().unwrap_or_else(|error| panic!("`{name}`: {error}"));
        let values = |port: usize| (0..4).map(|i| ((port * 4 + i) as f32).sin()).collect::<Vec<_>>();
        let ports = 0..compiled.program.inputs.len();
        let inputs: Vec<_> = ports.map(|port| Tensor::f32(&[1, 4], &values(port))).collect();
        modules.push(Module::new(format!("m{number}"), &compiler, &compiled));
        expected.push((compiled.executor().run(&inputs), inputs));
    }
    let workspace = workspace::open(env!("CARGO_TARGET_TMPDIR"), "names");
    let built = workspace.build(&[modules]).unwrap();
    for (runner, (outputs, inputs)) in built.into_iter().zip(expected) {
        let runner = runner.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(runner.run(&[inputs]).unwrap()[0], outputs);
    }
}
