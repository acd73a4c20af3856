//! The attention kernels, against plain loops in double precision.

use runtime_core::Simd;
use runtime_core::kernels::{Attention, LinearAttention, attention, attention_masked, linear_attention};

fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next() * 2.0).collect()
}

/// Two batches of heads-first tensors, or of tokens-first ones.
fn layer([heads, group, queries, keys, size, value_size]: [usize; 6], tokens_first: bool) -> Attention {
    let strides = |heads: usize, tokens: usize, size: usize| {
        if tokens_first {
            [heads * tokens * size, size, heads * size]
        } else {
            [heads * tokens * size, tokens * size, size]
        }
    };
    Attention {
        batch: 2,
        heads,
        group,
        queries,
        keys,
        size,
        value_size,
        q_strides: strides(heads, queries, size),
        k_strides: strides(heads / group, keys, size),
        v_strides: strides(heads / group, keys, value_size),
        y_strides: strides(heads, queries, value_size),
        mask_strides: [0; 4],
        first: -(queries as isize),
        last: keys as isize,
        scale: 0.7,
        softcap: 0.0,
    }
}

fn expected(layer: &Attention, [q, k, v]: [&[f32]; 3], mask: Option<&[f32]>) -> Vec<f64> {
    let mut y = vec![0.0; layer.batch * layer.heads * layer.queries * layer.value_size];
    let at = |strides: [usize; 3], b: usize, h: usize, t: usize| b * strides[0] + h * strides[1] + t * strides[2];
    for (b, h) in (0..layer.batch).flat_map(|b| (0..layer.heads).map(move |h| (b, h))) {
        for i in 0..layer.queries {
            let bias = |j: usize| {
                let [mb, mh, mi, mj] = layer.mask_strides;
                let position = j as isize - i as isize;
                let inside = (layer.first..=layer.last).contains(&position);
                let bias = mask.map_or(0.0, |mask| f64::from(mask[b * mb + h * mh + i * mi + j * mj]));
                if inside { bias } else { f64::NEG_INFINITY }
            };
            let score = |j: usize| {
                let (at_q, at_k) = (at(layer.q_strides, b, h, i), at(layer.k_strides, b, h / layer.group, j));
                let products = (0..layer.size).map(|e| f64::from(q[at_q + e]) * f64::from(k[at_k + e]));
                let score = f64::from(layer.scale) * products.sum::<f64>();
                let cap = f64::from(layer.softcap);
                (if cap == 0.0 { score } else { cap * (score / cap).tanh() }) + bias(j)
            };
            let scores: Vec<f64> = (0..layer.keys).map(score).collect();
            let greatest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if greatest == f64::NEG_INFINITY {
                continue;
            }
            let powers: Vec<f64> = scores.iter().map(|score| (score - greatest).exp()).collect();
            let sum: f64 = powers.iter().sum();
            for e in 0..layer.value_size {
                let value = |j: usize| f64::from(v[at(layer.v_strides, b, h / layer.group, j) + e]);
                y[at(layer.y_strides, b, h, i) + e] = (0..layer.keys).map(|j| powers[j] / sum * value(j)).sum();
            }
        }
    }
    y
}

fn check(layer: Attention, mask: Option<&[f32]>) {
    let shared = layer.heads / layer.group;
    let q = noise(layer.batch * layer.heads * layer.queries * layer.size, 1);
    let k = noise(layer.batch * shared * layer.keys * layer.size, 2);
    let v = noise(layer.batch * shared * layer.keys * layer.value_size, 3);
    let expected = expected(&layer, [&q, &k, &v], mask);
    for simd in [Simd::detect(), Simd::BASELINE] {
        let mut y = vec![9.0; expected.len()];
        let mut scratch = vec![9.0; layer.scratch_len()];
        match mask {
            Some(mask) => attention_masked(simd, layer, &q, &k, &v, mask, &mut y, &mut scratch),
            None => attention(simd, layer, &q, &k, &v, &mut y, &mut scratch),
        }
        for (i, (y, expected)) in y.iter().zip(&expected).enumerate() {
            assert!(
                (f64::from(*y) - expected).abs() < 1e-5,
                "{layer:?}: {y} for {expected} at {i}"
            );
        }
    }
}

const SHAPES: [[usize; 6]; 7] = [
    [2, 1, 5, 7, 8, 8],
    [4, 2, 13, 33, 16, 20],
    [6, 3, 1, 19, 40, 3],
    [1, 1, 6, 1, 1, 1],
    [2, 1, 3, 0, 4, 4],
    [2, 2, 0, 3, 4, 4],
    [2, 1, 65, 65, 12, 17],
];

#[test]
fn layouts_and_groups() {
    for shape in SHAPES {
        check(layer(shape, false), None);
        check(layer(shape, true), None);
    }
}

