//! Random graphs with branches, joins, shared readers, pads, masks, reductions and casts: none breaks quantization, and
//! each output keeps most of its signal. `EDGEC_SEEDS=1000..3000` tries that many others.

use super::build::{Build, decibels, quantised, samples};
use crate::seeds::seeds;
use edgec::ir::primitives::Layout;
use edgec::ir::primitives::{
    ArgReduce, BinaryOp, Cast, MatMul, Pad, PadMode, Pool, PoolKind, Reduce, ReduceOp, Reshape, Select, Softmax,
    Transpose, Window,
};
use edgec::ir::{DType, Graph, ValueId};
use edgec::middle::quantize::{Io, QuantizeOptions, Scheme};
use runtime_core::function::{HardSwish, LeakyRelu, Relu, Sigmoid, Tanh};

/// The least that an output may have, in decibels.
const LEAST: f64 = 10.0;

/// What seeds below [`LEAST`] lose, and why that is so.
const KNOWN: &[(u64, &str)] = &[];

/// Tensors of `[1, channels, 6, 6]`, or of `[6, columns]`.
struct Draw {
    b: Build,
    images: Vec<ValueId>,
    rows: Vec<ValueId>,
}

impl Draw {
    fn image(&mut self) -> ValueId {
        let i = self.b.random.below(self.images.len());
        self.images[i]
    }

    fn row(&mut self) -> ValueId {
        let i = self.b.random.below(self.rows.len());
        self.rows[i]
    }

    fn function(&mut self, x: ValueId) -> ValueId {
        match self.b.random.below(5) {
            0 => self.b.map(Relu, x),
            1 => self.b.map(Sigmoid, x),
            2 => self.b.map(Tanh, x),
            3 => self.b.map(HardSwish, x),
            _ => self.b.map(LeakyRelu { alpha: 0.1 }, x),
        }
    }

    fn pool(&mut self, x: ValueId) -> ValueId {
        let average = self.b.random.below(2) == 0;
        let pool = Pool {
            kind: if average {
                PoolKind::Average {
                    count_include_pad: false,
                }
            } else {
                PoolKind::Max
            },
            window: Window {
                kernel: vec![3; 2],
                strides: vec![1; 2],
                dilations: vec![1; 2],
                pads: vec![1; 4],
            },
            ceil_mode: false,
            layout: Layout::ChannelsFirst,
        };
        self.b.op(pool, &[x])
    }

    fn padded(&mut self, x: ValueId) -> ValueId {
        let x = self.b.slice(x, 2, 0, 4);
        let (begins, ends, mode) = (vec![0, 0, 1, 0], vec![0, 0, 1, 0], PadMode::Constant);
        let number = [0.0, 2.0, -1.5][self.b.random.below(3)];
        let number = self.b.constant(&[], &[number]);
        self.b.op(Pad { begins, ends, mode }, &[x, number])
    }

    /// One more image.
    fn grow_images(&mut self) {
        let x = self.image();
        let channels = self.b.shape(x)[1];
        let y = match self.b.random.below(9) {
            0 | 1 => {
                let channels = 1 + self.b.random.below(6);
                self.b.conv(x, channels)
            }
            2 => self.function(x),
            3 => self.pool(x),
            4 => self.padded(x),
            5 => {
                let y = self.image();
                self.b.concat(1, &[x, y])
            }
            6 => {
                let size = [0.1, 1.0, 10.0][self.b.random.below(3)];
                self.b.times(x, size)
            }
            7 => {
                let from = self.b.random.below(channels);
                self.b.slice(x, 1, from, channels)
            }
            _ => {
                let y = self.b.conv(x, channels);
                self.b.binary(BinaryOp::Add, x, y)
            }
        };
        self.images.push(y);
    }

    /// Attention between the rows of `x`, some of them masked.
    fn attended(&mut self, x: ValueId) -> ValueId {
        let (q, k, v) = (self.b.gemm(x, 4), self.b.gemm(x, 4), self.b.gemm(x, 4));
        let k = self.b.op(Transpose { perm: vec![1, 0] }, &[k]);
        let scores = self.b.op(MatMul, &[q, k]);
        let scores = self.b.times(scores, 0.2);
        let number = [-50.0, -1e4, -1e9, f32::NEG_INFINITY][self.b.random.below(4)];
        let causal: Vec<f32> = (0..36).map(|i| if i % 6 > i / 6 { number } else { 0.0 }).collect();
        let mask = self.b.constant(&[6, 6], &causal);
        let scores = if self.b.random.below(2) == 0 {
            self.b.binary(BinaryOp::Add, scores, mask)
        } else {
            let zero = self.b.constant(&[], &[0.0]);
            let closed = self.b.binary(BinaryOp::Less, mask, zero);
            let number = self.b.constant(&[], &[number]);
            self.b.op(Select, &[closed, number, scores])
        };
        let y = self.b.op(Softmax { axis: 1, log: false }, &[scores]);
        self.b.op(MatMul, &[y, v])
    }

