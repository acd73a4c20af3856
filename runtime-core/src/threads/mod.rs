//! Threads that compute the rows of a layer side by side.
//!
//! Each thread runs a [part](crate::partial) of the layer, which is the same kernel over fewer rows: results are the
//! same bits for any number of threads.

mod awake;
mod division;

use core::fmt;
use core::num::NonZero;
use rayon_core::{ThreadPool, ThreadPoolBuilder};
use std::format;
use std::io;
use std::thread::{self, JoinHandle};
use std::vec::Vec;

/// A pool of threads for models that were emitted with `--threads`. They end when it is dropped.
///
/// ```
/// use runtime_core::Threads;
/// let threads = Threads::new(2)?;
/// assert_eq!(threads.count(), 2);
/// assert_eq!(Threads::ONE.count(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Threads {
    pool: Option<Pool>,
}

struct Pool {
    /// Taken when it is dropped: the threads return then.
    pool: Option<ThreadPool>,
    handles: Vec<JoinHandle<()>>,
}

impl Threads {
    /// The thread of the caller, and no other.
    pub const ONE: Self = Self { pool: None };

    /// The largest pool that there is.
    pub const MOST: usize = 64;

    /// A pool of `count` threads, at most [`MOST`](Self::MOST); the caller waits for them. For one or none, it is the
    /// caller's own.
    ///
    /// # Errors
    /// If the system gives no more threads.
    pub fn new(count: usize) -> io::Result<Self> {
        Self::named("model", count)
    }

    /// [`new`](Self::new) with threads that are called `NAME-0`, `NAME-1` and so on, as debuggers and `top` show them.
    ///
    /// # Errors
    /// As [`new`](Self::new), and a name with a zero byte.
    pub fn named(name: &str, count: usize) -> io::Result<Self> {
        if name.contains('\0') {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let count = count.min(Self::MOST);
        if count <= 1 {
            return Ok(Self::ONE);
        }
        let mut handles = Vec::with_capacity(count);
        let pool = ThreadPoolBuilder::new().num_threads(count).spawn_handler(|thread| {
            let name = format!("{name}-{}", thread.index());
            let handle = thread::Builder::new().name(name).spawn(|| thread.run())?;
            handles.push(handle);
            Ok(())
        });
        let built = pool.build().map_err(io::Error::other);
        // Threads that have been started are waited for where not all of them could be.
        let mut pool = Pool { pool: None, handles };
        pool.pool = Some(built?);
        Ok(Self { pool: Some(pool) })
    }

    /// A pool of as many threads as the program may run at a time.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn available() -> io::Result<Self> {
        Self::new(thread::available_parallelism().map_or(1, NonZero::get))
    }

    /// Number of threads.
    pub fn count(&self) -> usize {
        self.pool.as_ref().map_or(1, |pool| pool.handles.len())
    }

    /// Runs `work` on one of the threads while the others wait for layers of it, without sleeping in between. Emitted
    /// code does so once for each inference.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match self.threads() {
            Some(pool) => pool.install(|| awake::run(work)),
            None => work(),
        }
    }

    /// The pool, if there are several.
    fn threads(&self) -> Option<&ThreadPool> {
        self.pool.as_ref()?.pool.as_ref()
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads").field("count", &self.count()).finish()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        drop(self.pool.take());
        for handle in self.handles.drain(..) {
            // A thread that has panicked is gone as well.
            let _ = handle.join();
        }
    }
}
