//! Layers divided among threads: the same bits as whole ones.

use runtime_core::function::{Identity, Relu};
use runtime_core::kernels::{self, Conv2d, Gemm, WinogradConv2d};
use runtime_core::pack::{packed_conv2d_len, packed_gemm_len};
use runtime_core::winograd::packed_conv2d_len as winograd_len;
use runtime_core::{Simd, Threads};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const COUNTS: [usize; 5] = [1, 2, 3, 5, 8];

fn numbers(len: usize, seed: usize) -> Vec<f32> {
    let number = |i: usize| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1000.0 - 1.0;
    (0..len).map(number).collect()
}

#[test]
fn convolutions_with_residuals() {
    let simd = Simd::detect();
    for (input, output, kernel, strides) in [
        ([13, 9, 3], [13, 9, 20], [3, 3], [1, 1]),
        ([16, 16, 8], [8, 8, 17], [5, 3], [2, 2]),
        // One row of columns, and an image that is too low for more than one thread.
        ([1, 40, 4], [1, 40, 16], [1, 5], [1, 1]),
        ([3, 5, 4], [3, 5, 16], [1, 1], [1, 1]),
    ] {
        let layer = Conv2d {
            batch: 1,
            input,
            output,
            kernel,
            strides,
            dilations: [1, 1],
            pads: [kernel[0] / 2, kernel[1] / 2],
            groups: 1,
            activation: Relu,
        };
        let count = |sizes: &[usize]| sizes.iter().product::<usize>();
        // Any numbers are packed weights of some layer.
        let w = numbers(packed_conv2d_len(1, output[2], kernel[0], kernel[1], input[2]), 1);
        let (x, bias) = (numbers(count(&input), 2), numbers(output[2], 3));
        let residual = numbers(count(&output), 4);
        let mut whole = vec![0.0; residual.len()];
        kernels::conv2d_add(simd, layer, &x, &w, &bias, &residual, &mut whole);
        for count in COUNTS {
            let threads = Threads::new(count).unwrap();
            let mut y = vec![9.0; whole.len()];
            let calls = AtomicUsize::new(0);
            threads.run(|| {
                threads.divide_with_residual(layer, &x, &residual, &mut y, |layer, x, residual, y| {
                    calls.fetch_add(1, Ordering::Relaxed);
                    kernels::conv2d_add(simd, layer, x, &w, &bias, residual, y);
                });
            });
            assert_eq!(y, whole, "{layer:?}, {count} threads");
            let rows = if output[0] > 1 { output[0] } else { output[1] };
            assert_eq!(
                calls.into_inner(),
                count.min(rows / 2).max(1),
                "{layer:?}, {count} threads"
            );
        }
    }
}

#[test]
fn rows_of_winograd_tiles() {
    let simd = Simd::detect();
    // Six rows of tiles, two for each thread at least; an image that ends within a tile stays whole.
    for (height, parts) in [(24, 3), (22, 1)] {
        let layer = WinogradConv2d {
            batch: 1,
            input: [height, 11, 20],
            output: [height, 11, 40],
            pads: [1, 1],
            activation: Relu,
        };
        let (x, w) = (numbers(height * 11 * 20, 1), numbers(winograd_len(40, 20), 2));
        let (bias, residual) = (numbers(40, 3), numbers(height * 11 * 40, 4));
        let mut whole = vec![0.0; residual.len()];
        kernels::winograd_conv2d_add(simd, layer, &x, &w, &bias, &residual, &mut whole);
        for count in COUNTS {
            let threads = Threads::new(count).unwrap();
            let mut y = vec![9.0; whole.len()];
            let calls = AtomicUsize::new(0);
            threads.run(|| {
                threads.divide_with_residual(layer, &x, &residual, &mut y, |layer, x, residual, y| {
                    calls.fetch_add(1, Ordering::Relaxed);
                    kernels::winograd_conv2d_add(simd, layer, x, &w, &bias, residual, y);
                });
            });
            assert_eq!(y, whole, "{height} rows, {count} threads");
            assert_eq!(calls.into_inner(), count.min(parts), "{height} rows, {count} threads");
        }
    }
}

#[test]
fn products_of_any_number_of_rows() {
    let simd = Simd::detect();
    for m in 1..24 {
        let (k, n) = (19, 33);
        let layer = Gemm {
            m,
            k,
            n,
            activation: Identity,
        };
        let (x, w, bias) = (numbers(m * k, 1), numbers(packed_gemm_len(k, n), 2), numbers(n, 3));
        let mut whole = vec![0.0; m * n];
        kernels::gemm(simd, layer, &x, &w, &bias, &mut whole);
        for count in COUNTS {
            let threads = Threads::new(count).unwrap();
            let mut y = vec![9.0; m * n];
            let own = thread::current().id();
            threads.divide(layer, &x, &mut y, |layer, x, y| {
                // Outside of a run the threads are those of the pool too, and not others of rayon.
                let thread = thread::current();
                let of_pool = thread.name().is_some_and(|name| name.starts_with("model-"));
                assert!(of_pool || thread.id() == own);
                kernels::gemm(simd, layer, x, &w, &bias, y);
            });
            assert_eq!(y, whole, "{m} rows, {count} threads");
        }
    }
}

#[test]
fn pools_are_bounded_and_end() {
    assert_eq!(Threads::new(0).unwrap().count(), 1);
    assert_eq!(Threads::new(1_000_000).unwrap().count(), Threads::MOST);
    assert!(Threads::available().unwrap().count() >= 1);
    #[cfg(target_os = "linux")]
    {
        use std::time::{Duration, Instant};
        let named = || {
            let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
            let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
            names.filter(|name| name.starts_with("ended-")).count()
        };
        let threads = Threads::named("ended", 3).unwrap();
        assert_eq!(threads.run(|| 5), 5);
        // A thread takes its name when it first runs, and whoever waits for one goes on a moment before the system
        // stops to list it.
        let wait_for = |count: usize| {
            let end = Instant::now() + Duration::from_secs(10);
            while named() != count {
                assert!(Instant::now() < end, "{} threads of the pool, not {count}", named());
                thread::yield_now();
            }
        };
        wait_for(3);
        drop(threads);
        wait_for(0);
    }
}

/// Work that panics ends the waiting of the other threads as well, and the pool works on.
#[test]
fn a_panic_ends_the_run() {
    let threads = Threads::new(3).unwrap();
    let panicked = catch_unwind(AssertUnwindSafe(|| threads.run(|| panic!("as it must"))));
    assert!(panicked.is_err());
    assert_eq!(threads.run(|| 7), 7);
}
