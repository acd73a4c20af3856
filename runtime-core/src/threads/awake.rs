//! Keeping threads awake between the layers of an inference. The pool's own threads sleep soon after there is no more
//! work, and waking one can take longer than a small layer.

use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use rayon_core::{Yield, current_num_threads, current_thread_index, scope, yield_now};
use std::thread;
use std::time::Instant;

/// How long the work waits for the other threads to wake up.
const PATIENCE: Duration = Duration::from_micros(200);
/// Turns without work after which a thread lets others of the system run, where there are more threads than cores.
const TURNS: u32 = 256;

/// Runs `work` on this thread of the pool. The others look for parts of its layers until it is done.
pub(super) fn run<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    let waiting = Waiting::default();
    let home = current_thread_index();
    scope(|scope| {
        scope.spawn_broadcast(|_, context| {
            if Some(context.index()) != home && waiting.begin() {
                waiting.look_for_work();
            }
        });
        let _done = waiting.close(current_num_threads().saturating_sub(1));
        work()
    })
}

/// The threads that look for work.
#[derive(Default)]
struct Waiting {
    /// How many there are; with [`CLOSED`] no more of them begin.
    count: AtomicUsize,
    done: AtomicBool,
}

const CLOSED: usize = 1 << (usize::BITS - 1);

impl Waiting {
    /// Whether this thread may begin to look for work. Once there is work it must not: it could do so in the midst of a
    /// layer, while it waits for another thread, and the layer would not end before the inference.
    fn begin(&self) -> bool {
        let begin = |count: usize| (count & CLOSED == 0).then_some(count + 1);
        let begun = self.count.fetch_update(Ordering::AcqRel, Ordering::Acquire, begin);
        begun.is_ok()
    }

    fn look_for_work(&self) {
        let mut turns = 0_u32;
        while !self.done.load(Ordering::Acquire) {
            if yield_now() == Some(Yield::Executed) {
                continue;
            }
            turns = turns.wrapping_add(1);
            if turns.is_multiple_of(TURNS) {
                thread::yield_now();
            } else {
                spin_loop();
            }
        }
    }

    /// Waits until `others` have begun, or for long enough, and lets no more of them begin. They end when what is
    /// returned is dropped.
    fn close(&self, others: usize) -> Done<'_> {
        let start = Instant::now();
        while self.count.load(Ordering::Acquire) < others && start.elapsed() < PATIENCE {
            spin_loop();
        }
        self.count.fetch_or(CLOSED, Ordering::AcqRel);
        Done(&self.done)
    }
}

/// Ends the waiting, even where the work panics.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
