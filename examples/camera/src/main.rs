//! Says what is in photographs: the five labels that the model finds likeliest, and how long that took.

use camera::{best, decode, pictures, probabilities};
use image::ImageResult;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

#[allow(unreachable_pub)]
mod model {
    include!(concat!(env!("OUT_DIR"), "/model.rs"));
}
use model::Network;

mod settings {
    include!(concat!(env!("OUT_DIR"), "/settings.rs"));
}
use settings::{INPUT, LABELS};

/// In a `static`: the working memory is a part of it, and would be on the stack otherwise.
static NETWORK: Mutex<Network> = Mutex::new(Network::new());

const HELP: &str = "\
Says what is in photographs.

usage: camera [--threads N] IMAGE|FOLDER..

Files are JPEG or PNG; of a folder all that are, by name. For each come the five likeliest labels in per cent, and the
milliseconds that decoding with resizing and the model took. The exit code is 1 if a file or folder that was named
cannot be read, or if there was no picture.

--threads N  computes rows of large layers on N cores, if the program was built with `--features threads`
";

fn main() -> ExitCode {
    match run(std::env::args_os().skip(1).map(PathBuf::from).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: Vec<PathBuf>) -> Result<(), String> {
    if arguments.iter().any(|argument| argument.as_os_str() == "--help") {
        print!("{HELP}\nThis model takes {}.\n", about());
        return Ok(());
    }
    let mut network = NETWORK.lock().map_err(|error| error.to_string())?;
    if arguments.first().is_some_and(|first| first.as_os_str() == "--threads") {
        let count = arguments.get(1).and_then(|count| count.to_str()?.parse().ok());
        set_threads(&mut network, count.ok_or("--threads takes a number")?)?;
        arguments.drain(..2);
    }
    if arguments.is_empty() {
        return Err("usage: camera [--threads N] IMAGE|FOLDER..; --help tells more".into());
    }
    let (mut shown, mut failed) = (0, 0);
    for argument in &arguments {
        let files = pictures(argument).unwrap_or_else(|error| {
            eprintln!("{}: {error}", argument.display());
            failed += 1;
            vec![]
        });
        for file in &files {
            match show(&mut network, file) {
                Ok(()) => shown += 1,
                // Other files may be in a folder.
                Err(error) if file != argument => eprintln!("{}: skipped: {error}", file.display()),
                Err(error) => {
                    eprintln!("{}: {error}", file.display());
                    failed += 1;
                }
            }
        }
    }
    match (shown, failed) {
        (0, 0) => Err("there is no picture".into()),
        (_, 0) => Ok(()),
        _ => Err(format!("{failed} could not be read")),
    }
}

/// Prints what is in the picture.
fn show(network: &mut Network, file: &Path) -> ImageResult<()> {
    let start = Instant::now();
    let picture = decode(file)?;
    let size = [picture.width(), picture.height()];
    let pixels = INPUT.of(picture);
    let read = start.elapsed();
    let Ok(pixels) = pixels.as_slice().try_into() else {
        unreachable!("the build script has read the size of the input from the model");
    };
    let start = Instant::now();
    let scores = network.run(pixels);
    let ran = start.elapsed();

    println!("{} ({}x{})", file.display(), size[0], size[1]);
    for (index, probability) in best(&probabilities(scores), 5) {
        println!("{:6.1} %  {}", 100.0 * probability, LABELS[index]);
    }
    println!(
        "    {:.2} ms to decode and resize, {:.2} ms to run",
        millis(read),
        millis(ran)
    );
    Ok(())
}

/// The input and the labels in words.
fn about() -> String {
    let colours = if INPUT.mean.len() == 1 { "grey" } else { "colour" };
    format!(
        "{}x{} pixels in {colours} and knows {} labels",
        INPUT.width,
        INPUT.height,
        LABELS.len()
    )
}

#[cfg(feature = "threads")]
fn set_threads(network: &mut Network, count: usize) -> Result<(), String> {
    let threads = runtime_core::Threads::new(count).map_err(|error| format!("--threads {count}: {error}"))?;
    network.set_threads(threads);
    Ok(())
}

#[cfg(not(feature = "threads"))]
fn set_threads(_: &mut Network, _: usize) -> Result<(), String> {
    Err("--threads needs a program that was built with `--features threads`".into())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
