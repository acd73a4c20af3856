//! Integer operators against the numbers that their operands stand for, and in their permuted forms.

mod combining;
mod elementwise;

use crate::back::exec::Executor;
use crate::back::portable;
use crate::ir::fixed_point::{Quantization, Uniform};
use crate::ir::geometry::{Layout, Window};
use crate::ir::primitives::{
    BinaryOp, Lookup, Pool, PoolKind, QlinearAveragePool, QlinearBinary, QlinearMatMul, QlinearReduce, QlinearSoftmax,
    ReduceOp, RequantizeLinear, Transpose,
};
use crate::ir::{DType, Graph, Operator, Tensor};
use crate::middle::fold::evaluate;
use runtime_core::Simd;

impl Uniform {
    /// The number that an integer stands for.
    fn number(self, integer: i32) -> f64 {
        f64::from(integer - self.zero) * self.scale
    }

    /// The integer that stands for a number: rounded half to even and limited; the zero point for what is no number.
    fn integer(self, number: f64) -> i32 {
        let (min, max) = Quantization::range(self.dtype).unwrap_or_default();
        let steps = (number / self.scale).round_ties_even() + f64::from(self.zero);
        if steps.is_nan() {
            return self.zero;
        }
        steps.clamp(min.into(), max.into()) as i32
    }
}

/// The table of a function of numbers between integers of two quantisations, and by how many steps it is off.
fn table(x: &Quantization, y: &Quantization, function: impl Fn(f64) -> f64) -> Option<(Tensor, u32)> {
    let (x, y) = (Uniform::of(x)?, Uniform::of(y)?);
    let integer = |integer| y.integer(function(x.number(integer)));
    (x.dtype == y.dtype).then(|| Lookup::table(x.dtype, integer))?
}

fn q8(scale: f32, zero: i32) -> Quantization {
    Quantization::uniform(DType::I8, scale, zero)
}

fn q16(scale: f32, zero: i32) -> Quantization {
    Quantization::uniform(DType::I16, scale, zero)
}

/// Integers all over the range of a type.
fn tensor(dtype: DType, shape: &[usize], seed: i64) -> Tensor {
    let value = |i: i64| (i * 2_654_435_761 + seed * 40_503).rem_euclid(65_537) as u16;
    let bytes =
        (0..shape.iter().product::<usize>() as i64).flat_map(|i| value(i).to_le_bytes()[2 - dtype.size()..].to_vec());
    Tensor::new(dtype, shape.to_vec(), bytes.collect())
}

/// The numbers that integers stand for.
fn numbers(x: &Tensor, by: &Quantization) -> Vec<f64> {
    let by = Uniform::of(by).unwrap();
    x.to_f64().into_iter().map(|x| by.number(x as i32)).collect()
}

fn one(operator: &dyn Operator, operands: &[Tensor]) -> Tensor {
    evaluate(operator, operands).unwrap().remove(0)
}

/// `operator` gives the integers nearest to `exact`, except for what is within a hundredth of the middle between two
/// `i16` or a ten-thousandth of that between two `i8`.
fn check(operator: &dyn Operator, operands: &[Tensor], y: &Quantization, exact: impl Iterator<Item = f64>) {
    let by = Uniform::of(y).unwrap();
    let result = one(operator, operands);
    let expected: Vec<f64> = exact.collect();
    let near = if y.dtype == DType::I8 { 1e-4 } else { 1e-2 };
    assert_eq!((result.dtype, result.len()), (y.dtype, expected.len()), "{operator:?}");
    for (integer, exact) in result.to_f64().into_iter().zip(expected) {
        let off = (integer - f64::from(by.integer(exact))).abs();
        let steps = exact / by.scale;
        let near_tie = (steps - steps.floor() - 0.5).abs() < near;
        assert!(
            off == 0.0 || (off == 1.0 && near_tie),
            "{operator:?}: {integer} for {exact}"
        );
    }
}

/// `operator` and its permuted form agree.
fn check_permuted(operator: &dyn Operator, operands: &[Tensor]) {
    let transpose = Transpose { perm: vec![2, 0, 1] };
    let types: Vec<_> = operands.iter().map(Tensor::ty).collect();
    let inputs: Vec<_> = types.iter().map(Some).collect();
    let permuted = operator.permute(&transpose.perm, &inputs).expect("axes can be renamed");
    let moved = operands.iter().zip(&permuted.transposed).map(|(x, moved)| match moved {
        true => one(&transpose, std::slice::from_ref(x)),
        false => x.clone(),
    });
    let expected = one(&transpose, &[one(operator, operands)]);
    assert_eq!(
        one(permuted.operator.as_ref(), &moved.collect::<Vec<_>>()),
        expected,
        "{operator:?}"
    );
}

/// Quantisations of a coarse and of a fine tensor of numbers up to about `span`.
fn quantizations(span: f32) -> [Quantization; 4] {
    [
        q8(span / 256.0, -128),
        q8(span / 120.0, 5),
        q16(span / 32_000.0, 0),
        q16(span / 60_000.0, 30_000),
    ]
}

fn pool(layout: Layout, ceil_mode: bool, pads: [usize; 4], count_include_pad: bool) -> Pool {
    Pool {
        kind: PoolKind::Average { count_include_pad },
        window: Window {
            kernel: vec![3, 2],
            strides: vec![2, 2],
            dilations: vec![1, 1],
            pads: pads.to_vec(),
        },
        ceil_mode,
        layout,
    }
}