    /// One more matrix of rows.
    fn grow_rows(&mut self) {
        let x = self.row();
        let y = match self.b.random.below(7) {
            0 | 1 => {
                let columns = 1 + self.b.random.below(8);
                self.b.gemm(x, columns)
            }
            2 => self.function(x),
            3 => {
                let y = self.row();
                self.b.concat(1, &[x, y])
            }
            4 => self.b.op(Softmax { axis: 1, log: false }, &[x]),
            5 => self.attended(x),
            _ => {
                let y = self.b.gemm(x, 5);
                let z = self.b.gemm(x, 5);
                self.b.binary(BinaryOp::Mul, y, z)
            }
        };
        self.rows.push(y);
    }

    /// A value that leaves the model.
    fn output(&mut self) -> ValueId {
        let image = self.image();
        let row = self.row();
        let (axes, axis) = (vec![1], 1);
        match self.b.random.below(6) {
            0 => self.b.op(
                Reduce {
                    op: ReduceOp::Mean,
                    axes,
                },
                &[row],
            ),
            1 => self.b.op(
                Reduce {
                    op: ReduceOp::Max,
                    axes,
                },
                &[image],
            ),
            2 => {
                let chosen = ArgReduce {
                    axis,
                    greatest: true,
                    last: false,
                };
                let chosen = self.b.op(chosen, &[row]);
                let chosen = self.b.op(Cast { to: DType::F32 }, &[chosen]);
                let sum = self.b.op(
                    Reduce {
                        op: ReduceOp::Sum,
                        axes,
                    },
                    &[row],
                );
                let zeros = self.b.times(chosen, 0.0);
                self.b.binary(BinaryOp::Add, sum, zeros)
            }
            3 => {
                let y = self.row();
                self.b.concat(1, &[row, y])
            }
            4 => image,
            _ => row,
        }
    }
}

fn graph(seed: u64) -> Graph {
    let mut b = Build::new(seed);
    let image = b.x("image", &[1, 3, 6, 6]);
    let first = b.conv(image, 6);
    let mut draw = Draw {
        images: vec![image, first],
        rows: vec![],
        b,
    };
    (0..4).for_each(|_| draw.grow_images());
    for _ in 0..2 {
        let x = draw.image();
        let columns = 6 * draw.b.shape(x)[1];
        let rows = draw.b.op(
            Reshape {
                shape: vec![6, columns],
            },
            &[x],
        );
        draw.rows.push(rows);
    }
    (0..4).for_each(|_| draw.grow_rows());
    let outputs: Vec<_> = (0..1 + draw.b.random.below(3)).map(|_| draw.output()).collect();
    draw.b.done(&outputs)
}

#[test]
fn random_graphs_keep_their_signal() {
    let (mut wrong, mut found) = (vec![], vec![]);
    for seed in seeds(0..60) {
        let graph = graph(seed);
        let samples = samples(&graph, 20, 1.0);
        let options = QuantizeOptions {
            scheme: [Scheme::Int8, Scheme::Int8, Scheme::Int16x8][seed as usize % 3],
            allow_loss: true,
            ..QuantizeOptions::new("")
        };
        // Integers outside: that nothing breaks is all that is asked.
        let io = Io::Int8;
        // A graph may happen to compute nothing.
        let nothing = |error: &edgec::Error| error.to_string().contains("no layer");
        match quantised(&graph, &QuantizeOptions { io, ..options.clone() }, &samples, None) {
            Err(error) if !nothing(&error) => wrong.push(format!("{seed} with integers outside: {error}")),
            _ => {}
        }
        match quantised(&graph, &options, &samples, None) {
            Err(error) if nothing(&error) => {}
            Err(error) => wrong.push(format!("{seed}: {error}")),
            Ok(got) => {
                let worst = decibels(&graph, &got.graph, &samples)
                    .into_iter()
                    .filter(|db| !db.is_nan());
                let worst = worst.fold(f64::INFINITY, f64::min);
                let known = KNOWN.iter().any(|(known, _)| *known == seed);
                if worst < LEAST && !known {
                    wrong.push(format!("{seed}: {worst:.1} dB\n{graph}"));
                }
                found.push(worst);
            }
        }
    }
    found.sort_by(f64::total_cmp);
    let at = |share: f64| found[(share * (found.len() - 1) as f64) as usize];
    println!(
        "{} graphs: least {:.1} dB, a tenth below {:.1} dB, half below {:.1} dB",
        found.len(),
        at(0.0),
        at(0.1),
        at(0.5)
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
