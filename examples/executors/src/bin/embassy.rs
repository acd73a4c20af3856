//! Embassy: the model is a task that waits for images, and gives what it reads to the task that waits for digits.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use embassy_executor::{Executor, Spawner};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use executors::{DigitsInt8, Pixels, Reader, best, photographs};
// The vectors of interrupts.
use lm3s6965 as _;
use static_cell::{ConstStaticCell, StaticCell};

/// Images on their way to the model: the camera waits while there are two.
static IMAGES: Channel<CriticalSectionRawMutex, Pixels, 2> = Channel::new();
static DIGITS: Channel<CriticalSectionRawMutex, usize, 1> = Channel::new();

// ANCHOR: model
/// The model is in a static, its arena too: nothing of it is on the stack, and the task is the only one that has it.
static MODEL: ConstStaticCell<DigitsInt8> = ConstStaticCell::new(DigitsInt8::new());

#[embassy_executor::task]
async fn infer(model: &'static mut DigitsInt8) {
    loop {
        let image = IMAGES.receive().await;
        // Computes to its end: tasks that must not wait so long belong to an executor of a higher priority.
        let scores = model.run(&image);
        DIGITS.send(best(scores)).await;
    }
}
// ANCHOR_END: model

/// Stands for a driver that waits for the sensor.
#[embassy_executor::task]
async fn camera() {
    for image in photographs() {
        IMAGES.send(*image).await;
    }
}

#[embassy_executor::task]
async fn show() {
    let mut reader = Reader::new();
    loop {
        reader.take(DIGITS.receive().await);
    }
}

/// Each task is spawned once, which is what there is room for.
fn start(spawner: Spawner) -> Result<(), embassy_executor::SpawnError> {
    spawner.spawn(infer(MODEL.take())?);
    spawner.spawn(show()?);
    spawner.spawn(camera()?);
    Ok(())
}

#[entry]
fn main() -> ! {
    static EXECUTOR: StaticCell<Executor> = StaticCell::new();
    EXECUTOR.init(Executor::new()).run(|spawner| {
        if start(spawner).is_err() {
            cortex_m::asm::udf();
        }
    })
}
