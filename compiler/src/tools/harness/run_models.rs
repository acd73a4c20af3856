//! Runs emitted models on files of bytes: `PROGRAM MODEL FOLDER CASES REPETITIONS THREADS PROFILED`, or, with models
//! that are profiled, prints what products take: `PROGRAM --peaks`.
//!
//! Reads `FOLDER/K.in`, all inputs one after the other, and writes `FOLDER/K.out`, for K below CASES. Prints the
//! nanoseconds of each of REPETITIONS runs more, one per line; then, of a model with `run_profiled`, for each of its
//! calls the least that it took in PROFILED runs.
#![forbid(unsafe_code)]

use std::hint::black_box;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

/// An element, little-endian.
trait Raw: Sized {
    const SIZE: usize;
    fn read(bytes: &[u8]) -> Self;
    fn write(&self, bytes: &mut Vec<u8>);
}

macro_rules! raw {
    ($($ty:ty),*) => {$(
        impl Raw for $ty {
            const SIZE: usize = size_of::<$ty>();
            fn read(bytes: &[u8]) -> Self {
                let mut array = [0; size_of::<$ty>()];
                array.copy_from_slice(bytes);
                Self::from_le_bytes(array)
            }
            fn write(&self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}
raw!(f32, f64, runtime_core::f16, runtime_core::bf16, i8, i16, i32, i64, u8, u16, u32, u64);

impl Raw for runtime_core::Bool {
    const SIZE: usize = 1;
    fn read(bytes: &[u8]) -> Self {
        Self::from(bytes[0] != 0)
    }
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(self.get()));
    }
}

struct Job {
    folder: PathBuf,
    cases: usize,
    repetitions: usize,
    profiled: usize,
    case: usize,
    input: Vec<u8>,
    taken: usize,
    output: Vec<u8>,
}

impl Job {
    fn next_case(&mut self) -> Result<bool, String> {
        if self.case == self.cases {
            return Ok(false);
        }
        let path = self.folder.join(format!("{}.in", self.case));
        self.input = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        self.taken = 0;
        self.output.clear();
        Ok(true)
    }

    // A model without inputs takes nothing.
    #[allow(dead_code)]
    fn take<T: Raw, const N: usize>(&mut self) -> Result<Box<[T; N]>, String> {
        let end = self.taken + N * T::SIZE;
        let bytes = self.input.get(self.taken..end).ok_or("the input file is too short")?;
        self.taken = end;
        let elements: Vec<T> = bytes.chunks_exact(T::SIZE).map(T::read).collect();
        elements.try_into().map_err(|_| "the input has another length".to_owned())
    }

    fn time(&self, mut run: impl FnMut()) {
        let mut times = Vec::with_capacity(self.repetitions);
        for _ in 0..self.repetitions {
            let start = Instant::now();
            run();
            times.push(start.elapsed().as_nanos());
        }
        for time in times {
            println!("{time}");
        }
    }

    // Only models with `run_profiled` are profiled.
    #[allow(dead_code)]
    fn profile(&self, calls: usize, mut run: impl FnMut(&mut dyn FnMut(usize))) {
        let mut least = vec![u128::MAX; calls];
        for _ in 0..self.profiled {
            // Calls in a loop end several times.
            let mut took = vec![0; calls];
            let mut before = Instant::now();
            run(&mut |call| {
                let now = Instant::now();
                took[call] += (now - before).as_nanos();
                before = Instant::now();
            });
            for (least, took) in least.iter_mut().zip(took) {
                *least = took.min(*least);
            }
        }
        if self.profiled > 0 {
            least.iter().for_each(|time| println!("{time}"));
        }
    }

    // A model without outputs puts nothing.
    #[allow(dead_code)]
    fn put<T: Raw>(&mut self, elements: &[T]) {
        for element in elements {
            element.write(&mut self.output);
        }
    }

    fn end_case(&mut self) -> Result<(), String> {
        let path = self.folder.join(format!("{}.out", self.case));
        std::fs::write(&path, &self.output).map_err(|e| format!("{}: {e}", path.display()))?;
        self.case += 1;
        Ok(())
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let mut text = || args.next().unwrap_or_default();
    let model = text();
    if model == "--peaks" {
        return print_peaks();
    }
    let folder = PathBuf::from(text());
    let mut number = || text().parse().unwrap_or(0);
    let (cases, repetitions) = (number(), number());
    // The number of threads is for models that take them.
    let (_, profiled) = (number(), number());
    let mut job = Job { folder, cases, repetitions, profiled, case: 0, input: vec![], taken: 0, output: vec![] };
    if let Err(message) = run(&model, &mut job) {
        let _ = writeln!(std::io::stderr(), "{message}");
        std::process::exit(1);
    }
}
