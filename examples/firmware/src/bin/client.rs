//! A client of federated learning on a Cortex-M4F: parameters come as bytes, are trained with samples of its own, and
//! go as bytes.
//!
//! The server is here too, with this client only, so that the mean is what it sends. The exit code is 1 if the client
//! answers what it has to refuse, or has not learned. See examples/federated.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

#[expect(dead_code, reason = "the scores in it are those of another network")]
#[path = "../../../digits/samples.rs"]
mod samples;

use cortex_m_rt::entry;
use firmware::message::{self, Header, Refused};
use firmware::{Report, timed};
use samples::{SAMPLES, Sample};

mod model {
    include!(concat!(env!("OUT_DIR"), "/digits_federated.rs"));
}
use model::Client;

const NAME: [u8; 8] = message::model(Client::MODEL_SHA256);
const ROUNDS: u32 = 20;
const LEARNING_RATE: f32 = 0.05;

type Parameters = [f32; Client::PARAMETERS];
type Message = [u8; message::bytes(Client::PARAMETERS)];

#[entry]
fn main() -> ! {
    // `entry` makes these `&'static mut`: part of .bss.
    static mut MODEL: Client = Client::new();
    static mut PARAMETERS: Parameters = [0.0; Client::PARAMETERS];
    static mut MESSAGE: Message = [0; message::bytes(Client::PARAMETERS)];
    firmware::run(|report| serve(MODEL, PARAMETERS, MESSAGE, report))
}

/// What a client does with a message: checks it, trains an epoch, and writes the answer in its place. Gives what the
/// last step took.
fn answer(model: &mut Client, parameters: &mut Parameters, message: &mut Message) -> Result<u32, Refused> {
    let Header { round, .. } = message::read(message, NAME, parameters)?;
    model.set_parameters(parameters);
    let mut ticks = 0;
    for sample in &SAMPLES {
        let (image, label) = (image(sample), [sample.label as i32]);
        (ticks, _) = timed(|| model.train_step(&image, &label, LEARNING_RATE));
    }
    model.parameters(parameters);
    message::write(&header(round, SAMPLES.len() as u32), parameters, message);
    Ok(ticks)
}

/// The server's side of all rounds; true if all went well.
fn serve(model: &mut Client, parameters: &mut Parameters, message: &mut Message, report: &mut Report) -> bool {
    model.parameters(parameters);
    let before = right(model);
    if !refuses(model, parameters, message) {
        return false;
    }
    let mut ticks = 0;
    for round in 1..=ROUNDS {
        message::write(&header(round, 0), parameters, message);
        let Ok(took) = answer(model, parameters, message) else {
            return false;
        };
        ticks = took;
        if message::read(message, NAME, parameters) != Ok(header(round, SAMPLES.len() as u32)) {
            return false;
        }
    }
    let after = right(model);
    report.text("it reads ");
    report.integer(before);
    report.text(" digits of 20 before, and ");
    report.integer(after);
    report.text(" after ");
    report.integer(ROUNDS as i32);
    report.text(" rounds, with messages of ");
    report.integer(message.len() as i32);
    report.text(" bytes\n");
    report.ticks("one step of training", ticks);
    after >= 18
}

/// Whether the client refuses messages that are damaged, or for another model.
fn refuses(model: &mut Client, parameters: &mut Parameters, message: &mut Message) -> bool {
    message::write(&header(1, 0), parameters, message);
    if let Some(byte) = message.last_mut() {
        *byte ^= 1;
    }
    let damaged = answer(model, parameters, message);
    let other = Header {
        model: [0; 8],
        ..header(1, 0)
    };
    message::write(&other, parameters, message);
    damaged == Err(Refused::Damaged) && answer(model, parameters, message) == Err(Refused::OtherModel)
}

fn header(round: u32, samples: u32) -> Header {
    Header {
        model: NAME,
        round,
        samples,
    }
}

/// Digits that are read right.
fn right(model: &mut Client) -> i32 {
    let is_right = |sample: &&Sample| best(model.run(&image(sample))) == sample.label;
    SAMPLES.iter().filter(is_right).count() as i32
}

fn image(sample: &Sample) -> [f32; 64] {
    sample.pixels.map(|darkness| f32::from(darkness) / 16.0)
}

/// The digit with the highest score.
fn best(scores: &[f32; 10]) -> usize {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter().position(|&score| score == highest).unwrap_or(0)
}
