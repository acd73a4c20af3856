//! Runs the self-test of the model and times it.

mod model;

use model::Model;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

/// In a `static`: the working memory is a part of it, and would be on the stack otherwise.
static MODEL: Mutex<Model> = Mutex::new(Model::new());

fn main() -> ExitCode {
    let mut model = MODEL.lock().expect("no thread has panicked while it held the model");
    let start = Instant::now();
    // One inference is `model.run(..)`: src/model.rs says what it takes and gives.
    let result = model.self_test();
    let time = start.elapsed();
    match result {
        Ok(()) => {
            println!("self-test passed, in {time:?}");
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            println!("self-test failed: output {} differs first at element {}", wrong.output, wrong.index);
            ExitCode::FAILURE
        }
    }
}