#[test]
fn bands_and_caps() {
    for shape in SHAPES {
        for (first, last) in [(-100, 0), (-2, 1), (-3, -1), (5, 5), (-100, 3)] {
            let softcap = if first == -2 { 1.5 } else { 0.0 };
            check(
                Attention {
                    first,
                    last,
                    softcap,
                    ..layer(shape, true)
                },
                None,
            );
        }
    }
}

#[test]
fn masks() {
    for shape in SHAPES {
        let [heads, _, queries, keys, ..] = shape;
        let mut mask = noise(2 * heads * queries * keys, 4);
        for (i, mask) in mask.iter_mut().enumerate() {
            // Some keys of all queries, and all keys of some.
            if i % 3 == 0 || i / keys % 4 == 1 {
                *mask = f32::NEG_INFINITY;
            }
        }
        mask.resize(mask.len().max(1), 0.0);
        let full = [heads * queries * keys, queries * keys, keys, 1];
        for mask_strides in [full, [0, 0, keys, 1], [full[0], 0, 0, 1], [0, keys, 0, 0], [0; 4]] {
            let layer = Attention {
                mask_strides,
                last: 9,
                ..layer(shape, false)
            };
            check(layer, Some(&mask));
        }
    }
}

/// What each query reads of the memory, and the memory after all tokens.
fn memory_in_f64(layer: &LinearAttention, [q, k, v, past, decay, rate]: [&[f32]; 6]) -> (Vec<f64>, Vec<f64>) {
    let LinearAttention {
        batch,
        tokens,
        heads,
        group,
        size,
        value_size: width,
        continued,
        decays,
        rates,
        ..
    } = *layer;
    let places = batch * tokens * heads;
    let mut state: Vec<f64> = past
        .iter()
        .map(|v| if continued { f64::from(*v) } else { 0.0 })
        .collect();
    let mut expected = vec![0.0; places * group * width];
    for place in 0..places {
        let (head, token) = (place % heads, place / heads);
        let at = (token / tokens * heads + head) * size * width;
        let of = |x: &[f32], i: usize| f64::from(x[i]);
        for i in 0..size * width {
            let row = i / width;
            let decayed = if decays == 0 {
                0.0
            } else {
                of(decay, place * decays + row % decays)
            };
            state[at + i] *= decayed.exp();
        }
        let update: Vec<f64> = (0..width)
            .map(|j| {
                let stored: f64 = (0..size)
                    .map(|i| state[at + i * width + j] * of(k, place * size + i))
                    .sum();
                let value = of(v, place * width + j);
                match rates {
                    0 => value,
                    1 => of(rate, token) * (value - stored),
                    _ => of(rate, place) * (value - stored),
                }
            })
            .collect();
        for i in 0..size * width {
            state[at + i] += of(k, place * size + i / width) * update[i % width];
        }
        for query in place * group..(place + 1) * group {
            for j in 0..width {
                let read = (0..size).map(|i| state[at + i * width + j] * of(q, query * size + i));
                expected[query * width + j] = f64::from(layer.scale) * read.sum::<f64>();
            }
        }
    }
    (expected, state)
}

/// Every rule, with one decay and one rate per head or with several, for heads that queries share.
#[test]
fn matrices_as_memory() {
    let (batch, tokens, heads, group, size, width) = (2, 5, 3, 2, 7, 19);
    for (decays, rates, continued) in [
        (0, 0, false),
        (1, 0, true),
        (size, 0, true),
        (0, 1, true),
        (size, heads, false),
    ] {
        let layer = LinearAttention {
            batch,
            tokens,
            heads,
            group,
            size,
            value_size: width,
            scale: 0.3,
            continued,
            decays,
            rates,
        };
        let places = batch * tokens * heads;
        let (q, k) = (noise(places * group * size, 1), noise(places * size, 2));
        let (v, past) = (noise(places * width, 3), noise(batch * heads * size * width, 4));
        let decay = noise(places * size, 5).iter().map(|v| -v.abs()).collect::<Vec<f32>>();
        let rate = noise(places, 6).iter().map(|v| 0.1 * v).collect::<Vec<f32>>();
        let (expected, state) = memory_in_f64(&layer, [&q, &k, &v, &past, &decay, &rate]);
        for simd in [Simd::detect(), Simd::BASELINE] {
            let (mut y, mut after, mut update) = (vec![9.0; expected.len()], vec![9.0; past.len()], vec![9.0; width]);
            linear_attention(
                simd,
                layer,
                &q,
                &k,
                &v,
                &past,
                &decay,
                &rate,
                &mut y,
                &mut after,
                &mut update,
            );
            for (found, expected) in y.iter().zip(&expected).chain(after.iter().zip(&state)) {
                let error = (f64::from(*found) - expected).abs();
                assert!(
                    error <= 1e-4 * expected.abs().max(1.0),
                    "{layer:?}: {found} for {expected}"
                );
            }
        }
    }
}
