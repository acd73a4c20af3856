//! Says which digit is in a picture: 64 by 64 pixels of red, green and blue bytes on the standard input.

mod model;

use model::Model;
use std::io::{self, Read};
use std::sync::Mutex;

/// In a `static`: the working memory is a part of it, and would be on the stack otherwise.
static MODEL: Mutex<Model> = Mutex::new(Model::new());

fn main() -> io::Result<()> {
    let mut bytes = [0; 64 * 64 * 3];
    io::stdin().read_exact(&mut bytes)?;
    // What the model was trained with: from -1 to 1.
    let image = bytes.map(|byte| f32::from(byte) / 127.5 - 1.0);
    let mut model = MODEL.lock().expect("no thread has panicked while it held the model");
    let scores = model.run(&image);
    for (digit, score) in scores.iter().enumerate() {
        println!("{digit} {score:6.2}");
    }
    Ok(())
}