#[test]
fn nothing_to_compute() {
    let (q, none) = (q8(0.1, 3), tensor(DType::I8, &[0, 3], 1));
    let empty: [(Box<dyn Operator>, &[Tensor]); 5] = [
        (
            RequantizeLinear::new(&q, &q, None).unwrap().into(),
            std::slice::from_ref(&none),
        ),
        (
            QlinearBinary::new(BinaryOp::Add, &q, &q, &q, None).unwrap().into(),
            &[none.clone(), none.clone()],
        ),
        (Lookup.into(), &[none.clone(), tensor(DType::I8, &[256], 1)]),
        (
            QlinearSoftmax::new(1, true, &q, &q).unwrap().into(),
            std::slice::from_ref(&none),
        ),
        (
            QlinearReduce::new(ReduceOp::Mean, &[], &[0, 3], &q, &q, None)
                .unwrap()
                .into(),
            std::slice::from_ref(&none),
        ),
    ];
    for (operator, operands) in empty {
        assert_eq!(one(operator.as_ref(), operands), none, "{operator:?}");
    }
    let sum = QlinearReduce::new(ReduceOp::Sum, &[0], &none.shape, &q, &q, None).unwrap();
    assert_eq!(one(&sum, std::slice::from_ref(&none)).to_f64(), [3.0; 3]);
    let product = QlinearMatMul::new(0, &q, &q, &q, None).unwrap();
    let operands = [tensor(DType::I8, &[2, 0], 1), tensor(DType::I8, &[0, 2], 1)];
    assert_eq!(one(&product, &operands).to_f64(), [3.0; 4]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let q = q8(1.0, 0);
    let channels = Quantization {
        scales: vec![1.0, 2.0],
        zeros: vec![0, 0],
        ..q.clone()
    };
    let unsigned = Quantization::uniform(DType::U8, 1.0, 0);
    for bad in [channels, unsigned, q8(0.0, 0), q8(f32::NAN, 0), q8(1.0, 200)] {
        assert_eq!(RequantizeLinear::new(&bad, &q, None), None, "{bad:?}");
        assert_eq!(QlinearBinary::new(BinaryOp::Add, &q, &bad, &q, None), None, "{bad:?}");
    }
    assert_eq!(RequantizeLinear::new(&q8(1e10, 0), &q8(1e-10, 0), None), None);
    assert_eq!(RequantizeLinear::new(&q, &q, Some((3, 2))), None);
    assert_eq!(QlinearBinary::new(BinaryOp::Div, &q, &q, &q, None), None);
    assert_eq!(QlinearBinary::new(BinaryOp::Add, &q, &q16(1.0, 0), &q, None), None);
    let operator = RequantizeLinear::new(&q, &q, None).unwrap();
    assert!(
        evaluate(&operator, &[tensor(DType::I16, &[2], 1)]).is_err(),
        "another type"
    );
}

/// All operators one after another, those that can in place, give what each gives alone.
#[test]
fn chains_run_in_place() {
    let (q, fine) = (q8(0.02, 3), q16(1e-4, 0));
    let (entries, _) = table(&q, &q, f64::tanh).unwrap();
    let (knots, _) = table(&fine, &fine, f64::tanh).unwrap();
    let sum = |op, q: &Quantization| QlinearBinary::new(op, q, q, q, None).unwrap();
    let image = pool(Layout::ChannelsLast, false, [1, 0, 1, 1], true);
    let shape = [1, 6, 6, 4];
    let steps: Vec<(Box<dyn Operator>, Option<Tensor>)> = vec![
        (RequantizeLinear::new(&q, &q8(0.05, 0), None).unwrap().into(), None),
        (RequantizeLinear::new(&q8(0.05, 0), &q, None).unwrap().into(), None),
        (sum(BinaryOp::Sub, &q).into(), Some(tensor(DType::I8, &[4], 5))),
        (Lookup.into(), Some(entries)),
        (QlinearAveragePool::new(&image, &q, &fine, None).unwrap().into(), None),
        (sum(BinaryOp::Mul, &fine).into(), Some(tensor(DType::I16, &[], 5))),
        (Lookup.into(), Some(knots)),
        (
            QlinearSoftmax::new(3, false, &fine, &q8(0.01, -128)).unwrap().into(),
            None,
        ),
        (QlinearSoftmax::new(3, true, &q8(0.01, -128), &q).unwrap().into(), None),
        (
            QlinearMatMul::new(4, &q, &q, &fine, None).unwrap().into(),
            Some(tensor(DType::I8, &[4, 3], 6)),
        ),
        (
            QlinearReduce::new(ReduceOp::Mean, &[1, 2], &[1, 3, 3, 3], &fine, &q, None)
                .unwrap()
                .into(),
            None,
        ),
    ];
    let x = tensor(DType::I8, &shape, 1);
    let mut graph = Graph::new("chain");
    let (mut value, mut expected) = (graph.add_input("x", x.ty()), x.clone());
    for (operator, operand) in steps {
        let operands: Vec<Tensor> = [expected].into_iter().chain(operand.clone()).collect();
        expected = one(operator.as_ref(), &operands);
        let operand = operand.map(|operand| graph.add_constant("operand", operand));
        let inputs: Vec<_> = [Some(value)].into_iter().chain(operand.map(Some)).collect();
        let node = graph.add(operator.name(), operator, &inputs, &[]).unwrap();
        value = graph.node(node).outputs[0];
    }
    graph.add_output("y", value);
    let (program, plan) = portable(&graph).unwrap();
    assert_eq!(plan.in_place.iter().filter(|in_place| **in_place).count(), 5);
    for simd in [Simd::detect(), Simd::BASELINE] {
        let results = Executor::new(&program, &plan).on(simd).run(std::slice::from_ref(&x));
        assert_eq!(results, std::slice::from_ref(&expected));
    }
}
